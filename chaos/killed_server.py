"""A server that is killed with -9 again and again while four clients log."""

from __future__ import annotations

import json
import random
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.filling import post_series
from chaos.outcomes import Outcome
from chaos.processes import end, first_line, fresh_server, fsck, seconds_until_ready, train
from chaos.proxy import Message, Proxy
from chaos.stored import faults_of, next_seq
from tests.processes import Server, wait_until

KEYS = 20
CLIENTS = 4
STEPS_PER_S = 1000
LONGEST_START_S = 3.0
RACE_S = 0.03
"""A batch is on its way for about so long: the kill meets it anywhere between arrival and answer."""


class Acknowledged:
    """What the server has acknowledged of each journal, as it passed on its way to the client."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], int] = {}

    def note(self, request: Message, answer: Message) -> None:
        """An answer to a batch that was stored raises what is acknowledged of its journal."""
        target = urlsplit(request.head.split(b" ", 2)[1].decode())
        words = target.path.split("/")
        if words[-1] != "journal" or b" 200 " not in answer.head[:20]:
            return
        journal = (words[-2], parse_qs(target.query)["writer"][0])
        seq = int(json.loads(answer.body)["next_seq"])
        with self._lock:
            self._records[journal] = max(self._records.get(journal, 0), seq)

    def now(self) -> dict[tuple[str, str], int]:
        with self._lock:
            return dict(self._records)

    def total(self) -> int:
        return sum(self.now().values())


def killed_server(*, kills: int, points_before: int, patience: float = 1.0, seed: int = 7) -> Outcome:
    """Kill it so many times, on a database with `points_before` points; then compare every value of every client.

    `patience` multiplies the time that a start may take: a test is no place for timings.
    """
    outcome = Outcome(
        f"server kill -9 during ingest, {CLIENTS} clients, {CLIENTS * STEPS_PER_S:,} steps/s × {KEYS} keys",
        f"{kills} kills: 0 acknowledged lost, 0 twice; ready again ≤ {LONGEST_START_S:g} s",
    )
    with fresh_server() as server:
        if points_before:
            post_series(server, "before", points_before)
        acknowledged = Acknowledged()
        with Proxy(server.url, on_answer=acknowledged.note) as watched:
            logged, starts = _log_and_kill(outcome, server, watched, acknowledged, kills, random.Random(seed))
        outcome.count(f"ready again after {max(starts):.2f} s at most, {sorted(starts)[kills // 2]:.2f} s mostly")
        is_soon = max(starts) <= LONGEST_START_S * patience
        outcome.expect(is_soon, f"it took {max(starts):.2f} s to be ready again")
        points = sum(logged.values()) * KEYS
        outcome.count(f"{points:,} points of {len(logged)} clients compared")
        for run_id, steps in logged.items():
            outcome.miss(faults_of(server.url, run_id, keys=KEYS, steps=steps))
        outcome.miss(fsck(server))
    return outcome


def _log_and_kill(
    outcome: Outcome, server: Server, watched: Proxy, acknowledged: Acknowledged, kills: int, chance: random.Random
) -> tuple[dict[str, int], list[float]]:
    """Let the clients log through all kills; how many steps each run has logged, and the seconds of each start."""
    clients: list[subprocess.Popen[str]] = []
    folder = Path(server.data).with_name("clients")
    try:
        clients += [train(watched.url, folder, "steady", str(STEPS_PER_S), str(KEYS)) for _ in range(CLIENTS)]
        run_ids = [first_line(client) for client in clients]
        starts = []
        for _ in range(kills):
            _await_more(acknowledged)
            watched.wait_for_request()
            threading.Event().wait(chance.uniform(0, RACE_S))
            server.kill()
            starts.append(seconds_until_ready(server))
            outcome.miss(_lost(server, acknowledged))
        outcome.count(f"{kills} kills", f"{acknowledged.total():,} records acknowledged")
        return {run_id: _steps_of(client) for run_id, client in zip(run_ids, clients, strict=True)}, starts
    finally:
        end(clients)


def _await_more(acknowledged: Acknowledged) -> None:
    """Wait until every client that has begun has had something acknowledged since now, or most of them."""
    before = acknowledged.now()
    wait_until(
        lambda: sum(seq > before.get(journal, 0) for journal, seq in acknowledged.now().items()) >= CLIENTS // 2,
        "clients log to the server",
        timeout_s=60,
    )


def _lost(server: Server, acknowledged: Acknowledged) -> list[str]:
    """What was acknowledged and is not there any more."""
    lost = []
    for (run_id, writer), seq in acknowledged.now().items():
        have = next_seq(server.url, run_id, writer)
        if have < seq:
            lost.append(f"of run {run_id} {seq} records were acknowledged, and the server has {have}")
    return lost


def _steps_of(client: subprocess.Popen[str]) -> int:
    """Ask a client to end; how many steps it has logged."""
    printed, said = client.communicate(timeout=300)
    if client.returncode != 0 or "tracker sync" in said:
        raise AssertionError(f"a client could not send all it had: {said}")
    return int(printed.split()[-1])
