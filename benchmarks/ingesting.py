"""Points a second from `log()` to readable, and what they take on disk."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import sqlalchemy as sa

from benchmarks.figures import Ceiling, Figure
from benchmarks.filling import PROGRAM, START_MS
from benchmarks.processes import Backend, fresh_postgres, fresh_server, size_of, train
from benchmarks.training import METRICS, NAMES, rows
from tests.processes import Server
from tracker.records import Logged, decode, encode, frame, read_frames

BATCH_BYTES = 4 * 1024 * 1024
SMALLEST = 10_000
GOAL = 1_500_000
CURVE = "ingest of one run, until all is readable"


@dataclass(frozen=True)
class Taken:
    """One repetition: what it took until all was readable, and the bytes a point at rest.

    Those that PostgreSQL has in an empty database, its catalogue most of all, are apart.
    """

    seconds: float
    rate: float
    bytes_a_point: float
    empty_bytes: int


def figures(*, repetitions: int, points: int, growth_to: int, backend: Backend = "sqlite") -> list[Figure]:
    """One run of ten metrics, client and server on this machine: at so many points, and at each power of ten."""
    taken = [_take_in(points, backend) for _ in range(repetitions)]
    bare_rates = [points / _bare_seconds(points // METRICS, backend) for _ in range(repetitions)]
    noise = _take_in(points, backend, "noise")
    named = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[backend]
    at_rest = "of the data folder, with the server stopped"
    if backend == "postgresql":
        at_rest = (
            "of the database after VACUUM and of the data folder, without PostgreSQL's log and without the "
            f"{noise.empty_bytes / 1e6:.1f} MB that the same database has while it is empty"
        )
    return [
        Figure("ingest, one run, 10 metrics, all readable", "points/s", [one.rate for one in taken], GOAL,
               is_rate=True, ceiling=Ceiling(f"decode + bare {named} insert", bare_rates), note=f"{points:,} points"),
        Figure("on disk, float32 losses, everything counted", "bytes/point", [one.bytes_a_point for one in taken], 5.0,
               ceiling=Ceiling("a float32", [4.0]), note=f"{points:,} points, {at_rest}"),
        Figure("on disk, float64 noise, everything counted", "bytes/point", [noise.bytes_a_point], 8.0,
               ceiling=Ceiling("a float64", [8.0]), note=f"{points:,} points, {at_rest}"),
        *_growth(points, taken, growth_to, backend),
    ]  # fmt: skip


def _growth(points: int, taken: Sequence[Taken], growth_to: int, backend: Backend) -> Iterator[Figure]:
    size = SMALLEST
    while size <= growth_to:
        seconds = [one.seconds for one in (taken if size == points else [_take_in(size, backend)])]
        yield Figure(f"ingest of {size:,} points", "s", seconds, curve=CURVE, size=size)
        size *= 10


def _take_in(points: int, backend: Backend, kind: str = "losses") -> Taken:
    record_count = points // METRICS
    with fresh_server(backend) as server:
        empty = _database_size(server.database_url)
        done = train("ingest", record_count, server.url, kind)
        check_readable(server, done["run_id"], record_count)
        server.stop()
        size = size_of(server.data) + _database_size(server.database_url) - empty
    return Taken(done["seconds"], points / done["seconds"], size / points, empty)


def check_readable(server: Server, run_id: str, count: int) -> None:
    """Every series has all its points, or the figure would mean nothing."""
    body = {"runs": [run_id], "metrics": NAMES, "points": 100}
    answer = requests.post(f"{server.url}/api/v1/series", json=body, headers=PROGRAM, timeout=60).json()
    counts = {one["metric"]: one["count"] for one in answer["series"]}
    if counts != dict.fromkeys(NAMES, count):
        raise RuntimeError(f"of {count} points of each metric, the server has {counts}")


def _database_size(url: str | None) -> int:
    """Of tables and indexes, once the rows that are gone are free again, as PostgreSQL sees to by itself in a while.

    0 without an address: SQLite's file lies in the data folder, and counts as it is.
    """
    if url is None:
        return 0
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
        size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    engine.dispose()
    return int(size)


def _bare_seconds(record_count: int, backend: Backend) -> float:
    """Checking and decoding the same frames, and inserting their bytes into a table as durably, without a client."""
    values = rows()
    frames = [frame(seq, encode(Logged(seq, START_MS + seq, values[seq % len(values)]))) for seq in range(record_count)]
    a_batch = max(1, BATCH_BYTES // len(frames[-1]))
    batches = [b"".join(frames[start : start + a_batch]) for start in range(0, record_count, a_batch)]
    folder = tempfile.TemporaryDirectory(prefix="tracker-bench-", ignore_cleanup_errors=True)
    with folder as name, _bare_table(backend, Path(name)) as insert:
        begun = time.perf_counter()
        for batch in batches:
            for found in read_frames(batch):
                decode(found.payload)
            insert(batch)
        return time.perf_counter() - begun


@contextmanager
def _bare_table(backend: Backend, folder: Path) -> Iterator[Callable[[bytes], object]]:
    """What puts bytes into an empty table, each in a transaction that is on disk before it returns."""
    if backend == "sqlite":
        database = sqlite3.connect(folder / "bare.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE batches (payload BLOB)")
        yield lambda batch: database.execute("INSERT INTO batches VALUES (?)", (batch,))
        database.close()
        return
    with fresh_postgres(folder) as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE batches (payload BYTEA)")
            yield lambda batch: connection.exec_driver_sql("INSERT INTO batches VALUES (%s)", (batch,))
        engine.dispose()
