"""Promoting: what stands in its way is a clear error, and nothing of it is done."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import Registry, code_of
from tests.server.people import Somebody
from tests.server.team import MODEL, PRODUCTION, Team

RULES = "rules: [{name: good, metric: acc, at_least: 0.7}, {name: small, size: {at_most: 1 GB}}]"


@pytest.fixture
def digits(client: FlaskClient) -> Registry:
    return Registry(client)


@pytest.fixture
def team(guarded: Flask, ada: Somebody) -> Team:
    return Team(guarded, ada)


def trained(app: Flask, run_id: str, **values: float) -> int:
    with writing(app) as session:
        return log_artifact(session, log_run(session, run_id, values=values), {"model.pt": run_id.encode()}).id


def put_rules(digits: Registry, text: str) -> None:
    answer = digits.client.put(f"{digits.address}/rules", json={"text": text, "revision": 0})
    assert answer.status_code == 200, answer.text


def entry_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json["entry"])


def test_a_version_that_passes_is_promoted_with_what_the_rules_found(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", acc=0.8))
    put_rules(digits, RULES)
    entry = entry_of(digits.move(replaces=None, version=1))
    assert [(one["rule"], one["verdict"]) for one in entry["gates"]] == [("good", "pass"), ("small", "pass")]
    assert (entry["is_override"], entry["approved_by"], entry["proposal"]) == (False, [], None)
    assert digits.detail()["history"][0] == entry


def test_a_failed_rule_stops_a_promotion_and_is_named(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", acc=0.5))
    put_rules(digits, RULES)
    before = digits.trail()
    refused = digits.move(replaces=None, version=1)
    assert code_of(refused) == (409, "gate_failed")
    error = refused.json["error"]
    assert "good: v1 has 0.5" in error["message"]
    assert "small" not in error["message"]
    assert [(rule["name"], rule["verdict"]) for rule in error["rules"]] == [("good", "fail")]
    assert (error["verdict"], error["may_override"]) == ("fail", True)
    assert (digits.holder(), digits.trail()) == (None, before)


def test_a_promotion_that_a_rule_stops_registers_nothing(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", acc=0.8))
    put_rules(digits, RULES)
    refused = digits.move(replaces=None, artifact_version_id=trained(app, "run2", acc=0.5))
    assert code_of(refused) == (409, "gate_failed")
    assert digits.detail()["version_count"] == 1


def test_not_enough_evidence_is_not_a_pass(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", loss=0.5))
    put_rules(digits, RULES)
    refused = digits.move(replaces=None, version=1)
    assert code_of(refused) == (409, "gate_failed")
    assert refused.json["error"]["verdict"] == "not_enough_evidence"


def test_an_override_stands_in_the_trail(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", acc=0.5))
    put_rules(digits, RULES)
    entry = entry_of(digits.move(replaces=None, version=1, override=True))
    assert (entry["is_override"], entry["reason"], entry["gates"][0]["verdict"]) == (True, "it is better", "fail")


def test_an_override_of_what_passes_is_none(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", acc=0.8))
    put_rules(digits, RULES)
    assert entry_of(digits.move(replaces=None, version=1, override=True))["is_override"] is False


def test_a_free_alias_moves_past_the_rules_of_protected_ones(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1", acc=0.5))
    put_rules(digits, RULES)
    assert entry_of(digits.move(replaces=None, version=1, alias="staging"))["gates"] == []


def test_rolling_back_asks_no_rule(digits: Registry, app: Flask) -> None:
    for number, run_id in enumerate(("run1", "run2")):
        digits.move(replaces=number or None, artifact_version_id=trained(app, run_id, acc=0.5))
    put_rules(digits, RULES)
    assert entry_of(digits.roll_back(replaces=2))["to_version"] == 1


def test_an_archived_version_is_not_promoted(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1"))
    body = {"state": "archived", "reason": "it leaks"}
    assert digits.client.put(f"{digits.address}/versions/1/state", json=body).status_code == 200
    assert "it leaks" in digits.preview(version=1).json["obstacle"]
    refused = digits.move(replaces=None, version=1)
    assert code_of(refused) == (409, "version_archived")
    proposed = digits.client.post(f"{digits.address}/proposals", json={"version": 1, "reason": "it is better"})
    assert code_of(proposed) == (409, "version_archived")
    assert digits.holder() is None


def test_nobody_rolls_back_to_an_archived_version(digits: Registry, app: Flask) -> None:
    for number, run_id in enumerate(("run1", "run2")):
        digits.move(replaces=number or None, artifact_version_id=trained(app, run_id))
    body = {"state": "archived", "reason": "it leaks"}
    assert digits.client.put(f"{digits.address}/versions/1/state", json=body).status_code == 200
    assert code_of(digits.roll_back(replaces=2)) == (409, "version_archived")
    assert digits.holder() == 2


def test_the_number_of_a_proposal_never_comes_again(digits: Registry, app: Flask) -> None:
    proposals = f"{digits.address}/proposals"
    for number, run_id in enumerate(("run1", "run2"), 1):
        digits.register(trained(app, run_id))
        proposed = digits.client.post(proposals, json={"version": number, "reason": "it is better"})
        assert proposed.json["number"] == number
    assert digits.client.post(f"{proposals}/2/withdrawal", json={"text": "not yet"}).status_code == 200
    gone = digits.client.delete(f"{digits.address}/versions/2", query_string={"reason": "a mistake"})
    assert gone.status_code == 200
    again = digits.client.post(proposals, json={"version": 1, "alias": "staging", "reason": "it is better"})
    assert again.json["number"] == 3


def test_what_holds_an_alias_is_not_deleted(digits: Registry, app: Flask) -> None:
    digits.move(replaces=None, artifact_version_id=trained(app, "run1"))
    refused = digits.client.delete(f"{digits.address}/versions/1", query_string={"reason": "a typo"})
    assert code_of(refused) == (409, "holds_alias")
    assert digits.holder() == 1


def test_what_waits_to_be_promoted_is_not_deleted(digits: Registry, app: Flask) -> None:
    digits.register(trained(app, "run1"))
    digits.client.post(f"{digits.address}/proposals", json={"version": 1, "reason": "it is better"})
    refused = digits.client.delete(f"{digits.address}/versions/1", query_string={"reason": "a typo"})
    assert code_of(refused) == (409, "proposal_open")
    assert digits.resolve("v1").status_code == 200


def test_where_somebody_else_has_to_agree_nobody_promotes_alone(team: Team) -> None:
    version = team.version()
    for who, others in ((team.bob, ["ada", "dan"]), (team.ada, ["bob", "dan"])):
        refused = who.ask(
            "POST", PRODUCTION, {"version": version, "replaces": None, "reason": "mine", "override": True}
        )
        assert code_of(refused) == (409, "needs_approval")
        assert (refused.json["error"]["needed"], refused.json["error"]["may"]) == (1, others)
    preview = team.bob.get(f"{MODEL}/promotion?version={version}").json
    assert (preview["is_protected"], preview["approval"]) == (True, {"needed": 1, "may": ["ada", "dan"]})
    assert (team.holder(), team.trail()) == (None, ["model.created", "version.registered"])


def test_rules_say_how_many_have_to_agree(team: Team) -> None:
    version = team.version()
    team.rules("protected: {production: {approvals: 0}, staging: {approvals: 2}}")
    body = {"version": version, "replaces": None, "reason": "mine"}
    team.bob.done("POST", PRODUCTION, body)
    refused = team.bob.ask("POST", f"{MODEL}/aliases/staging", body)
    assert (code_of(refused), refused.json["error"]["needed"]) == ((409, "needs_approval"), 2)


def test_only_an_admin_promotes_past_a_rule(team: Team) -> None:
    version = team.version({"acc": 0.5})
    team.rules(f"protected: {{production: {{approvals: 0}}}}\n{RULES}")
    body = {"version": version, "replaces": None, "reason": "mine", "override": True}
    refused = team.bob.ask("POST", PRODUCTION, body)
    assert code_of(refused) == (403, "no_override")
    assert refused.json["error"]["admins"] == ["ada"]
    assert team.ada.done("POST", PRODUCTION, body)["entry"]["is_override"] is True
