"""A database whose write lock another process holds: requests wait, then are told to come again, and it passes."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from chaos.changes import CASES, Change, Stage
from chaos.outcomes import Outcome
from chaos.processes import fresh_server, fsck
from chaos.sent_again import send
from chaos.stored import ask

AT_ONCE = 16
"""Requests that wait at the same time: fewer than the server has threads, so that reads find one."""

SHORT_WAIT_S = 1.0
READ_S = 1.0

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Sent:
    """A changing request under its key, and what it was answered."""

    name: str
    change: Change
    key: str
    answer: requests.Response


def locked(*, routes: Sequence[str] = tuple(CASES), patience: float = 1.0) -> Outcome:
    """These changing routes while another process writes: first for a moment, then for longer than they wait."""
    outcome = Outcome("requests to a locked database", "waits, then 503 with Retry-After, never 500; then recovers")
    with fresh_server() as server:
        changes = {name: CASES[name](Stage(server.url, f"{number}")) for number, name in enumerate(routes)}
        file = server.data / "tracker.db"
        outcome.miss(_waits(server.url, file))
        begun = time.monotonic()
        with _held(file):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                asked = [pool.submit(_ask, server.url, name, change) for name, change in changes.items()]
                reads = list(_reading_meanwhile(server.url, lambda: all(one.done() for one in asked)))
                sent = [one.result() for one in asked]
            waited = time.monotonic() - begun
        refused = [one for one in sent if one.answer.status_code == 503]
        outcome.miss(_wrong(sent))
        again = [(one.name, send(server.url, one.change, one.key)) for one in refused]
        outcome.miss(
            f"{name} afterwards: {answer.status_code} {answer.text}" for name, answer in again if not answer.ok
        )
        outcome.miss(fsck(server))
    outcome.expect(bool(refused), "no request met the lock: nothing was tried")
    outcome.expect(max(reads) < READ_S * patience, f"a read took {max(reads):.2f} s meanwhile")
    outcome.count(f"{len(sent)} changing routes, {len(refused)} × 503 within {waited:.1f} s, all answered afterwards")
    outcome.count(f"{len(reads)} reads meanwhile, {max(reads):.2f} s at most")
    return outcome


def _ask(url: str, name: str, change: Change) -> Sent:
    key = str(uuid.uuid4())
    return Sent(name, change, key, send(url, change, key))


def _waits(url: str, file: Path) -> list[str]:
    """A lock that is held for a moment is waited for: the request is answered as if nothing had been."""
    with ThreadPoolExecutor(1) as pool, _held(file) as holder:
        asked = pool.submit(_ask, url, "a project", Change("POST", "/projects", {"name": "waits"}))
        try:
            holder.wait(SHORT_WAIT_S)
        except subprocess.TimeoutExpired:
            _release(holder)
        answer = asked.result().answer
    return [] if answer.ok else [f"a lock of {SHORT_WAIT_S:g} s was not waited for: {answer.status_code} {answer.text}"]


def _wrong(sent: Sequence[Sent]) -> Iterator[str]:
    """What a lock may not be answered with: a 503 names when to come again; what needs no lock succeeds."""
    for one in sent:
        status = one.answer.status_code
        if status == 503 and not int(one.answer.headers.get("Retry-After", "0")) > 0:
            yield f"{one.name}: 503 does not say when to come again"
        elif status != 503 and not one.answer.ok:
            yield f"{one.name}: {status} {one.answer.text}"


def _reading_meanwhile(url: str, is_over: Callable[[], bool]) -> Iterator[float]:
    """Seconds of each read until it is over."""
    while True:
        begun = time.monotonic()
        ask(url, "GET", "/projects").raise_for_status()
        yield time.monotonic() - begun
        if is_over():
            return
        time.sleep(0.1)


@contextmanager
def _held(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the write lock of this SQLite file."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        _release(holder)
        if holder.stdout is not None:
            holder.stdout.close()


def _release(holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    if not holder.stdin.closed:
        holder.stdin.close()
    holder.wait(20)
