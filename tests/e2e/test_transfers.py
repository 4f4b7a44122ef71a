"""A client or a server that is killed while a large file is under way: it goes on, and arrives whole."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import Server, environment, tracker, wait_until
from tests.relay import Relay, arrived
from tracker.transport import RESUMED_FROM_BYTES

CODE = """
import sys, tracker
run = tracker.init("digits", id="resumed", system_interval_s=0, capture_code=False, capture_console=False,
                   finish_timeout_s=60)
run.log_artifact(sys.argv[1], "weights")
run.finish()
"""
SIZE = RESUMED_FROM_BYTES * 3
HELD_AFTER = SIZE // 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "weights.bin"
    path.write_bytes(random.Random(1).randbytes(SIZE))
    return path


def rests(server: Server, file: Path) -> int:
    """How much the server says has come, once no request is at it any more."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with urllib.request.urlopen(f"{server.url}/api/v1/blobs/{digest}/arrived") as answer:
        return int(json.loads(answer.read())["arrived_bytes"])


def assert_stored(server: Server, file: Path) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with urllib.request.urlopen(f"{server.url}/api/v1/runs/resumed/artifacts") as answer:
        assert digest.encode() in answer.read()
    stored = server.data / "blobs" / digest[:2] / digest[2:4] / digest
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == digest
    assert list((server.data / "blobs" / "incoming").iterdir()) == []


def test_a_client_that_is_killed_in_the_middle_is_gone_on_with(server: Server, file: Path, tmp_path: Path) -> None:
    slow, counting = Relay(server.port, HELD_AFTER), Relay(server.port)
    env = environment(slow.url, tmp_path / "state")
    process = subprocess.Popen([sys.executable, "-c", CODE, str(file)], env=env, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: arrived(server) > HELD_AFTER // 2, "half of it has arrived", timeout_s=60)
        process.kill()
        process.wait()
        slow.let_go()
        wait_until(lambda: rests(server, file) > HELD_AFTER // 2, "the server knows that the client is gone")
        done = tracker(["sync"], {**env, "TRACKER_URL": counting.url})
        assert done.returncode == 0, done.stderr
        assert_stored(server, file)
        assert counting.sent < SIZE - HELD_AFTER // 3
    finally:
        process.kill()
        process.wait()
        slow.close()
        counting.close()


def test_a_server_that_is_killed_in_the_middle_is_gone_on_with(server: Server, file: Path, tmp_path: Path) -> None:
    relay = Relay(server.port, HELD_AFTER)
    env = {**environment(relay.url, tmp_path / "state"), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, "-c", CODE, str(file)], env=env, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: arrived(server) > HELD_AFTER // 2, "half of it has arrived", timeout_s=60)
        server.kill()
        relay.let_go()
        server.start()
        assert process.wait(60) == 0
        assert_stored(server, file)
        assert relay.sent < 2 * SIZE - HELD_AFTER // 3
    finally:
        process.kill()
        process.wait()
        relay.close()
    assert os.listdir(tmp_path / "state" / "journals") == []
