"""Backing up, restoring, checking and making room: while a server writes, after damage, and after an interruption."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.processes import TRACKER, Server, tracker
from tests.server.logged import digest_of, manifest, writing
from tracker.records import Logged, MediaLogged
from tracker_server import metrics, upkeep
from tracker_server.artifacts import BlobStore
from tracker_server.db import Database
from tracker_server.metrics import Limits
from tracker_server.settings import Settings

POINTS = 5


def log(client: FlaskClient, run_id: str, contents: bytes) -> Journal:
    """A run with a file, a picture of the same bytes, and two metrics, one of them without a number."""
    assert client.put(f"/api/v1/blobs/{digest_of(contents)}", data=contents).status_code in (200, 201)
    journal = Journal(run_id=run_id, writer=f"w-{run_id}").started()
    journal.add(*points())
    journal.add(manifest({"model.bin": contents}))
    journal.add(MediaLogged(START_MS, "sample", "image", 0, digest_of(contents), len(contents)))
    answer = journal.post(client)
    assert answer.status_code == 200, answer.json
    return journal


def points(first: int = 0) -> list[Logged]:
    steps = range(first, first + POINTS)
    return [Logged(step, START_MS + step, {"loss": 1 / (step + 1), "acc": float("nan")}) for step in steps]


def log_sealed(app: Flask, client: FlaskClient) -> None:
    """A run that has points in chunks, and in a tail."""
    journal = log(client, "sealed", b"weights")
    with writing(app) as session:
        metrics.seal(session, "sealed", limits=Limits(seal_points=1))
    assert journal.add(*points(POINTS)).post(client).status_code == 200


def database_of(app: Flask) -> Database:
    found: Database = app.extensions["tracker.database"]
    return found


def checked(app: Flask, settings: Settings, *, reads_blobs: bool = True) -> upkeep.Report:
    told: list[str] = []
    report = upkeep.check(database_of(app), BlobStore(settings.blobs), reads_blobs=reads_blobs, tell=told.append)
    assert told == report.problems
    return report


def test_what_was_logged_is_found_whole(app: Flask, client: FlaskClient, settings: Settings) -> None:
    log(client, "waiting", b"other weights")
    log_sealed(app, client)
    report = checked(app, settings)
    assert report.problems == []
    assert (report.runs, report.blobs, report.blob_bytes, report.loose) == (2, 2, 20, 0)


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_a_file_that_changed_shrank_or_went_is_named(app: Flask, client: FlaskClient, settings: Settings) -> None:
    contents = [b"changed", b"shrunken", b"gone", b"whole"]
    for number, data in enumerate(contents):
        log(client, f"run{number}", data)
    changed, shrunken, gone = (BlobStore(settings.blobs).path(digest_of(data)) for data in contents[:3])
    flip_a_byte(changed)
    shrunken.write_bytes(b"shr")
    gone.unlink()
    said = "\n".join(checked(app, settings).problems)
    assert f"blob {digest_of(b'changed')}: its file has the sha256" in said
    assert f"blob {digest_of(b'shrunken')}: its file has 3 bytes, not 8" in said
    assert f"blob {digest_of(b'gone')}: its file is not there" in said
    assert digest_of(b"whole") not in said
    assert len(checked(app, settings, reads_blobs=False).problems) == 2


DAMAGE = {
    "a chunk's column": ('UPDATE chunks SET "values" = steps', "pcodec"),
    "a chunk's maximum": ("UPDATE chunks SET max = 2.0", "says max 2.0, and its points have 1.0"),
    "a chunk's sum": ("UPDATE chunks SET sum = sum + 1 WHERE finite_count > 0", "says sum"),
    "a chunk's place": ("UPDATE chunks SET first_ordinal = first_ordinal + 1", "begins at point 1"),
    "a chunk that is not there": ("DELETE FROM chunks", "points in chunks, and has 0"),
    "a tail that is not there": ("DELETE FROM tails", "points, and has 5"),
    "a tail's count": ("UPDATE tails SET point_count = point_count + 1", "points, and has"),
    "a tail's bytes": ("UPDATE tails SET payload = substr(payload, 1, 20)", "tail"),
    "a series' count": ("UPDATE series SET finite_count = finite_count + 1", "finite points, and has"),
    "a series' maximum": ("UPDATE series SET max = 2.0 WHERE name = 'loss'", "and goes from"),
    "a manifest's count": ("UPDATE artifact_versions SET file_count = 2", "says 2 files of 7 bytes, and has 1 of 7"),
    "a manifest's file": ("UPDATE artifact_files SET size_bytes = 8", "says 8 bytes, and its blob has 7"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_row_that_is_damaged_is_named(what: str, app: Flask, client: FlaskClient, settings: Settings) -> None:
    statement, expected = DAMAGE[what]
    log_sealed(app, client)
    with writing(app) as session:
        changed = session.execute(sa.text(statement))
        assert changed.rowcount > 0, "the damage was done"  # type: ignore[attr-defined]
    assert any(expected in problem for problem in checked(app, settings).problems)


def test_files_that_belong_to_nothing_go_and_others_stay(app: Flask, client: FlaskClient, settings: Settings) -> None:
    log(client, "run1", b"weights")
    store = BlobStore(settings.blobs)
    for data in (b"no row", b"nobody's"):
        store.put(digest_of(data), io.BytesIO(data).read)
    client.put(f"/api/v1/blobs/{digest_of(b'unused')}", data=b"unused")
    assert checked(app, settings).loose == 2
    later = time.time_ns() // 1_000_000 + 1000

    def collect(grace_ms: int, *, is_dry: bool = False) -> upkeep.Collected:
        return upkeep.collect(database_of(app), store, now_ms=later, grace_ms=grace_ms, is_dry=is_dry)

    assert collect(3_600_000) == upkeep.Collected(0, 0, 0), "what has just come waits for what refers to it"
    assert collect(0, is_dry=True) == upkeep.Collected(3, 20, 2)
    assert checked(app, settings).loose == 2
    assert collect(0) == upkeep.Collected(3, 20, 2)
    assert not any(store.has(digest_of(data)) for data in (b"no row", b"nobody's", b"unused"))
    assert store.has(digest_of(b"weights"))
    report = checked(app, settings)
    assert (report.problems, report.blobs, report.loose) == ([], 1, 0)


def add_project(server: Server, name: str) -> None:
    body = json.dumps({"name": name}).encode()
    headers = {"Content-Type": "application/json", "X-Tracker-Client": "test"}
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/api/v1/projects", body, headers)).close()


def projects(server: Server) -> set[str]:
    with urllib.request.urlopen(f"{server.url}/api/v1/projects", timeout=5) as answer:
        return {project["name"] for project in json.load(answer)["projects"]}


def put(server: Server, data: bytes) -> None:
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/octet-stream"}
    address = f"{server.url}/api/v1/blobs/{digest_of(data)}"
    urllib.request.urlopen(urllib.request.Request(address, data, headers, method="PUT")).close()


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return tracker([str(argument) for argument in arguments], {"PATH": "/usr/bin:/bin"})


def test_a_backup_of_a_running_server_starts_as_another_one(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        add_project(server, "digits")
        put(server, b"weights")
        done = command("backup", tmp_path / "backup", "--data", tmp_path / "data")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"backed up to {tmp_path / 'backup'}: the database, and 1 files of 7 bytes\n"
        add_project(server, "later")
        first = (tmp_path / "backup" / "backup.json").read_text()
        assert command("backup", tmp_path / "backup", "--data", tmp_path / "data").returncode == 0
        assert len(list((tmp_path / "backup").glob("tracker-*.db"))) == 1
        assert first != (tmp_path / "backup" / "backup.json").read_text()
    done = command("restore", tmp_path / "backup", "--data", tmp_path / "other")
    assert done.returncode == 0, done.stderr
    with Server(tmp_path / "other") as server:
        assert projects(server) == {"digits", "later"}
    assert command("fsck", "--data", tmp_path / "other").stdout == "0 runs and 1 files of 7 bytes were checked\n"


def test_the_files_of_a_backup_are_its_owners_alone(tmp_path: Path) -> None:
    with Server(tmp_path / "data"):
        command("backup", tmp_path / "backup", "--data", tmp_path / "data")
    (copy,) = (tmp_path / "backup").glob("tracker-*.db")
    assert (copy.stat().st_mode & 0o777, (tmp_path / "backup").stat().st_mode & 0o777) == (0o600, 0o700)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup with one project and one file, and the data it is of."""
    with Server(tmp_path / "data") as server:
        add_project(server, "digits")
        put(server, b"weights")
        assert command("backup", tmp_path / "backup", "--data", tmp_path / "data").returncode == 0
    return tmp_path / "backup"


def test_nothing_is_restored_over_what_is_there(backup: Path, tmp_path: Path) -> None:
    before = (tmp_path / "data" / "tracker.db").read_bytes()
    done = command("restore", backup, "--data", tmp_path / "data")
    assert done.returncode == 2
    assert "is there already, and nothing is overwritten" in done.stderr
    assert (tmp_path / "data" / "tracker.db").read_bytes() == before


def test_a_damaged_backup_is_refused_and_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    (copy,) = backup.glob("tracker-*.db")
    flip_a_byte(copy)
    done = command("restore", backup, "--data", tmp_path / "other")
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is damaged; restore from another backup" in done.stderr
    assert not (tmp_path / "other" / "tracker.db").exists()


def test_a_file_that_the_backup_lost_is_named_and_the_rest_is_restored(backup: Path, tmp_path: Path) -> None:
    BlobStore(backup / "blobs").remove(digest_of(b"weights"))
    done = command("restore", backup, "--data", tmp_path / "other")
    assert done.returncode == 1
    assert digest_of(b"weights") in done.stderr
    with Server(tmp_path / "other") as server:
        assert projects(server) == {"digits"}
    assert command("fsck", "--data", tmp_path / "other").returncode == 1


def test_a_file_that_was_lost_comes_back_from_a_backup(backup: Path, tmp_path: Path) -> None:
    BlobStore(tmp_path / "data" / "blobs").remove(digest_of(b"weights"))
    found = command("fsck", "--data", tmp_path / "data")
    assert found.returncode == 1
    assert "`tracker restore FOLDER --blobs-only` brings it back" in found.stdout
    done = command("restore", backup, "--blobs-only", "--data", tmp_path / "data")
    assert (done.returncode, done.stdout) == (0, f"1 files are in {tmp_path / 'data' / 'blobs'}\n")
    assert command("fsck", "--data", tmp_path / "data").returncode == 0


def test_a_backup_tells_what_is_damaged_where_it_lies(backup: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    BlobStore(backup / "blobs").remove(digest_of(b"weights"))
    flip_a_byte(BlobStore(data / "blobs").path(digest_of(b"weights")))
    done = command("backup", backup, "--data", data)
    assert done.returncode == 1
    assert digest_of(b"weights") in done.stderr
    assert json.loads((backup / "backup.json").read_text())["missing"] == [digest_of(b"weights")]


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("backup", ["to"], "there is no database"),
        ("fsck", [], "there is no database"),
        ("gc", [], "there is no database"),
        ("restore", ["from"], "has no backup.json"),
        ("backup", ["to", "--database", "postgresql+psycopg://nobody@127.0.0.1:1/none"], "pg_dump"),
        ("restore", ["from", "--database", "postgresql+psycopg://nobody@127.0.0.1:1/none"], "pg_dump"),
        ("gc", ["--grace-hours", "-1"], "--grace-hours must be 0 or more, got -1"),
    ],
)
def test_what_cannot_be_done_is_said(name: str, arguments: list[str], expected: str, tmp_path: Path) -> None:
    places = [str(tmp_path / argument) if argument in ("to", "from") else argument for argument in arguments]
    done = command(name, *places, "--data", tmp_path / "empty")
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_backup_leaves_the_one_before(backup: Path, tmp_path: Path) -> None:
    """Killed at any time: what stands in the folder is restored, as old or as new."""
    data = tmp_path / "data"
    for number in range(300):
        content = f"file {number}".encode()
        BlobStore(data / "blobs").put(digest_of(content), io.BytesIO(content).read)
        with closing(sqlite3.connect(data / "tracker.db")) as connection, connection:
            connection.execute("INSERT INTO blobs VALUES (?, ?, 0, NULL)", (digest_of(content), len(content)))
    whole = time.monotonic()
    assert command("backup", tmp_path / "measured", "--data", data).returncode == 0
    whole = time.monotonic() - whole
    for part in (0.5, 0.7, 0.9):
        killed = subprocess.Popen(
            [TRACKER, "backup", str(backup), "--data", str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            killed.wait(whole * part)
        except subprocess.TimeoutExpired:
            killed.kill()
            killed.wait()
        target = tmp_path / f"restored-{part}"
        done = command("restore", backup, "--data", target)
        assert done.returncode == 0, done.stderr
        assert command("fsck", "--data", target).returncode == 0


def test_on_postgresql_the_files_are_backed_up_and_restored_by_themselves(
    make_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    address = make_database_url("postgresql")
    places = ("--data", tmp_path / "data", "--database", address)
    with Server(tmp_path / "data", database_url=address) as server:
        put(server, b"weights")
    assert command("backup", tmp_path / "backup", "--blobs-only", *places).returncode == 0
    BlobStore(tmp_path / "data" / "blobs").remove(digest_of(b"weights"))
    assert command("fsck", *places).returncode == 1
    assert command("restore", tmp_path / "backup", "--blobs-only", *places).returncode == 0
    assert command("fsck", *places).returncode == 0
