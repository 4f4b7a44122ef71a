"""The config keys and metric names of a project, and in how many runs they are."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.test_search_table import add, log
from tracker.records import RunStarted
from tracker_server import auth, runs
from tracker_server.search import keys
from tracker_server.search.schema import ConfigKey, MetricKey


def test_keys_come_by_name_with_their_runs_and_different_values(session: Session, actor: auth.Actor) -> None:
    values = [1, 1.0, 2, True, False, "adam", "adam", "sgd", None, None, [1, 2]]
    for number, value in enumerate(values):
        add(session, actor, f"r{number}", config={"zeta": value, "optim": {"lr": 0.1}})
    found = keys.of_project(session, "digits").config
    assert found == [ConfigKey("optim.lr", 11, 1), ConfigKey("zeta", 11, 8)]


def test_a_metric_of_many_writers_is_counted_once_a_run(session: Session, actor: auth.Actor) -> None:
    for run_id in ("r1", "r2"):
        add(session, actor, run_id, logged={"loss": [1.0]})
        add(session, actor, run_id, logged={"loss": [1.0]}, label="rank1")
    log(session, "r1", {"system/cpu": [50.0]}, kind="system")
    found = keys.of_project(session, "digits").metrics
    assert found == [MetricKey("loss", "metric", 2), MetricKey("system/cpu", "system", 1)]


def test_keys_of_the_trash_and_of_other_projects_are_not_there(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "kept", config={"lr": 0.1})
    add(session, actor, "deleted", config={"gone": 1}, logged={"gone": [1.0]})
    runs.delete(session, "deleted", actor_id=actor.id, now_ms=NOW_MS)
    elsewhere = runs.start(session, RunStarted(NOW_MS, "r", "faces", "w"), actor_id=actor.id, now_ms=NOW_MS)
    runs.set_config(session, elsewhere, {"other": 1})
    session.flush()
    found = keys.of_project(session, "digits")
    assert ([key.key for key in found.config], found.metrics) == (["lr"], [])


def test_keys_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", config={"lr": 0.1}, logged={"loss": [1.0]})
    session.commit()
    assert client.get("/api/v1/projects/digits/keys").json == {
        "config": [{"key": "lr", "run_count": 1, "value_count": 1}],
        "metrics": [{"name": "loss", "kind": "metric", "run_count": 1}],
    }
    assert client.get("/api/v1/projects/none/keys").status_code == 404
