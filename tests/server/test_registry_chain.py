"""The chain of the trail: what was written by other ways than the server's own is found, and named."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.model_registry import Registry, make_artifacts
from tracker_server.db import Database
from tracker_server.registry import chain


@pytest.fixture
def entries(app: Flask, client: FlaskClient) -> int:
    """A trail of some acts."""
    first, second = make_artifacts(app, 2)
    registry = Registry(client)
    registry.register(first)
    registry.register(second)
    assert registry.move(version=1, replaces=None).status_code == 200
    assert registry.move(version=2, replaces=1).status_code == 200
    return 5


def by_sql(database: Database, statement: str) -> None:
    """Carry it out past the triggers that would refuse it, as somebody with the database in their hands can."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            for act in ("update", "delete"):
                connection.execute(sa.text(f"DROP TRIGGER audit_refuses_{act}"))
        connection.execute(sa.text(statement))


def test_what_the_server_wrote_holds(database: Database, entries: int) -> None:
    with database.reading() as session:
        verified = chain.verify(session)
    assert (verified.entries, verified.broken) == (entries, None)
    assert len(verified.digest) == 64


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        pytest.param("UPDATE audit SET reason = 'for the better' WHERE id = 3", 3, id="a reason"),
        pytest.param("UPDATE audit SET time_ms = time_ms + 1 WHERE id = 4", 4, id="a time"),
        pytest.param("UPDATE audit SET details = '{\"gates\":[]}' WHERE id = 5", 5, id="details"),
        pytest.param("DELETE FROM audit WHERE id = 2", 3, id="one taken out"),
        pytest.param("DELETE FROM audit WHERE id = 5", 4, id="the end cut off"),
        pytest.param("DELETE FROM audit", 0, id="all of it"),
    ],
)
def test_what_was_changed_since_is_named(database: Database, entries: int, statement: str, named: int) -> None:
    by_sql(database, statement)
    with database.reading() as session:
        broken = chain.verify(session).broken
    assert broken is not None
    assert broken.entry_id == named


def test_an_empty_log_holds(database: Database) -> None:
    with database.reading() as session:
        assert chain.verify(session) == chain.Verified(0, "", None, True)


def test_a_chain_that_was_made_anew_has_not_the_digest_that_was_kept(database: Database, entries: int) -> None:
    with database.reading() as session:
        kept = chain.verify(session).digest
        assert chain.verify(session, expected=kept).is_expected
        assert not chain.verify(session, expected="0" * 64).is_expected
