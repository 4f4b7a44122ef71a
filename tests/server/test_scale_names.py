"""A run may have a hundred thousand metrics: what is done for a few of them does not take longer for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.logged import log_run, writing
from tracker.records import Logged, SystemSampled
from tracker_server import metrics
from tracker_server.db import Database
from tracker_server.metrics.models import Series

FEW, MANY = 600, 6000


class Work:
    """What SQLite has done, in hundreds of its instructions: the same on every machine."""

    done = 0


@contextmanager
def working(session: Session) -> Iterator[Work]:
    """The work of a session until the end of the `with`."""
    work = Work()

    def count() -> int:
        work.done += 1
        return 0

    connection = session.connection().connection.dbapi_connection
    assert isinstance(connection, sqlite3.Connection)
    connection.set_progress_handler(count, 100)
    try:
        yield work
    finally:
        connection.set_progress_handler(None, 0)


def names(count: int) -> list[str]:
    return [f"layer{number // 100}/unit{number % 100}/norm" for number in range(count)]


def append(session: Session, run_id: str, metric_names: list[str], step: int = 0) -> None:
    record = Logged(step, NOW_MS, {name: float(number) for number, name in enumerate(metric_names)})
    metrics.append(session, run_id, "", "metric", [record])


@pytest.fixture
def sqlite_session(make_database_url: Callable[[str], str]) -> Iterator[Session]:
    database = Database(make_database_url("sqlite"))
    with database.writing() as session:
        yield session
    database.close()


def test_points_of_some_metrics_take_as_much_work_in_a_run_of_many(sqlite_session: Session) -> None:
    costs = []
    for number, size in enumerate((FEW, MANY)):
        run_id = log_run(sqlite_session, f"run{number}").id
        append(sqlite_session, run_id, names(size))
        with working(sqlite_session) as work:
            append(sqlite_session, run_id, names(FEW), step=1)
        costs.append(work.done)
    assert costs[1] < 1.5 * costs[0]


def test_new_metrics_take_as_much_work_in_a_run_of_many(sqlite_session: Session) -> None:
    costs = []
    for number, size in enumerate((FEW, MANY)):
        run_id = log_run(sqlite_session, f"run{number}").id
        append(sqlite_session, run_id, names(size))
        with working(sqlite_session) as work:
            append(sqlite_session, run_id, [f"new{number}/{name}" for name in names(FEW)])
        costs.append(work.done)
    assert costs[1] < 1.5 * costs[0]


def test_every_metric_of_a_wide_record_has_its_summary(session: Session) -> None:
    run_id = log_run(session).id
    wide = names(MANY)
    append(session, run_id, wide[: MANY // 2])
    append(session, run_id, wide, step=1)
    found = metrics.last(session, [run_id])[run_id]
    assert {name: (one.count, one.last) for name, one in found.items()} == {
        name: (2 if number < MANY // 2 else 1, float(number)) for number, name in enumerate(wide)
    }


def test_purging_many_metrics_writes_the_tail_of_their_run_once(session: Session) -> None:
    run_id = log_run(session).id
    append(session, run_id, names(20))
    gone = session.scalars(sa.select(Series.id).where(Series.name.in_(names(10)))).all()
    for entry_id, series_id in enumerate(gone):
        metrics.trash.discard(session, [series_id], entry_id)
    statements: list[str] = []
    sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    sizes = metrics.trash.purge(session, range(10))
    assert sizes == dict.fromkeys(range(10), (1, 1))
    assert len([one for one in statements if one.startswith("INSERT INTO tails")]) == 1
    assert sorted(metrics.last(session, [run_id])[run_id]) == sorted(names(20)[10:])


def test_a_run_comes_with_as_many_metrics_as_asked_for(app: Flask, client: FlaskClient) -> None:
    with writing(app) as session:
        run_id = log_run(session).id
        append(session, run_id, names(150))
        metrics.append(
            session, run_id, "", "system", [SystemSampled(0, NOW_MS, {"system/cpu": 1.0, "system/ram": 2.0})]
        )
    whole = client.get("/api/v1/runs/run1").json
    assert (len(whole["metrics"]), whole["metric_count"]) == (152, 152)
    first = client.get("/api/v1/runs/run1?metrics=1").json
    assert (list(first["metrics"]), first["metric_count"]) == (["layer0/unit0/norm", "system/cpu"], 152)
    assert first["metrics"]["system/cpu"] == whole["metrics"]["system/cpu"]
    found = client.get("/api/v1/runs/run1?having=LAYER1/unit4").json
    assert found["metric_count"] == len(found["metrics"]) == 11
    assert client.get("/api/v1/runs/run1?metrics=0").json["metrics"] == {}
    assert client.get("/api/v1/runs/run1?metrics=10001").status_code == 422
