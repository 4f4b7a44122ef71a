"""SQLite's log is brought into its file while others write, and begins anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.processes import wait_until
from tracker_server.checkpoints import LOG_PAGES, Checkpoints
from tracker_server.db import Database
from tracker_server.turns import Turns

MIB = 1024 * 1024
LOG_BYTES = LOG_PAGES * 4096


class Written:
    """A file whose commits never bring the log in by themselves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", "CREATE TABLE t (v BLOB)"):
            self.connection.execute(statement)

    @property
    def beginnings(self) -> int:
        """How often the log has begun anew, as its header says: https://www.sqlite.org/fileformat.html#walformat."""
        header = self.path.with_name(self.path.name + "-wal").read_bytes()[:32]
        return int.from_bytes(header[12:16], "big")

    def write(self, megabytes: int) -> None:
        self.connection.execute("INSERT INTO t VALUES (zeroblob(?))", (megabytes * MIB,))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path / "some.db")


def test_the_log_is_brought_in_and_begins_anew(written: Written) -> None:
    checkpoints = Checkpoints(str(written.path), Turns(), period_s=0)

    def begins_anew() -> bool:
        checkpoints.note_write()
        written.write(0)
        return written.beginnings > 0

    try:
        written.write(LOG_BYTES // MIB + 1)
        assert written.beginnings == 0
        wait_until(begins_anew, "the log begins anew")
    finally:
        checkpoints.stop()
    assert written.path.stat().st_size > LOG_BYTES


def test_while_somebody_has_the_turn_what_was_written_comes_in_all_the_same(written: Written) -> None:
    turns = Turns()
    assert turns.take(0)
    checkpoints = Checkpoints(str(written.path), turns, period_s=0)
    try:
        written.write(2)
        checkpoints.note_write()
        wait_until(lambda: written.path.stat().st_size > 2 * MIB, "it is in the file")
    finally:
        turns.give()
        checkpoints.stop()


def test_a_file_that_cannot_be_opened_holds_nobody_up(tmp_path: Path) -> None:
    checkpoints = Checkpoints(str(tmp_path / "absent" / "some.db"), Turns(), period_s=0)
    checkpoints.note_write()
    checkpoints.stop()


def test_a_database_that_is_closed_has_no_thread_left(database: Database) -> None:
    with database.writing() as session:
        session.connection()
    database.close()
    database.close()
