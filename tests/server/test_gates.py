"""Rules against candidates: what was found, and whether it passes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.gate import Gate
from tests.server.logged import writing
from tests.server.model_registry import code_of
from tracker_server.registry.models import RegisteredVersion


@pytest.fixture
def gate(app: Flask, client: FlaskClient) -> Gate:
    return Gate(app, client)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("{metric: acc, at_least: 0.75}", "pass"),
        ("{metric: acc, at_least: 0.76}", "fail"),
        ("{metric: acc, at_most: 0.75}", "pass"),
        ("{metric: acc, at_most: 0.7}", "fail"),
        ("{metric: acc, at_least: 0.7, at_most: 0.8}", "pass"),
        ("{metric: acc, at_least: 0.8, at_most: 0.9}", "fail"),
    ],
)
def test_a_bound_is_kept_or_not(gate: Gate, rule: str, verdict: str) -> None:
    gate.version({"acc": 0.75})
    result = gate.result(rule)
    assert (result["verdict"], result["candidate"], result["metric"]) == (verdict, 0.75, "acc")
    assert result["found"] == "v1 has 0.75"


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("{metric: acc, not_worse_by: 0.01, goal: max}", "pass"),
        ("{metric: acc, not_worse_by: 0.005, goal: max}", "pass"),
        ("{metric: acc, not_worse_by: 0.004, goal: max}", "fail"),
        ("{metric: acc, not_worse_by: 1 %, goal: max}", "pass"),
        ("{metric: acc, not_worse_by: 0.5 %, goal: max}", "fail"),
        ("{metric: acc, not_worse_by: 0, goal: min}", "pass"),
        ("{metric: acc, better_by: 0, goal: max}", "fail"),
        ("{metric: acc, better_by: 0.004, goal: min}", "pass"),
        ("{metric: acc, better_by: 0.005, goal: min}", "fail"),
    ],
)
def test_a_candidate_is_compared_with_the_holder(gate: Gate, rule: str, verdict: str) -> None:
    gate.version({"acc": 0.8})
    gate.hold(1)
    gate.version({"acc": 0.795})
    result = gate.result(rule)
    assert (result["verdict"], result["candidate"], result["holder"]) == (verdict, 0.795, 0.8)


def test_without_a_holder_a_comparison_passes_and_says_so(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    result = gate.result("{metric: acc, not_worse_by: 0.01}")
    assert (result["verdict"], result["found"]) == (
        "pass",
        "nothing holds the alias yet, so there is nothing to compare with",
    )


def test_what_was_never_logged_is_no_evidence(gate: Gate) -> None:
    gate.version({"loss": 0.8})
    result = gate.result("{metric: acc, at_least: 0.7}")
    assert (result["verdict"], result["found"]) == ("not_enough_evidence", "the run of v1 has not logged acc")
    assert result["enough"].startswith("log acc in that run")


def test_what_was_never_a_number_is_no_evidence(gate: Gate) -> None:
    gate.version({"acc": float("nan")})
    result = gate.result("{metric: acc, at_least: 0.7}")
    assert result["verdict"] == "not_enough_evidence"
    assert "logged 1 times, never as a finite number" in result["found"]


def test_a_metric_whose_goal_nobody_has_said_is_not_guessed(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    gate.hold(1)
    gate.version({"acc": 0.9})
    result = gate.result("{metric: acc, not_worse_by: 0.01}")
    assert result["verdict"] == "not_enough_evidence"
    assert "`goal: max`" in result["enough"]
    assert "goal in the project" in result["enough"]


def test_the_goal_of_the_project_counts_where_the_rule_says_none(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    gate.hold(1)
    gate.version({"acc": 0.9})
    answer = gate.client.put("/api/v1/projects/digits/goals", json={"metric": "acc", "goal": "min"})
    assert answer.status_code < 300, answer.text
    assert gate.result("{metric: acc, not_worse_by: 0.01}")["verdict"] == "fail"


def test_size_counts_all_files(gate: Gate) -> None:
    gate.version(files={"model.pt": b"x" * 1500, "vocab.txt": b"y" * 501})
    assert gate.result("size: {at_most: 2001}")["verdict"] == "pass"
    result = gate.result("size: {at_most: 2 kB}")
    assert (result["verdict"], result["found"]) == ("fail", "the files of v1 have 2.001 kB")


def test_files_are_looked_for_by_pattern(gate: Gate) -> None:
    gate.version(files={"model.onnx": b"x", "text/vocab.txt": b"y"})
    assert gate.result('files: ["*.onnx", text/vocab.txt]')["verdict"] == "pass"
    result = gate.result('files: ["*.pt", vocab.txt, "*.onnx"]')
    assert (result["verdict"], result["found"]) == ("fail", "no file of v1 is *.pt, vocab.txt")


def test_tags_and_card_fields_have_to_be_there(gate: Gate) -> None:
    gate.version()
    with writing(gate.app) as session:
        card = {"intended_use": "digits", "limits": "  "}
        session.execute(sa.update(RegisteredVersion).values(tags=["reviewed"], card=card))
    assert gate.result("tags: [reviewed]")["verdict"] == "pass"
    assert gate.result("card: [intended_use]")["verdict"] == "pass"
    assert gate.result("tags: [reviewed, fair]")["found"] == "v1 has no tag fair"
    result = gate.result("card: [limits]")
    assert (result["verdict"], result["enough"]) == ("fail", "fill in on the card of v1 limits")


def test_rules_are_of_protected_aliases_or_of_those_they_name(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    text = "rules:\n- tags: [a]\n- tags: [b]\n  aliases: [canary]\n- tags: [c]\n  aliases: [production, canary]\n"
    assert [rule["says"] for rule in gate.ask(text)["rules"]] == ["it has the tag a", "it has the tag c"]
    assert [rule["says"] for rule in gate.ask(text, against="canary")["rules"]] == [
        "it has the tag b",
        "it has the tag c",
    ]
    assert gate.ask(text, against="free")["rules"] == []


def test_the_kept_rules_count_unless_others_are_given(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    assert (gate.ask()["verdict"], gate.ask()["revision"]) == ("pass", 0)
    gate.put("rules:\n- {metric: acc, at_least: 0.9}\n")
    report = gate.ask()
    assert (report["verdict"], report["revision"], report["candidate_version"]) == ("fail", 1, 1)
    assert gate.ask("rules: []")["revision"] is None


def test_one_failure_outweighs_missing_evidence(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    unknown, wrong = "- {metric: f1, at_least: 0.9}", "- {metric: acc, at_least: 0.9}"
    assert gate.ask(f"rules:\n{unknown}\n")["verdict"] == "not_enough_evidence"
    assert gate.ask(f"rules:\n{unknown}\n{wrong}\n")["verdict"] == "fail"


def test_the_digest_changes_with_what_is_said_and_not_with_the_time(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    first, again = gate.ask("rules:\n- tags: [a]"), gate.ask("rules:\n- tags: [a]")
    assert first["digest"] == again["digest"]
    assert first["digest"] != gate.ask("rules:\n- tags: [b]")["digest"]


def test_an_unknown_candidate_is_said_to_be(gate: Gate) -> None:
    gate.version()
    for candidate, code in (("v9", "unknown_version"), ("canary", "unknown_alias")):
        answer = gate.client.post("/api/v1/models/digits/gate", json={"candidate": candidate})
        assert code_of(answer) == (404, code)


def test_a_given_text_that_is_wrong_is_refused(gate: Gate) -> None:
    gate.version()
    answer = gate.client.post("/api/v1/models/digits/gate", json={"candidate": "v1", "rules": "rules:\n- sizes: 3"})
    assert code_of(answer) == (422, "bad_rules")
    assert "line 2" in answer.json["error"]["message"]
