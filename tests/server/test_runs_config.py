"""Config and summary: exact where they are read, typed where they are searched."""

from __future__ import annotations

import math
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.server.test_runs_lifecycle import started
from tracker_server import auth, runs
from tracker_server.runs.models import ConfigValue


def rows(session: Session) -> dict[str, tuple[str, float | None, str | None]]:
    found = session.scalars(sa.select(ConfigValue))
    return {row.key: (row.kind, row.number, row.text) for row in found}


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (3, ("number", 3.0, None)),
        (1e-4, ("number", 1e-4, None)),
        (math.inf, ("number", math.inf, None)),
        (10**400, ("number", math.inf, None)),
        (True, ("bool", 1.0, "true")),
        (None, ("null", None, None)),
        ("adamw", ("text", None, "adamw")),
        ("a\0b", ("text", None, "a\ufffdb")),
        ([1, "b"], ("json", None, '[1,"b"]')),
        ({}, ("json", None, "{}")),
    ],
    ids=str,
)
def test_a_value_has_a_typed_row(session: Session, actor: auth.Actor, value: Any, row: tuple[Any, ...]) -> None:
    runs.set_config(session, started(session, actor), {"key": value})
    assert rows(session) == {"key": row}


def test_leaves_of_a_tree_have_dotted_keys(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    runs.set_config(session, run, {"optim": {"name": "adamw", "betas": {"first": 0.9}}, "epochs": 10})
    assert set(rows(session)) == {"optim.name", "optim.betas.first", "epochs"}
    assert runs.chosen_config(run.config, ["optim.betas.first", "missing"]) == {"optim.betas.first": 0.9}


def test_a_key_replaces_all_that_stood_below_it_and_nothing_beside_it(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    runs.set_config(session, run, {"a_b": {"x": 1}, "a%": 5, "aXb": {"x": 2}})
    runs.set_config(session, run, {"a_b": {"y": 3}})
    assert set(rows(session)) == {"a_b.y", "a%", "aXb.x"}
    assert run.config == {"a_b": {"y": 3}, "a%": 5, "aXb": {"x": 2}}


def test_a_long_text_is_whole_in_the_config_and_cut_in_its_row(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    runs.set_config(session, run, {"prompt": "x" * 100_000, "k" * 400: 1})
    session.flush()
    session.refresh(run)
    assert run.config["prompt"] == "x" * 100_000
    assert {key: len(text or "") for key, (_, _, text) in rows(session).items()} == {"prompt": 300}


def test_a_summary_value_replaces_the_one_before(session: Session, actor: auth.Actor) -> None:
    run = started(session, actor)
    runs.set_summary(session, run, {"best": 0.5, "note": "first"})
    runs.set_summary(session, run, {"best": 0.75})
    assert runs.summaries(session, [run.id]) == {run.id: {"best": 0.75, "note": "first"}}
