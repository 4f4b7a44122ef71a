"""Milliseconds from asking for many runs at once to their lines, to the curves of their groups, and to what is new.

Everything goes over HTTP, on one connection, as the dashboard asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import requests
from pcodec import ChunkConfig, standalone
from tsdownsample import MinMaxDownsampler

from benchmarks.figures import WARM_UP, Ceiling, Figure, milliseconds
from benchmarks.filling import METRIC, PROGRAM, START_MS
from benchmarks.processes import Backend, fresh_server
from tests.processes import Server
from tracker.records import ConfigChanged, Logged, Record, RunFinished, RunStarted, encode, frame

RUNS = 100
GROUPS = 20
POINTS = 10_000
PIXELS = 400
COMPARED_GOAL_MS = 250.0
GROUPED_GOAL_MS = 400.0
PROJECT = "compared"
SPARSE = "val/loss"
"""A metric that each run logs at steps of its own, so that no two of a group have them all in common."""

LIVE_RUNS = 20
CHARTS = 12
LIVE_POINTS = 10_000
"""How many points each live series has already, all of them in the tail of its run."""

NEW_POINTS = 10
LIVE_GOAL_MS = 20.0
LIVE_PROJECT = "live"
LIVE_METRICS = [f"train/metric_{number}" for number in range(CHARTS)]

AS_THE_DASHBOARD = {**PROGRAM, "Accept": "application/vnd.msgpack"}

Answer = dict[str, Any]


def figures(*, repetitions: int, backend: Backend = "sqlite") -> list[Figure]:
    """A hundred runs as lines and as twenty groups of five seeds, and twenty runs that go on."""
    with fresh_server(backend) as server, requests.Session() as http:
        for number in range(RUNS):
            _post(http, server, _run_id(number), _compared_run(number), first=0)
        return [*_compared(http, server, repetitions), _live(http, server, repetitions)]


def _compared(http: requests.Session, server: Server, repetitions: int) -> list[Figure]:
    size = f"{RUNS} runs × {POINTS:,} points"
    groups = f"{size} aggregated into {GROUPS} groups"
    chart = {"runs": [_run_id(number) for number in range(RUNS)], "metrics": [METRIC], "points": PIXELS}
    band = {**chart, "band": True, "smoothing": {"kind": "time_ema", "amount": 0.6}}

    def lines(body: Answer) -> list[float]:
        return milliseconds(repetitions, lambda: _lines(_ask(http, server, "/series", body)))

    def curves(**wanted: Any) -> list[float]:
        body = {"project": PROJECT, "metrics": [METRIC], "except_keys": ["config.seed"], "points": PIXELS}
        return milliseconds(repetitions, lambda: _curves(_ask(http, server, "/groups/series", {**body, **wanted})))

    decoded = "decode the same columns + "
    return [
        Figure(f"{size} compared", "ms", lines(chart), COMPARED_GOAL_MS,
               ceiling=Ceiling(decoded + "tsdownsample", _bare(repetitions, _thin_each)),
               note=f"{PIXELS} points of each"),
        Figure(f"{size} compared, smoothed and with bands", "ms", lines(band)),
        Figure(groups, "ms", curves(band="min_max"), GROUPED_GOAL_MS,
               ceiling=Ceiling(decoded + "mean and extremes + tsdownsample", _bare(repetitions, _thin_groups)),
               note=f"mean, minimum and maximum of each group, {PIXELS} points of each"),
        Figure(f"{groups}, bootstrap interval", "ms", curves(band="ci95"), GROUPED_GOAL_MS),
        Figure(f"{groups}, median and bootstrap interval", "ms", curves(statistic="median", band="ci95"),
               GROUPED_GOAL_MS),
        Figure(f"{groups}, each run at steps of its own", "ms", curves(metrics=[SPARSE], band="min_max"),
               GROUPED_GOAL_MS),
        Figure(f"{groups}, each run at steps of its own, interpolated", "ms",
               curves(metrics=[SPARSE], band="min_max", align="interpolate"), GROUPED_GOAL_MS),
    ]  # fmt: skip


def _live(http: requests.Session, server: Server, repetitions: int) -> Figure:
    """A page that asks again after each run has logged a little more."""
    runs = [_live_id(number) for number in range(LIVE_RUNS)]
    for run_id in runs:
        _post(
            http,
            server,
            run_id,
            [RunStarted(START_MS, run_id, LIVE_PROJECT, "w0"), *_live_points(0, LIVE_POINTS)],
            first=0,
        )
    path = f"/projects/{LIVE_PROJECT}/live"
    body: Answer = {"runs": runs, "metrics": LIVE_METRICS, "points": PIXELS, "columns": []}
    counts = {series["id"]: series["count"] for series in _ask(http, server, path, body)["series"]}
    costs, bare = [], []
    for step in range(LIVE_POINTS, LIVE_POINTS + (WARM_UP + repetitions) * NEW_POINTS, NEW_POINTS):
        for run_id in runs:
            _post(http, server, run_id, _live_points(step, step + NEW_POINTS), first=1 + step)
        begun = time.perf_counter()
        answer = _ask(http, server, path, {**body, "counts": counts})
        costs.append(1000 * (time.perf_counter() - begun))
        bare.append(_bare_exchange(http, server, answer))
        _check_new(answer, step)
        counts |= {series["id"]: series["count"] for series in answer["series"]}
    return Figure(
        f"live delta of {LIVE_RUNS} runs × {CHARTS} charts", "ms", costs[WARM_UP:], LIVE_GOAL_MS,
        ceiling=Ceiling("a request that does nothing + packing and unpacking the same answer", bare[WARM_UP:]),
        note=f"{NEW_POINTS} new points of each series, and only these; {LIVE_POINTS:,} or more were there",
    )  # fmt: skip


def _run_id(number: int) -> str:
    return f"compared{number:03}"


def _live_id(number: int) -> str:
    return f"live{number:03}"


def _compared_run(number: int) -> Iterator[Record]:
    """A run that has ended, with its config and its two metrics."""
    yield RunStarted(START_MS, _run_id(number), PROJECT, "w0")
    yield ConfigChanged(START_MS, {"lr": number % GROUPS, "seed": number // GROUPS, "model": {"depth": 4}})
    for step, value in enumerate(_losses(number).tolist()):
        yield Logged(step, START_MS + step, {METRIC: value})
        yield Logged(2 * step + number // GROUPS % 2, START_MS + step, {SPARSE: value})
    yield RunFinished(START_MS + POINTS, "finished")


def _losses(number: int) -> Any:
    noise = np.random.default_rng((11, number)).normal(0.0, 0.05, POINTS)
    return (3.0 / (1.0 + np.arange(POINTS) / 1000) + noise).astype(np.float32).astype(np.float64)


def _live_points(first: int, end: int) -> Iterator[Record]:
    for step in range(first, end):
        yield Logged(step, START_MS + 100 * step, {name: step / (7 + place) for place, name in enumerate(LIVE_METRICS)})


def _post(http: requests.Session, server: Server, run_id: str, records: Any, *, first: int) -> None:
    body = b"".join(frame(seq, encode(record)) for seq, record in enumerate(records, first))
    address = f"{server.url}/api/v1/runs/{run_id}/journal?writer=w0"
    http.post(address, data=body, headers=PROGRAM, timeout=120).raise_for_status()


def _ask(http: requests.Session, server: Server, path: str, body: Answer) -> Answer:
    answer = http.post(f"{server.url}/api/v1{path}", json=body, headers=AS_THE_DASHBOARD, timeout=120)
    answer.raise_for_status()
    unpacked: Answer = msgspec.msgpack.decode(answer.content)
    return unpacked


def _lines(answer: Answer) -> None:
    if len(answer["series"]) != RUNS or not all(series["points_in_range"] == POINTS for series in answer["series"]):
        raise RuntimeError(f"{len(answer['series'])} lines are not those of all points of {RUNS} runs")


def _curves(answer: Answer) -> None:
    if [len(group["curves"]) for group in answer["groups"]] != [1] * GROUPS:
        raise RuntimeError(f"{len(answer['groups'])} groups are not {GROUPS} with a curve each")


def _check_new(answer: Answer, step: int) -> None:
    """Raises RuntimeError unless the answer carries the points from this step on, of every series, and no others."""
    new = np.arange(step, step + NEW_POINTS, dtype="<i8").tobytes()
    carried = [series["is_delta"] and series["steps"] == new for series in answer["series"]]
    if carried != [True] * (LIVE_RUNS * CHARTS):
        raise RuntimeError(f"{sum(carried)} of {len(carried)} series carry their new points alone")


def _bare(repetitions: int, draw: Callable[[Any, Any], None]) -> list[float]:
    """Decoding the columns of every run, and drawing them: what no server could do without."""
    config = ChunkConfig(compression_level=4)
    steps = np.arange(POINTS, dtype=np.int64)
    packed_steps = standalone.simple_compress(steps, config)
    packed = [standalone.simple_compress(_losses(number), config) for number in range(RUNS)]
    table = np.empty((RUNS, POINTS))

    def decode_and_draw() -> None:
        for row, values in zip(table, packed, strict=True):
            standalone.simple_decompress_into(packed_steps, steps)
            standalone.simple_decompress_into(values, row)
        draw(steps, table)

    return milliseconds(repetitions, decode_and_draw)


def _thin_each(steps: Any, table: Any) -> None:
    for row in table:
        MinMaxDownsampler().downsample(steps, row, n_out=PIXELS)  # type: ignore[no-untyped-call]


def _thin_groups(steps: Any, table: Any) -> None:
    for group in range(GROUPS):
        members = table[group::GROUPS]
        columns = (members.mean(axis=0), members.min(axis=0), members.max(axis=0))
        for column in columns:
            MinMaxDownsampler().downsample(steps, column, n_out=PIXELS // 6 * 2)  # type: ignore[no-untyped-call]


def _bare_exchange(http: requests.Session, server: Server, answer: Answer) -> float:
    """Milliseconds of a request that does nothing, and of packing and unpacking this answer."""
    begun = time.perf_counter()
    http.get(f"{server.url}/healthz", timeout=20).raise_for_status()
    msgspec.msgpack.decode(msgspec.msgpack.encode(answer))
    return 1000 * (time.perf_counter() - begun)
