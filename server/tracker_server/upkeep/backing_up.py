"""A copy of a server's data in a folder, taken while it runs.

    <folder>/backup.json              what is in it, written last: `Backup`
    <folder>/tracker-<time>.db        the database as it was at one moment (SQLite)
    <folder>/blobs/ab/cd/abcd…        each blob, verified as it was copied

What always holds: `backup.json` names a database that is whole, and every blob that this refers to is there, but for
those that are told as missing. A second backup into the same folder copies only blobs that are new; the database of
the one before is removed when the new one stands.

Blobs are copied before the database and again after it: one that the database refers to and that was removed since was
then at least a day old (`retention.GRACE_MS`), and so in the first round.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import msgspec
import sqlalchemy as sa

from tracker_server.artifacts import BlobStore
from tracker_server.artifacts.models import Blob
from tracker_server.db import Database
from tracker_server.errors import NotFound, Refused
from tracker_server.snapshots import copy_database, sync_file

FORMAT = 1
MANIFEST = "backup.json"


class Backup(msgspec.Struct, frozen=True):
    """What `backup.json` says. `missing` are digests of blobs that are not in it: lost or damaged where they lay."""

    format: int
    tracker: str
    schema: str
    taken_ms: int
    database: str
    database_sha256: str
    blob_count: int
    blob_bytes: int
    missing: list[str]


def back_up(database: Database, store: BlobStore, folder: Path) -> Backup:
    """Copy the SQLite database and every blob into the folder, which may hold an older backup."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copies = BlobStore(folder / "blobs")
    copy_blobs(stored_blobs(database), store, copies)
    taken_ms = time.time_ns() // 1_000_000
    copy = folder / f"tracker-{taken_ms}.db"
    arriving = copy.with_suffix(".arriving")
    try:
        schema = _copy_database(database, arriving)
        blobs = list(blobs_of(arriving))
        missing = copy_blobs(blobs, store, copies)
        arriving.replace(copy)
    finally:
        arriving.unlink(missing_ok=True)
    backup = Backup(
        format=FORMAT,
        tracker=version("tracker-runs"),
        schema=schema,
        taken_ms=taken_ms,
        database=copy.name,
        database_sha256=sha256_of(copy),
        blob_count=len(blobs) - len(missing),
        blob_bytes=sum(size for digest, size in blobs if digest not in missing),
        missing=sorted(missing),
    )
    _write(folder, backup)
    for older in folder.glob("tracker-*.db"):
        if older.name != copy.name:
            older.unlink()
    return backup


def copy_blobs(blobs: Iterable[tuple[str, int]], source: BlobStore, target: BlobStore) -> set[str]:
    """Copy what the target does not have, each verified on the way. The digests of those that could not be copied."""
    missing = set()
    for digest, size in blobs:
        if target.size(digest) == size:
            continue
        try:
            with source.path(digest).open("rb") as file:
                target.put(digest, file.read)
        except (NotFound, Refused, FileNotFoundError):
            missing.add(digest)
    return missing


def blobs_of(database_file: Path) -> Iterable[tuple[str, int]]:
    """Digest and size of every blob that the database in this file refers to."""
    with closing(sqlite3.connect(f"{database_file.as_uri()}?mode=ro", uri=True)) as connection:
        yield from connection.execute("SELECT digest, size_bytes FROM blobs WHERE condemned_ms IS NULL ORDER BY digest")


def stored_blobs(database: Database) -> list[tuple[str, int]]:
    """Digest and size of every blob that a running server's database refers to."""
    with database.reading() as session:
        rows = session.execute(
            sa.select(Blob.digest, Blob.size_bytes).where(Blob.condemned_ms.is_(None)).order_by(Blob.digest)
        )
        return [(row.digest, row.size_bytes) for row in rows]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_database(database: Database, target: Path) -> str:
    """Copy it while others write. Returns the schema that it is at."""
    with database.engine.connect() as connection:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        copy_database(source, target)
    with closing(sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True)) as copy:
        (schema,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(schema)


def _write(folder: Path, backup: Backup) -> None:
    arriving = folder / f"{MANIFEST}.arriving"
    arriving.write_bytes(msgspec.json.format(msgspec.json.encode(backup), indent=2) + b"\n")
    sync_file(arriving)
    arriving.replace(folder / MANIFEST)
    sync_file(folder / MANIFEST)
