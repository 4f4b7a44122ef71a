"""Clients behind a network that cuts, doubles, delays and reorders what they send."""

from __future__ import annotations

import subprocess
from pathlib import Path

from chaos.outcomes import Outcome
from chaos.processes import end, first_line, fresh_server, fsck, train
from chaos.proxy import Fault, Proxy, by_chance
from chaos.stored import faults_of
from tests.processes import environment, tracker

KEYS = 10
SHARES: dict[Fault, float] = {
    "cut after": 0.3, "cut before": 0.05, "cut inside": 0.05, "duplicate": 0.1, "late": 0.1, "delay": 0.1
}  # fmt: skip
"""Of all requests; the rest pass."""


def bad_network(*, points: int, clients: int, seconds: float, seed: int = 7) -> Outcome:
    """So many points by so many clients, logged over so many seconds through the proxy; every value is compared."""
    outcome = Outcome(
        "connection cut after commit, before the answer (30 %), duplicated, reordered: logging",
        f"{points:,} points: each exactly once",
    )
    steps = points // clients // KEYS
    with fresh_server() as server, Proxy(server.url, by_chance(SHARES, seed)) as network:
        folder = Path(server.data).with_name("clients")
        run_ids = _log(network.url, folder, clients, steps, seconds)
        env = environment(network.url, folder)
        for _ in range(10):  # what a client gave up for the day; a command that is cut off is given again
            if tracker(["sync"], env, timeout_s=300).returncode == 0:
                break
        network.settle()
        for run_id in run_ids:
            outcome.miss(faults_of(server.url, run_id, keys=KEYS, steps=steps))
        outcome.miss(fsck(server))
        requests = sum(network.counts.values())
        outcome.count(f"{steps * clients * KEYS:,} points compared", f"{requests} requests")
        outcome.count(", ".join(f"{count} {fault}" for fault, count in network.counts.items() if fault != "none"))
        outcome.expect(network.counts["cut after"] > 0, "no connection was cut after its commit: nothing was tried")
    return outcome


def _log(url: str, folder: Path, clients: int, steps: int, seconds: float) -> list[str]:
    processes: list[subprocess.Popen[str]] = []
    try:
        processes += [train(url, folder, "paced", str(steps), str(KEYS), str(seconds)) for _ in range(clients)]
        run_ids = [first_line(process) for process in processes]
        for process in processes:
            _, said = process.communicate(timeout=600)
            if process.returncode != 0:
                raise AssertionError(f"a training process ended with status {process.returncode}: {said}")
        return run_ids
    finally:
        end(processes)
