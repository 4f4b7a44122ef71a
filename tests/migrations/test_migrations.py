"""The schema that the migrations build, and who may build it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.conftest import BACKENDS, NOW_MS
from tests.migrations.kept import build
from tracker_server import auth, runs
from tracker_server.db import Database, Document, Words
from tracker_server.migrating import NewerDatabase, migrate
from tracker_server.registry.models import AuditRow
from tracker_server.runs.models import Alert, Run, Writer
from tracker_server.tables import metadata

_ROWS_OF_THE_FIRST_VERSION = (
    "INSERT INTO users (id, name, is_admin, is_active, created_ms) VALUES (1, 'ada', true, true, 1)",
    "INSERT INTO projects (id, name, description, next_run_number, created_ms, created_by)"
    " VALUES (1, 'digits', '', 2, 1, 1)",
    "INSERT INTO runs (id, project_id, number, name, hue, status, notes, created_ms, started_ms, heartbeat_ms,"
    " changed_ms, lost_records, console_lines, config, environment, created_by, changed_by)"
    """ VALUES ('r1', 1, 1, 'calm-heron', 3, 'running', '', 1, 1, 1, 1, 0, 0, '{"lr":0.1}', '{}', 1, 1)""",
    "INSERT INTO writers (id, run_id, name, label, next_seq, lost_records, heartbeat_ms)"
    " VALUES (1, 'r1', 'w0', '', 7, 0, 1)",
    "INSERT INTO alerts (id, run_id, time_ms, level, title, text) VALUES (1, 'r1', 1, 'warning', 'look', '')",
)


def _same_type(
    _context: object, _inspected: object, _column: object, inspected_type: object, ours: object
) -> bool | None:
    """Our text types are the database's text; for the rest Alembic decides."""
    return False if isinstance(ours, Words | Document) and isinstance(inspected_type, sa.Text) else None


def test_migrations_build_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _same_type})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("backend", ["postgres"])
def test_postgresql_does_not_compress_what_is_compressed(make_database_url: Callable[[str], str], backend: str) -> None:
    database = Database(make_database_url(backend))
    with database.engine.connect() as connection:
        compressing = connection.scalars(sa.text(
            "SELECT attname FROM pg_attribute WHERE attrelid IN ('chunks'::regclass, 'tails'::regclass)"
            " AND atttypid = 'bytea'::regtype AND attstorage <> 'e'"
        )).all()  # fmt: skip
    database.close()
    assert compressing == []


def test_migrating_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    migrate(database, lock_folder=tmp_path)


def test_a_database_of_a_newer_version_stops_with_a_sentence(database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        session.commit()
    with pytest.raises(NewerDatabase, match=r"schema '9999'.*upgrade tracker"):
        migrate(database, lock_folder=tmp_path)


def test_servers_that_start_at_once_migrate_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    failures: list[BaseException] = []

    def start() -> None:
        database = Database(url)
        try:
            migrate(database, lock_folder=tmp_path)
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    "act", [sa.update(AuditRow).values(reason="other"), sa.delete(AuditRow)], ids=["update", "delete"]
)
def test_the_database_refuses_to_change_the_trail(database: Database, act: sa.Executable) -> None:
    with database.writing() as session:
        ada = auth.ensure_operator(session, "ada", NOW_MS)
        project = runs.create_project(session, "digits", "", actor_id=ada.id, now_ms=NOW_MS)
        session.add(AuditRow(time_ms=NOW_MS, actor_id=ada.id, action="model.created", project_id=project.id))
        session.commit()
        with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
            session.execute(act)
        session.rollback()
        replace = "INSERT OR REPLACE INTO audit SELECT * FROM audit"
        empty = replace if database.engine.dialect.name == "sqlite" else "TRUNCATE audit"
        with pytest.raises(sa.exc.DBAPIError, match="never changed or deleted"):
            session.execute(sa.text(empty))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_database_of_the_first_version_keeps_its_rows(
    make_database_url: Callable[[str], str], backend: str, tmp_path: Path
) -> None:
    database = _of_the_first_version(make_database_url, backend, tmp_path)
    with database.writing() as session:
        for statement in _ROWS_OF_THE_FIRST_VERSION:
            session.connection().exec_driver_sql(statement)
        session.commit()
    migrate(database, lock_folder=tmp_path)
    with database.reading() as session:
        run, alert = session.scalars(sa.select(Run)).one(), session.scalars(sa.select(Alert)).one()
        writer = session.scalars(sa.select(Writer)).one()
        assert (run.name, run.config, run.fork_of, run.stop_requested_ms) == ("calm-heron", {"lr": 0.1}, None, None)
        assert (alert.title, alert.kind, alert.step, alert.details) == ("look", "alert", None, {})
        assert (writer.next_seq, writer.first_step) == (7, 0)
    database.close()


def _of_the_first_version(make_database_url: Callable[[str], str], backend: str, folder: Path) -> Database:
    """A database as the first migration alone builds it."""
    database = Database(f"sqlite:///{folder / 'old.db'}" if backend == "sqlite" else make_database_url(backend))
    with database.writing() as session:
        if backend == "postgres":
            session.execute(sa.text("DROP SCHEMA public CASCADE"))
            session.execute(sa.text("CREATE SCHEMA public"))
        build(session.connection(), "0001")
        session.commit()
    return database
