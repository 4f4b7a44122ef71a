"""What goes on now over all projects, and what the first page costs."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.test_search_table import LOST_AFTER_MS, add, log, statements
from tracker.records import RunStarted
from tracker_server import auth, runs
from tracker_server.db import Database
from tracker_server.metrics.models import NameRule
from tracker_server.runs import projects
from tracker_server.search import running
from tracker_server.search.running_schema import Running, RunningMetric, RunningRequest


def look(session: Session, *, limit: int = 50, **pinned: str) -> Running:
    return running.look(session, RunningRequest(pinned, limit), now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)


def test_runs_that_go_on_are_listed_the_one_started_last_first(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "old", created_ms=NOW_MS - 5000)
    add(session, actor, "new")
    add(session, actor, "done", status="finished")
    add(session, actor, "lost", heard_ms=NOW_MS - LOST_AFTER_MS - 1)
    add(session, actor, "kept").archived_ms = NOW_MS
    other = RunStarted(NOW_MS - 1, "elsewhere", "faces", "w0", name="elsewhere")
    runs.start(session, other, actor_id=actor.id, now_ms=NOW_MS)
    found = look(session)
    assert [(run.project, run.id) for run in found.runs] == [
        ("digits", "new"),
        ("faces", "elsewhere"),
        ("digits", "old"),
    ]
    assert (len(look(session, limit=2).runs), look(session, limit=2).total) == (2, 3)


def test_a_run_tells_its_newest_metric_unless_another_is_asked_for(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r1", logged={"loss": [3.0, 2.0]})
    log(session, "r1", {"accuracy": [0.5, 0.75]}, first_step=10)
    log(session, "r1", {"system/cpu": [99.0]}, kind="system")
    assert look(session).runs[0].metric == RunningMetric("accuracy", 0.75, 11)
    assert look(session, digits="loss").runs[0].metric == RunningMetric("loss", 2.0, 1)
    assert look(session, digits="f1", faces="loss").runs[0].metric == RunningMetric("accuracy", 0.75, 11)


def test_a_renamed_metric_is_told_by_its_name_and_a_hidden_one_not_at_all(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "r1", logged={"acc": [0.5]})
    rule = NameRule(id=1, project_id=run.project_id, run_id="", name="acc", shown_as="accuracy")
    session.add(rule)
    session.flush()
    assert look(session).runs[0].metric == RunningMetric("accuracy", 0.5, 0)
    rule.shown_as = None
    session.flush()
    assert look(session).runs[0].metric is None


@pytest.mark.parametrize(
    ("config", "count"),
    [({"max_steps": 500}, 500), ({"train": {"steps": 80.0}}, 80), ({"steps": "many"}, None), ({}, None)],
    ids=["at the top", "below", "no number", "not said"],
)
def test_how_many_steps_there_will_be_is_read_from_the_config(
    session: Session, actor: auth.Actor, config: dict[str, object], count: int | None
) -> None:
    add(session, actor, "r1", config=config)
    assert look(session).runs[0].step_count == count


def test_the_first_page_costs_as_many_statements_for_many_projects_as_for_one(
    database: Database, session: Session, actor: auth.Actor
) -> None:
    def ask() -> None:
        look(session, digits="loss")
        projects.describe(session, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)

    add(session, actor, "r0", logged={"loss": [1.0]})
    with statements(database) as few:
        ask()
    for number in range(1, 30):
        record = RunStarted(NOW_MS, f"r{number}", f"project {number}", "w0", name="x")
        runs.start(session, record, actor_id=actor.id, now_ms=NOW_MS)
        log(session, f"r{number}", {"loss": [1.0], "accuracy": [0.5]})
    with statements(database) as many:
        ask()
    assert len(many) == len(few) <= 10


def test_the_routes_tell_what_runs_and_what_is_stored(client: FlaskClient) -> None:
    client.post("/api/v1/projects", json={"name": "digits"})
    assert client.post("/api/v1/runs/running", json={}).json == {"runs": [], "total": 0}
    stored = client.get("/api/v1/storage").json
    assert stored is not None
    assert stored["database"] in ("SQLite", "PostgreSQL")
    assert stored["database_bytes"] > 10_000
    assert (stored["file_bytes"], stored["projects"]) == (
        0,
        [{"name": "digits", "artifact_bytes": 0, "unsized_count": 0, "media_bytes": 0}],
    )
