"""Many runs changed at once, the columns that they have, and which values of a metric are better."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.server.logged import log_run, writing
from tracker.records import MetricDefined
from tracker_server import runs

HERE = "/api/v1/projects/digits"


@pytest.fixture(autouse=True)
def three_runs(app: Flask) -> None:
    with writing(app) as session:
        log_run(session, "a", config={"lr": 0.1, "seed": 1}, values={"acc": 0.5, "loss": 2.0})
        log_run(session, "b", config={"lr": 0.2, "seed": 1}, values={"acc": 0.75})
        log_run(session, "c", config={"lr": 0.3, "seed": 1, "note": "x"}, values={"acc": 0.25})


def change(client: FlaskClient, action: str, **more: Any) -> Any:
    answer = client.post(f"{HERE}/runs/change", json={"action": action, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def found(client: FlaskClient, **search: Any) -> list[str]:
    rows = client.post(f"{HERE}/runs/search", json={"sort": [{"key": "name"}], **search}).json["runs"]
    return [row["id"] for row in rows]


def test_all_runs_of_a_filter_are_tagged_and_only_those_changed_are_untagged_again(client: FlaskClient) -> None:
    client.patch("/api/v1/runs/a", json={"tags": ["good"]})
    done = change(client, "tag", filter="config.lr < 0.25", tag=" good ")
    assert done == {"runs": ["b"], "meant": 2}
    assert found(client, filter='"good" in tags') == ["a", "b"]
    assert change(client, "untag", runs=done["runs"], tag="good")["runs"] == ["b"]
    assert found(client, filter='"good" in tags') == ["a"]


@pytest.mark.parametrize(("action", "back"), [("archive", "unarchive"), ("delete", "restore")])
def test_an_act_on_all_runs_is_logged_by_run_and_taken_back_by_its_opposite(
    client: FlaskClient, action: str, back: str
) -> None:
    done = change(client, action, text="", filter="config.lr > 0.15", reason="too warm")
    assert done["runs"] == ["b", "c"]
    assert found(client) == ["a"]
    assert change(client, action, runs=["b", "c"])["runs"] == []
    assert change(client, back, runs=["b", "c", "unknown"])["runs"] == ["b", "c"]
    assert found(client) == ["a", "b", "c"]
    entries = client.get(f"{HERE}/corrections").json["corrections"]
    assert [(entry["run"], entry["reason"], entry["undoes"] is not None) for entry in entries] == [
        ("c", "", True),
        ("b", "", True),
        ("c", "too warm", False),
        ("b", "too warm", False),
    ]
    assert entries[0]["undoes"] == entries[2]["id"]


def test_running_runs_are_asked_to_stop_together(client: FlaskClient) -> None:
    assert change(client, "stop", reason="the cluster goes down")["runs"] == ["a", "b", "c"]
    assert client.get("/api/v1/runs/b").json["stop"]["reason"] == "the cluster goes down"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "tag", "tag": " "}, "no_tag"),
        ({"action": "restore"}, "no_runs"),
        ({"action": "archive", "filter": "config.lr <"}, "bad_filter"),
    ],
)
def test_what_cannot_be_done_to_many_is_refused(client: FlaskClient, body: dict[str, str], code: str) -> None:
    answer = client.post(f"{HERE}/runs/change", json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)


def test_the_keys_of_the_runs_of_a_search_say_in_how_many_and_with_how_many_values(client: FlaskClient) -> None:
    keys = client.post(f"{HERE}/runs/keys", json={"filter": "config.lr < 0.25"}).json
    assert [(key["key"], key["run_count"], key["value_count"]) for key in keys["config"]] == [
        ("lr", 2, 2),
        ("seed", 2, 1),
    ]
    assert [(key["name"], key["run_count"]) for key in keys["metrics"]] == [("acc", 2), ("loss", 1)]
    assert (keys["matched"], keys["counted_config_runs"], keys["counted_metric_runs"]) == (2, 2, 2)


def test_columns_have_the_range_of_all_runs_of_a_search(client: FlaskClient) -> None:
    body = {"columns": ["metrics.acc", "metrics.loss.max", "metrics.none"], "filter": "config.lr < 0.25"}
    assert client.post(f"{HERE}/runs/ranges", json=body).json["ranges"] == [
        {"column": "metrics.acc", "low": 0.5, "high": 0.75},
        {"column": "metrics.loss.max", "low": 2.0, "high": 2.0},
        {"column": "metrics.none", "low": None, "high": None},
    ]
    refused = client.post(f"{HERE}/runs/ranges", json={"columns": ["config.lr"]})
    assert refused.json["error"]["code"] == "unknown_column"


def test_a_person_s_goal_of_a_metric_goes_before_what_runs_define(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        for run_id in ("a", "b", "c"):
            runs.define_metric(session, runs.get(session, run_id), MetricDefined(NOW_MS, "acc", goal="min"))

    def goal() -> str | None:
        found = client.get(f"{HERE}/keys").json["metrics"]
        return next(key["goal"] for key in found if key["name"] == "acc")

    assert (goal(), found(client, filter="metrics.acc.best == metrics.acc.min")) == ("min", ["a", "b", "c"])
    assert client.put(f"{HERE}/goals", json={"metric": "acc", "goal": "max"}).status_code == 204
    assert goal() == "max"
    client.put(f"{HERE}/goals", json={"metric": "acc", "goal": None})
    assert goal() == "min"


def test_the_second_of_two_people_who_change_one_field_is_told(client: FlaskClient) -> None:
    seen = {"name": "a-name", "notes": "", "tags": []}
    assert client.patch("/api/v1/runs/a", json={"name": "first", "before": seen}).status_code == 200
    late = client.patch("/api/v1/runs/a", json={"name": "second", "before": {"name": "a-name"}})
    assert late.status_code == 409
    assert late.json["error"]["code"] == "changed_meanwhile"
    assert "has changed the name of this run meanwhile, to 'first'" in late.json["error"]["message"]
    assert client.patch("/api/v1/runs/a", json={"notes": "mine", "before": {"notes": ""}}).status_code == 200
