"""What is new since a page last asked: nothing missed, and little sent."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.test_search_table import LOST_AFTER_MS, add, log, statements
from tracker.records import RunStarted
from tracker_server import auth, runs
from tracker_server.db import Database
from tracker_server.errors import NotFound
from tracker_server.search import live
from tracker_server.search.schema import LiveAnswer, LiveRequest

HOUR_MS = 3_600_000


def look(session: Session, now_ms: int, **wanted: Any) -> LiveAnswer:
    session.flush()
    return live.look(session, "digits", LiveRequest(**wanted), now_ms=now_ms, lost_after_ms=LOST_AFTER_MS)


def look_at(session: Session, now_ms: int, **wanted: Any) -> LiveAnswer:
    return live.look_at_runs(session, LiveRequest(**wanted), now_ms=now_ms, lost_after_ms=LOST_AFTER_MS)


def changed(session: Session, now_ms: int, since_ms: int) -> list[str]:
    return sorted(row.id for row in look(session, now_ms, since_ms=since_ms).changed)


def test_only_runs_that_changed_since_come_new_ones_included(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "old", heard_ms=NOW_MS, status="finished")
    add(session, actor, "speaking", heard_ms=NOW_MS)
    now_ms = NOW_MS + HOUR_MS
    runs.touch(session, runs.get(session, "speaking"), now_ms=now_ms)
    add(session, actor, "new", heard_ms=now_ms)
    assert changed(session, now_ms + 1, since_ms=now_ms - 1000) == ["new", "speaking"]


def test_a_change_that_was_committed_late_is_not_missed(session: Session, actor: auth.Actor) -> None:
    cursor_ms = NOW_MS + HOUR_MS
    add(session, actor, "late", heard_ms=cursor_ms - live.OVERLAP_MS, status="finished")
    add(session, actor, "older", heard_ms=cursor_ms - live.OVERLAP_MS - 1, status="finished")
    assert changed(session, cursor_ms + 2000, since_ms=cursor_ms) == ["late"]


def test_a_run_that_became_lost_comes_though_nobody_wrote(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "silent", heard_ms=NOW_MS)
    add(session, actor, "ended", heard_ms=NOW_MS, status="finished")
    lost_ms = NOW_MS + LOST_AFTER_MS + 1
    assert changed(session, lost_ms - 1, since_ms=lost_ms - 2001) == []
    answer = look(session, lost_ms, since_ms=lost_ms - 2000)
    assert [(row.id, row.status) for row in answer.changed] == [("silent", "lost")]
    assert changed(session, lost_ms + HOUR_MS, since_ms=lost_ms + HOUR_MS - 2000) == []


def test_a_lost_run_that_speaks_again_comes_as_running(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "r", heard_ms=NOW_MS)
    now_ms = NOW_MS + HOUR_MS
    runs.touch(session, run, now_ms=now_ms)
    assert [row.status for row in look(session, now_ms, since_ms=now_ms - 2000).changed] == ["running"]


def test_polling_over_the_life_of_a_run_shows_each_status(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", heard_ms=NOW_MS)
    seen = []
    cursor_ms = NOW_MS - 1000
    for now_ms in range(NOW_MS, NOW_MS + 2 * LOST_AFTER_MS, 2000):
        answer = look(session, now_ms, since_ms=cursor_ms)
        cursor_ms = answer.cursor_ms
        seen += [row.status for row in answer.changed]
    assert list(dict.fromkeys(seen)) == ["running", "lost"]


def test_a_first_look_goes_back_a_minute(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "old", heard_ms=NOW_MS, status="finished")
    add(session, actor, "young", heard_ms=NOW_MS + HOUR_MS - 30_000, status="finished")
    answer = look(session, NOW_MS + HOUR_MS)
    assert ([row.id for row in answer.changed], answer.total) == (["young"], 2)
    assert answer.cursor_ms == NOW_MS + HOUR_MS


def test_deleted_runs_are_removed_and_restored_ones_come_back(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r")
    add(session, actor, "kept")
    now_ms = NOW_MS + HOUR_MS
    runs.delete(session, "r", actor_id=actor.id, now_ms=now_ms)
    answer = look(session, now_ms, since_ms=now_ms - 2000)
    assert (answer.removed, answer.changed, answer.total) == (["r"], [], 1)
    runs.restore(session, "r", actor_id=actor.id, now_ms=now_ms + HOUR_MS)
    answer = look(session, now_ms + HOUR_MS, since_ms=now_ms + HOUR_MS - 2000)
    assert (answer.removed, [row.id for row in answer.changed], answer.total) == ([], ["r"], 2)


def test_a_watched_run_that_is_not_there_is_removed(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "here")
    runs.start(session, RunStarted(NOW_MS, "elsewhere", "faces", "w"), actor_id=actor.id, now_ms=NOW_MS)
    answer = look(session, NOW_MS + HOUR_MS, runs=["here", "elsewhere", "gone"], since_ms=NOW_MS + HOUR_MS)
    assert answer.removed == ["elsewhere", "gone"]


def test_of_a_series_that_the_page_has_only_new_points_come(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", logged={"loss": [1.0, 2.0], "acc": [0.5], "hidden": [0.0]})
    wanted: dict[str, Any] = {"runs": ["r"], "metrics": ["loss", "acc"]}
    first = look(session, NOW_MS, **wanted)
    assert {series.metric: series.values for series in first.series} == {"acc": [0.5], "loss": [1.0, 2.0]}
    counts = {series.id: series.count for series in first.series}
    assert look(session, NOW_MS, **wanted, counts=counts).series == []
    log(session, "r", {"loss": [3.0]}, first_step=2)
    (series,) = look(session, NOW_MS, **wanted, counts=counts).series
    assert (series.metric, series.is_delta, series.steps, series.values, series.count) == ("loss", True, [2], [3.0], 3)


def test_relative_time_is_since_the_start_of_the_run(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", created_ms=NOW_MS - 5000, logged={"loss": [1.0, 2.0]})
    answer = look(session, NOW_MS, runs=["r"], metrics=["loss"], x="relative_time")
    assert answer.series[0].x == [5000.0, 5001.0]


def test_when_very_many_changed_the_watched_ones_come_first(session: Session, actor: auth.Actor) -> None:
    for number in range(live.MAX_CHANGED + 10):
        add(session, actor, f"r{number:03}", created_ms=NOW_MS + number)
    answer = look(session, NOW_MS, runs=["r003"], since_ms=NOW_MS - 1000)
    assert [row.id for row in answer.changed[:2]] == ["r003", f"r{live.MAX_CHANGED + 9}"]
    assert len(answer.changed) == live.MAX_CHANGED


def test_many_changed_runs_cost_as_many_statements_as_one(
    database: Database, session: Session, actor: auth.Actor
) -> None:
    wanted: dict[str, Any] = {"metrics": ["loss", "acc"], "since_ms": NOW_MS - 1000}
    ids = [f"r{number}" for number in range(30)]
    for run_id in ids:
        add(session, actor, run_id, config={"lr": 0.1}, logged={"loss": [1.0], "acc": [1.0]})
    session.flush()
    with statements(database) as few:
        look(session, NOW_MS, runs=ids[:1], **wanted)
    with statements(database) as many:
        look(session, NOW_MS, runs=ids, **wanted)
    assert len(many) == len(few) <= 14


def test_an_unknown_project_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="there is no project 'digits'"):
        look(session, NOW_MS)


def test_looking_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", logged={"loss": [1.0]})
    session.commit()
    body = {"runs": ["r"], "metrics": ["loss"], "columns": ["metrics.loss"], "counts": {"999": 3}}
    first = client.post("/api/v1/projects/digits/live", json=body).json
    assert [series["values"] for series in first["series"]] == [[1.0]]
    counts = {str(series["id"]): series["count"] for series in first["series"]}
    again = client.post("/api/v1/projects/digits/live", json={**body, "counts": counts, "since_ms": first["cursor_ms"]})
    assert (again.json["series"], again.json["changed"], again.json["total"]) == ([], [], 1)


def test_runs_of_several_projects_are_followed_by_their_ids(
    client: FlaskClient, session: Session, actor: auth.Actor
) -> None:
    add(session, actor, "a", logged={"loss": [1.0, 2.0]})
    for run_id in ("b", "c"):
        runs.start(session, RunStarted(NOW_MS, run_id, "letters", "w"), actor_id=actor.id, now_ms=NOW_MS)
    session.commit()
    body = {"runs": ["a", "b", "gone"], "metrics": ["loss"], "columns": ["metrics.loss"]}
    answer = client.post("/api/v1/runs/live", json=body).json
    assert answer["removed"] == ["gone"]
    assert (answer["total"], [one["run"] for one in answer["series"]]) == (2, ["a"])
    found = look_at(session, NOW_MS + 1, runs=["a", "b"], since_ms=NOW_MS - 1, columns=["metrics.loss"])
    assert {row.id: row.project for row in found.changed} == {"a": "digits", "b": "letters"}
    assert [row.metrics["loss"].last for row in found.changed if row.id == "a"] == [2.0]
    assert look_at(session, NOW_MS + HOUR_MS, runs=["a", "b"], since_ms=NOW_MS + HOUR_MS - 1).changed == []
