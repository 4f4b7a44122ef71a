"""One long series, given to a server as frames of a journal, faster than a client could write them.

A frame is the same from one step to the next but for its number, step, time, value and checksum, so a hundred thousand
of them are made as one array. Steps start where MessagePack takes as many bytes for each, and count up by one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain

import numpy as np
import requests

from tests.processes import Server
from tracker.records import HEADER_BYTES, Logged, RunStarted, encode, frame

PROGRAM = {"X-Tracker-Client": "benchmark"}
START_MS = 1_750_000_000_000
FIRST_STEP = 65_536
METRIC = "train/loss"
BATCH = 100_000
CRC_BYTES = 4


def post_series(server: Server, run_id: str, count: int) -> None:
    """Give the server one series of `count` points, over its own route, without a client's cost."""
    address = f"{server.url}/api/v1/runs/{run_id}/journal?writer=w0"
    started = frame(0, encode(RunStarted(START_MS, run_id, "bench", "w0")))
    with requests.Session() as http:
        for body in chain([started], _bodies(count)):
            http.post(address, data=body, headers=PROGRAM, timeout=120).raise_for_status()


def losses(count: int, *, first: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A noisy loss as a float32 model gives it, from its point number `first` on."""
    noise = np.random.default_rng((7, first)).normal(0.0, 0.01, count)
    places = np.arange(first, first + count, dtype=np.float64)
    return (3.0 / (1.0 + places / 1e5) + noise).astype(np.float32).astype(np.float64)


def _bodies(count: int) -> Iterator[bytes]:
    for first in range(0, count, BATCH):
        yield _frames(first, min(BATCH, count - first))


def _frames(first: int, count: int) -> bytes:
    """Those of the points from number `first` on. The checksum of a frame is of all its other bytes."""
    start = HEADER_BYTES - CRC_BYTES
    template = frame(1, encode(Logged(FIRST_STEP, START_MS, {METRIC: 1.5})))
    rows = np.tile(np.frombuffer(template[:start] + template[HEADER_BYTES:], np.uint8), (count, 1))
    places = np.arange(first, first + count, dtype=np.int64)
    _put(rows, template[:start], (1).to_bytes(8, "little"), (places + 1).astype("<u8"))
    payload = rows[:, start:]
    _put(payload, template[HEADER_BYTES:], b"\xce" + FIRST_STEP.to_bytes(4, "big"), (places + FIRST_STEP).astype(">u4"))
    _put(payload, template[HEADER_BYTES:], b"\xcf" + START_MS.to_bytes(8, "big"), (places + START_MS).astype(">u8"))
    _put(
        payload,
        template[HEADER_BYTES:],
        b"\xcb" + np.array(1.5, ">f8").tobytes(),
        losses(count, first=first).astype(">f8"),
    )
    data, width = rows.tobytes(), rows.shape[1]
    sums = (zlib.crc32(data[at : at + width]) for at in range(0, len(data), width))
    crcs = np.fromiter(sums, "<u4", count).view(np.uint8).reshape(count, CRC_BYTES)
    return np.hstack([rows[:, :start], crcs, payload]).tobytes()


def _put(rows: np.ndarray, template: bytes, found: bytes, column: np.ndarray) -> None:
    """Have a column's bytes in every row, at the end of where `found` stands in the template."""
    end = template.index(found) + len(found)
    rows[:, end - column.itemsize : end] = column.view(np.uint8).reshape(len(column), column.itemsize)
