"""Which config keys explain a metric, how surely, and what is said where they do not."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.test_search_table import LOST_AFTER_MS, add
from tracker_server import auth
from tracker_server.errors import NotFound
from tracker_server.search import importance
from tracker_server.search.run_columns_schema import Importance, ImportanceRequest

pytest.importorskip("sklearn")


def explain(session: Session, metric: str = "loss", **wanted: Any) -> Importance:
    request = ImportanceRequest(metric, **wanted)
    return importance.explain(session, "digits", request, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS)


def fill(session: Session, actor: auth.Actor, count: int) -> None:
    """Runs whose loss falls with lr and is better with adam, whatever the noise; `epochs` is the same everywhere."""
    chance = random.Random(1)
    for number in range(count):
        lr, name, noise = chance.random(), chance.choice(("adam", "sgd")), chance.random()
        loss = 2 - lr + (0.7 if name == "sgd" else 0) + chance.gauss(0, 0.02)
        config = {"lr": lr, "opt": name, "noise": noise, "epochs": 10}
        add(session, actor, f"r{number:03}", config=config, logged={"loss": [loss], "flat": [1.0]},
            created_ms=NOW_MS + number)  # fmt: skip


def test_what_makes_the_metric_comes_before_what_does_not(session: Session, actor: auth.Actor) -> None:
    fill(session, actor, 80)
    found = explain(session)
    assert [key.key for key in found.keys] == ["opt", "lr", "noise"]
    opt, lr, noise = found.keys
    assert opt.importance > lr.importance > 5 * abs(noise.importance)
    assert all(key.spread > 0 for key in (opt, lr))
    assert (lr.direction, opt.direction) == (pytest.approx(-0.6, abs=0.3), None)
    assert (found.run_count, found.matched, found.constant_keys, found.warnings) == (80, 80, 1, [])
    assert found.r2 is not None
    assert found.r2 > 0.7
    assert explain(session) == found


def test_few_runs_are_warned_of_and_too_few_are_not_fitted(session: Session, actor: auth.Actor) -> None:
    fill(session, actor, 12)
    found = explain(session)
    assert "few_runs" in found.warnings
    assert len(found.keys) == 3
    few = explain(session, runs=["r000", "r001", "r002"])
    assert (few.warnings, few.keys, few.r2, few.run_count) == (["too_few_runs"], [], None, 3)


def test_chance_is_said_to_explain_nothing(session: Session, actor: auth.Actor) -> None:
    chance = random.Random(3)
    for number in range(40):
        add(session, actor, f"r{number}", config={"a": chance.random()}, logged={"loss": [chance.random()]})
    found = explain(session)
    assert found.r2 is not None
    assert found.r2 <= 0
    assert found.warnings == ["explains_nothing"]


def test_a_metric_that_is_the_same_everywhere_has_nothing_to_explain(session: Session, actor: auth.Actor) -> None:
    fill(session, actor, 25)
    found = explain(session, "flat")
    assert (found.warnings, found.keys, found.r2) == (["same_everywhere"], [], None)


def test_being_missing_is_a_value_of_its_own(session: Session, actor: auth.Actor) -> None:
    chance = random.Random(4)
    for number in range(60):
        config = {"dropout": chance.random()} if number % 2 else {"layers": "auto" if number % 4 else 3}
        loss = (1.0 if number % 2 else 2.0) + chance.gauss(0, 0.05)
        add(session, actor, f"r{number}", config=config, logged={"loss": [loss]})
    found = explain(session)
    assert {key.key: key.run_count for key in found.keys} == {"dropout": 30, "layers": 30}
    assert found.r2 is not None
    assert found.r2 > 0.9


def test_a_diverged_loss_breaks_nothing(session: Session, actor: auth.Actor) -> None:
    fill(session, actor, 30)
    add(session, actor, "inf", config={"lr": float("inf")}, logged={"loss": [1e308]})
    add(session, actor, "nan", config={"lr": 0.5}, logged={"loss": [float("nan")]})
    assert explain(session).run_count == 31


def test_the_keys_can_be_chosen(session: Session, actor: auth.Actor) -> None:
    fill(session, actor, 30)
    assert {key.key for key in explain(session, keys=["lr", "noise", "nothing"]).keys} == {"lr", "noise"}


def test_importance_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    fill(session, actor, 30)
    session.commit()
    body = {"metric": "loss", "statistic": "min", "filter": 'config.opt == "sgd"'}
    answer = client.post("/api/v1/projects/digits/importance", json=body)
    assert answer.status_code == 200
    found = answer.get_json()
    assert found["keys"][0]["key"] == "lr"
    assert found["run_count"] == found["matched"] < 30


def test_importance_in_an_unknown_project_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        explain(session)
