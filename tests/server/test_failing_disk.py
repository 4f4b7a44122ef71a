"""What could not be brought to the disk is never acknowledged: a server whose `fsync` fails, as a bad disk's does."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.migrations.kept import make_sqlite
from tests.processes import Server, free_port, tracker
from tracker_server.artifacts.arriving import SYNC_BYTES

_SEAM = """
import errno, os, stat

folder, real = os.environ["FAILING_DISK"], os.fsync

def fsync(fd):
    kind = "folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"
    if os.path.exists(f"{folder}/{kind}-once"):
        os.unlink(f"{folder}/{kind}-once")
    elif not os.path.exists(f"{folder}/{kind}"):
        return real(fd)
    raise OSError(errno.EIO, os.strerror(errno.EIO))

os.fsync = fsync
"""
"""Python runs this at the start of each process: `fsync` fails while a file of that name lies in the folder."""

CONTENTS = b"weights of a model"


class Disk:
    """What of a process' disk fails: `file`, `folder`, or either of them `-once`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fail(self, what: str) -> None:
        (self._folder / what).touch()

    def heal(self) -> None:
        for sign in self._folder.iterdir():
            sign.unlink()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Of all processes that the test starts."""
    for name in ("seam", "signs"):
        (tmp_path / name).mkdir()
    (tmp_path / "seam" / "sitecustomize.py").write_text(_SEAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "seam"))
    monkeypatch.setenv("FAILING_DISK", str(tmp_path / "signs"))
    return Disk(tmp_path / "signs")


@pytest.fixture
def server(disk: Disk, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as server:
        yield server


def put(server: Server, contents: bytes = CONTENTS) -> tuple[int, str]:
    """Upload it: the status, and the code of the failure."""
    address = f"{server.url}/api/v1/blobs/{hashlib.sha256(contents).hexdigest()}"
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(address, contents, headers, method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())["error"]["code"]


def has(server: Server, contents: bytes = CONTENTS) -> bool:
    """Whether the server says that it need not be sent."""
    body = json.dumps({"digests": [hashlib.sha256(contents).hexdigest()]}).encode()
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/api/v1/blobs/missing", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read()) == {"missing": []}


@pytest.mark.parametrize("what", ["file", "folder"])
def test_an_upload_that_does_not_reach_the_disk_is_not_acknowledged(server: Server, disk: Disk, what: str) -> None:
    disk.fail(what)
    for _ in range(2):  # what is left of the first must not make the second one look stored
        assert put(server) == (503, "disk_failed")
        assert not has(server)
    assert list((server.data / "blobs" / "incoming").iterdir()) == []
    disk.heal()
    assert put(server)[0] in (200, 201)
    server.kill()
    server.start()
    assert has(server)


def test_a_failure_in_the_course_of_a_long_upload_is_not_forgotten(server: Server, disk: Disk) -> None:
    contents = bytes(SYNC_BYTES + 1024 * 1024)
    disk.fail("file-once")  # the system tells of lost bytes once, and what comes after succeeds
    assert put(server, contents) == (503, "disk_failed")
    assert not has(server, contents)
    assert put(server, contents) == (201, "")


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_backup_that_does_not_reach_the_disk_leaves_the_one_before(
    server: Server, disk: Disk, tmp_path: Path, what: str
) -> None:
    command = ["backup", str(tmp_path / "backup"), "--data", str(server.data)]
    assert tracker(command, dict(os.environ)).returncode == 0
    manifest = (tmp_path / "backup" / "backup.json").read_text()
    assert put(server)[0] == 201
    disk.fail(what)
    failed = tracker(command, dict(os.environ))
    assert failed.returncode != 0
    assert "Input/output error" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert (tmp_path / "backup" / "backup.json").read_text() == manifest
    assert (tmp_path / "backup" / json.loads(manifest)["database"]).exists()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_without_a_copy_on_the_disk_nothing_is_migrated(disk: Disk, tmp_path: Path, what: str) -> None:
    (tmp_path / "old").mkdir()
    make_sqlite("0001", tmp_path / "old" / "tracker.db")
    disk.fail(what)
    failed = tracker(["server", "--data", str(tmp_path / "old"), "--port", str(free_port())], dict(os.environ))
    assert failed.returncode == 2
    assert "that is kept first failed: [Errno 5] Input/output error" in failed.stderr
    with closing(sqlite3.connect(tmp_path / "old" / "tracker.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
