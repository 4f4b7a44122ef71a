"""A server in trouble: a full disk, a database or a folder that is away. What it says, and that it recovers."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.server.logged import digest_of
from tracker.records import Logged
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings


def test_a_full_disk_is_told_and_passes(app: Flask, client: FlaskClient, settings: Settings) -> None:
    """SQLite refuses to grow beyond a number of pages just as it does where the disk ends."""
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL has no limit that can be set for one database")
    database: Database = app.extensions["tracker.database"]
    journal = Journal().started().add(Logged(0, START_MS, {"loss": 1.0}))
    assert journal.post(client).status_code == 200
    limit = {"pages": 1}

    def bound(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit['pages']}")

    sa.event.listen(database.engine, "connect", bound)
    database.engine.dispose()
    names = [f"metric-{number}" for number in range(5000)]
    journal.add(Logged(1, START_MS, dict.fromkeys(names, 1.0)))
    answer = journal.post(client)
    assert (answer.status_code, answer.json["error"]["code"]) == (507, "no_room")  # type: ignore[index]
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/api/v1/runs/run1").status_code == 200, "reading goes on"
    limit["pages"] = 1_000_000
    database.engine.dispose()
    assert journal.post(client).status_code == 200
    found = client.get("/api/v1/runs/run1/series?metric=metric-7").json
    assert found is not None
    assert [one["count"] for one in found["series"]] == [1]


def test_a_file_that_does_not_fit_leaves_nothing(
    client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    address = f"/api/v1/blobs/{digest_of(b'weights')}"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = client.put(address, data=b"weights")
    assert (answer.status_code, answer.json["error"]["code"]) == (507, "no_room")  # type: ignore[index]
    assert [path for path in settings.blobs.rglob("*") if path.is_file()] == []
    assert client.get(address).status_code == 404
    assert client.put(address, data=b"weights").status_code == 201


def test_it_is_ready_while_the_database_answers_and_files_can_be_written(
    client: FlaskClient, settings: Settings
) -> None:
    assert client.get("/readyz").json == {"status": "ready"}
    shutil.rmtree(settings.blobs)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "no_files")  # type: ignore[index]
    assert client.get("/healthz").status_code == 200


@pytest.fixture
def postgres_app(make_database_url: Callable[[str], str], tmp_path: Path) -> Iterator[Flask]:
    app = create_app(Settings.in_folder(tmp_path, database_url=make_database_url("postgresql")))
    yield app
    app.extensions["tracker.database"].close()


def test_it_is_not_ready_without_its_database(postgres_app: Flask, postgres_address: sa.URL) -> None:
    client = postgres_app.test_client()
    assert client.get("/readyz").status_code == 200
    database: Database = postgres_app.extensions["tracker.database"]
    name = database.engine.url.database
    outside = sa.create_engine(postgres_address, isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        _end_all(connection, name)
        connection.execute(sa.text(f"ALTER DATABASE {name} RENAME TO {name}_away"))
        answer = client.get("/readyz")
        connection.execute(sa.text(f"ALTER DATABASE {name}_away RENAME TO {name}"))
    outside.dispose()
    assert answer.status_code == 503
    assert client.get("/readyz").status_code == 200


def _end_all(connection: sa.Connection, name: str | None) -> None:
    """End every connection to a database of this test's own."""
    ended = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    connection.execute(ended, {"name": name}).all()
