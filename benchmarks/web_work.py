"""What the pages are measured on: one server with a big project, one of many metrics, and traffic of live runs.

The project `big` has 10,000 runs. All have summaries and can be listed, filtered and sorted; its newest ones have
points as well, in the twelve metrics of its first section, which are the twelve charts of the page. One run has logged
the names of 1,000 metrics. Everything goes the way that a client's goes, but for the runs without points, which are
written into the tables.

    python -m benchmarks.web_work <url> <project> <runs> <history>

is the traffic: so many runs that log a step a second each, until their standard input ends.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import requests

from benchmarks.filling import PROGRAM
from benchmarks.processes import ROOT, ended
from tests.processes import Server
from tests.server import seed
from tracker.records import Logged, Record, RunFinished, RunStarted, encode, frame
from tracker_server.db import Database
from tracker_server.migrating import migrate

RUNS = 10_000
METRICS = 1000
MANY_METRICS = 5000
CHARTS = [f"bench/metric_{number:02}" for number in range(12)]
FINISHED = 20
STEPS = 1000
HISTORY = 600
PEER_RUNS = 20
PEER_STEPS = 10_000
LONGEST_S = 2 * 3600
FRAMES_A_REQUEST = 5000


@contextmanager
def filled_server(*, runs: int = RUNS, peer_steps: int = 0) -> Iterator[Server]:
    """A server with the projects `big` and `many`, and `beside` for the comparison where that has steps."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name, "server")
        folder.mkdir()
        _list_runs(folder, runs)
        with ended(Server(folder)) as server, server:
            _write(
                server.url,
                "many",
                "many",
                {f"part_{number % 50:02}/metric_{number:04}" for number in range(MANY_METRICS)},
            )
            _write(
                server.url,
                "big",
                "names",
                {f"more_{number % 20:02}/metric_{number:03}" for number in range(METRICS - 12)},
            )
            for number in range(FINISHED):
                write_run(server.url, "big", f"finished-{number}", steps=STEPS)
            for number in range(PEER_RUNS if peer_steps else 0):
                write_run(server.url, "beside", f"beside-{number}", steps=peer_steps)
            yield server


@contextmanager
def traffic(server: Server, project: str, runs: int) -> Iterator[None]:
    """So many live runs with a history, until the end of the `with`."""
    command = [sys.executable, "-m", "benchmarks.web_work", server.url, project, str(runs), str(HISTORY)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "known\n":
            raise RuntimeError("the traffic could not begin; it printed why above")
        yield
        if process.poll() is not None:
            raise RuntimeError(f"the traffic ended with status {process.returncode}; it printed why above")
        process.stdin.close()
        process.wait(30)
    finally:
        process.kill()
        process.wait()


def curve(place: int, steps: int, *, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A noisy loss that falls from about 3, another for each place."""
    noise = np.random.default_rng((seed, place)).normal(0.0, 0.03, steps)
    return (1 + place % 3) / (1.0 + np.arange(steps) / (20 + 10 * place)) + noise


def write_run(url: str, project: str, run_id: str, *, steps: int) -> None:
    """A finished run with a curve in each of the twelve metrics."""
    curves = [curve(place, steps, seed=sum(run_id.encode())).tolist() for place in range(len(CHARTS))]
    rows = (dict(zip(CHARTS, values, strict=True)) for values in zip(*curves, strict=True))
    _post(
        url,
        project,
        run_id,
        [*(Logged(step, _now_ms(), row) for step, row in enumerate(rows)), RunFinished(_now_ms(), "finished", 0)],
    )


def _write(url: str, project: str, run_id: str, names: set[str]) -> None:
    """A finished run that has logged each of these metrics three times."""
    ordered = sorted(names)
    records = [Logged(step, _now_ms(), dict.fromkeys(ordered, 1.0 / (1 + step))) for step in range(3)]
    _post(url, project, run_id, [*records, RunFinished(_now_ms(), "finished", 0)])


def _post(url: str, project: str, run_id: str, records: list[Record]) -> None:
    started = RunStarted(_now_ms(), run_id, project, "w0", name=run_id)
    frames = [frame(number, encode(record)) for number, record in enumerate([started, *records])]
    address = f"{url}/api/v1/runs/{run_id}/journal?writer=w0"
    with requests.Session() as http:
        for start in range(0, len(frames), FRAMES_A_REQUEST):
            body = b"".join(frames[start : start + FRAMES_A_REQUEST])
            http.post(address, data=body, headers=PROGRAM, timeout=120).raise_for_status()


def _list_runs(folder: Path, runs: int) -> None:
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    migrate(database, lock_folder=folder)
    with database.writing() as session:
        # an hour old, so that the runs with points are the newest
        then_ms = _now_ms() - 3_600_000
        seed.fill(session, "big", run_count=runs - FINISHED - 1, now_ms=then_ms, config_keys=6, metric_names=3)
        session.commit()
    database.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class _LiveRun:
    """One run of the traffic. Its first request makes it known, with its history."""

    address: str
    project: str
    name: str
    chance: random.Random
    written: int = 0
    step: int = 0
    frames: list[bytes] = field(default_factory=list)

    def begin(self, history: int) -> None:
        self._write(RunStarted(_now_ms(), self.name, self.project, "w0", name=self.name))
        for _ in range(history):
            self.log()

    def log(self) -> None:
        level = 3.0 / (1 + self.step / 100)
        self._write(Logged(self.step, _now_ms(), {name: level * self.chance.uniform(0.9, 1.1) for name in CHARTS}))
        self.step += 1

    def send(self, http: requests.Session) -> None:
        body, self.frames = b"".join(self.frames), []
        http.post(self.address, data=body, headers=PROGRAM, timeout=60).raise_for_status()

    def _write(self, record: Record) -> None:
        self.frames.append(frame(self.written, encode(record)))
        self.written += 1


def main() -> None:
    """Be the traffic: print a line when every run is known, then log until nobody listens."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web_work", description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("project")
    parser.add_argument("runs", type=int)
    parser.add_argument("history", type=int)
    options = parser.parse_args()
    # new runs each time: of those that are known already the server would skip every point as one that it has
    begun_ms = _now_ms()
    names = [f"live-{begun_ms}-{number}" for number in range(options.runs)]
    runs = [
        _LiveRun(f"{options.url}/api/v1/runs/{name}/journal?writer=w0", options.project, name, random.Random(name))
        for name in names
    ]
    is_over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), is_over.set()), daemon=True).start()
    with requests.Session() as http:
        for run in runs:
            run.begin(options.history)
            run.send(http)
        print("known", flush=True)
        begun, rounds = time.monotonic(), 0
        while not is_over.is_set() and time.monotonic() < begun + LONGEST_S:
            rounds += 1
            for place, run in enumerate(runs):
                is_over.wait(max(0.0, begun + rounds + place / len(runs) - time.monotonic()))
                if is_over.is_set():
                    return
                run.log()
                run.send(http)


if __name__ == "__main__":
    main()
