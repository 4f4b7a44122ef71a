"""Metrics renamed, hidden and deleted, in a run and in a project; and all of it undone."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.server.logged import writing
from tracker.records import Logged
from tracker_server.corrections.models import LogEntry

Curve = list[tuple[int, float]]


def log(client: FlaskClient, run_id: str, *values: tuple[str, float], first: int = 0, project: str = "digits") -> None:
    """A further writer of a run, which logs each of these once, at steps from `first` on."""
    journal = Journal(run_id=run_id, project=project, writer=f"w{first}").started(is_resumed=True)
    for step, (name, value) in enumerate(values, first):
        journal.add(Logged(step, START_MS + step, {name: value}))
    assert journal.post(client).status_code == 200


def correct(client: FlaskClient, action: str, metric: str, **fields: Any) -> Any:
    """Make a correction; its entry."""
    answer = post(client, action, metric, **fields)
    assert answer.status_code == 201, answer.json
    return answer.json["entry"]


def post(client: FlaskClient, action: str, metric: str, **fields: Any) -> Any:
    body = {"action": action, "metric": metric, "reason": "it was misnamed", **fields}
    return client.post("/api/v1/projects/digits/corrections", json=body)


def undo(client: FlaskClient, entry: Any, **body: Any) -> Any:
    return client.post(f"/api/v1/projects/digits/corrections/{entry['id']}/undo", json=body)


def curve(client: FlaskClient, run_id: str, metric: str, **fields: Any) -> Curve:
    """The points that a chart of this metric shows of the run; empty where it has none."""
    found = series(client, [run_id], metric, **fields)
    assert len(found) <= 1
    return found[0] if found else []


def series(client: FlaskClient, run_ids: list[str], *metrics: str, **fields: Any) -> list[Curve]:
    answer = client.post("/api/v1/series", json={"runs": run_ids, "metrics": list(metrics), "points": 10_000, **fields})
    assert answer.status_code == 200, answer.json
    return [list(zip(one["steps"], one["values"], strict=True)) for one in answer.json["series"]]


def metrics(client: FlaskClient, run_id: str) -> dict[str, Any]:
    """The last value of each metric on the run's page."""
    found = client.get(f"/api/v1/runs/{run_id}").json["metrics"]
    return {name: summary["last"] for name, summary in found.items()}


def test_a_metric_reads_as_another_name_in_the_project(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0), ("environment", 2.0))
    log(client, "b", ("eval/reward", 5.0))
    correct(client, "rename", "environment", shown_as="eval/reward")
    assert curve(client, "a", "eval/reward") == [(0, 1.0), (1, 2.0)]
    assert curve(client, "a", "environment") == []
    assert curve(client, "b", "eval/reward") == [(0, 5.0)]
    assert metrics(client, "a") == {"eval/reward": 2.0}
    assert curve(client, "a", "eval/*") == [(0, 1.0), (1, 2.0)]


def test_what_is_logged_later_under_the_old_name_shows_under_the_new_one(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0))
    correct(client, "rename", "environment", shown_as="eval/reward")
    log(client, "a", ("environment", 2.0), first=1)
    log(client, "new", ("environment", 3.0))
    assert curve(client, "a", "eval/reward") == [(0, 1.0), (1, 2.0)]
    assert curve(client, "new", "eval/reward") == [(0, 3.0)]


def test_a_name_of_one_run_alone_is_corrected(client: FlaskClient) -> None:
    for run_id in ("a", "b"):
        log(client, run_id, ("loss", 1.0))
    correct(client, "rename", "loss", shown_as="train/loss", run="a")
    assert metrics(client, "a") == {"train/loss": 1.0}
    assert metrics(client, "b") == {"loss": 1.0}


def test_a_rule_of_a_run_stands_in_place_of_its_projects(client: FlaskClient) -> None:
    for run_id in ("a", "b"):
        log(client, run_id, ("loss", 1.0))
    correct(client, "rename", "loss", shown_as="train/loss")
    correct(client, "rename", "loss", shown_as="val/loss", run="a")
    assert metrics(client, "a") == {"val/loss": 1.0}
    assert metrics(client, "b") == {"train/loss": 1.0}


def test_a_run_that_has_logged_both_names_keeps_both(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0), ("eval/reward", 2.0))
    log(client, "b", ("environment", 3.0))
    answer = post(client, "rename", "environment", shown_as="eval/reward")
    assert answer.json["effects"]["kept_count"] == 1
    assert "both names stay" in answer.json["effects"]["notes"][0]
    assert metrics(client, "a") == {"environment": 1.0, "eval/reward": 2.0}
    assert metrics(client, "b") == {"eval/reward": 3.0}
    assert curve(client, "a", "eval/reward") == [(1, 2.0)]
    assert curve(client, "a", "environment") == [(0, 1.0)]


def test_renaming_in_a_run_that_has_logged_both_names_is_refused(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0), ("eval/reward", 2.0))
    answer = post(client, "rename", "environment", shown_as="eval/reward", run="a")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "both_names")
    assert "run 'a' has logged 'environment' and 'eval/reward'" in answer.json["error"]["message"]


def test_several_names_read_as_one_and_of_one_run_the_first_by_name_does(client: FlaskClient) -> None:
    log(client, "a", ("env", 1.0), ("environment", 2.0))
    log(client, "b", ("environment", 3.0))
    correct(client, "rename", "environment", shown_as="eval/reward")
    correct(client, "rename", "env", shown_as="eval/reward")
    assert metrics(client, "a") == {"eval/reward": 1.0, "environment": 2.0}
    assert metrics(client, "b") == {"eval/reward": 3.0}


@pytest.mark.parametrize(
    ("metric", "shown_as", "code"),
    [
        ("b", "c", "is_a_new_name"),
        ("b", "a", "is_a_new_name"),
        ("c", "a", "is_renamed"),
        ("a", "d", "already_renamed"),
        ("c", "c", "bad_name"),
        ("nothing", "x", "unknown_metric"),
    ],
    ids=["chain behind", "cycle", "chain before", "twice", "itself", "unknown"],
)
def test_names_that_would_not_be_told_at_one_look_are_refused(
    client: FlaskClient, metric: str, shown_as: str, code: str
) -> None:
    log(client, "r", ("a", 1.0), ("c", 3.0))
    log(client, "s", ("b", 1.0))
    correct(client, "rename", "a", shown_as="b")
    answer = post(client, "rename", metric, shown_as=shown_as)
    assert answer.status_code in (404, 409, 422)
    assert answer.json["error"]["code"] == code


def test_a_correction_asks_for_a_reason(client: FlaskClient) -> None:
    log(client, "r", ("a", 1.0))
    answer = post(client, "hide", "a", reason=" ")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "no_reason")


def test_a_hidden_metric_is_in_no_list_and_no_chart_and_keeps_its_points(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0), ("debug", 2.0))
    entry = correct(client, "hide", "debug")
    assert metrics(client, "a") == {"loss": 1.0}
    assert curve(client, "a", "debug") == []
    assert sorted(client.get("/api/v1/runs/a?hidden=1").json["metrics"]) == ["debug", "loss"]
    undo(client, entry)
    assert metrics(client, "a") == {"loss": 1.0, "debug": 2.0}


def test_a_metric_is_hidden_in_one_run_alone(client: FlaskClient) -> None:
    for run_id in ("a", "b"):
        log(client, run_id, ("loss", 1.0))
    correct(client, "hide", "loss", run="a")
    assert (metrics(client, "a"), metrics(client, "b")) == ({}, {"loss": 1.0})
    assert series(client, ["a", "b"], "loss") == [[(0, 1.0)]]


def test_hiding_the_name_that_metrics_read_as_hides_all_of_them(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0))
    log(client, "b", ("eval/reward", 1.0))
    correct(client, "rename", "environment", shown_as="eval/reward")
    correct(client, "hide", "eval/reward")
    assert (metrics(client, "a"), metrics(client, "b")) == ({}, {})


def test_a_deleted_metric_is_gone_and_comes_back(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0), ("loss", 2.0), ("acc", 3.0))
    entry = correct(client, "delete", "loss")
    assert metrics(client, "a") == {"acc": 3.0}
    assert curve(client, "a", "loss") == []
    undo(client, entry)
    assert metrics(client, "a") == {"acc": 3.0, "loss": 2.0}
    assert curve(client, "a", "loss") == [(0, 1.0), (1, 2.0)]


def test_a_live_run_begins_a_deleted_metric_anew_and_undoing_puts_the_old_points_beside(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0), ("loss", 2.0))
    answer = post(client, "delete", "loss", run="a").json
    assert (answer["effects"]["live_count"], answer["effects"]["point_count"]) == (1, 2)
    assert "starts anew" in answer["effects"]["notes"][0]
    log(client, "a", ("loss", 5.0), first=7)
    assert curve(client, "a", "loss") == [(7, 5.0)]
    undo(client, answer["entry"])
    assert curve(client, "a", "loss") == [(0, 1.0), (1, 2.0), (7, 5.0)]
    assert client.get("/api/v1/runs/a").json["metrics"]["loss"]["min"] == 1.0


def test_a_metric_deleted_twice_comes_back_twice(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0))
    first = correct(client, "delete", "loss")
    log(client, "a", ("loss", 2.0), first=1)
    second = correct(client, "delete", "loss", run="a")
    assert curve(client, "a", "loss") == []
    undo(client, second)
    assert curve(client, "a", "loss") == [(1, 2.0)]
    undo(client, first)
    assert curve(client, "a", "loss") == [(0, 1.0), (1, 2.0)]


def test_deleting_a_name_deletes_what_reads_as_it(client: FlaskClient) -> None:
    log(client, "a", ("environment", 1.0))
    log(client, "b", ("eval/reward", 2.0))
    rename = correct(client, "rename", "environment", shown_as="eval/reward")
    correct(client, "delete", "eval/reward")
    undo(client, rename)
    assert (metrics(client, "a"), metrics(client, "b")) == ({}, {})


def test_undoing_is_an_entry_and_happens_once(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0))
    entry = correct(client, "rename", "loss", shown_as="train/loss")
    undone = undo(client, entry, reason="it was right").json
    assert metrics(client, "a") == {"loss": 1.0}
    assert (undone["action"], undone["undoes"], undone["reason"]) == ("correction.undone", entry["id"], "it was right")
    again = undo(client, entry)
    assert (again.status_code, again.json["error"]["code"]) == (409, "already_undone")
    assert undo(client, undone).json["error"]["code"] == "not_undoable"
    assert undo(client, {"id": 99}).status_code == 404


def test_the_log_tells_who_did_what_and_why(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0), ("acc", 1.0))
    first = correct(client, "rename", "loss", shown_as="train/loss")
    correct(client, "hide", "acc", run="a", reason="a bug in the metric")
    undo(client, first)
    listed = client.get("/api/v1/projects/digits/corrections").json["corrections"]
    assert [(one["action"], one["run"], one["metric"]) for one in listed] == [
        ("correction.undone", None, "loss"),
        ("metric.hidden", "a", "acc"),
        ("metric.renamed", None, "loss"),
    ]
    assert {one["by"] for one in listed} == {"ada"}
    assert [one["can_undo"] for one in listed] == [False, True, False]
    assert listed[2]["undone_by"] == listed[0]["id"]
    assert listed[1]["reason"] == "a bug in the metric"
    standing = client.get("/api/v1/projects/digits/corrections?standing=1").json["corrections"]
    assert [one["action"] for one in standing] == ["metric.hidden"]


def test_the_log_comes_in_pages(client: FlaskClient) -> None:
    log(client, "a", *((f"m{number}", 1.0) for number in range(5)))
    for number in range(5):
        correct(client, "hide", f"m{number}")
    page = client.get("/api/v1/projects/digits/corrections?limit=3").json
    rest = client.get(f"/api/v1/projects/digits/corrections?limit=3&before={page['next_before']}").json
    assert [one["metric"] for one in page["corrections"] + rest["corrections"]] == ["m4", "m3", "m2", "m1", "m0"]
    assert rest["next_before"] is None


def test_a_preview_changes_nothing(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0), ("loss", 2.0))
    body = {"action": "delete", "metric": "loss"}
    effects = client.post("/api/v1/projects/digits/corrections/preview", json=body).json
    assert (effects["run_count"], effects["series_count"], effects["point_count"]) == (1, 1, 2)
    assert metrics(client, "a") == {"loss": 2.0}


def test_a_run_of_another_project_is_not_corrected(client: FlaskClient) -> None:
    log(client, "a", ("loss", 1.0))
    log(client, "other", ("loss", 1.0), project="letters")
    assert post(client, "hide", "loss", run="other").json["error"]["code"] == "run_elsewhere"
    correct(client, "delete", "loss")
    assert metrics(client, "other") == {"loss": 1.0}


def test_a_chart_over_a_renamed_metric_follows_each_runs_own_name(client: FlaskClient) -> None:
    log(client, "a", ("frames", 10.0), ("frames", 20.0))
    log(client, "b", ("env/frames", 5.0))
    journal = Journal(run_id="c", writer="x").started()
    for step in range(2):
        journal.add(Logged(step, START_MS + step, {"frames": 10.0 * step, "loss": float(step)}))
    journal.post(client)
    correct(client, "rename", "frames", shown_as="env/frames")
    answer = client.post("/api/v1/series", json={"runs": ["c"], "metrics": ["loss"], "x": "metric:env/frames"}).json
    assert answer["series"][0]["x"] == [0.0, 10.0]


@pytest.mark.parametrize(
    "act", [sa.update(LogEntry).values(reason="other"), sa.delete(LogEntry)], ids=["update", "delete"]
)
def test_the_database_refuses_to_change_the_log(client: FlaskClient, app: Flask, act: sa.Executable) -> None:
    log(client, "a", ("loss", 1.0))
    correct(client, "hide", "loss")
    with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"), writing(app) as session:
        session.execute(act)
