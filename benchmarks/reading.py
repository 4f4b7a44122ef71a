"""Milliseconds from a chart's request to its points, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import requests
from pcodec import ChunkConfig, standalone
from tsdownsample import MinMaxDownsampler

from benchmarks.figures import Ceiling, Figure
from benchmarks.ingesting import PROGRAM, post_series
from benchmarks.processes import fresh_server
from tests.processes import Server

PIXELS = 2000
CHUNK_POINTS = 65_536
WARM_UP = 2


def figures(*, repetitions: int, sizes: Sequence[tuple[int, float]]) -> list[Figure]:
    """A series of each of these sizes, whole, with its goal in ms; and a zoomed range of the largest."""
    made = []
    with fresh_server() as server:
        for count, goal in sizes:
            post_series(server, f"run{count}", count)
            values = _timed(server, f"run{count}", None, repetitions)
            bare = Ceiling("decode + tsdownsample", _bare(count, repetitions))
            made.append(Figure(f"series of {count:,} points to {PIXELS}, over HTTP", "ms", values, goal, ceiling=bare))
        largest = sizes[-1][0]
        middle = largest / 2
        values = _timed(server, f"run{largest}", (middle, middle + largest / 1000), repetitions)
        made.append(Figure(f"a thousandth of {largest:,} points, over HTTP", "ms", values, 30.0))
    return made


def _timed(server: Server, run_id: str, chosen: tuple[float, float] | None, repetitions: int) -> list[float]:
    """Milliseconds of each request, on one connection, after the first few."""
    body = {"runs": [run_id], "metrics": ["train/loss"], "points": PIXELS, "range": chosen}
    costs = []
    with requests.Session() as session:
        for _ in range(WARM_UP + repetitions):
            begun = time.perf_counter()
            answer = session.post(f"{server.url}/api/v1/series", json=body, headers=PROGRAM, timeout=60)
            (series,) = answer.json()["series"]
            costs.append(1000 * (time.perf_counter() - begun))
            if not series["x"]:
                raise RuntimeError(f"the answer has no points: {series}")
    return costs[WARM_UP:]


def _bare(count: int, repetitions: int) -> list[float]:
    """Decoding the same columns and thinning them: what no server could do without."""
    chance = np.random.default_rng(7)
    noise = chance.normal(0.0, 0.01, count)
    steps = np.arange(count, dtype=np.int64)
    values = (3.0 / (1.0 + steps / 1e5) + noise).astype(np.float32).astype(np.float64)
    config = ChunkConfig(compression_level=4)
    starts = range(0, count, CHUNK_POINTS)
    packed = [
        (standalone.simple_compress(steps[at : at + CHUNK_POINTS], config),
         standalone.simple_compress(values[at : at + CHUNK_POINTS], config))
        for at in starts
    ]  # fmt: skip
    costs = []
    for _ in range(WARM_UP + repetitions):
        begun = time.perf_counter()
        for at, (step_bytes, value_bytes) in zip(starts, packed, strict=True):
            standalone.simple_decompress_into(step_bytes, steps[at : at + CHUNK_POINTS])
            standalone.simple_decompress_into(value_bytes, values[at : at + CHUNK_POINTS])
        MinMaxDownsampler().downsample(steps, values, n_out=PIXELS)  # type: ignore[no-untyped-call]
        costs.append(1000 * (time.perf_counter() - begun))
    return costs[WARM_UP:]
