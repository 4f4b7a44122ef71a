"""Runs side by side, and what differs between them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server import seed
from tests.server.test_search_table import LOST_AFTER_MS, add, statements
from tracker_server import auth, runs
from tracker_server.db import Database
from tracker_server.errors import NotFound
from tracker_server.search import comparison
from tracker_server.search.schema import Comparison, ValueRow


def compare(session: Session, *run_ids: str) -> Comparison:
    return comparison.compare(session, run_ids, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)


def facts(session: Session, *run_ids: str) -> dict[str, Any]:
    """The environment of the first run, by key."""
    return {row.key: row.values[0] for row in compare(session, *run_ids).environment}


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
    found = facts(session, "a")
    digest = found.pop("git.patch.sha256")
    assert len(digest) == 64
    assert list(found.items()) == [
        ("git.commit", "abc"),
        ("git.is_dirty", True),
        ("git.patch.lines", 2),
        ("command", "python train.py --name 'a b'"),
        ("host", "node-1"),
        ("gpus.0.name", "H200"),
        ("gpus.0.memory_bytes", 5),
        ("gpus.1.name", "H100"),
        ("gpus.1.memory_bytes", 4),
        ("cpu.count", 2),
        ("packages.torch", "2.13.0"),
        ("packages.ruamel.yaml", "0.18"),
    ]


def test_captured_files_and_cells_are_told_by_their_digests(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "r1")
    source = {"files": [{"path": "train.py", "text": "x = 1"}], "left_out": [], "left_out_count": 0}
    cells = [{"number": 1, "text": "import tracker"}]
    runs.set_environment(session, run, {"source": source, "notebook": {"path": "a.ipynb", "cells": cells}})
    session.flush()
    found = facts(session, "r1")
    assert found["source.files.train.py.sha256"].startswith("8ff436de")
    assert len(found["notebook.cells.0.sha256"]) == 64
    assert found["notebook.path"] == "a.ipynb"


def test_an_unknown_run_is_named(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a")
    add(session, actor, "deleted")
    runs.delete(session, "deleted", actor_id=actor.id, now_ms=NOW_MS)
    session.flush()
    with pytest.raises(NotFound, match="there is no run 'deleted', 'nobody'"):
        compare(session, "deleted", "a", "nobody")


def test_many_runs_cost_as_many_statements_as_one(database: Database, session: Session) -> None:
    ids = seed.fill(session, "digits", run_count=50, now_ms=NOW_MS)
    session.expunge_all()
    with statements(database) as few:
        compare(session, ids[0])
    session.expunge_all()
    with statements(database) as many:
        compare(session, *ids)
    assert len(many) == len(few) <= 7


def test_comparing_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", config={"lr": 0.1})
    add(session, actor, "b", config={"lr": math.inf})
    session.commit()
    answer = client.post("/api/v1/runs/compare", json={"runs": ["b", "a"]})
    assert answer.json["config"] == [
        {"key": "lr", "values": [None, 0.1], "is_present": [True, True], "differs": True},
    ]
    assert client.post("/api/v1/runs/compare", json={"runs": ["none"]}).status_code == 404
    assert client.post("/api/v1/runs/compare", json={"runs": []}).status_code == 422
