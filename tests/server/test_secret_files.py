"""Files that hold secrets are read by their owner alone: the settings, the journals, the server's folder."""

from __future__ import annotations

import hashlib
import os
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Server, environment, free_port, run_script, tracker


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """As it is on a careless machine: what is not said otherwise, everybody may read."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "top" / "server") as server:
        yield server


def _is_open(path: Path) -> bool:
    """Whether somebody else may read or change it, were they in its folder."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def test_what_a_server_makes_is_its_owners_alone(tmp_path: Path) -> None:
    """Even in a folder that was there before, and that everybody may enter."""
    data, blobs = tmp_path / "data", tmp_path / "elsewhere" / "blobs"
    with Server(data, more=("--blobs", str(blobs))) as server:
        digest = hashlib.sha256(b"weights").hexdigest()
        url = f"{server.url}/api/v1/blobs/{digest}"
        request = urllib.request.Request(url, b"weights", {"X-Tracker-Client": "test"}, method="PUT")
        request.add_header("Content-Type", "application/octet-stream")
        urllib.request.urlopen(request, timeout=10).close()
        made = [*(path for path in data.rglob("*") if path.name != "server.log"), blobs, *blobs.rglob("*")]
        assert any(path.name == digest for path in made)
        assert [path for path in made if not path.is_symlink() and _is_open(path)] == []


def test_a_journal_is_its_owners_alone(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "client"
    code = """
import tracker
with tracker.init("digits", config={"password": "x"}, system_interval_s=0, mode="offline") as run:
    run.log({"loss": 1.0})
    run.log_artifact(__import__("os").environ["WEIGHTS"], name="weights", type="model")
"""
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"weights")
    ended = run_script(code, environment(server.url, folder, WEIGHTS=str(weights)))
    assert ended.returncode == 0, ended.stderr
    assert [path for path in folder.rglob("*.journal") if path.is_file()]
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        inside = [parent for parent in path.parents if parent.is_relative_to(folder)]
        assert not _is_open(path) or any(not _is_open(parent) for parent in inside), path


def test_the_settings_with_a_key_are_their_owners_alone(tmp_path: Path) -> None:
    settings = tmp_path / "settings" / "settings.toml"
    url = f"http://127.0.0.1:{free_port()}"  # nobody answers there
    env = environment(url, tmp_path / "client", TRACKER_SETTINGS=str(settings))
    ended = tracker(["login", "--key", "tk_secret", "--force", url], env)
    assert ended.returncode == 0, ended.stderr
    assert "tk_secret" in settings.read_text()
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
