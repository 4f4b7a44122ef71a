"""Many live runs at once: a thousand training loops that log ten metrics a second, on one server.

The traffic is the client's: frames of a journal over a connection that stays open, gathered for as long as the server
asks, one request of a run at a time; what is logged while a request is on its way goes with the next one. It comes from
one lean process without threads, so that the server has most of the machine.
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from benchmarks.figures import Ceiling, Figure
from benchmarks.filling import PROGRAM
from benchmarks.processes import ROOT, Backend, fresh_server
from tests.processes import Server
from tracker.records import EnvironmentCaptured, Logged, Record, RunStarted, encode, frame
from tracker.sender import FLUSH_S, flush_s

RUNS = 1000
METRICS = 10
LOG_EVERY_S = 1.0
NAMES = [f"train/metric_{number}" for number in range(METRICS)]
MIB = 1024 * 1024


@dataclass(frozen=True)
class Held:
    """What one stretch of traffic measured. An age is how long ago the oldest step of a request was logged when it was
    stored. Memory is the server's, at a tenth, at half and at the end of it."""

    seconds: float
    latencies_ms: Sequence[float]
    ages_ms: Sequence[float]
    records: int
    errors: int
    flush_s: float
    memory: Sequence[int]
    server_cores: float
    bare_ms: Sequence[float]


def figures(*, seconds: int, runs: int = RUNS, backend: Backend = "sqlite") -> list[Figure]:
    """So many runs for so many seconds, once; every point is looked for at the end."""
    held = _hold(seconds, runs, backend)
    what = f"{runs:,} live runs × {METRICS} metrics × 1 Hz"
    order, ages = sorted(held.latencies_ms), sorted(held.ages_ms)
    bare = sorted(held.bare_ms)
    first, middle, last = (size / MIB for size in held.memory)
    load = f"{len(order) / held.seconds:.0f} requests/s, {seconds} s, the server on {held.server_cores:.2f} cores"
    return [
        Figure(f"{what}: stored", "points/s", [held.records * METRICS / held.seconds], 0.98 * runs * METRICS,
               is_rate=True, note=load),
        Figure(f"{what}: a request, p50", "ms", [_quantile(order, 0.5)],
               ceiling=Ceiling("the same pace, nothing stored", [_quantile(bare, 0.5)])),
        Figure(f"{what}: a request, p99", "ms", [_quantile(order, 0.99)], 100.0,
               ceiling=Ceiling("the same pace, nothing stored", [_quantile(bare, 0.99)])),
        Figure(f"{what}: from log() to stored, p99", "s", [_quantile(ages, 0.99) / 1000], 5.0,
               note=f"writers were asked to gather for {held.flush_s:.1f} s"),
        Figure(f"{what}: requests that failed", "", [float(held.errors)], 0.0),
        Figure(f"{what}: server memory, from a tenth of the time to its end", "MiB", [last - first], 16.0,
               note=f"{first:.0f} MiB at a tenth, {middle:.0f} at half, {last:.0f} at the end"),
        Figure(f"{what}: server", "cores", [held.server_cores]),
    ]  # fmt: skip


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _hold(seconds: int, runs: int, backend: Backend) -> Held:
    with fresh_server(backend) as server:
        command = [sys.executable, "-m", "benchmarks.live_runs", server.url, str(seconds), "--runs", str(runs)]
        load = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert load.stdout is not None
            load.stdout.readline()  # every run is known from here on
            watch = _Watch(server, seconds)
            printed, _ = load.communicate(timeout=seconds + 120)
        finally:
            load.kill()
        if load.returncode != 0:
            raise RuntimeError(f"the traffic ended with status {load.returncode}; it printed why above")
        memory, cores = watch.ended()
        done: dict[str, Any] = json.loads(printed)
        _check_stored(server, done["steps"])
        bare_ms = _bare(server, max(5, seconds // 10), runs, done["flush_s"])
    stored = sum(done["steps"]) - runs  # the first step of each run came before
    return Held(
        done["seconds"],
        done["latencies_ms"],
        done["ages_ms"],
        stored,
        done["errors"],
        done["flush_s"],
        memory,
        cores,
        bare_ms,
    )


def _bare(server: Server, seconds: int, runs: int, every_s: float) -> list[float]:
    """Milliseconds of as many requests at the same pace that the server answers without a database."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.live_runs",
        server.url,
        str(seconds),
        "--runs",
        str(runs),
        "--bare",
        str(every_s),
    ]
    load = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=seconds + 300, check=True)
    found: list[float] = json.loads(load.stdout.splitlines()[-1])["latencies_ms"]
    return found


def _check_stored(server: Server, steps: Sequence[int]) -> None:
    """Every run has what was acknowledged, or the figures would mean nothing."""
    for start in range(0, len(steps), 100):
        ids = [_run_id(number) for number in range(start, min(start + 100, len(steps)))]
        body = {"runs": ids, "metrics": NAMES[:1], "points": 10}
        answer = requests.post(f"{server.url}/api/v1/series", json=body, headers=PROGRAM, timeout=60).json()
        counts = {one["run"]: one["count"] for one in answer["series"]}
        expected = {run_id: steps[start + place] for place, run_id in enumerate(ids)}
        if counts != expected:
            wrong = {
                run_id: (counts.get(run_id), count) for run_id, count in expected.items() if counts.get(run_id) != count
            }
            raise RuntimeError(f"points stored and acknowledged differ: {wrong}")


class _Watch:
    """The server's memory and processor time while the traffic is on.

    Memory is what it has for itself: pages of the database's file that it has mapped are the system's to take.
    """

    def __init__(self, server: Server, seconds: int) -> None:
        assert server.process is not None
        parent = psutil.Process(server.process.pid)
        self._processes = [parent, *parent.children(recursive=True)]
        self._begun = time.monotonic()
        self._cpu_s = self._spent()
        self._memory: list[int] = []
        self._timers = [threading.Timer(seconds * share, self._weigh) for share in (0.1, 0.5, 0.98)]
        for timer in self._timers:
            timer.start()

    def ended(self) -> tuple[list[int], float]:
        """Bytes at the three moments, and the cores that were kept busy."""
        for timer in self._timers:
            timer.join()
        return self._memory, (self._spent() - self._cpu_s) / (time.monotonic() - self._begun)

    def _spent(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._processes)

    def _weigh(self) -> None:
        infos = [process.memory_info() for process in self._processes]
        self._memory.append(sum(info.rss - info.shared for info in infos))


def _run_id(number: int) -> str:
    return f"live{number:06d}"


@dataclass
class _Run:
    """One live run: what it has logged that is not acknowledged yet, and the connection that it has open."""

    number: int
    address: tuple[str, int]
    is_bare: bool = False
    due_s: float = 0.0
    logs_at_s: float = 0.0
    written: int = 0
    logged: int = 0
    sent: int = 0
    sent_at_s: float = 0.0
    flush_s: float = FLUSH_S
    connection: socket.socket | None = None
    taken: bytes = b""
    frames: list[bytes] = field(default_factory=list)

    def head(self, length: int) -> bytes:
        """What comes before the body, as requests says it."""
        if self.is_bare:
            return f"GET /healthz HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\n\r\n".encode()
        path = f"/api/v1/runs/{_run_id(self.number)}/journal?writer=w0"
        return (
            f"POST {path} HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\n"
            "X-Tracker-Client: python/benchmark\r\nUser-Agent: benchmark\r\nAccept-Encoding: gzip, deflate\r\n"
            "Accept: */*\r\nConnection: keep-alive\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def log(self, chance: random.Random, now_s: float) -> None:
        """Log one more step, a second after the last one."""
        values = {name: chance.random() for name in NAMES}
        self.write(Logged(self.written, int(now_s * 1000), values))
        self.logged += 1
        self.logs_at_s += LOG_EVERY_S

    def write(self, record: Record) -> None:
        self.frames.append(frame(self.written, encode(record)))
        self.written += 1

    def acknowledge(self, body: bytes) -> None:
        """Forget what the server has, and gather for as long as it says."""
        del self.frames[: self.sent]
        if self.is_bare:
            return
        answer = json.loads(body)
        self.flush_s = flush_s(answer.get("flush_after_ms", 0) / 1000)
        if answer["next_seq"] != self.written - len(self.frames):
            raise RuntimeError(f"run {self.number} has sent {self.written - len(self.frames)} records: {body!r}")

    def send(self) -> None:
        """Send all that is not acknowledged."""
        body = b"".join(self.frames)
        if self.connection is None:
            self.connection = socket.create_connection(self.address, timeout=30)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = len(self.frames)
        self.sent_at_s = time.perf_counter()
        self.connection.sendall(self.head(len(body)) + (b"" if self.is_bare else body))

    def receive(self) -> tuple[int, bytes] | None:
        """The answer's status and body, None while it is not whole."""
        assert self.connection is not None
        part = self.connection.recv(65536)
        if not part:
            self.disconnect()
            return 0, b""
        self.taken += part
        head, separator, body = self.taken.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return None
        self.taken = b""
        return int(head.split(b" ", 2)[1]), body

    def disconnect(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection, self.taken = None, b""


class _Traffic:
    """All runs, in one thread. With `bare_every_s` they ask so often for what needs no database, and store nothing."""

    def __init__(self, url: str, runs: int, *, bare_every_s: float | None) -> None:
        parts = urlsplit(url)
        address = (str(parts.hostname), int(parts.port or 80))
        self._chance = random.Random(7)
        flush_s, is_bare = bare_every_s or FLUSH_S, bare_every_s is not None
        self._runs = [_Run(number, address, is_bare, flush_s=flush_s) for number in range(runs)]
        self._selector = selectors.DefaultSelector()
        self.latencies_ms: list[float] = []
        self.ages_ms: list[float] = []
        self.errors = 0

    def start(self) -> None:
        """Make every run known with what its machine is and a first step, one after the other."""
        environment = {"packages": {f"package-{number}": f"{number}.0.1" for number in range(300)}}
        for run in self._runs:
            now_ms = int(time.time() * 1000)
            run.write(RunStarted(now_ms, _run_id(run.number), "live", "w0"))
            run.write(EnvironmentCaptured(now_ms, environment))
            run.log(self._chance, time.time())
            run.send()
            answer = None
            while answer is None:
                answer = run.receive()
            if answer[0] != 200:
                raise RuntimeError(f"run {run.number} could not be started: {answer}")
            run.acknowledge(answer[1])
            assert run.connection is not None
            self._selector.register(run.connection, selectors.EVENT_READ, run)

    def go_on(self, seconds: int) -> float:
        """Log and send for so long, then wait for what is under way. Returns how long it took."""
        begun = time.perf_counter()
        end = begun + seconds
        for place, run in enumerate(self._runs):
            run.logs_at_s = begun + LOG_EVERY_S * self._chance.random()
            run.due_s = begun + run.flush_s * place / len(self._runs)
        under_way: set[int] = set()
        while time.perf_counter() < end or under_way:
            now = time.perf_counter()
            if now < end:
                self._send_due(now, under_way)
            elif now > end + 60:
                raise RuntimeError(f"{len(under_way)} requests are not answered a minute after the end")
            for key, _ in self._selector.select(0.002):
                self._take(key.data, under_way)
        return time.perf_counter() - begun

    def _send_due(self, now: float, under_way: set[int]) -> None:
        for run in self._runs:
            while run.logs_at_s <= now:
                run.log(self._chance, run.logs_at_s)
            if run.due_s <= now and run.number not in under_way:
                if run.frames:
                    under_way.add(run.number)
                    self._send(run)
                else:
                    run.due_s += run.flush_s

    def _send(self, run: _Run) -> None:
        was_open = run.connection is not None
        run.send()
        if not was_open:
            assert run.connection is not None
            self._selector.register(run.connection, selectors.EVENT_READ, run)

    def _take(self, run: _Run, under_way: set[int]) -> None:
        connection = run.connection
        answer = run.receive()
        if answer is None:
            return
        if run.connection is None and connection is not None:
            self._selector.unregister(connection)
        now = time.perf_counter()
        self.latencies_ms.append(1000 * (now - run.sent_at_s))
        under_way.discard(run.number)
        status, body = answer
        if status == 200:
            oldest_s = run.logs_at_s - LOG_EVERY_S * len(run.frames)
            self.ages_ms.append(1000 * (now - oldest_s))
            run.acknowledge(body)
            run.due_s = now + run.flush_s
        else:
            self.errors += 1
            run.due_s = now + 1.0 + self._chance.random()

    @property
    def flush_s(self) -> float:
        """How long the runs gather, in the mean, as they were told last."""
        return sum(run.flush_s for run in self._runs) / len(self._runs)

    def steps(self) -> list[int]:
        """How many steps of each run are acknowledged."""
        return [run.logged - len(run.frames) for run in self._runs]


def main() -> None:
    """Be the traffic: print a line when every run is known, and what was measured at the end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_runs", description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("seconds", type=int)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--bare", type=float, help="ask, every so many seconds, for what needs no database")
    options = parser.parse_args()
    traffic = _Traffic(options.url, options.runs, bare_every_s=options.bare)
    traffic.start()
    print("known", flush=True)
    seconds = traffic.go_on(options.seconds)
    done = {"seconds": seconds, "latencies_ms": traffic.latencies_ms, "errors": traffic.errors}
    print(json.dumps({**done, "ages_ms": traffic.ages_ms, "flush_s": traffic.flush_s, "steps": traffic.steps()}))


if __name__ == "__main__":
    main()
