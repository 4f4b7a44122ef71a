"""The rules of a model: their text, what is wrong in one, and keeping them."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.server.gate import Gate
from tests.server.logged import writing
from tests.server.model_registry import code_of
from tracker_server.gates.service import check_rules
from tracker_server.registry.models import AuditRow

RULES = """\
protected:
  staging: {approvals: 2}
rules:
- name: accurate enough
  metric: val/acc
  at_least: 0.77
- metric: latency_ms
  at_most: 15
  aliases: [canary]
- size: {at_most: 100 MB}
"""


@pytest.fixture
def gate(app: Flask, client: FlaskClient) -> Gate:
    gate = Gate(app, client)
    gate.version({"val/acc": 0.8})
    return gate


def problem(text: str) -> tuple[int, str | None, str]:
    """The one thing that is wrong in a text."""
    (found,) = check_rules(text).problems
    return found.line, found.rule, found.message


def test_a_model_without_rules_has_some_that_explain_themselves(gate: Gate) -> None:
    rules = gate.client.get("/api/v1/models/digits/rules").json
    assert (rules["revision"], rules["changed_by"], rules["rules"]) == (0, None, [])
    assert rules["protected"] == [{"alias": "production", "approvals": None}]
    uncommented = "\n".join(line.removeprefix("# ") for line in rules["text"].splitlines()[3:] if line != "#")
    checked = check_rules(uncommented.replace("Each rule stands", "# Each rule stands"))
    assert (checked.problems, len(checked.protected)) == ([], 2)
    assert checked.rules


def test_rules_are_kept_and_said_as_they_were_understood(gate: Gate) -> None:
    kept = gate.put(RULES).json
    assert (kept["revision"], kept["text"], kept["changed_by"]) == (1, RULES, "ada")
    assert kept["protected"] == [{"alias": "production", "approvals": None}, {"alias": "staging", "approvals": 2}]
    assert [(rule["name"], rule["kind"], rule["line"], rule["aliases"]) for rule in kept["rules"]] == [
        ("accurate enough", "bound", 4, []),
        ("latency_ms", "bound", 7, ["canary"]),
        ("size", "size", 10, []),
    ]
    assert kept["rules"][0]["says"] == "val/acc is at least 0.77"
    assert gate.client.get("/api/v1/models/digits/rules").json == kept


def test_changing_rules_stands_in_the_trail_with_the_digest_of_the_text(gate: Gate) -> None:
    gate.put(RULES)
    newest = gate.registry.detail()["history"][0]
    assert (newest["action"], newest["actor"]) == ("rules.changed", "ada")


def test_putting_the_same_text_again_changes_nothing(gate: Gate) -> None:
    gate.put(RULES)
    assert gate.put(RULES, revision=1).json["revision"] == 1
    assert [entry["action"] for entry in gate.registry.detail()["history"]].count("rules.changed") == 1


def test_who_saw_older_rules_is_told_who_was_faster(gate: Gate) -> None:
    gate.put(RULES)
    answer = gate.put("rules: []")
    assert code_of(answer) == (409, "rules_changed")
    assert (answer.json["error"]["revision"], "by ada" in answer.json["error"]["message"]) == (1, True)


def test_a_text_that_is_not_understood_is_not_kept(gate: Gate) -> None:
    answer = gate.put("rules:\n- metrik: val/acc\n  at_least: 1\n- size: {at_most: 3 bananas}\n")
    assert code_of(answer) == (422, "bad_rules")
    assert [(found["line"], found["rule"]) for found in answer.json["error"]["problems"]] == [
        (2, "rule 1"),
        (4, "rule 2"),
    ]
    assert gate.client.get("/api/v1/models/digits/rules").json["revision"] == 0


@pytest.mark.parametrize(
    ("text", "line", "rule", "words"),
    [
        ("rules:\n- metrik: acc\n  at_least: 1", 2, "rule 1", "there is no rule 'metrik'; a rule has one of metric"),
        ("rules:\n- metrik: acc\n  at_least: 1", 2, "rule 1", "did you mean 'metric'?"),
        ("rules:\n- name: fast\n  metric: ms\n  atmost: 1", 4, "fast", "no 'atmost'; did you mean 'at_most'?"),
        ("rules:\n- metric: acc", 2, "rule 1", "needs one of at_least, at_most, not_worse_by, better_by"),
        ("rules:\n- at_least: 3", 2, "rule 1", "does not say what it is about"),
        ("rules:\n- metric: a\n  at_least: high", 3, "rule 1", "'at_least' is a number, got 'high'"),
        ("rules:\n- metric: a\n  at_least: .nan", 3, "rule 1", "'at_least' is a number, got '.nan'"),
        ("rules:\n- metric: a\n  at_least: 2\n  at_most: 1", 4, "rule 1", "at least 2 and at most 1"),
        ("rules:\n- metric: a\n  not_worse_by: -1", 3, "rule 1", "from 0 up, got '-1'"),
        ("rules:\n- metric: a\n  not_worse_by: 1\n  at_least: 2", 2, "rule 1", "make two rules of it"),
        ("rules:\n- metric: a\n  at_least: 1\n  goal: max", 4, "rule 1", "'goal' goes with 'not_worse_by'"),
        ("rules:\n- metric: a\n  not_worse_by: 1\n  goal: up", 4, "rule 1", "max (more is better)"),
        ("rules:\n- metric: a\n  at_least: 1\n  metric: b", 4, "rule 1", "'metric' stands here already, in line 2"),
        ("rules:\n- metric: a\n  at_least: 1\n  size: {at_most: 1}", 2, "rule 1", "asks for 'metric' and 'size'"),
        ("rules:\n- size: {at_most: much}", 2, "rule 1", "a size such as 100 MB or 2 GiB, got 'much'"),
        ("rules:\n- tags: reviewed", 2, "rule 1", "'tags' is a list, such as [reviewed]"),
        ("rules:\n- tags: []", 2, "rule 1", "'tags' is empty"),
        ("rules:\n- files: [[a]]", 2, "rule 1", "'files' is one value, not a list"),
        ("rules:\n- tags: [a]\n  aliases: [v3]", 3, "rule 1", "'v3' cannot be an alias"),
        ("rules: 3", 1, None, "'rules' is a list: each of its items begins with a dash"),
        ("- metric: a", 1, None, "a text of rules has names and values"),
        ("rulez: []", 1, None, "did you mean 'rules'?"),
        ("protected: [staging]", 1, None, "'protected' has names and values"),
        ("protected:\n  staging: {approvals: many}", 2, None, "a whole number from 0 to 20, got 'many'"),
        ("protected:\n  latest:", 2, None, "'latest' cannot be an alias"),
        ("rules:\n- &a {metric: a, at_least: 1}\n- *a", 2, None, "anchors (&) and aliases (*) are not read here"),
        ("rules:\n- !!python/object:os.system x", 2, None, "tags such as"),
        ("rules:\n- metric: [", 2, None, "this is not YAML"),
        ("rules:\n\n- a: \x01", 3, None, "a character that no text should have"),
        ("a" * 70_000, 1, None, "at most 64 KiB"),
        ("[" * 60_000, 1, None, "nested deeper than 6"),
        ("rules:\n" + "- tags: [a]\n" * 101, 102, None, "at most 100 rules; this has 101"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_its_rule_and_the_way_out(
    text: str, line: int, rule: str | None, words: str
) -> None:
    found_line, found_rule, message = problem(text)
    assert (found_line, found_rule) == (line, rule), message
    assert words in message


def test_every_wrong_rule_is_named_up_to_twenty() -> None:
    text = "rules:\n" + "- metric: a\n" * 50
    assert [found.line for found in check_rules(text).problems] == list(range(2, 22))


@pytest.mark.parametrize(
    "text",
    ["? " * 20_000, "rules:\n" + "- " * 20_000, "{" * 30_000, "a: " * 20_000, "'" * 60_000, "- a\n" * 15_000,
     "rules: [" + "{metric: a}, " * 4_000 + "]", "x: |\n" + " y\n" * 20_000, "é" * 30_000],
    ids=["keys", "dashes", "braces", "colons", "quotes", "items", "rules", "block", "letters"],
)  # fmt: skip
def test_a_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    before = time.process_time()
    assert check_rules(text).problems
    assert time.process_time() - before < 5


def test_an_empty_text_asks_for_nothing() -> None:
    for text in ("", "# nothing\n", "rules:\nprotected:\n", "null"):
        checked = check_rules(text)
        assert (checked.problems, checked.rules, len(checked.protected)) == ([], [], 1)


def test_checking_a_text_keeps_nothing(gate: Gate) -> None:
    answer = gate.client.post("/api/v1/models/digits/rules/check", json={"text": RULES}).json
    assert (answer["problems"], len(answer["rules"])) == ([], 3)
    assert gate.client.get("/api/v1/models/digits/rules").json["revision"] == 0


def test_the_digest_in_the_trail_is_that_of_the_text(gate: Gate) -> None:
    gate.put(RULES)
    details = _last_details(gate)
    assert details == {"revision": 1, "text_sha256": hashlib.sha256(RULES.encode()).hexdigest()}


def _last_details(gate: Gate) -> dict[str, Any]:
    with writing(gate.app) as session:
        row = session.query(AuditRow).order_by(AuditRow.id.desc()).first()
        assert row is not None
        return dict(row.details)
