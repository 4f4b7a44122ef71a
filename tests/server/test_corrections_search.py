"""Corrected names in the runs table, its filters, sorts and keys, in comparing and in what is new."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.server.test_corrections import correct, log, undo


def search(client: FlaskClient, **wanted: Any) -> Any:
    answer = client.post("/api/v1/projects/digits/runs/search", json=wanted)
    assert answer.status_code == 200, answer.json
    return answer.json


def ids(client: FlaskClient, **wanted: Any) -> list[str]:
    return [row["id"] for row in search(client, **wanted)["runs"]]


def ranked(client: FlaskClient, metric: str) -> list[str]:
    return ids(client, sort=[{"key": f"metrics.{metric}", "is_descending": True}])


def fill(client: FlaskClient) -> None:
    """Four runs that have logged their reward under one name or another, or both, and one that has logged none."""
    log(client, "a", ("environment", 1.0))
    log(client, "b", ("eval/reward", 2.0))
    log(client, "c", ("env", 3.0))
    log(client, "d", ("environment", 9.0), ("eval/reward", 4.0))
    log(client, "e", ("loss", 5.0))


def test_filters_and_sorting_follow_the_names_of_the_project(client: FlaskClient) -> None:
    fill(client)
    correct(client, "rename", "environment", shown_as="eval/reward")
    correct(client, "rename", "env", shown_as="eval/reward")
    assert ranked(client, "eval/reward")[:4] == ["d", "c", "b", "a"]
    assert ids(client, filter='metrics["eval/reward"] > 2.5', sort=[{"key": "name"}]) == ["c", "d"]
    assert ids(client, filter='metrics["eval/reward"] is None') == ["e"]
    assert ids(client, filter="metrics.environment > 0") == ["d"]
    assert ids(client, filter='metrics["eval/reward"].max < metrics.environment.max') == ["d"]


def test_filters_and_sorting_follow_the_names_of_single_runs(client: FlaskClient) -> None:
    fill(client)
    correct(client, "rename", "environment", shown_as="eval/reward")
    correct(client, "rename", "environment", shown_as="train/reward", run="a")
    correct(client, "rename", "env", shown_as="eval/reward", run="c")
    assert ranked(client, "eval/reward")[:3] == ["d", "c", "b"]
    assert ids(client, filter='metrics["train/reward"] == 1') == ["a"]
    assert ids(client, filter='metrics["eval/reward"] is not None', sort=[{"key": "name"}]) == ["b", "c", "d"]


@pytest.mark.parametrize("run", [None, "b"], ids=["in the project", "in one run"])
def test_a_hidden_metric_is_missing_to_filters_and_sorting(client: FlaskClient, run: str | None) -> None:
    fill(client)
    entry = correct(client, "hide", "eval/reward", run=run)
    assert ids(client, filter='metrics["eval/reward"] > 0') == ([] if run is None else ["d"])
    undo(client, entry)
    assert sorted(ids(client, filter='metrics["eval/reward"] > 0')) == ["b", "d"]


def test_columns_and_comparing_speak_of_the_names_that_are_shown(client: FlaskClient) -> None:
    fill(client)
    correct(client, "rename", "environment", shown_as="eval/reward")
    rows = {row["id"]: row["metrics"] for row in search(client, columns=["metrics.eval/reward"])["runs"]}
    assert {run: metrics["eval/reward"]["last"] for run, metrics in rows.items() if metrics} == {
        "a": 1.0, "b": 2.0, "d": 4.0,
    }  # fmt: skip
    compared = client.post("/api/v1/runs/compare", json={"runs": ["a", "b"]}).json["metrics"]
    assert [(row["name"], [one["last"] for one in row["values"]]) for row in compared] == [("eval/reward", [1.0, 2.0])]


def test_what_is_new_comes_by_the_name_that_is_shown(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0))
    correct(client, "rename", "environment", shown_as="eval/reward")
    look = {"runs": ["a"], "metrics": ["eval/reward"]}
    (whole,) = client.post("/api/v1/projects/digits/live", json=look).json["series"]
    log(client, "a", ("environment", 2.0), first=1)
    look["counts"] = {str(whole["id"]): whole["count"]}  # type: ignore[assignment]
    (new,) = client.post("/api/v1/projects/digits/live", json=look).json["series"]
    assert (new["metric"], new["is_delta"], new["values"]) == ("eval/reward", True, [2.0])


def keys(client: FlaskClient, **query: Any) -> dict[str, int]:
    found = client.get("/api/v1/projects/digits/keys", query_string=query).json["metrics"]
    return {key["name"]: key["run_count"] for key in found}


def test_keys_are_the_names_that_are_shown(client: FlaskClient) -> None:
    fill(client)
    correct(client, "rename", "environment", shown_as="eval/reward")
    assert keys(client) == {"env": 1, "environment": 1, "eval/reward": 3, "loss": 1}
    correct(client, "rename", "env", shown_as="eval/reward")
    assert keys(client) == {"environment": 1, "eval/reward": 4, "loss": 1}
    assert keys(client, prefix="eval/") == {"eval/reward": 4}
    correct(client, "rename", "loss", shown_as="train/loss", run="e")
    assert keys(client) == {"environment": 1, "eval/reward": 4, "train/loss": 1}


def test_hidden_keys_come_only_when_they_are_asked_for(client: FlaskClient) -> None:
    fill(client)
    correct(client, "hide", "eval/reward")
    correct(client, "hide", "environment", run="d")
    assert keys(client) == {"env": 1, "environment": 1, "loss": 1}
    listed = client.get("/api/v1/projects/digits/keys?hidden=1").json["metrics"]
    assert {key["name"]: (key["run_count"], key["is_hidden"]) for key in listed} == {
        "env": (1, False), "environment": (2, False), "eval/reward": (2, True), "loss": (1, False),
    }  # fmt: skip


def test_a_deleted_metric_is_no_key_until_it_comes_back(client: FlaskClient) -> None:
    fill(client)
    entry = correct(client, "delete", "loss")
    assert "loss" not in keys(client)
    undo(client, entry)
    assert keys(client)["loss"] == 1


def test_archived_runs_are_left_out_unless_asked_for(client: FlaskClient) -> None:
    for run_id in ("a", "b"):
        log(client, run_id, ("loss", 1.0))
    client.patch("/api/v1/runs/a", json={"is_archived": True})
    assert (ids(client), search(client)["total"]) == (["b"], 1)
    assert ids(client, archived="only") == ["a"]
    assert sorted(ids(client, archived="with")) == ["a", "b"]
    assert ids(client, filter="archived") == ["a"]
    assert ids(client, filter="not archived") == ["b"]
    assert sorted(ids(client, filter="archived in [0, 1]")) == ["a", "b"]
    assert ids(client, filter="config.archived == 1") == []
