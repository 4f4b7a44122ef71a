"""Hours of everyday use in minutes: eight clients log while somebody reads, uploads and deletes."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import processes_of
from chaos.changes import Stage
from chaos.outcomes import Outcome
from chaos.processes import MIB, end, first_line, fresh_server, fsck, memory_of, train
from chaos.stored import ask, faults_of
from chaos.training import PREFIX, PROJECT
from tests.processes import Server, wait_until

CLIENTS = 8
KEYS = 20
POINTS_PER_S = 5000
REQUESTS_PER_S = 20
PARTS = 10
"""Of the time. The first is for warming up; the second is held against the last."""

MORE_MIB = 32
MORE_DESCRIPTORS = 8
SLOWER = 1.5


@dataclass(frozen=True)
class Look:
    """The server at one moment: bytes that are its alone, and open descriptors."""

    at_s: float
    memory: int
    descriptors: int


@dataclass
class Seen:
    """What was measured, each with the seconds since the beginning."""

    looks: list[Look] = field(default_factory=list)
    answers: list[tuple[float, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def soak(*, seconds: float, is_timed: bool = True, seed: int = 7) -> Outcome:
    """For so long; `is_timed` is whether it is long enough to speak of memory and of p99."""
    outcome = Outcome(
        f"soak, {seconds / 60:.0f} minutes, {CLIENTS} clients, {POINTS_PER_S:,} points/s, reads, uploads, deletes",
        f"memory and descriptors flat, p99 at the end < {SLOWER:g} × start",
    )
    with fresh_server() as server:
        steps, seen = _live(server, seconds, random.Random(seed))
        outcome.miss(seen.failures)
        for run_id, count in steps.items():
            outcome.miss(faults_of(server.url, run_id, keys=KEYS, steps=count))
        outcome.miss(fsck(server))
    points = sum(steps.values()) * KEYS
    outcome.count(f"{points:,} points ({points / seconds:,.0f}/s) compared", f"{len(seen.answers):,} requests")
    _judge(outcome, seen, seconds, is_timed)
    return outcome


def _live(server: Server, seconds: float, chance: random.Random) -> tuple[dict[str, int], Seen]:
    """Let it run; how many steps each client has logged, and what was seen."""
    seen, clients = Seen(), []
    try:
        folder = Path(server.data).with_name("clients")
        pace = str(POINTS_PER_S / KEYS / CLIENTS)
        clients += [train(server.url, folder, "steady", pace, str(KEYS)) for _ in range(CLIENTS)]
        run_ids = [first_line(client) for client in clients]
        wait_until(lambda: all(ask(server.url, "GET", f"/runs/{one}").ok for one in run_ids), "the runs are known")
        begun = time.monotonic()
        with _watched(server, seen, begun):
            number = 0
            while time.monotonic() - begun < seconds:
                _ask_once(server, seen, begun, chance.choice(ASKED), chance.choice(run_ids), number)
                number += 1
                time.sleep(max(0.0, begun + number / REQUESTS_PER_S - time.monotonic()))
        return {run_id: _steps_of(client) for run_id, client in zip(run_ids, clients, strict=True)}, seen
    finally:
        end(clients)


def _steps_of(client: subprocess.Popen[str]) -> int:
    printed, said = client.communicate(timeout=300)
    if client.returncode != 0:
        raise AssertionError(f"a training process ended with status {client.returncode}: {said}")
    return int(printed.split()[-1])


def _ask_once(server: Server, seen: Seen, begun: float, act: Callable[..., None], run_id: str, number: int) -> None:
    asked = time.monotonic()
    try:
        act(Stage(server.url, f"soak-{number}"), run_id)
    except (AssertionError, OSError) as error:
        seen.failures.append(f"{act.__name__.strip('_')} after {asked - begun:.0f} s: {error}")
    seen.answers.append((asked - begun, time.monotonic() - asked))


def _read_series(stage: Stage, run_id: str) -> None:
    stage.do(
        "POST", "/series", json={"runs": [run_id], "metrics": [f"{PREFIX}key000", f"{PREFIX}key001"], "points": 400}
    )


def _read_table(stage: Stage, _run_id: str) -> None:
    stage.do("POST", f"/projects/{PROJECT}/runs/search", json={"limit": 50})


def _read_run(stage: Stage, run_id: str) -> None:
    stage.do("GET", f"/runs/{run_id}")


def _upload(stage: Stage, _run_id: str) -> None:
    stage.make_artifacts(1)


def _delete(stage: Stage, _run_id: str) -> None:
    run = stage.make_run()
    stage.do("DELETE", f"/runs/{run}")
    stage.do("POST", f"/projects/{stage.project}/trash/purge", json={"runs": [run], "reason": "it was a test"})


ASKED = (_read_series, _read_series, _read_series, _read_table, _read_run, _upload, _delete)


@contextmanager
def _watched(server: Server, seen: Seen, begun: float) -> Iterator[None]:
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.5):
            descriptors = sum(process.num_fds() for process in processes_of(server))
            seen.looks.append(Look(time.monotonic() - begun, memory_of(server), descriptors))
            if not ask(server.url, "GET", "/server").ok:
                seen.failures.append("the server does not say who it is")

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _judge(outcome: Outcome, seen: Seen, seconds: float, is_timed: bool) -> None:
    """Hold the last part of the time against the second."""
    early, late = (seconds / PARTS, 2 * seconds / PARTS), (seconds - seconds / PARTS, seconds + 60)
    first, last = ([look for look in seen.looks if begun <= look.at_s < until] for begun, until in (early, late))
    mib = [max(look.memory for look in looks) / MIB for looks in (first, last)]
    descriptors = [max(look.descriptors for look in looks) for looks in (first, last)]
    p99 = [_p99([took for at_s, took in seen.answers if begun <= at_s < until]) for begun, until in (early, late)]
    outcome.count(f"memory {mib[0]:.0f} → {mib[1]:.0f} MB", f"descriptors {descriptors[0]} → {descriptors[1]}")
    outcome.count(f"p99 of a request {1000 * p99[0]:.0f} → {1000 * p99[1]:.0f} ms")
    grew = f"descriptors grew from {descriptors[0]} to {descriptors[1]}"
    outcome.expect(descriptors[1] <= descriptors[0] + MORE_DESCRIPTORS, grew)
    if is_timed:
        outcome.expect(mib[1] <= mib[0] + MORE_MIB, f"memory grew from {mib[0]:.0f} to {mib[1]:.0f} MB")
        outcome.expect(p99[1] < SLOWER * p99[0], f"p99 grew from {p99[0]:.3f} to {p99[1]:.3f} s")


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
