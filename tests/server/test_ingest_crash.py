"""A server that is killed again and again while it takes records in has all that it acknowledged, once."""

from __future__ import annotations

import random
import threading
from functools import partial
from pathlib import Path
from typing import Any

import requests

from tests.processes import Server, wait_until
from tracker import records
from tracker.records import Logged, RunStarted

KILLS = 20
RECORDS_A_BATCH = 20
START_MS = 1_750_000_000_000
PROGRAM = {"X-Tracker-Client": "test"}


def payload(seq: int) -> bytes:
    """Record `seq` of the writer: the run's start, then one point of two metrics a record."""
    if seq == 0:
        return records.encode(RunStarted(START_MS, "run1", "digits", "w0"))
    return records.encode(Logged(seq, START_MS + seq, {"loss": 1.0 / seq, "acc": float(seq)}))


class Writer:
    """Sends records without end, from a thread of its own; after a failure it asks and goes on from the answer."""

    def __init__(self, url: str) -> None:
        self._address = f"{url}/api/v1/runs/run1/journal?writer=w0"
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.acknowledged = 0
        self.complaint = ""
        self._thread.start()

    def stop(self) -> None:
        self._is_stopped.set()
        self._thread.join(30)

    def has_reached(self, goal: int) -> bool:
        """Whether so many records are acknowledged; also when it has given up, so that nobody waits for it."""
        return bool(self.complaint) or self.acknowledged >= goal

    def _send(self) -> None:
        frames: list[bytes] = []
        while not self._is_stopped.is_set():
            try:
                answer = requests.post(self._address, data=b"".join(frames), headers=PROGRAM, timeout=10)
            except requests.RequestException:
                frames = []  # the server is gone; an empty body asks what it has
                self._is_stopped.wait(0.02)
                continue
            if answer.status_code == 503:
                continue
            if answer.status_code != 200 or answer.json()["next_seq"] < self.acknowledged:
                self.complaint = f"after {self.acknowledged} acknowledged records: {answer.status_code} {answer.text}"
                return
            first = self.acknowledged = answer.json()["next_seq"]
            frames = [records.frame(seq, payload(seq)) for seq in range(first, first + RECORDS_A_BATCH)]


def points(server: Server, metric: str, first: int, last: int) -> dict[str, Any]:
    """The points of these steps; one more on each side where there is one."""
    body = {"runs": ["run1"], "metrics": [metric], "range": [first, last], "points": 10_000}
    (found,) = requests.post(f"{server.url}/api/v1/series", json=body, headers=PROGRAM, timeout=20).json()["series"]
    return dict(found)


def test_a_server_killed_twenty_times_has_all_it_acknowledged_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    with Server(tmp_path / "data") as server:
        writer = Writer(server.url)
        try:
            for _ in range(KILLS):
                goal = writer.acknowledged + RECORDS_A_BATCH * chance.randrange(10, 100)
                wait_until(partial(writer.has_reached, goal), f"{goal} records are stored")
                server.kill()
                server.start()
        finally:
            writer.stop()
        assert not writer.complaint
        total = requests.post(f"{server.url}/api/v1/runs/run1/journal?writer=w0", headers=PROGRAM, timeout=20).json()
        assert total["next_seq"] >= writer.acknowledged
        for metric, value in (("loss", lambda step: 1.0 / step), ("acc", float)):
            for first in range(1, total["next_seq"], 5000):
                last = min(first + 4999, total["next_seq"] - 1)
                found = points(server, metric, first, last)
                steps = list(range(max(1, first - 1), min(last + 1, total["next_seq"] - 1) + 1))
                assert found["count"] == total["next_seq"] - 1
                assert found["steps"] == steps
                assert found["values"] == [value(step) for step in steps]
