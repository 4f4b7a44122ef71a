"""What a run says of how its metrics are to be read, and which value stands for it then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tracker.records import Logged, MetricDefined

Journals = Callable[..., Journal]


def defined(pattern: str, **parts: str) -> MetricDefined:
    return MetricDefined(START_MS, pattern, **parts)


def log(client: FlaskClient, journal: Journals, *definitions: MetricDefined) -> dict[str, Any]:
    """A run that has logged 3, 1, 2 as `val/loss`; as the API describes it."""
    written = journal().started().add(*definitions)
    written.add(*(Logged(step, START_MS, {"val/loss": value}) for step, value in enumerate((3.0, 1.0, 2.0))))
    answer = written.post(client)
    assert answer.status_code == 200, answer.json
    run: dict[str, Any] = client.get("/api/v1/runs/run1").json
    return run


@pytest.mark.parametrize(
    ("summary", "shown"),
    [("last", 2.0), ("min", 1.0), ("max", 3.0), ("mean", 2.0)],
)
def test_the_defined_value_stands_for_the_run(
    client: FlaskClient, journal: Journals, summary: str, shown: float
) -> None:
    metric = log(client, journal, defined("val/loss", summary=summary))["metrics"]["val/loss"]
    assert (metric["shown"], metric["summary"], metric["last"]) == (shown, summary, 2.0)


def test_the_last_value_stands_for_a_run_that_defines_nothing(client: FlaskClient, journal: Journals) -> None:
    run = log(client, journal)
    metric = run["metrics"]["val/loss"]
    assert (metric["shown"], metric["summary"], metric["goal"], run["definitions"]) == (2.0, "last", None, [])


@pytest.mark.parametrize(
    ("patterns", "word"),
    [
        ({"*": "max", "val/*": "min"}, "min"),
        ({"val/loss": "mean", "val/loss*": "min"}, "mean"),
        ({"val/loss*": "min", "val/*": "max"}, "min"),
        ({"train/*": "min", "val/los": "max"}, "last"),
    ],
    ids=["longer beginning", "name itself", "longest beginning", "no match"],
)
def test_the_closest_pattern_decides(
    client: FlaskClient, journal: Journals, patterns: dict[str, str], word: str
) -> None:
    run = log(client, journal, *(defined(pattern, summary=summary) for pattern, summary in patterns.items()))
    assert run["metrics"]["val/loss"]["summary"] == word


def test_what_the_closest_pattern_leaves_open_the_next_one_says(client: FlaskClient, journal: Journals) -> None:
    run = log(client, journal, defined("val/*", summary="min", goal="max"), defined("val/loss", goal="min"))
    metric = run["metrics"]["val/loss"]
    assert (metric["summary"], metric["goal"]) == ("min", "min")


def test_a_later_definition_adds_to_an_earlier_one(client: FlaskClient, journal: Journals) -> None:
    run = log(client, journal, defined("val/*", step_metric="epoch", goal="max"), defined("val/*", goal="min"))
    assert run["definitions"] == [{"pattern": "val/*", "step_metric": "epoch", "summary": None, "goal": "min"}]


def test_words_of_a_newer_client_are_left_out(client: FlaskClient, journal: Journals) -> None:
    known = defined("val/*", summary="min")
    run = log(
        client, journal, known, defined("val/*", summary="median", goal="zero"), defined("x" * 501, summary="min")
    )
    assert run["definitions"] == [{"pattern": "val/*", "step_metric": None, "summary": "min", "goal": None}]


def test_a_row_of_the_runs_table_shows_the_defined_value(client: FlaskClient, journal: Journals) -> None:
    log(client, journal, defined("val/*", summary="min", goal="min"))
    row = client.post("/api/v1/projects/digits/runs/search", json={}).json["runs"][0]["metrics"]["val/loss"]
    assert (row["shown"], row["summary"], row["goal"]) == (1.0, "min", "min")


def test_sorting_takes_the_last_value_whatever_is_defined(client: FlaskClient, journal: Journals) -> None:
    log(client, journal, defined("val/*", summary="max"))
    journal(run_id="run2").started().add(Logged(0, START_MS, {"val/loss": 2.5})).post(client)
    search = {"sort": [{"key": "metrics.val/loss", "is_descending": True}]}
    rows = client.post("/api/v1/projects/digits/runs/search", json=search).json["runs"]
    assert [row["id"] for row in rows] == ["run2", "run1"]


def test_the_goals_of_a_project_are_those_that_people_chose_and_those_that_runs_define(
    client: FlaskClient, journal: Journals
) -> None:
    log(client, journal, defined("val/*", goal="min"), defined("lr", summary="last"))
    client.put("/api/v1/projects/digits/goals", json={"metric": "val/acc", "goal": "max"})
    assert client.get("/api/v1/projects/digits/goals").json == {
        "chosen": {"val/acc": "max"},
        "defined": [{"pattern": "val/*", "goal": "min"}],
    }
    assert client.get("/api/v1/projects/nothing/goals").status_code == 404
