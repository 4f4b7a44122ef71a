"""The training process of the benchmarks: logs ten metrics a step and prints, as JSON, what that cost it.

    python -m benchmarks.training <what> <count> [<more>]

Run in a process of its own, with TRACKER_URL and TRACKER_DIR set. `what` is one of the functions of `WORK`.
"""

from __future__ import annotations

import json
import math
import os
import random
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import tracker
from tracker.records import Logged, encode, frame

METRICS = 10
NAMES = [f"train/metric_{number}" for number in range(METRICS)]
PAUSE_S = 0.001
VARIANTS = 1009
"""Rows of values are made before the clock runs, and gone through in turn."""

UNLIKE = 100_003
"""So many where the bytes on disk count: a chunk of 65,536 points then holds no value twice."""

Row = dict[str, float]


def rows(count: int = VARIANTS) -> list[Row]:
    """Noisy losses as a float32 model gives them, each row of ten metrics."""
    chance = random.Random(7)
    as_float32 = struct.Struct("f")
    made = []
    for number in range(count):
        height = math.exp(-3 * number / count)
        noisy = [height + chance.gauss(0.0, 0.01) for _ in NAMES]
        made.append({name: as_float32.unpack(as_float32.pack(y))[0] for name, y in zip(NAMES, noisy, strict=True)})
    return made


def noise(count: int = VARIANTS) -> list[Row]:
    """Rows of ten numbers that use every bit of a float64."""
    chance = random.Random(7)
    return [{name: chance.gauss(0.0, 1.0) for name in NAMES} for _ in range(count)]


def start() -> tracker.Run:
    return tracker.init("bench", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=0.5)


def tight(count: int) -> dict[str, float]:
    """Microseconds of one `log()` in a loop that does nothing else, and of `os.write` of the same bytes."""
    values = rows()
    run = start()
    clock = time.perf_counter_ns
    costs = []
    for step in range(count):
        row = values[step % VARIANTS]
        begun = clock()
        run.log(row)
        costs.append(clock() - begun)
    run.finish()
    return {**_percentiles(costs), **_bare_write(values, count)}


def paced(count: int) -> dict[str, float]:
    """The same at a thousand calls a second, as a fast training loop makes them."""
    values = rows()
    run = start()
    clock = time.perf_counter_ns
    costs = []
    for step in range(count):
        time.sleep(PAUSE_S)
        row = values[step % VARIANTS]
        begun = clock()
        run.log(row)
        costs.append(clock() - begun)
    run.finish()
    return {**_percentiles(costs), **_bare_write(values, count, pause_s=PAUSE_S)}


def ingest(count: int, kind: str = "losses") -> dict[str, float | str]:
    """Seconds from the first `log()` until the server has acknowledged the last."""
    values = {"losses": rows, "noise": noise}[kind](UNLIKE)
    run = tracker.init("bench", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=600)
    begun = time.perf_counter()
    for step in range(count):
        run.log(values[step % UNLIKE])
    logged = time.perf_counter()
    run.finish()
    return {"run_id": run.id, "logging_s": logged - begun, "seconds": time.perf_counter() - begun}


def first_log(_count: int) -> dict[str, float]:
    """Milliseconds until `init()` and the first `log()` returned, as a program has it that captures everything.

    The bare ones are a folder with a file in it, and a thread.
    """
    begun = time.perf_counter()
    run = tracker.init("bench", finish_timeout_s=0.5)
    started = time.perf_counter()
    run.log({"loss": 1.0})
    passed = time.perf_counter() - begun
    run.finish()
    return {"init_ms": 1000 * (started - begun), "first_log_ms": 1000 * passed, "bare_ms": _bare_start_ms()}


def wide(keys: int, calls: str) -> dict[str, float]:
    """Microseconds of one `log()` of that many keys, the same ones in each of the calls, and of `os.write` alone."""
    names = [f"layer_{number // 10}/weight_{number % 10}" for number in range(keys)]
    chance = random.Random(7)
    run = start()
    clock = time.perf_counter_ns
    costs = []
    for _ in range(int(calls)):
        row = {name: chance.random() for name in names}
        begun = clock()
        run.log(row)
        costs.append(clock() - begun)
    run.finish()
    return {**_percentiles(costs), **_bare_write([row], int(calls))}


def finish(count: int) -> dict[str, float]:
    """Seconds that `finish()` takes, beside the limit that it was given."""
    limit_s = 2.0
    values = rows()
    run = tracker.init(
        "bench", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=limit_s
    )
    for step in range(count):
        run.log(values[step % VARIANTS])
    begun = time.perf_counter()
    run.finish()
    return {"limit_s": limit_s, "seconds": time.perf_counter() - begun}


def upload(_count: int, path: str) -> dict[str, float | str]:
    """Seconds until a file is kept by the client, and until the server has acknowledged it."""
    run = tracker.init("bench", system_interval_s=0, capture_code=False, capture_console=False, finish_timeout_s=600)
    begun = time.perf_counter()
    run.log_artifact(path, "bench", "file")
    kept = time.perf_counter()
    run.finish()
    return {"run_id": run.id, "kept_s": kept - begun, "seconds": time.perf_counter() - begun}


def download(_count: int, run_id: str, folder: str) -> dict[str, float]:
    """Seconds until every file of a run lies in the folder, verified."""
    run = tracker.Api().run(run_id)
    begun = time.perf_counter()
    run.download(folder)
    return {"seconds": time.perf_counter() - begun}


def _bare_write(values: list[Row], count: int, *, pause_s: float = 0.0) -> dict[str, float]:
    """Of `os.write` of the same bytes, at the same pace."""
    frames = [frame(number, encode(Logged(number, 0, row))) for number, row in enumerate(values)]
    clock = time.perf_counter_ns
    costs = []
    with tempfile.NamedTemporaryFile(dir=os.environ["TRACKER_DIR"]) as file:
        descriptor = file.fileno()
        for number in range(count):
            data = frames[number % len(frames)]
            if pause_s:
                time.sleep(pause_s)
            begun = clock()
            os.write(descriptor, data)
            costs.append(clock() - begun)
    return {f"bare_{key}": value for key, value in _percentiles(costs).items()}


def _bare_start_ms() -> float:
    begun = time.perf_counter()
    folder = os.path.join(os.environ["TRACKER_DIR"], "bare")
    os.mkdir(folder)
    with open(os.path.join(folder, "journal"), "wb", buffering=0) as file:
        file.write(b"started")
    thread = threading.Thread(target=time.time)
    thread.start()
    thread.join()
    return 1000 * (time.perf_counter() - begun)


def _percentiles(costs: list[int]) -> dict[str, float]:
    costs.sort()
    return {"p50_us": costs[len(costs) // 2] / 1000, "p99_us": costs[len(costs) * 99 // 100] / 1000}


WORK: dict[str, Callable[..., object]] = {
    "tight": tight,
    "paced": paced,
    "ingest": ingest,
    "first_log": first_log,
    "wide": wide,
    "finish": finish,
    "upload": upload,
    "download": download,
}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])))
