"""Copies of a SQLite file, and having files on the disk.

What always holds: once a copy has its name, it is whole and on the disk.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """SQLite's own online copy, in one step: others go on reading and writing. Takes the place of `target`."""
    arriving = target.with_name(f"{target.name}.arriving")
    _remove(arriving)  # a copy that was killed: no part of it may come into this one
    try:
        with closing(sqlite3.connect(arriving)) as copy:
            arriving.chmod(0o600)
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        sync_file(arriving)
        arriving.replace(target)
        sync_file(target)
    finally:
        _remove(arriving)


def sync_file(path: Path) -> None:
    """Have the file, and its name, on the disk."""
    for place in (path, path.parent):
        fd = os.open(place, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _remove(database_file: Path) -> None:
    for beside in ("", "-journal", "-wal", "-shm"):
        database_file.with_name(database_file.name + beside).unlink(missing_ok=True)
