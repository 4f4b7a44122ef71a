"""The runs table grouped: which groups there are, in which order, and what their numbers come to."""

from __future__ import annotations

import math
from typing import Any

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
from tracker_server.search import run_groups
from tracker_server.search.run_groups_schema import GroupColumn, GroupSort, RunGroups, RunGroupsRequest


def grouped(session: Session, *by: str, **wanted: Any) -> RunGroups:
    request = RunGroupsRequest(list(by), **wanted)
    return run_groups.group(session, "digits", request, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)


def values(session: Session, *by: str, **wanted: Any) -> list[tuple[Any, ...]]:
    """The values of the groups with the numbers of their runs."""
    return [(*group.values, group.run_count) for group in grouped(session, *by, **wanted).groups]


def fill(session: Session, actor: auth.Actor) -> None:
    """Five runs: three of sgd, one of adam, and one that has nothing."""
    add(session, actor, "a", tags=("kept", "best"), group="g", config={"opt": "sgd", "lr": 0.1, "amp": True},
        logged={"loss": [3.0, 1.0]})  # fmt: skip
    add(session, actor, "b", tags=("kept",), group="g", config={"opt": "sgd", "lr": 0.1, "amp": False},
        logged={"loss": [5.0, 2.0]}, status="finished", ended_ms=NOW_MS + 5000)  # fmt: skip
    add(session, actor, "c", group="h", config={"opt": "sgd", "lr": "auto", "amp": 1})
    add(session, actor, "d", config={"opt": "adam", "lr": math.nan}, logged={"loss": [math.nan]})
    add(session, actor, "e", heard_ms=NOW_MS - LOST_AFTER_MS - 1, logged={"loss": [9.0]})


def test_runs_are_grouped_by_their_values_and_by_having_none(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    assert values(session, "config.opt") == [("sgd", 3), ("adam", 1), (None, 1)]
    assert values(session, "config.lr") == [(0.1, 2), (None, 2), ("auto", 1)]
    assert values(session, "config.amp") == [(1, 2), (None, 2), (0, 1)]
    assert values(session, "group") == [("g", 2), (None, 2), ("h", 1)]
    assert values(session, "status") == [("running", 3), ("finished", 1), ("lost", 1)]
    assert values(session, "config.nothing") == [(None, 5)]


def test_a_run_with_several_tags_is_in_the_group_of_each(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    answer = grouped(session, "tag")
    assert [(*group.values, group.run_count) for group in answer.groups] == [(None, 3), ("kept", 2), ("best", 1)]
    assert (answer.group_count, answer.matched) == (3, 5)


def test_several_keys_group_by_each_pair_of_values(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    found = values(session, "config.opt", "group", sort=GroupSort("config.opt", is_descending=False))
    assert found == [("adam", None, 1), ("sgd", "g", 2), ("sgd", "h", 1), (None, None, 1)]


COLUMNS: dict[tuple[str, str], list[float | None]] = {
    ("metrics.loss", "mean"): [1.5, None, 9],
    ("metrics.loss.max", "sum"): [8, None, 9],
    ("metrics.loss.mean", "min"): [2, None, 9],
    ("metrics.loss.last", "count"): [2, 0, 1],
    ("metrics.loss.count", "sum"): [4, 1, 1],
    ("metrics.loss.best", "max"): [None, None, None],
    ("metrics.nothing", "mean"): [None, None, None],
    ("config.lr", "max"): [0.1, None, None],
    ("config.lr", "count"): [2, 0, 0],
    ("duration", "max"): [5, 0, -60.001],
    ("metrics.loss", "std"): [math.sqrt(0.5), None, None],
    ("metrics.loss.max", "std"): [math.sqrt(2), None, None],
}


def test_columns_aggregate_the_numbers_of_the_runs_of_a_group(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    columns = [GroupColumn(key, aggregate) for key, aggregate in COLUMNS]  # type: ignore[arg-type]
    answer = grouped(session, "config.opt", columns=columns)
    told = {column: [group.columns[place] for group in answer.groups] for place, column in enumerate(COLUMNS)}
    assert told == {column: [pytest.approx(value) for value in row] for column, row in COLUMNS.items()}


def test_runs_that_differ_only_in_the_keys_left_out_are_together(session: Session, actor: auth.Actor) -> None:
    for number, lr in enumerate([0.1, 0.1, 0.01]):
        config = {"lr": lr, "seed": number, "init": {"seed": number}, "depth": 4, "note": None, "gap": math.nan}
        add(session, actor, f"r{number}", config=config)
    add(session, actor, "bare", config={"lr": 0.1, "seed": 9, "depth": 4, "amp": True})
    answer = grouped(session, except_keys=["config.seed", "config.init"])
    assert answer.keys == ["config.amp", "config.lr"]
    assert [(group.values, group.run_count) for group in answer.groups] == [
        ([None, 0.1], 2), ([1, 0.1], 1), ([None, 0.01], 1)
    ]  # fmt: skip
    alike = grouped(session, except_keys=["config.seed", "config.init", "config.lr"], filter="config.amp is None")
    assert (alike.keys, [(group.values, group.run_count) for group in alike.groups]) == ([], [([], 3)])
    assert grouped(session, except_keys=["config.seed"], filter="config.lr > 9").groups == []


def test_too_many_keys_that_differ_are_refused_with_the_way_out(session: Session, actor: auth.Actor) -> None:
    for number in range(2):
        add(session, actor, f"r{number}", config={f"key{key:02}": number for key in range(13)})
    with pytest.raises(Refused, match="differ in 13 more config keys, and are grouped by at most 12"):
        grouped(session, except_keys=["config.seed"])


ORDERS: dict[tuple[str, str | None, bool], list[str | None]] = {
    ("count", None, True): ["sgd", "adam", None],
    ("count", None, False): ["adam", None, "sgd"],
    ("config.opt", None, True): ["sgd", "adam", None],
    ("config.opt", None, False): ["adam", "sgd", None],
    ("metrics.loss.min", "mean", True): [None, "sgd", "adam"],
    ("metrics.loss.min", "mean", False): ["sgd", None, "adam"],
    ("config.lr", "count", True): ["sgd", "adam", None],
}


def test_groups_sort_by_any_aggregate_with_those_without_a_number_last(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    found = {
        (key, aggregate, is_descending): [
            group.values[0]
            for group in grouped(session, "config.opt", sort=GroupSort(key, aggregate, is_descending)).groups  # type: ignore[arg-type]
        ]
        for key, aggregate, is_descending in ORDERS
    }
    assert found == ORDERS


def test_only_runs_that_match_are_grouped(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    column = [GroupColumn("metrics.loss", "sum")]
    answer = grouped(session, "config.opt", columns=column, filter="metrics.loss < 2", text="kept", status=["running"])
    assert [(group.values, group.columns) for group in answer.groups] == [(["sgd"], [1.0])]
    assert (answer.group_count, answer.matched) == (1, 1)
    assert grouped(session, "config.opt", filter="metrics.loss > 100") == RunGroups(["config.opt"], [], 0, 0)


def test_a_limit_keeps_the_first_groups_and_says_how_many_there_are(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    answer = grouped(session, "id", sort=GroupSort("id", is_descending=True), limit=2)
    assert [group.values for group in answer.groups] == [["e"], ["d"]]
    assert (answer.group_count, answer.matched) == (5, 5)


def test_a_renamed_metric_is_aggregated_by_its_new_name(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "a", group="g", logged={"loss": [2.0]})
    session.add(NameRule(id=1, project_id=run.project_id, run_id="", name="loss", shown_as="train/loss"))
    session.flush()
    names = ("metrics.train/loss", "metrics.loss")
    assert grouped(session, "group", columns=[GroupColumn(name) for name in names]).groups[0].columns == [2.0, None]


def test_groups_cost_as_many_statements_with_forty_columns_as_with_none(database: Database, session: Session) -> None:
    seed.fill(session, "digits", run_count=200, now_ms=NOW_MS, config_keys=30, metric_names=30)
    columns = [GroupColumn(f"metrics.train/metric_{number:02}") for number in range(40)]
    sent = []
    for some in ([], columns):
        session.expunge_all()
        with statements(database) as seen:
            grouped(session, "config.optim.name", "status", columns=some, sort=GroupSort("metrics.val/acc", "max"))
        sent.append(len(seen))
    assert sent == [3, 3]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"by": []}, "by"),
    ({"by": ["group"], "except_keys": []}, "except_keys"),
    ({"except_keys": ["group"]}, "except_keys"),
    ({"by": ["group"], "sort": {"key": "duration", "aggregate": "std"}}, "sort"),
    ({"by": ["colour"]}, "by"),
    ({"by": ["config."]}, "by"),
    ({"by": ["group"], "columns": [{"key": "name"}]}, "columns"),
    ({"by": ["group"], "columns": [{"key": "duration", "aggregate": "mode"}]}, "columns"),
    ({"by": ["group"], "sort": {"key": "duration"}}, "sort"),
    ({"by": ["group"], "sort": {"key": "name", "aggregate": "max"}}, "sort"),
    ({"by": ["group"], "filter": "colour == 1"}, "filter"),
    ({"by": ["group"], "limit": 1001}, "limit"),
]


def test_groups_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    session.commit()
    body = {"by": ["config.opt"], "columns": [{"key": "metrics.loss"}], "limit": 1}
    answer = client.post("/api/v1/projects/digits/runs/groups", json=body)
    assert answer.status_code == 200
    groups = [{"values": ["sgd"], "run_count": 3, "columns": [1.5]}]
    assert answer.json == {"keys": ["config.opt"], "groups": groups, "group_count": 3, "matched": 5}
    for body, field in REFUSED:
        answer = client.post("/api/v1/projects/digits/runs/groups", json=body)
        assert (answer.status_code, body) == (422, body)
        assert answer.json["error"]["field"].startswith(field)


def test_groups_of_an_unknown_project_are_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        grouped(session, "group")


def test_a_key_that_runs_do_not_have_is_refused_with_those_there_are(session: Session, actor: auth.Actor) -> None:
    fill(session, actor)
    with pytest.raises(Refused, match=r"'colour': a key is 'config\.<key>', 'tag' or one of id, name, status, group"):
        grouped(session, "colour")
