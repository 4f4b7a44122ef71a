"""The trail of the registry: complete, in order, and never changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.model_registry import Registry, code_of, make_artifacts
from tracker_server.db import Database


@pytest.fixture
def digits(client: FlaskClient, app: Flask) -> Registry:
    """A model with seven entries: it was made, has three versions, and `production` moved three times."""
    registry = Registry(client)
    for number, artifact in enumerate(make_artifacts(app, 3)):
        registry.move(replaces=number or None, artifact_version_id=artifact)
    return registry


def test_every_act_is_there_newest_first(digits: Registry) -> None:
    digits.roll_back(replaces=3)
    digits.remove(replaces=2)
    history = digits.detail()["history"]
    assert [entry["action"] for entry in history[:3]] == ["alias.removed", "alias.rolled_back", "alias.moved"]
    assert [entry["reason"] for entry in history[:3]] == ["nobody uses it", "it is worse", "it is better"]
    assert {(entry["actor"], entry["model"]) for entry in history} == {("ada", "digits")}
    assert history == sorted(history, key=lambda entry: -entry["id"])
    assert digits.client.get("/api/v1/audit").json == {"entries": history, "next_cursor": None}


def test_pages_follow_one_another_without_gap_or_repeat(digits: Registry) -> None:
    seen: list[int] = []
    cursor: int | None = None
    for _ in range(4):
        query = {"limit": 2, **({"before": cursor} if cursor else {})}
        page = digits.client.get("/api/v1/audit", query_string=query).json
        seen += [entry["id"] for entry in page["entries"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == [entry["id"] for entry in digits.detail()["history"]]


def test_one_models_entries_can_be_asked_for(digits: Registry, app: Flask) -> None:
    Registry(digits.client, "other").register(make_artifacts(app, 1)[0])
    page = digits.client.get("/api/v1/audit", query_string={"model": "other"}).json
    assert [entry["action"] for entry in page["entries"]] == ["version.registered", "model.created"]
    assert code_of(digits.client.get("/api/v1/audit", query_string={"model": "none"})) == (404, "unknown_model")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"before": "x"}], ids=str)
def test_a_page_that_cannot_be_is_refused(digits: Registry, query: dict[str, object]) -> None:
    assert digits.client.get("/api/v1/audit", query_string=query).status_code == 422


@pytest.mark.parametrize("before", [0, -1, 2**70])
def test_a_cursor_beyond_all_entries_is_a_cursor(digits: Registry, before: int) -> None:
    page = digits.client.get("/api/v1/audit", query_string={"before": before}).json
    assert len(page["entries"]) == (7 if before > 0 else 0)


@pytest.mark.parametrize("statement", ["UPDATE audit SET reason = 'none'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_an_entry(digits: Registry, app: Flask, statement: str) -> None:
    before = digits.detail()["history"]
    database: Database = app.extensions["tracker.database"]
    with database.writing() as session, pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
        session.execute(sa.text(statement))
    assert digits.detail()["history"] == before
