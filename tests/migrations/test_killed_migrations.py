"""A migration that is killed, wherever it is: all is there, and the next start brings it to the new schema."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.migrations.kept import STEPS, make_postgres, make_sqlite
from tests.processes import wait_until
from tracker_server.db import Database
from tracker_server.migrating import KEPT_COPIES, CannotKeepCopy, migrate

OLD = "0001"
COPY = f"tracker.db.before-{OLD}"

_MIGRATE = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from tracker_server.db import Database
from tracker_server.migrating import migrate

url, folder, last = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
steps = 0

def count(*_):
    global steps
    steps += 1
    if steps == last:
        os.kill(os.getpid(), signal.SIGKILL)

def look(event, arguments):
    if event in ("os.rename", "os.remove", "sqlite3.connect"):
        count()

sys.addaudithook(look)
for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
    sa.event.listen(sa.Engine, moment, count)
migrate(Database(url), lock_folder=folder)
print(steps)
"""
"""Ends itself, without a word, at the step of that number: a statement, a commit, or an act on a file."""


def bring(url: str, folder: Path) -> None:
    """To this code's schema, as a start does."""
    database = Database(url)
    migrate(database, lock_folder=folder)
    database.close()


def migrate_until(url: str, folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _MIGRATE, url, str(folder), str(step)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def schema_of(url: str) -> str:
    database = Database(url)
    with database.reading() as session:
        found = str(session.scalar(sa.text("SELECT version_num FROM alembic_version")))
    database.close()
    return found


def contents(url: str) -> tuple[int, ...]:
    """What every schema holds of what was logged: how many runs, and how many points."""
    database = Database(url)
    with database.reading() as session:
        runs = session.scalar(sa.text("SELECT count(*) FROM runs"))
        points = session.scalar(sa.text("SELECT sum(count) FROM series"))
    database.close()
    return int(runs or 0), int(points or 0)


LOGGED = (2, 2 * 2 * 200 + STEPS - 200)


@pytest.fixture
def head(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'head.db'}"
    bring(url, tmp_path)
    return schema_of(url)


def assert_old_or_new_and_then_new(url: str, folder: Path, head: str) -> None:
    assert schema_of(url) in (OLD, head)
    assert contents(url) == LOGGED
    bring(url, folder)
    assert schema_of(url) == head
    assert contents(url) == LOGGED


def test_a_migration_of_a_sqlite_file_may_be_killed_anywhere(tmp_path: Path, head: str) -> None:
    make_sqlite(OLD, tmp_path / "old.db")

    def killed_at(step: int) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / f"step{step}"
        folder.mkdir()
        shutil.copyfile(tmp_path / "old.db", folder / "tracker.db")
        return migrate_until(f"sqlite:///{folder / 'tracker.db'}", folder, step)

    steps = int(killed_at(0).stdout)
    for step in (*range(2, 14, 2), *range(20, steps, steps // 4), steps):
        assert killed_at(step).returncode == -signal.SIGKILL
        folder = tmp_path / f"step{step}"
        assert_old_or_new_and_then_new(f"sqlite:///{folder / 'tracker.db'}", folder, head)
        assert sorted(path.name for path in folder.glob("*.before-*")) == [COPY]
        assert schema_of(f"sqlite:///{folder / COPY}") == OLD


def test_a_migration_of_postgresql_may_be_killed_anywhere(
    make_database_url: Callable[[str], str], tmp_path: Path, head: str
) -> None:
    url = make_postgres(OLD, make_database_url("postgres"), tmp_path / "old.db")
    before = 0
    while schema_of(url) == OLD:
        before += 40
        assert before < 4000
        if migrate_until(url, tmp_path, before).returncode == 0:
            break
        assert contents(url) == LOGGED
        assert schema_of(url) in (OLD, head)
    assert before > 40
    assert_old_or_new_and_then_new(url, tmp_path, head)


def test_a_copy_that_is_killed_is_made_anew(tmp_path: Path, head: str) -> None:
    url = make_sqlite(OLD, tmp_path / "tracker.db")
    with closing(sqlite3.connect(tmp_path / "tracker.db")) as connection:
        connection.execute("CREATE TABLE ballast (bytes BLOB)")
        connection.executemany("INSERT INTO ballast VALUES (?)", ((os.urandom(1_000_000),) for _ in range(60)))
        connection.commit()
    arriving = tmp_path / f"{COPY}.arriving"
    process = subprocess.Popen([sys.executable, "-c", _MIGRATE, url, str(tmp_path), "0"], stderr=subprocess.DEVNULL)
    wait_until(lambda: arriving.exists() or process.poll() is not None, "the copy begins")
    process.kill()
    process.wait()
    assert arriving.exists()
    assert schema_of(url) == OLD
    bring(url, tmp_path)
    assert not arriving.exists()
    with closing(sqlite3.connect(tmp_path / COPY)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM ballast").fetchone() == (60,)
    assert schema_of(url) == head


def test_the_copy_is_told_of_and_is_the_owners_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bring(make_sqlite(OLD, tmp_path / "tracker.db"), tmp_path)
    (said,) = [record.getMessage() for record in caplog.records if COPY in record.getMessage()]
    assert "before it goes to" in said
    assert (tmp_path / COPY).stat().st_mode & 0o777 == 0o600
    assert contents(f"sqlite:///{tmp_path / COPY}") == LOGGED


def test_nothing_is_copied_where_nothing_changes(tmp_path: Path) -> None:
    for _ in range(2):
        bring(f"sqlite:///{tmp_path / 'tracker.db'}", tmp_path)
    assert list(tmp_path.glob("*.before-*")) == []


def test_the_newest_copies_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT_COPIES + 2):
        old = tmp_path / f"tracker.db.before-00{number}"
        old.write_bytes(b"older")
        os.utime(old, (number, number))
    bring(make_sqlite(OLD, tmp_path / "tracker.db"), tmp_path)
    kept = sorted(path.name for path in tmp_path.glob("*.before-*"))
    assert kept == [COPY, *(f"tracker.db.before-00{number}" for number in (3, 4))]


def test_without_room_for_the_copy_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_sqlite(OLD, tmp_path / "tracker.db")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10, 9, 1_000_000))
    with pytest.raises(CannotKeepCopy, match=r"at schema 0001 and goes to .* has 1 MB free: make room there"):
        bring(url, tmp_path)
    assert schema_of(url) == OLD
    assert list(tmp_path.glob("*.before-*")) == []
