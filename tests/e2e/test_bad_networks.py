"""Between a real client and a real server stands a network that goes wrong; what was logged is stored once."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.hostile_server import HostileServer
from tests.e2e.reading import series
from tests.processes import Server, environment, run_script, tracker

TRAIN = """
import tracker
run = tracker.init("digits", system_interval_s=0, finish_timeout_s=LIMIT_S)
print(run.id, flush=True)
for step in range(500):
    run.log({"loss": float(step)})
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as server:
        yield server


def assert_each_point_once(server: Server, run_id: str) -> None:
    assert series(server.url, run_id, "loss")["values"] == [float(step) for step in range(500)]


@pytest.mark.parametrize("manner", ["reset in the body", "cut after commit", "half an answer", "html", "429"])
def test_what_passes_a_bad_network_is_stored_once(server: Server, tmp_path: Path, manner: str) -> None:
    hostile = HostileServer(server.url, [manner, manner])
    try:
        done = run_script(TRAIN.replace("LIMIT_S", "25"), environment(hostile.url, tmp_path / "client"))
    finally:
        hostile.close()
    assert done.returncode == 0, done.stderr
    assert_each_point_once(server, done.stdout.split()[0])


def test_the_command_that_is_printed_sends_what_a_hanging_server_did_not_take(server: Server, tmp_path: Path) -> None:
    hostile = HostileServer(server.url, ["hang"] * 100)
    try:
        done = run_script(TRAIN.replace("LIMIT_S", "0.5"), environment(hostile.url, tmp_path / "client"))
    finally:
        hostile.close()
    assert done.returncode == 0, done.stderr
    (command,) = [line.partition("tracker ")[2] for line in done.stderr.splitlines() if "tracker sync " in line]
    arguments = shlex.split(command[command.index("sync ") :])
    synced = tracker(arguments, environment(server.url, tmp_path / "client"))
    assert synced.returncode == 0, synced.stderr
    assert_each_point_once(server, done.stdout.split()[0])
