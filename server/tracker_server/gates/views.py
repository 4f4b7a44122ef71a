"""The routes of gates."""

from __future__ import annotations

from tracker_server import gates, registry
from tracker_server.gates.schema import CheckedRules, GateQuestion, GateReport, RulesChange, RuleSet, RulesToCheck
from tracker_server.http import Api, Call

api = Api("gates")


@api.get("/models/<name>/rules", reply=RuleSet, is_followed=True)
def get_rules(call: Call, name: str) -> RuleSet:
    """The rules of a model: their text, and how it was understood."""
    return gates.rule_set(call.session, registry.get_model(call.session, name))


@api.put("/models/<name>/rules", body=RulesChange, reply=RuleSet, access="manage")
def change_rules(call: Call, name: str, body: RulesChange) -> RuleSet:
    """Change the rules of a model."""
    return gates.change_rules(call.session, name, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/models/<name>/rules/check", body=RulesToCheck, reply=CheckedRules, access="read")
def check_rules(call: Call, name: str, body: RulesToCheck) -> CheckedRules:
    """What is wrong with a text of rules, by line; else what it says. Nothing is kept."""
    registry.get_model(call.session, name)
    return gates.check_rules(body.text)


@api.post("/models/<name>/gate", body=GateQuestion, reply=GateReport, access="read")
def ask_gate(call: Call, name: str, body: GateQuestion) -> GateReport:
    """Whether a candidate passes the rules for an alias, and what was found."""
    return gates.answer(call.session, name, body, now_ms=call.now_ms)
