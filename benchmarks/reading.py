"""Milliseconds from a chart's request to its points, over HTTP."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import requests
from pcodec import ChunkConfig, standalone
from tsdownsample import MinMaxDownsampler

from benchmarks.figures import Ceiling, Figure
from benchmarks.filling import FIRST_STEP, METRIC, PROGRAM, losses, post_series
from benchmarks.processes import Backend, fresh_server
from tests.processes import Server

PIXELS = 2000
CHUNK_POINTS = 65_536
WARM_UP = 2
CURVE = "one series to a chart of 2,000 points"
GOALS_MS = {1_000_000: 30.0, 10_000_000: 150.0}
ZOOMED_GOAL_MS = 30.0
AS_THE_DASHBOARD = {**PROGRAM, "Accept": "application/vnd.msgpack"}
AS_JSON = {**PROGRAM, "Accept": "application/json"}


@dataclass(frozen=True)
class Bare:
    """Milliseconds of decoding and thinning, and of the thinning alone."""

    both: Sequence[float]
    thinning: Sequence[float]


def figures(*, repetitions: int, sizes: Sequence[int], backend: Backend = "sqlite") -> list[Figure]:
    """A series of each of these sizes, whole; and of the largest as JSON and a range of a thousandth."""
    made = []
    with fresh_server(backend) as server:
        for size in sizes:
            post_series(server, f"run{size}", size)
            made.append(_whole(server, size, repetitions))
        made += _of_largest(server, sizes[-1], repetitions)
    return made


def _whole(server: Server, size: int, repetitions: int) -> Figure:
    values = _timed(server, f"run{size}", None, repetitions)
    bare = _bare(size, repetitions)
    return Figure(
        f"series of {size:,} points to {PIXELS:,}, over HTTP", "ms", values, GOALS_MS.get(size),
        ceiling=Ceiling("decode the same columns + tsdownsample", bare.both), curve=CURVE, size=size,
        note=f"of the ceiling, tsdownsample alone {statistics.median(bare.thinning):.2f} ms",
    )  # fmt: skip


def _of_largest(server: Server, size: int, repetitions: int) -> list[Figure]:
    middle = FIRST_STEP + size / 2
    zoomed = _timed(server, f"run{size}", (middle, middle + size / 1000), repetitions)
    as_json = _timed(server, f"run{size}", None, repetitions, AS_JSON)
    bare = Ceiling("decode a chunk + tsdownsample", _bare(CHUNK_POINTS, repetitions).both)
    return [
        Figure(f"a thousandth of {size:,} points, over HTTP", "ms", zoomed, ZOOMED_GOAL_MS, ceiling=bare),
        Figure(f"series of {size:,} points to {PIXELS:,}, as JSON", "ms", as_json, GOALS_MS.get(size)),
    ]


def _timed(
    server: Server,
    run_id: str,
    chosen: tuple[float, float] | None,
    repetitions: int,
    headers: dict[str, str] = AS_THE_DASHBOARD,
) -> list[float]:
    """Milliseconds of each request, on one connection, after the first few."""
    body = {"runs": [run_id], "metrics": [METRIC], "points": PIXELS, "range": chosen}
    costs = []
    with requests.Session() as session:
        for _ in range(WARM_UP + repetitions):
            begun = time.perf_counter()
            answer = session.post(f"{server.url}/api/v1/series", json=body, headers=headers, timeout=60)
            costs.append(1000 * (time.perf_counter() - begun))
            answer.raise_for_status()
            if len(answer.content) < PIXELS:
                raise RuntimeError(f"{len(answer.content)} bytes are not a chart of {run_id}: {answer.content!r}")
    return costs[WARM_UP:]


def _bare(count: int, repetitions: int) -> Bare:
    """Decoding the same columns and thinning them: what no server could do without."""
    steps = np.arange(count, dtype=np.int64)
    values = losses(count)
    config = ChunkConfig(compression_level=4)
    starts = range(0, count, CHUNK_POINTS)
    packed = [
        (standalone.simple_compress(steps[at : at + CHUNK_POINTS], config),
         standalone.simple_compress(values[at : at + CHUNK_POINTS], config))
        for at in starts
    ]  # fmt: skip
    both, thinning = [], []
    for _ in range(WARM_UP + repetitions):
        begun = time.perf_counter()
        for at, (step_bytes, value_bytes) in zip(starts, packed, strict=True):
            standalone.simple_decompress_into(step_bytes, steps[at : at + CHUNK_POINTS])
            standalone.simple_decompress_into(value_bytes, values[at : at + CHUNK_POINTS])
        decoded = time.perf_counter()
        MinMaxDownsampler().downsample(steps, values, n_out=PIXELS)  # type: ignore[no-untyped-call]
        ended = time.perf_counter()
        both.append(1000 * (ended - begun))
        thinning.append(1000 * (ended - decoded))
    return Bare(both[WARM_UP:], thinning[WARM_UP:])
