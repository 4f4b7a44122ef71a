"""Who may say what of a bundle, and how much of it is kept."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.bundled import onnx_files, stored
from tests.server.logged import writing
from tests.server.model_registry import Registry, code_of
from tests.server.people import Somebody, nobody
from tests.server.test_bundles import HOLDS, PASSED, consumers, report
from tracker_server.bundles.consumers import FORGOTTEN_AFTER_MS, MOST, STALE_AFTER_MS
from tracker_server.bundles.models import ConsumerRow


@pytest.fixture
def digits(app: Flask, client: FlaskClient) -> Registry:
    registry = Registry(client)
    assert registry.register(stored(app, onnx_files())).status_code == 201
    return registry


@pytest.fixture
def viewer(guarded: Flask, ada: Somebody, bob: Somebody) -> Somebody:
    """Bob, who sees the model `digits` of ada's and no more."""
    source = stored(guarded, onnx_files())
    ada.done("POST", "/models/digits/versions", {"artifact_version_id": source})
    ada.done("PUT", "/projects/digits/members/bob", {"role": "viewer"})
    return bob


def test_who_sees_a_model_says_what_he_holds_and_verifies_nothing(viewer: Somebody, ada: Somebody) -> None:
    said = viewer.done("PUT", "/models/digits/consumers/c1", HOLDS)
    assert (said["actor"], said["is_stale"]) == ("bob", False)
    refused = viewer.ask("POST", "/models/digits/versions/1/verifications", PASSED)
    assert code_of(refused) == (403, "no_access")
    ada.done("PUT", "/projects/digits/members/bob", {"role": "editor"})
    assert viewer.done("POST", "/models/digits/versions/1/verifications", PASSED)["actor"] == "bob"


def test_a_process_speaks_for_itself_alone(viewer: Somebody, ada: Somebody) -> None:
    viewer.done("PUT", "/models/digits/consumers/c1", HOLDS)
    for said in (HOLDS, HOLDS | {"has_ended": True}):
        assert code_of(ada.ask("PUT", "/models/digits/consumers/c1", said)) == (409, "consumer_taken")
    assert [one["actor"] for one in ada.done("GET", "/models/digits/consumers")["consumers"]] == ["bob"]


def age(app: Flask, process: str, by_ms: int) -> None:
    with writing(app) as session:
        session.execute(
            sa.update(ConsumerRow).where(ConsumerRow.id == process).values(seen_ms=ConsumerRow.seen_ms - by_ms)
        )


def test_one_that_falls_silent_is_stale_and_then_forgotten(app: Flask, digits: Registry) -> None:
    report(digits, "old")
    age(app, "old", STALE_AFTER_MS + 1000)
    assert [(one["id"], one["is_stale"]) for one in consumers(digits)] == [("old", True)]
    age(app, "old", FORGOTTEN_AFTER_MS)
    assert consumers(digits) == []
    report(digits, "new")
    with writing(app) as session:
        assert session.scalars(sa.select(ConsumerRow.id)).all() == ["new"]


def test_a_model_has_so_many_processes_and_stale_ones_make_room(app: Flask, digits: Registry) -> None:
    report(digits, "c0")
    with writing(app) as session:
        row = session.scalars(sa.select(ConsumerRow)).one()
        facts: dict[str, Any] = {column.name: getattr(row, column.name) for column in ConsumerRow.__table__.columns}
        session.execute(sa.insert(ConsumerRow), [facts | {"id": f"c{number}"} for number in range(1, MOST)])
    assert code_of(report(digits, "more")) == (409, "too_many_consumers")
    assert report(digits, "c7").status_code == 200
    age(app, "c3", STALE_AFTER_MS + 1000)
    assert report(digits, "more").status_code == 200
    assert len(consumers(digits)) == MOST


@pytest.mark.parametrize("process", ["a b", "-x", "x" * 101, "x%0A"])
def test_what_names_no_process_is_refused(digits: Registry, process: str) -> None:
    assert code_of(report(digits, process)) == (422, "bad_consumer")


def test_who_comes_by_a_link_is_not_told_of_machines(guarded: Flask, viewer: Somebody, ada: Somebody) -> None:
    viewer.done("PUT", "/models/digits/consumers/c1", HOLDS)
    made = ada.done("POST", "/projects/digits/links", {"days": 7})
    visitor = nobody(guarded)
    visitor.done("POST", "/session/link", {"secret": made["secret"]})
    assert visitor.done("GET", "/models/digits/consumers") == {"consumers": []}
    report = visitor.done("GET", "/models/digits/versions/1/bundle")
    assert report["manifest"]["kind"] == "onnx"
    assert report["consumers"] == []
    assert len(ada.done("GET", "/models/digits/versions/1/bundle")["consumers"]) == 1
