"""Comparisons that ask for evidence: seeds, results by example, and the data that they were made on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.gate import Gate
from tests.server.logged import log_artifact, writing
from tracker import evaluation
from tracker_server import gates, registry, runs
from tracker_server.registry.models import RegisteredModel

BY_SEEDS = "{metric: acc, not_worse_by: 0.01, goal: max, evidence: {seeds: 3}}"
BY_EXAMPLES = "{metric: acc, not_worse_by: 0.05, goal: max, evidence: {examples: 100}}"


@pytest.fixture
def gate(app: Flask, client: FlaskClient) -> Gate:
    return Gate(app, client)


def beside(gate: Gate, holder: list[float], candidate: list[float], **fields: Any) -> list[str]:
    """Seeds of what holds production, and of a candidate with another config; the candidate's runs."""
    gate.seeds(holder)
    gate.hold(1)
    return gate.seeds(candidate, lr=0.2, **fields)


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [([0.90, 0.91, 0.92], "pass"), ([0.70, 0.71, 0.72], "fail"), ([0.81, 0.79, 0.80], "not_enough_evidence")],
)
def test_seeds_show_what_one_value_cannot(gate: Gate, candidate: list[float], verdict: str) -> None:
    beside(gate, [0.80, 0.81, 0.79], candidate)
    result = gate.result(BY_SEEDS)
    assert result["verdict"] == verdict, result
    interval = result["interval"]
    assert (interval["source"], interval["candidate_count"], interval["holder_count"]) == ("seeds", 3, 3)
    assert interval["low"] < interval["difference"] < interval["high"]
    assert interval["confidence"] == pytest.approx(0.9)


def test_where_seeds_are_missing_it_says_how_many(gate: Gate) -> None:
    beside(gate, [0.80, 0.81, 0.79], [0.9])
    result = gate.result(BY_SEEDS)
    assert (result["verdict"], result["found"]) == (
        "not_enough_evidence",
        "v2 has 1 seed with acc, v1 3 seeds; the rule asks for 3 of each",
    )
    assert result["enough"].startswith("2 more seeds of v2 (the same run with another seed")


def test_where_the_noise_is_too_large_it_says_how_many_more_would_show_it(gate: Gate) -> None:
    beside(gate, [0.80, 0.82, 0.78], [0.83, 0.81, 0.80])
    result = gate.result(BY_SEEDS)
    assert result["verdict"] == "not_enough_evidence"
    assert "more seeds of v2 and" in result["enough"]
    assert "of v1" in result["enough"]


def test_a_difference_far_below_the_noise_is_said_to_be(gate: Gate) -> None:
    beside(gate, [0.8, 0.9, 0.7], [0.801, 0.9, 0.7])
    result = gate.result("{metric: acc, better_by: 0, goal: max, evidence: {seeds: 3}}")
    assert result["enough"].startswith("more than 50 seeds of each: the difference is smaller than the noise")


def test_less_is_better_where_the_goal_says_so(gate: Gate) -> None:
    beside(gate, [0.80, 0.81, 0.79], [0.70, 0.71, 0.72])
    assert gate.result(BY_SEEDS.replace("max", "min"))["verdict"] == "pass"


NOT_A_SEED: dict[str, Callable[[Gate], object]] = {
    "of another code": lambda gate: gate.run({"acc": 0.5}, config=_recipe(9), commit="beef"),
    "of another config": lambda gate: gate.run({"acc": 0.5}, config={**_recipe(9), "depth": 3}),
    "that failed": lambda gate: gate.run({"acc": 0.5}, config=_recipe(9), status="failed"),
    "without the metric": lambda gate: gate.run({"loss": 0.5}, config=_recipe(9)),
    "of a seed that is there": lambda gate: gate.run({"acc": 0.5}, config=_recipe(0)),
    "that never was a number": lambda gate: gate.run({"acc": float("nan")}, config=_recipe(9)),
}


def _recipe(seed: int) -> dict[str, Any]:
    return {"lr": 0.2, "data": {"seed": seed}}


@pytest.mark.parametrize("make", NOT_A_SEED.values(), ids=NOT_A_SEED.keys())
def test_a_run_that_differs_by_more_than_chance_is_no_seed(gate: Gate, make: Callable[[Gate], object]) -> None:
    beside(gate, [0.80, 0.81, 0.79], [0.90, 0.91, 0.92])
    make(gate)
    assert gate.result(BY_SEEDS)["interval"]["candidate_count"] == 3


def test_a_run_that_read_other_data_is_no_seed(gate: Gate) -> None:
    beside(gate, [0.80, 0.81, 0.79], [0.90, 0.91, 0.92])
    with writing(gate.app) as session:
        data = log_artifact(session, runs.get(session, "made1"), {"train.csv": b"1"}, name="train").id
    gate.run({"acc": 0.5}, config=_recipe(9), read=data)
    assert gate.result(BY_SEEDS)["interval"]["candidate_count"] == 3


def test_a_seed_in_the_trash_does_not_count(gate: Gate) -> None:
    made = beside(gate, [0.80, 0.81, 0.79], [0.90, 0.91, 0.92])
    assert gate.client.delete(f"/api/v1/runs/{made[2]}").status_code < 300
    assert "v2 has 2 seeds with acc" in gate.result(BY_SEEDS)["found"]


def test_a_version_whose_own_run_is_in_the_trash_keeps_its_value(gate: Gate) -> None:
    made = beside(gate, [0.80, 0.81, 0.79], [0.90, 0.91, 0.92])
    assert gate.client.delete(f"/api/v1/runs/{made[0]}").status_code < 300
    assert gate.result(BY_SEEDS)["interval"]["candidate_count"] == 3


def test_a_rule_can_name_the_key_that_is_the_seed(gate: Gate) -> None:
    for lr in (0.1, 0.2):
        made = [
            gate.run({"acc": 0.8 + lr + 0.01 * fold}, config={"lr": lr, "fold": fold}) for fold in range(3)
        ]  # fmt: skip
        gate.register_run(made[0])
    gate.hold(1)
    assert "v2 has 1 seed" in gate.result(BY_SEEDS)["found"]
    assert gate.result(BY_SEEDS.replace("seeds: 3", "seeds: 3, seed: fold"))["verdict"] == "pass"


def test_two_seeds_of_one_recipe_cannot_be_told_apart_by_seeds(gate: Gate) -> None:
    made = gate.seeds([0.80, 0.81, 0.79])
    gate.hold(1)
    gate.register_run(made[1])
    result = gate.result(BY_SEEDS)
    assert (result["verdict"], "of one recipe" in result["found"]) == ("not_enough_evidence", True)


def rows(scores: dict[str, float], **slices: Callable[[str], str]) -> str:
    header = ",".join(["example", "metric:acc", *(f"slice:{name}" for name in slices)])
    lines = [
        ",".join([example, repr(score), *(of(example) for of in slices.values())]) for example, score in scores.items()
    ]
    return "\n".join([header, *lines, ""])


def right(count: int, *, wrong: int, seed: int = 0) -> dict[str, float]:
    """Scores of as many examples, of which some are wrong."""
    wrongs = set(random.Random(seed).sample(range(count), wrong))
    return {f"image{number}": 0.0 if number in wrongs else 1.0 for number in range(count)}


def evaluated(gate: Gate, holder: str, candidate: str, **fields: Any) -> None:
    """Two versions with these evaluations, the first of which holds production."""
    for text in (holder, candidate):
        gate.evaluate(gate.version({"acc": 0.5}), text, **fields)
    gate.hold(1)


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [(10, "pass"), (400, "fail"), (120, "not_enough_evidence")],
)
def test_examples_show_what_one_value_cannot(gate: Gate, wrong: int, verdict: str) -> None:
    evaluated(gate, rows(right(500, wrong=100)), rows(right(500, wrong=wrong, seed=1)))
    result = gate.result(BY_EXAMPLES)
    assert result["verdict"] == verdict, result
    assert (result["holder"], result["candidate"]) == (0.8, pytest.approx(1 - wrong / 500))
    assert (result["interval"]["source"], result["interval"]["candidate_count"]) == ("examples", 500)
    if verdict == "not_enough_evidence":
        assert "more examples that both are evaluated on" in result["enough"]


def test_only_examples_that_both_have_count(gate: Gate) -> None:
    evaluated(gate, rows(right(500, wrong=0)), rows({f"other{number}": 1.0 for number in range(500)}))
    result = gate.result(BY_EXAMPLES)
    assert (result["verdict"], result["interval"]) == ("not_enough_evidence", None)
    assert result["found"] == "0 examples have a score of both; the rule asks for 100"


def test_without_results_by_example_it_says_how_to_log_some(gate: Gate) -> None:
    gate.version({"acc": 0.8})
    gate.hold(1)
    gate.version({"acc": 0.8})
    result = gate.result(BY_EXAMPLES)
    assert (result["verdict"], result["found"]) == (
        "not_enough_evidence",
        "the run of v2 has logged no scores of acc by example",
    )
    assert "tracker.log_evaluation" in result["enough"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,metric:acc\n", "first column is not `example`"),
        ("example,acc\n", "`metric:NAME` or `slice:NAME`"),
        ("example,metric:acc,metric:acc\n", "two columns of one name"),
        ("example,metric:acc\na,1,2\n", "example 1 has 3 cells, not 2"),
        ("example,metric:acc\na,1\na,0\n", "stands in it twice"),
        ("example,metric:acc\na,high\n", "a score of acc is no number"),
        ('example,metric:acc\n"a', "not CSV"),
        ("", "first column"),
        (f"example,metric:acc,slice:light\na,1,{'x' * 201}\n", "a name of more than 200 characters"),
        ("example,metric:f1\na,1\n", "has no scores of acc"),
    ],
)
def test_an_evaluation_that_cannot_be_read_is_no_evidence(gate: Gate, text: str, words: str) -> None:
    evaluated(gate, rows(right(500, wrong=0)), text)
    result = gate.result(BY_EXAMPLES)
    assert result["verdict"] == "not_enough_evidence"
    assert words in result["found"]


def test_evaluations_of_other_data_are_not_compared(gate: Gate) -> None:
    for data in ("val:v1", "val:v2"):
        gate.evaluate(gate.version({"acc": 1.0}), rows(right(500, wrong=0)) + f"{data},1\n", data=data)
    gate.hold(1)
    result = gate.result(BY_EXAMPLES)
    assert result["verdict"] == "not_enough_evidence"
    assert "v2 was evaluated on val:v2, v1 on val:v1" in result["found"]


def test_every_part_of_the_examples_has_to_pass(gate: Gate) -> None:
    def light(example: str) -> str:
        return "night" if int(example.removeprefix("image")) < 100 else "day"

    at_night = {f"image{number}": 0.0 if number < 60 else 1.0 for number in range(500)}
    evaluated(gate, rows(right(500, wrong=0), light=light), rows(at_night, light=light))
    rule = "{metric: acc, by: light, not_worse_by: 0.05, goal: max, evidence: {examples: 100}}"
    result = gate.result(rule)
    assert (result["kind"], result["verdict"]) == ("slices", "fail")
    assert [(part["name"], part["verdict"]) for part in result["slices"]] == [("day", "pass"), ("night", "fail")]
    assert gate.result("{metric: acc, by: light, at_least: 0.5}")["verdict"] == "fail"
    assert gate.result("{metric: acc, by: light, not_worse_by: 0.7, goal: max}")["verdict"] == "pass"
    assert "no slices by weather; it has light" in gate.result("{metric: acc, by: weather, at_least: 0}")["found"]


def test_every_metric_that_fits_has_to_pass(gate: Gate) -> None:
    gate.version({"acc/day": 0.9, "acc/night": 0.8, "loss": 3.0})
    gate.hold(1)
    gate.version({"acc/day": 0.95, "acc/night": 0.7, "loss": 1.0})
    result = gate.result("{slices: acc/*, not_worse_by: 0.02, goal: max}")
    assert (result["verdict"], [part["name"] for part in result["slices"]]) == ("fail", ["acc/day", "acc/night"])
    assert "acc/night: worse by 0.1" in result["found"]
    assert gate.result("{slices: acc/*, at_least: 0.7}")["verdict"] == "pass"
    assert gate.result("{slices: f1/*, at_least: 0.7}")["verdict"] == "not_enough_evidence"


def test_the_data_of_the_evaluation_is_the_registered_one(gate: Gate) -> None:
    run_id = gate.version({"acc": 1.0})
    with writing(gate.app) as session:
        run = runs.get(session, run_id)
        log_artifact(session, run, {"val.csv": b"1"}, name="val")
        log_artifact(session, run, {"val.csv": b"2"}, name="val", aliases=["registered"])
    rule = "data: {evaluated_on: val@registered}"
    assert gate.result(rule)["verdict"] == "not_enough_evidence"
    gate.evaluate(run_id, rows(right(60, wrong=1)), data="val:v1")
    result = gate.result(rule)
    assert (result["verdict"], result["found"]) == ("fail", "v1 was evaluated on val:v1, not on val:v2")
    gate.evaluate(run_id, rows(right(60, wrong=2)), data="val:v2")
    assert gate.result(rule)["verdict"] == "pass"
    assert "no artifact nothing:v1" in gate.result("data: {evaluated_on: 'nothing:v1'}")["found"]
    gate.hold(1)
    other = gate.version({"acc": 1.0})
    gate.evaluate(other, rows(right(60, wrong=3)), data="val:v1")
    assert gate.result("data: {same_as: production}")["verdict"] == "fail"


def test_a_question_takes_as_many_statements_for_many_rules_as_for_few(gate: Gate) -> None:
    beside(gate, [0.80, 0.81, 0.79], [0.90, 0.91, 0.92])
    few = f"rules:\n- {BY_SEEDS}\n- {BY_EXAMPLES}\n- size: {{at_most: 1 GB}}\n"
    many = "rules:\n" + few.removeprefix("rules:\n") * 20
    assert _statements(gate, many) == _statements(gate, few)
    gate.seeds([0.9] * 20, lr=0.3)
    assert _statements(gate, many) == _statements(gate, few)


def _statements(gate: Gate, text: str) -> int:
    """How many statements it takes to evaluate the newest version by these rules."""
    with writing(gate.app) as session, gate.app.app_context():
        model = session.scalars(sa.select(RegisteredModel)).one()
        candidate = registry.resolve(session, model.name, "latest")
        holder = registry.holder_of(session, model, "production")
        told: list[str] = []
        sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *args: told.append(args[2]))
        gates.evaluate(
            session, model, candidate, alias="production", holder=holder, rules=gates.parse(text), now_ms=0
        )  # fmt: skip
        return len(told)


def test_one_question_weighs_no_more_than_so_many_comparisons(gate: Gate) -> None:
    def number(example: str) -> str:
        return str(int(example.removeprefix("image")) // 50)

    for wrong in (0, 1):
        gate.evaluate(gate.version({"acc": 1.0}), rows(right(7500, wrong=wrong), part=number))
    gate.hold(1)
    rule = "- {metric: acc, by: part, not_worse_by: 0.5, goal: max, evidence: {examples: 50}}\n"
    found = gate.ask("rules:\n" + rule * 3)["rules"]
    verdicts = [one["verdict"] for one in found]
    assert verdicts == ["pass", "pass", "not_enough_evidence"], [one["found"] for one in found]


def test_what_the_client_writes_is_read_as_it_was_meant(gate: Gate, tmp_path: Path) -> None:
    def written(score: float) -> str:
        scores = {'odd, "name"': {f"image {number}": score for number in range(300)}}
        light = {f"image {number}": "night" if number < 100 else "day" for number in range(300)}
        evaluation.write(tmp_path / "file", scores, slices={"light": light}, data="val:v1")
        return (tmp_path / "file").read_text()

    for score in (0.4, 0.9):
        gate.evaluate(gate.version({"acc": score}), written(score), metrics=('odd, "name"',), data="val:v1")
    gate.hold(1)
    rule = "{metric: 'odd, \"name\"', by: light, not_worse_by: 0.05, goal: max, evidence: {examples: 50}}"
    result = gate.result(rule)
    assert (result["verdict"], [part["name"] for part in result["slices"]]) == ("pass", ["day", "night"])


def test_a_hundred_thousand_examples_are_judged_once(gate: Gate) -> None:
    evaluated(gate, rows(right(100_000, wrong=20_000)), rows(right(100_000, wrong=10_000, seed=1)))
    assert gate.result(BY_EXAMPLES)["verdict"] == "pass"
    before = time.process_time()
    assert gate.result(BY_EXAMPLES)["verdict"] == "pass"
    assert time.process_time() - before < 0.3
