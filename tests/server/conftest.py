"""A server that has people sign in: ada administers it, bob has no role anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.frames import START_MS
from tests.server.people import Somebody, person, signed_in
from tracker_server import auth
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings


@pytest.fixture
def guarded(settings: Settings) -> Iterator[Flask]:
    """One that has people sign in."""
    settings.data.mkdir()
    app = create_app(dataclasses.replace(settings, needs_key=True))
    yield app
    app.extensions["tracker.database"].close()


@pytest.fixture
def guarded_database(guarded: Flask) -> Database:
    found: Database = guarded.extensions["tracker.database"]
    return found


@pytest.fixture
def adas_password(guarded_database: Database) -> str:
    """That of ada, the first admin."""
    with guarded_database.writing() as session:
        made = auth.ensure_admin(session, "ada", START_MS)
        session.commit()
    assert made is not None
    return made


@pytest.fixture
def ada(guarded: Flask, adas_password: str) -> Somebody:
    return signed_in(guarded, "ada", adas_password)


@pytest.fixture
def bob(guarded: Flask, ada: Somebody) -> Somebody:
    """Somebody who has no role anywhere."""
    return person(guarded, ada, "bob")
