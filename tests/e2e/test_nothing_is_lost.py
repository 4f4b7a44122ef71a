"""Once `log()` has returned, the values arrive, once, whatever happens to the process or the server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.reading import get, series
from tests.processes import Server, environment, run_script, tracker, wait_until

POINTS = 2000

TRAIN = f"""
import os, signal, sys, tracker
run = tracker.init("digits", config={{"lr": 0.1}}, finish_timeout_s=5)
print(run.id, flush=True)
for step in range({POINTS}):
    run.log({{"loss": 1.0 / (step + 1)}})
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as server:
        yield server


def assert_each_point_once(server: Server, run_id: str) -> None:
    found = series(server.url, run_id, "loss")
    assert found["count"] == POINTS
    assert found["steps"] == list(range(POINTS))
    assert found["values"] == [1.0 / (step + 1) for step in range(POINTS)]


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_killed_process_loses_nothing_that_it_logged(server: Server, tmp_path: Path, mode: str) -> None:
    env = environment(server.url, tmp_path / "client", TRACKER_MODE=mode)
    killed = run_script(TRAIN, env)
    assert killed.returncode == -9, killed.stderr
    run_id = killed.stdout.split()[0]
    synced = tracker(["sync"], env)
    assert synced.returncode == 0, synced.stderr
    assert "records stored" in synced.stdout
    assert_each_point_once(server, run_id)


def test_syncing_twice_changes_nothing(server: Server, tmp_path: Path) -> None:
    env = environment(server.url, tmp_path / "client", TRACKER_MODE="offline")
    run_id = run_script(TRAIN, env).stdout.split()[0]
    for _ in range(2):
        assert tracker(["sync"], env).returncode == 0
    assert_each_point_once(server, run_id)


def test_a_run_that_starts_while_the_server_is_away_arrives_when_it_is_back(tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    env = environment(server.url, tmp_path / "client")
    away = run_script(TRAIN.replace("os.kill(os.getpid(), signal.SIGKILL)", "run.finish()"), env)
    assert away.returncode == 0, away.stderr
    assert "tracker sync" in away.stderr + away.stdout
    with server:
        assert tracker(["sync"], env).returncode == 0
        run_id = away.stdout.split()[0]
        assert_each_point_once(server, run_id)
        assert get(server.url, f"/runs/{run_id}")["status"] == "finished"


def test_a_server_that_is_killed_and_comes_back_gets_the_rest_of_a_live_run(server: Server, tmp_path: Path) -> None:
    code = TRAIN.replace("os.kill(os.getpid(), signal.SIGKILL)", "sys.stdin.read(); run.finish()")
    env = environment(server.url, tmp_path / "client")
    training = subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert training.stdin is not None
    assert training.stdout is not None
    try:
        run_id = training.stdout.readline().strip()
        server.kill()
        server.start()
        training.stdin.close()
        assert training.wait(60) == 0
    finally:
        training.kill()
        training.stdout.close()
    wait_until(lambda: get(server.url, f"/runs/{run_id}")["status"] == "finished", "the run has ended")
    assert_each_point_once(server, run_id)


def test_a_training_run_arrives_whole(server: Server, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"weights" * 1000)
    code = f"""
import tracker
config = {{"optim": {{"lr": 1e-3}}, "layers": [1, 2]}}
with tracker.init("digits", name="first", config=config, tags=["baseline"]) as run:
    print("hello from training")
    tracker.log({{"train": {{"loss": 0.5}}, "acc": 0.9}})
    tracker.log({{"acc": float("nan")}}, step=7)
    tracker.summary["best"] = 0.91
    tracker.log_artifact({str(tmp_path / "weights.bin")!r}, name="digits-cnn", type="model")
    print("id", run.id)
"""
    env = environment(server.url, tmp_path / "client")
    done = run_script(code, env)
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.split()[-1]
    run = get(server.url, f"/runs/{run_id}")
    assert (run["status"], run["name"], run["tags"]) == ("finished", "first", ["baseline"])
    assert run["config"] == {"optim.lr": 1e-3, "layers": [1, 2]}
    assert run["summary"] == {"best": 0.91}
    assert run["metrics"]["train/loss"]["last"] == 0.5
    assert run["metrics"]["acc"]["count"] == 2
    assert run["environment"]["python"]
    lines = get(server.url, f"/runs/{run_id}/console")["lines"]
    assert "hello from training" in [line["text"] for line in lines]
    (artifact,) = get(server.url, f"/runs/{run_id}/artifacts")["artifacts"]
    assert [(file["path"], file["size_bytes"]) for file in artifact["files"]] == [("weights.bin", 7000)]


def test_a_failed_run_says_why(server: Server, tmp_path: Path) -> None:
    env = environment(server.url, tmp_path / "client")
    code = "import tracker\nprint(tracker.init('digits').id, flush=True)\nraise RuntimeError('out of luck')"
    done = run_script(code, env)
    assert done.returncode == 1
    assert "out of luck" in done.stderr
    run = get(server.url, f"/runs/{done.stdout.split()[0]}")
    assert run["status"] == "failed"
    assert "RuntimeError: out of luck" in run["error"]
