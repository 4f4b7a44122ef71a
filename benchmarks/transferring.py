"""Megabytes a second of a large file, from the client to the server and back, and what that does to the server."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figures import Ceiling, Figure
from benchmarks.processes import fresh_server, memory_of, train
from tests.processes import Server

MIB = 1024 * 1024
PART_BYTES = 16 * MIB
GOAL_MB_S = 400.0
MEMORY_GOAL_MIB = 64.0
LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Moved:
    """One repetition: megabytes a second, and by how many bytes the server's memory grew at most."""

    up: float
    acknowledged: float
    down: float
    bare: float
    growth_up: int
    growth_down: int


def figures(*, repetitions: int, mebibytes: int) -> list[Figure]:
    """A file that cannot be compressed, other bytes in each repetition."""
    moved = [_move(mebibytes, seed) for seed in range(repetitions)]
    bare = Ceiling("plain copy + sha256", [one.bare for one in moved])
    what = f"artifact of {mebibytes:,} MiB"
    return [
        Figure(f"{what}, up, from log_artifact() to acknowledged", "MB/s", [one.up for one in moved], GOAL_MB_S,
               is_rate=True, ceiling=bare, note="the client's own copy of the file is in it"),
        Figure(f"{what}, up, once the client has its copy", "MB/s", [one.acknowledged for one in moved], GOAL_MB_S,
               is_rate=True, ceiling=bare),
        Figure(f"{what}, down, verified", "MB/s", [one.down for one in moved], GOAL_MB_S, is_rate=True, ceiling=bare),
        Figure(f"{what}, server memory grows on its way up", "MiB", [one.growth_up / MIB for one in moved],
               MEMORY_GOAL_MIB),
        Figure(f"{what}, server memory grows on its way down", "MiB", [one.growth_down / MIB for one in moved],
               MEMORY_GOAL_MIB),
    ]  # fmt: skip


def _move(mebibytes: int, seed: int) -> Moved:
    megabytes = mebibytes * MIB / 1e6
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name, fresh_server() as server:
        file = Path(name) / "weights.bin"
        _fill(file, mebibytes * MIB, seed)
        bare_s = _bare_seconds(file)
        with _watched(server) as grown_up:
            up = train("upload", 1, server.url, str(file))
        with _watched(server) as grown_down:
            down = train("download", 1, server.url, up["run_id"], str(Path(name) / "back"))
        (back,) = [found for found in (Path(name) / "back").rglob("*") if found.is_file()]
        if back.stat().st_size != mebibytes * MIB:
            raise RuntimeError(f"{mebibytes} MiB came back as {back.stat().st_size} bytes")
    return Moved(
        megabytes / up["seconds"], megabytes / (up["seconds"] - up["kept_s"]), megabytes / down["seconds"],
        megabytes / bare_s, max(grown_up), max(grown_down),
    )  # fmt: skip


def _fill(file: Path, size: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    with file.open("wb") as target:
        for start in range(0, size, PART_BYTES):
            target.write(chance.bytes(min(PART_BYTES, size - start)))


def _bare_seconds(file: Path) -> float:
    copy = file.with_suffix(".copy")
    begun = time.perf_counter()
    shutil.copyfile(file, copy)
    with copy.open("rb") as source:
        hashlib.file_digest(source, "sha256")
    seconds = time.perf_counter() - begun
    copy.unlink()
    return seconds


@contextmanager
def _watched(server: Server) -> Iterator[list[int]]:
    """By how many bytes the server's memory has grown since the start, looked at again and again."""
    before = memory_of(server)
    grown = [0]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            grown.append(memory_of(server) - before)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield grown
    finally:
        is_over.set()
        watcher.join()
