"""Points a second from `log()` to readable, and what they take on disk."""

from __future__ import annotations

import random
import sqlite3
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.figures import Ceiling, Figure
from benchmarks.processes import fresh_server, size_of, train
from benchmarks.training import METRICS, NAMES, rows
from tests.processes import Server
from tracker.records import Logged, decode, encode, frame, read_frames

BATCH_BYTES = 4 * 1024 * 1024
PROGRAM = {"X-Tracker-Client": "benchmark"}
START_MS = 1_750_000_000_000


@dataclass(frozen=True)
class Taken:
    """One repetition: points a second, bytes a point at rest, and the same decoded and inserted by bare parts."""

    rate: float
    bare_rate: float
    bytes_a_point: float


def figures(*, repetitions: int, points: int) -> list[Figure]:
    """One run of ten metrics, client and server on this machine."""
    taken = [_take_in(points // METRICS) for _ in range(repetitions)]
    bare = Ceiling("decode + bare SQLite insert", [one.bare_rate for one in taken])
    rates = [one.rate for one in taken]
    return [
        Figure("ingest, one run, 10 metrics, all readable", "points/s", rates, 1_500_000, is_rate=True, ceiling=bare),
        Figure(
            "on disk, float32 losses, everything counted",
            "bytes/point",
            [one.bytes_a_point for one in taken],
            5.0,
            ceiling=Ceiling("a float32", [4.0]),
            note="of the data folder, with the server stopped",
        ),
    ]


def _take_in(record_count: int) -> Taken:
    with fresh_server() as server:
        done = train("ingest", record_count, server.url)
        check_readable(server, done["run_id"], record_count)
        server.stop()
        size = size_of(server.data)
    points = record_count * METRICS
    return Taken(points / done["seconds"], points / _bare_seconds(record_count), size / points)


def check_readable(server: Server, run_id: str, count: int) -> None:
    """Every series has all its points, or the figure would mean nothing."""
    body = {"runs": [run_id], "metrics": NAMES, "points": 100}
    answer = requests.post(f"{server.url}/api/v1/series", json=body, headers=PROGRAM, timeout=60).json()
    counts = {one["metric"]: one["count"] for one in answer["series"]}
    if counts != dict.fromkeys(NAMES, count):
        raise RuntimeError(f"of {count} points of each metric, the server has {counts}")


def _bare_seconds(record_count: int) -> float:
    """Checking and decoding the same frames, and inserting their bytes into SQLite as durably, without a client."""
    values = rows()
    frames = [frame(seq, encode(Logged(seq, START_MS + seq, values[seq % len(values)]))) for seq in range(record_count)]
    a_batch = max(1, BATCH_BYTES // len(frames[-1]))
    batches = [b"".join(frames[start : start + a_batch]) for start in range(0, record_count, a_batch)]
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        database = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE batches (payload BLOB)")
        begun = time.perf_counter()
        for batch in batches:
            for found in read_frames(batch):
                decode(found.payload)
            database.execute("INSERT INTO batches VALUES (?)", (batch,))
        seconds = time.perf_counter() - begun
        database.close()
    return seconds


def post_series(server: Server, run_id: str, count: int) -> None:
    """Give the server one series of `count` points, over its own route, without a client's cost."""
    from tracker.records import RunStarted

    chance = random.Random(7)
    as_float32 = struct.Struct("f")
    address = f"{server.url}/api/v1/runs/{run_id}/journal?writer=w0"
    frames = [frame(0, encode(RunStarted(START_MS, run_id, "bench", "w0")))]
    with requests.Session() as session:
        for step in range(count):
            (value,) = as_float32.unpack(as_float32.pack(3.0 / (1.0 + step / 1e5) + chance.gauss(0.0, 0.01)))
            frames.append(frame(step + 1, encode(Logged(step, START_MS + step, {"train/loss": value}))))
            if len(frames) >= 100_000 or step == count - 1:
                session.post(address, data=b"".join(frames), headers=PROGRAM, timeout=120).raise_for_status()
                frames.clear()
