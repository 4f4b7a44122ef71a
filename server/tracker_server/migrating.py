"""Bringing a database to this code's schema.

What always holds: it is at the schema that it had or at the new one, whole, wherever the process or the machine stops,
since all steps are one transaction; and what a SQLite file held before lies beside it, on the disk, before the first
step. One server at a time does this; the others wait.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from tracker_server.db import Database
from tracker_server.snapshots import copy_database

log = logging.getLogger(__name__)

LOCK: Final = 0x7472636B
"""The key of PostgreSQL's advisory lock that one migrating server holds."""

KEPT_COPIES: Final = 3
SPARE_BYTES: Final = 16 * 1024 * 1024
"""Room to be left beside the copy: the migration itself needs some."""


class NewerDatabase(RuntimeError):
    """The database was made by a later version than this code."""


class CannotKeepCopy(RuntimeError):
    """The copy that is made before a migration does not fit on the disk, or the disk fails it."""


def migrate(database: Database, *, lock_folder: Path) -> None:
    """Bring the database to this code's schema, after a copy of a SQLite file that has another.

    Raises NewerDatabase when the database is ahead of the code, CannotKeepCopy. Neither changes anything.
    """
    config = Config()
    folder = files("tracker_server.migrations")  # not a folder of this package: a checkout keeps it at its top
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with _only_here(database, lock_folder), database.writing() as session:
        connection = session.connection()  # on SQLite it has the write lock: nobody changes what is being copied
        current = MigrationContext.configure(connection).get_current_revision()
        head = ScriptDirectory.from_config(config).get_current_head()
        if current == head:
            return
        _refuse_newer(config, current)
        if current is not None and database.engine.dialect.name == "sqlite":
            _keep_copy(database, current, str(head))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        session.commit()


def _refuse_newer(config: Config, current: str | None) -> None:
    if current is None:
        return
    try:
        ScriptDirectory.from_config(config).get_revision(current)
    except CommandError as error:
        raise NewerDatabase(
            f"the database is at schema {current!r}, which this version of tracker does not know: it was written by a "
            "newer one; upgrade tracker (pip install --upgrade 'tracker-runs[server]'), or restore a backup"
        ) from error


def _keep_copy(database: Database, current: str, head: str) -> None:
    with database.engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        path = _path_of(source)
        if path is None:
            return
        copy = path.with_name(f"{path.name}.before-{current}")
        size = _size_bytes(source)
        log.info("Keeping the database as it is at schema %s in %s, before it goes to %s", current, copy, head)
        if shutil.disk_usage(path.parent).free < size + SPARE_BYTES:
            raise _no_room(path, size, current, head)
        try:
            copy_database(source, copy)
        except (OSError, sqlite3.OperationalError) as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "disk is full" in str(error):
                raise _no_room(path, size, current, head) from error
            raise CannotKeepCopy(
                f"{path} is at schema {current} and goes to {head}, and the copy {copy} that is kept first failed: "
                f"{error}; see to that disk, or move the data to another; nothing was changed"
            ) from error
    _keep_newest(path)


def _path_of(source: sqlite3.Connection) -> Path | None:
    """Where the database lies; None for one in memory."""
    name = next(name for _, schema, name in source.execute("PRAGMA database_list") if schema == "main")
    return Path(name) if name else None


def _size_bytes(source: sqlite3.Connection) -> int:
    (pages,), (page_bytes,) = (source.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "page_size"))
    return int(pages * page_bytes)


def _no_room(path: Path, size: int, current: str, head: str) -> CannotKeepCopy:
    free = shutil.disk_usage(path.parent).free
    return CannotKeepCopy(
        f"{path} is at schema {current} and goes to {head}; a copy of it is kept first, which takes "
        f"{_megabytes(size + SPARE_BYTES)}, and {path.parent} has {_megabytes(free)} free: make room there, "
        "by removing an older copy say (*.before-*), or move the data to a larger disk; nothing was changed"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"


def _keep_newest(path: Path) -> None:
    copies = [found for found in path.parent.glob(f"{path.name}.before-*") if found.suffix != ".arriving"]
    for old in sorted(copies, key=lambda found: found.stat().st_mtime_ns)[:-KEPT_COPIES]:
        old.unlink()


@contextmanager
def _only_here(database: Database, folder: Path) -> Iterator[None]:
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
            try:
                yield
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "migration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
