"""Runs as columns: which values come, of which runs, and what that costs."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server import seed
from tests.server.test_search_table import LOST_AFTER_MS, add, statements
from tracker_server import auth
from tracker_server.db import Database
from tracker_server.errors import NotFound, Refused
from tracker_server.metrics.models import NameRule
from tracker_server.search import run_columns
from tracker_server.search.run_columns_schema import RunColumns, RunColumnsRequest


def read(session: Session, *columns: str, **wanted: Any) -> RunColumns:
    request = RunColumnsRequest(list(columns), **wanted)
    found = run_columns.read(session, "digits", request, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)
    return run_columns.answer(session, found, as_bytes=False)


def values(session: Session, column: str, **wanted: Any) -> list[float | str | None]:
    """What the runs have there, the newest first."""
    found = read(session, column, **wanted).columns[0]
    pairs = zip(found.numbers, found.codes, strict=True)
    return [found.texts[code] if code >= 0 else number for number, code in pairs]


def fill(session: Session, actor: auth.Actor) -> None:
    """Three runs, the newest first: `a`, `b`, and `c`, which has nothing."""
    add(session, actor, "a", config={"lr": 0.1, "opt": {"name": "sgd"}, "amp": True}, logged={"loss": [3.0, 1.0]})
    add(session, actor, "b", config={"lr": "auto", "opt": {"name": "adam"}, "amp": False},
        logged={"loss": [math.nan]}, created_ms=NOW_MS - 1, status="finished", ended_ms=NOW_MS + 5000)  # fmt: skip
    add(session, actor, "c", created_ms=NOW_MS - 2, heard_ms=NOW_MS - LOST_AFTER_MS - 1)


def test_a_column_has_the_numbers_and_texts_of_all_runs(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    assert values(session, "config.lr") == [0.1, "auto", None]
    assert values(session, "config.opt.name") == ["sgd", "adam", None]
    assert values(session, "config.amp") == [1, 0, None]
    assert values(session, "metrics.loss") == [1, None, None]
    assert values(session, "metrics.loss.max") == [3, None, None]
    assert values(session, "metrics.loss.mean") == [2, None, None]
    assert values(session, "status") == ["running", "finished", "lost"]
    assert values(session, "duration")[1] == pytest.approx(5.001)
    assert values(session, "config.nothing") == [None, None, None]


def test_only_the_newest_runs_that_match_come_and_one_is_told_of_how_many(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    answer = read(session, "config.lr", limit=2)
    assert (answer.ids, answer.names, answer.statuses, answer.matched) == (["a", "b"], ["a", "b"],
                                                                          ["running", "finished"], 3)  # fmt: skip
    assert values(session, "name", filter="config.lr is not None") == ["a", "b"]
    assert values(session, "name", text="adam") == ["b"]
    assert values(session, "name", runs=["c", "a", "elsewhere"]) == ["a", "c"]
    assert read(session, "name", filter='name == "none"').matched == 0


def test_a_column_that_is_asked_for_twice_comes_twice(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    first, second = read(session, "config.lr", "config.lr").columns
    assert first == second


def test_a_renamed_metric_is_read_by_its_new_name(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "a", logged={"loss": [4.0]})
    session.add(NameRule(id=1, project_id=run.project_id, name="loss", shown_as="train/loss"))
    session.flush()
    assert values(session, "metrics.train/loss.min") == [4]
    assert values(session, "metrics.loss.min") == [None]


def test_columns_cost_as_many_statements_with_forty_of_them_as_with_two(database: Database, session: Session) -> None:
    seed.fill(session, "digits", run_count=200, now_ms=NOW_MS, config_keys=30, metric_names=30)
    counts = []
    config = ["optim.lr", *(f"param_{place:02}" for place in range(19))]
    metrics = ["train/loss", *(f"train/metric_{place:02}" for place in range(19))]
    for count in (1, 20):
        asked = [f"config.{key}" for key in config[:count]] + [f"metrics.{name}.min" for name in metrics[:count]]
        with statements(database) as seen:
            answer = read(session, *asked, limit=100 * count)
        assert all(None not in column.numbers for column in answer.columns)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6


def test_columns_over_http_are_bytes_for_who_asks(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    session.commit()
    body = {"columns": ["config.lr", "metrics.loss.last"]}
    as_json = client.post("/api/v1/projects/digits/runs/columns", json=body).get_json()
    assert [column["numbers"] for column in as_json["columns"]] == [[0.1, None, None], [1, None, None]]
    headers = {"Accept": "application/vnd.msgpack"}
    packed = msgspec.msgpack.decode(
        client.post("/api/v1/projects/digits/runs/columns", json=body, headers=headers).data
    )
    assert packed["ids"] == as_json["ids"]
    lr = packed["columns"][0]
    assert np.frombuffer(lr["numbers"], "<f8").tolist() == pytest.approx([0.1, math.nan, math.nan], nan_ok=True)
    assert (np.frombuffer(lr["codes"], "<i4").tolist(), lr["texts"]) == ([-1, 0, -1], ["auto"])


def test_columns_of_what_is_not_there_are_refused(session: Session, actor: auth.Actor) -> None:
    with pytest.raises(NotFound):
        read(session, "config.lr")
    fill(session, actor)
    with pytest.raises(Refused, match=r"no column 'colour': a column is 'config\.<key>'"):
        read(session, "colour")
