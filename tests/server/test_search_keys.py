"""The config keys and metric names of a project, and in how many runs they are."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server import seed
from tests.server.test_search_table import add, log, statements
from tracker.records import RunStarted
from tracker_server import auth, runs
from tracker_server.db import Database
from tracker_server.search import keys
from tracker_server.search.schema import ConfigKey, KeysQuery, MetricKey


def named(session: Session, **wanted: Any) -> list[str]:
    """The names of the metrics that are found."""
    return [key.name for key in keys.of_project(session, "digits", KeysQuery(**wanted)).metrics]


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


def test_keys_of_the_trash_are_counted_0_and_those_of_other_projects_are_not_there(
    session: Session, actor: auth.Actor
) -> None:
    add(session, actor, "kept", config={"lr": 0.1})
    add(session, actor, "deleted", config={"gone": 1}, logged={"gone": [1.0]})
    runs.delete(session, "deleted", actor_id=actor.id, now_ms=NOW_MS)
    elsewhere = runs.start(session, RunStarted(NOW_MS, "r", "faces", "w"), actor_id=actor.id, now_ms=NOW_MS)
    runs.set_config(session, elsewhere, {"other": 1})
    session.flush()
    found = keys.of_project(session, "digits")
    assert found.config == [ConfigKey("gone", 0, 0), ConfigKey("lr", 1, 1)]
    assert found.metrics == [MetricKey("gone", "metric", 0)]


def test_a_name_of_both_kinds_is_a_metric(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r1", logged={"x": [1.0]})
    add(session, actor, "r2")
    log(session, "r2", {"x": [1.0], "y": [1.0]}, kind="system")
    assert named(session) == ["x", "y"]
    assert (named(session, kind="metric"), named(session, kind="system")) == (["x"], ["y"])


PREFIXES = {
    "": ["", "a", "a.b", "aB", "ab", "a\ud7ff", "a\U0010ffff", "b", "é", "\U0010ffff"],
    "a": ["a", "a.b", "aB", "ab", "a\ud7ff", "a\U0010ffff"],
    "a.": ["a.b"],
    "a%": [],
    "é": ["é"],
    "a\ud7ff": ["a\ud7ff"],
    "a\U0010ffff": ["a\U0010ffff"],
    "\U0010ffff": ["\U0010ffff"],
}


def test_names_with_a_prefix_come_in_order_of_their_bytes(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", logged={name: [1.0] for name in reversed(PREFIXES[""])})
    assert {prefix: named(session, prefix=prefix) for prefix in PREFIXES} == PREFIXES


def test_a_limit_leaves_out_the_last_names_and_says_so(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", config={"a": 1}, logged={"x": [1.0], "z": [1.0]})
    log(session, "r", {"y": [1.0]}, kind="system")
    assert (named(session, limit=2), named(session, limit=3)) == (["x", "y"], ["x", "y", "z"])
    assert [keys.of_project(session, "digits", KeysQuery(limit=limit)).has_more for limit in (2, 3)] == [True, False]


def test_keys_are_counted_over_the_newest_runs_unless_all_are_asked_for(session: Session) -> None:
    seed.fill(session, "digits", run_count=keys.COUNTED_RUNS + 5, now_ms=NOW_MS, config_keys=6, metric_names=2)
    newest, every, none = (
        keys.of_project(session, "digits", KeysQuery(counts=how)) for how in ("newest", "all", "none")
    )
    assert newest.counted_config_runs == newest.counted_metric_runs == keys.COUNTED_RUNS
    assert every.counted_config_runs == every.counted_metric_runs == keys.COUNTED_RUNS + 5
    assert [found.config[-1].run_count for found in (newest, every, none)] == [
        keys.COUNTED_RUNS,
        every.counted_config_runs,
        0,
    ]
    assert [key.key for key in newest.config] == [key.key for key in none.config]


def test_runs_with_very_many_keys_are_counted_as_far_as_it_is_quick(session: Session, actor: auth.Actor) -> None:
    for number in range(3):
        add(session, actor, f"r{number}", config={f"k{place}": place for place in range(keys.COUNTED_VALUES // 2)})
    found = keys.of_project(session, "digits")
    assert (len(found.config), found.counted_config_runs) == (keys.COUNTED_VALUES // 2, 2)


def test_a_run_whose_keys_are_known_writes_none(database: Database, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "first", config={"lr": 0.1}, logged={"loss": [1.0]})
    with statements(database) as sent:
        add(session, actor, "second", config={"lr": 0.2}, logged={"loss": [1.0]})
    about_keys = [statement.split()[0] for statement in sent if "project_keys" in statement]
    assert about_keys == ["SELECT", "SELECT"]


def test_ten_thousand_new_names_are_looked_up_in_one_statement(
    database: Database, session: Session, actor: auth.Actor
) -> None:
    with statements(database) as sent:
        add(session, actor, "r", logged={f"m{place}": [1.0] for place in range(10_000)})
    assert len([statement for statement in sent if "project_keys" in statement]) == 2
    assert len(named(session)) == 10_000


def test_two_transactions_that_bring_the_same_keys_both_commit(database: Database) -> None:
    with database.writing() as first:
        actor = auth.ensure_operator(first, "ada", NOW_MS)
        for run_id in ("r1", "r2"):
            add(first, actor, run_id)
        first.commit()

    met = threading.Barrier(2)

    def bring(run_id: str, names: list[str]) -> None:
        with database.writing() as session:
            for name in names:
                runs.note_keys(session, run_id, "metric", [name])
                with contextlib.suppress(threading.BrokenBarrierError):
                    met.wait(timeout=0.5)  # in vain where the other one waits for this one's commit
            session.commit()

    threads = [
        threading.Thread(target=bring, args=("r1", ["a", "b"])),
        threading.Thread(target=bring, args=("r2", ["b", "a"])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert named(session) == ["a", "b"]


def test_keys_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "r", config={"lr": 0.1}, logged={"loss": [1.0]})
    session.commit()
    assert client.get("/api/v1/projects/digits/keys").json == {
        "config": [{"key": "lr", "run_count": 1, "value_count": 1}],
        "metrics": [
            {"name": "loss", "kind": "metric", "run_count": 1, "is_hidden": False, "logged_as": [], "goal": None}
        ],
        "counted_config_runs": 1,
        "counted_metric_runs": 1,
        "has_more": False,
    }
    found = client.get("/api/v1/projects/digits/keys?prefix=lo&kind=metric&limit=1&counts=none").json
    assert (found["config"], [key["name"] for key in found["metrics"]]) == ([], ["loss"])
    assert client.get("/api/v1/projects/digits/keys?limit=0").status_code == 422
    assert client.get("/api/v1/projects/none/keys").status_code == 404
