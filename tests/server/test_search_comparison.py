"""Runs side by side, and what differs between them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server import seed
from tests.server.logged import log_artifact
from tests.server.test_search_table import LOST_AFTER_MS, add, statements
from tracker.records import MetricDefined
from tracker_server import artifacts, auth, runs
from tracker_server.db import Database
from tracker_server.search import comparison
from tracker_server.search.schema import AbsentRun, CompareRequest, Comparison, ValueRow


def compare(session: Session, *run_ids: str, **asked: Any) -> Comparison:
    request = CompareRequest(list(run_ids), **asked)
    return comparison.compare(session, request, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)


def first(rows: list[ValueRow]) -> dict[str, Any]:
    """What the first run has in a section, by key."""
    return {row.key: row.values[0] for row in rows}


def test_runs_stand_in_the_order_asked_for(session: Session, actor: auth.Actor) -> None:
    for number, run_id in enumerate(("a", "b", "c")):
        add(session, actor, run_id, config={"seed": number}, logged={"loss": [float(number)]})
    found = compare(session, "c", "a", "b", "c")
    assert [row.id for row in found.runs] == ["c", "a", "b"]
    assert found.config == [ValueRow("seed", [2, 0, 1], [True, True, True], differs=True)]
    assert [value and value.last for value in found.metrics[0].values] == [2.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (1, 1.0, False),
        (1, True, True),
        (0, False, True),
        (1, "1", True),
        (None, "None", True),
        (math.nan, math.nan, False),
        (10**20, 10**20 + 1, True),
        ([1, {"a": 2.0}], [1.0, {"a": 2}], False),
        ([1, [2]], [1, [3]], True),
        ("same", "same", False),
    ],
    ids=str,
)
def test_values_differ_as_json_values_do(one: Any, other: Any, differs: bool) -> None:
    assert comparison.differ([one, other]) is differs


def test_a_key_that_one_run_lacks_differs_from_null(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", config={"note": None, "same": {"x": 1}})
    add(session, actor, "b", config={"same": {"x": 1.0}})
    assert compare(session, "a", "b").config == [
        ValueRow("note", [None, None], [True, False], differs=True),
        ValueRow("same.x", [1, 1.0], [True, True], differs=False),
    ]


def test_metrics_differ_where_their_last_values_do(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"same": [9.0, 1.0], "other": [1.0], "alone": [1.0]})
    add(session, actor, "b", logged={"same": [1.0], "other": [2.0]})
    found = {
        row.name: (row.differs, [value is not None for value in row.values])
        for row in compare(session, "a", "b").metrics
    }
    assert found == {"alone": (True, [True, False]), "other": (True, [True, True]), "same": (False, [True, True])}


def test_the_environment_is_told_by_its_leaves_and_a_patch_by_its_digest(session: Session, actor: auth.Actor) -> None:
    environment = {
        "command": ["python", "train.py", "--name", "a b"],
        "host": "node-1",
        "packages": {"torch": "2.13.0", "ruamel.yaml": "0.18"},
        "gpus": [{"name": "H200", "memory_bytes": 5}, {"name": "H100", "memory_bytes": 4}],
        "git": {"commit": "abc", "is_dirty": True, "patch": "secret line\nother\n"},
        "cpu": {"count": 2},
    }
    runs.set_environment(session, add(session, actor, "a"), environment)
    session.flush()
    found = compare(session, "a")
    environment = first(found.environment)
    assert len(environment.pop("git.patch.sha256")) == 64
    assert list(environment.items()) == [
        ("git.commit", "abc"),
        ("git.is_dirty", True),
        ("git.patch.lines", 2),
        ("command", "python train.py --name 'a b'"),
    ]
    assert list(first(found.system).items()) == [
        ("host", "node-1"),
        ("cpu.count", 2),
        ("gpus.0.name", "H200"),
        ("gpus.0.memory_bytes", 5),
        ("gpus.1.name", "H100"),
        ("gpus.1.memory_bytes", 4),
    ]
    assert list(first(found.packages).items()) == [("ruamel.yaml", "0.18"), ("torch", "2.13.0")]


def test_packages_differ_one_by_one_however_they_were_listed(session: Session, actor: auth.Actor) -> None:
    runs.set_environment(session, add(session, actor, "a"), {"packages": ["torch==2.13", "jax==1.0"]})
    runs.set_environment(session, add(session, actor, "b"), {"packages": {"torch": "2.14", "jax": "1.0"}})
    session.flush()
    found = compare(session, "a", "b", only="differing")
    assert found.packages == [ValueRow("torch", ["2.13", "2.14"], [True, True], differs=True)]


def test_captured_files_and_cells_are_told_by_their_digests(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "r1")
    source = {"files": [{"path": "train.py", "text": "x = 1"}], "left_out": [], "left_out_count": 0}
    cells = [{"number": 1, "text": "import tracker"}]
    runs.set_environment(session, run, {"source": source, "notebook": {"path": "a.ipynb", "cells": cells}})
    session.flush()
    found = first(compare(session, "r1").environment)
    assert found["source.files.train.py.sha256"].startswith("8ff436de")
    assert len(found["notebook.cells.0.sha256"]) == 64
    assert found["notebook.path"] == "a.ipynb"


def test_runs_that_are_not_there_are_told_apart_from_the_others(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a")
    add(session, actor, "deleted")
    runs.delete(session, "deleted", actor_id=actor.id, now_ms=NOW_MS)
    session.flush()
    found = compare(session, "deleted", "a", "nobody")
    assert [row.id for row in found.runs] == ["a"]
    assert found.absent == [AbsentRun("deleted", "deleted", "digits"), AbsentRun("nobody", None, None)]


def test_equal_rows_are_left_out_and_counted(session: Session, actor: auth.Actor) -> None:
    for run_id, lr in (("a", 0.1), ("b", 0.2)):
        add(session, actor, run_id, config={"lr": lr, "seed": 1}, logged={"same": [1.0], "loss": [lr]})
    found = compare(session, "a", "b", only="differing")
    assert [row.key for row in found.config] == ["lr"]
    assert [row.name for row in found.metrics] == ["loss"]
    assert found.equal_count == compare(session, "a", "b").equal_count == 2
    assert (found.metric_names, found.shared_metric_count) == (["loss", "same"], 2)


def test_metrics_differ_in_the_statistic_that_is_asked_for(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [1.0, 3.0]})
    add(session, actor, "b", logged={"loss": [2.0, 3.0]})
    assert [row.differs for row in compare(session, "a", "b", statistic="max").metrics] == [False]
    assert [row.differs for row in compare(session, "a", "b", statistic="min").metrics] == [True]


def test_what_is_better_is_what_a_person_says_before_what_runs_define(session: Session, actor: auth.Actor) -> None:
    for run_id in ("a", "b"):
        run = add(session, actor, run_id, logged={"loss": [1.0], "acc": [1.0], "other": [1.0]})
        runs.define_metric(session, run, MetricDefined(NOW_MS, "*", goal="min"))
    project = session.scalars(sa.select(runs.Project)).one()
    runs.choose_goal(session, project, "acc", "max", actor_id=actor.id, now_ms=NOW_MS)
    assert {row.name: row.goal for row in compare(session, "a", "b").metrics} == {
        "acc": "max",
        "loss": "min",
        "other": "min",
    }


def test_of_very_many_metrics_those_come_that_are_looked_for(session: Session, actor: auth.Actor) -> None:
    logged = {f"layer{number}/norm": [1.0] for number in range(5)}
    add(session, actor, "a", logged=logged)
    found = compare(session, "a", limit=2)
    assert ([row.name for row in found.metrics], found.metrics_left_out) == (["layer0/norm", "layer1/norm"], 3)
    assert (found.metric_names, found.metric_count) == (["layer0/norm", "layer1/norm"], 5)
    found = compare(session, "a", limit=2, having="LAYER4")
    assert ([row.name for row in found.metrics], found.metrics_left_out) == (["layer4/norm"], 0)


def test_metrics_that_differ_come_before_those_that_are_equal(session: Session, actor: auth.Actor) -> None:
    equal = {f"a{number}": [1.0] for number in range(5)}
    add(session, actor, "a", logged={**equal, "z": [1.0], "y": [1.0]})
    add(session, actor, "b", logged={**equal, "z": [2.0]})
    found = compare(session, "a", "b", limit=3)
    assert [(row.name, row.differs) for row in found.metrics] == [("a0", False), ("y", True), ("z", True)]
    assert (found.metric_count, found.metrics_left_out, found.equal_count) == (7, 4, 5)


def test_metrics_differ_in_what_stands_for_each_run(session: Session, actor: auth.Actor) -> None:
    for run_id, last, word in (("a", 3.0, "min"), ("b", 4.0, "min"), ("c", 3.0, "max")):
        run = add(session, actor, run_id, logged={"loss": [1.0, last], "mean": [last]})
        runs.define_metric(session, run, MetricDefined(NOW_MS, "loss", summary=word))
    session.flush()

    def unequal(*ids: str) -> list[str]:
        return [row.name for row in compare(session, *ids, only="differing").metrics]

    assert unequal("a", "b") == ["mean"]
    assert unequal("a", "c") == ["loss"]
    assert unequal("a", "a") == []


def test_of_parallel_writers_the_main_ones_values_are_compared(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [1.0]})
    add(session, actor, "a", logged={"loss": [9.0]}, label="rank1")
    add(session, actor, "b", logged={"loss": [1.0]})
    assert compare(session, "a", "b", only="differing").metrics == []


def test_the_names_of_what_runs_have_logged_are_found(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [1.0], "val/acc": [1.0]})
    add(session, actor, "b", logged={"val/loss": [1.0]})
    session.commit()
    ask = {"runs": ["a", "b", "gone"], "having": "LOSS", "limit": 1}
    assert client.post("/api/v1/runs/metrics", json=ask).json == {"names": ["loss"], "total": 2}


def test_data_is_told_by_the_versions_that_were_read(session: Session, actor: auth.Actor) -> None:
    version = log_artifact(session, add(session, actor, "a"), {"a.csv": b"rows"}, name="faces")
    artifacts.use(session, add(session, actor, "b"), version.id, time_ms=NOW_MS)
    session.flush()
    assert compare(session, "a", "b").data == [
        ValueRow("faces", [None, f"v1 · {version.digest[:12]}"], [False, True], differs=True)
    ]


def test_many_runs_cost_as_many_statements_as_one(database: Database, session: Session) -> None:
    ids = seed.fill(session, "digits", run_count=50, now_ms=NOW_MS)
    session.expunge_all()
    with statements(database) as few:
        compare(session, ids[0])
    session.expunge_all()
    with statements(database) as many:
        compare(session, *ids)
    assert len(many) == len(few) <= 13


def test_comparing_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", config={"lr": 0.1})
    add(session, actor, "b", config={"lr": math.inf})
    session.commit()
    answer = client.post("/api/v1/runs/compare", json={"runs": ["b", "a"]})
    assert answer.json["config"] == [
        {"key": "lr", "values": ["Infinity", 0.1], "is_present": [True, True], "differs": True},
    ]
    assert client.post("/api/v1/runs/compare", json={"runs": []}).status_code == 422
