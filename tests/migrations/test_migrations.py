"""The schema that the migrations build, and who may build it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.conftest import NOW_MS
from tracker_server import auth, runs
from tracker_server.db import Database, Document, NewerDatabase, Words, migrate
from tracker_server.registry.models import AuditRow
from tracker_server.tables import metadata


def _same_type(
    _context: object, _inspected: object, _column: object, inspected_type: object, ours: object
) -> bool | None:
    """Our text types are the database's text; for the rest Alembic decides."""
    return False if isinstance(ours, Words | Document) and isinstance(inspected_type, sa.Text) else None


def test_migrations_build_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _same_type})
        assert compare_metadata(context, metadata) == []


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
