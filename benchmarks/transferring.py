"""Megabytes a second of a large file, from the client to the server and back, and what that does to the server."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figures import Ceiling, Figure
from benchmarks.processes import fresh_server, memory_of, train
from tests.processes import Server, environment, tracker, wait_until

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


def of_small_files(*, count: int) -> list[Figure]:
    """A folder of so many files of 200 to 2,000 bytes, no two alike, as one artifact."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name, fresh_server() as server:
        folder = Path(name) / "many"
        size = _fill_small(folder, count)
        bare_s = _bare_small_seconds(folder, Path(name) / "copy")
        up = train("upload", 1, server.url, str(folder))
        with _watched(server) as grown:
            listed = json.loads(urllib.request.urlopen(f"{server.url}/api/v1/runs/{up['run_id']}/artifacts").read())
        stored = sum(version["file_count"] for version in listed["artifacts"])
        if stored != count:
            raise RuntimeError(f"of {count} files the server has {stored}")
    bare = Ceiling("each file read, hashed and copied", [bare_s])
    what = f"{count:,} small files ({size / 1e6:,.0f} MB) as one artifact, up"
    return [
        Figure(f"{what}, from log_artifact() to acknowledged", "s", [up["seconds"]], ceiling=bare),
        Figure(f"{what}, until log_artifact() returns", "s", [up["kept_s"]], ceiling=bare),
        Figure(f"{what}, server memory grows while they are listed", "MiB", [max(grown) / MIB]),
    ]  # fmt: skip


def _fill_small(folder: Path, count: int) -> int:
    chance = np.random.default_rng(1)
    sizes = chance.integers(200, 2000, count).tolist()
    for number, size in enumerate(sizes):
        if number % 1000 == 0:
            (folder / f"{number // 1000:03}").mkdir(parents=True)
        (folder / f"{number // 1000:03}" / f"{number:06}.bin").write_bytes(chance.bytes(size))
    return sum(sizes)


def _bare_small_seconds(folder: Path, copy: Path) -> float:
    copy.mkdir()
    begun = time.perf_counter()
    for path in folder.rglob("*.bin"):
        data = path.read_bytes()
        (copy / hashlib.sha256(data).hexdigest()).write_bytes(data)
    seconds = time.perf_counter() - begun
    shutil.rmtree(copy)  # before a server syncs the disk, after which some take milliseconds to remove each file
    return seconds


def resumed(*, mebibytes: int) -> list[Figure]:
    """A client that is killed with -9 while its file is under way: how much of it the next one sends again."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name, fresh_server() as server:
        file, state = Path(name) / "weights.bin", Path(name) / "state"
        _fill(file, mebibytes * MIB, 1)
        env = environment(server.url, state)
        command = [sys.executable, "-m", "benchmarks.training", "upload", "1", str(file)]
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, start_new_session=True)
        incoming = server.data / "blobs" / "incoming"
        wait_until(lambda: _size_in(incoming) > mebibytes * MIB // 3, "a third has arrived", timeout_s=120)
        process.kill()
        process.wait()
        come = _size_in(incoming)
        begun = time.perf_counter()
        done = tracker(["sync"], env, timeout_s=300)
        seconds = time.perf_counter() - begun
        if done.returncode != 0:
            raise RuntimeError(f"tracker sync ended with {done.returncode}: {done.stderr}")
        (stored,) = (server.data / "blobs").glob("??/??/*")
        with stored.open("rb") as kept, file.open("rb") as sent:
            if hashlib.file_digest(kept, "sha256").digest() != hashlib.file_digest(sent, "sha256").digest():
                raise RuntimeError("what was stored is not what was sent")
    share = 100 * (1 - come / (mebibytes * MIB))
    return [
        Figure(f"{mebibytes:,} MiB, client killed in the middle: sent again by tracker sync", "%", [share],
               note="of the file, whose digest is verified as a whole"),
        Figure(f"{mebibytes:,} MiB, client killed in the middle: tracker sync takes", "s", [seconds]),
    ]  # fmt: skip


def _size_in(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except FileNotFoundError:  # got its final name
        return 0


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
