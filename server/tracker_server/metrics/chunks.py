"""Chunks: up to 65,536 points of one series in order of arrival, as three columns compressed by pcodec."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from pcodec import ChunkConfig, standalone

from tracker_server.metrics.columns import Floats, Integers, Points
from tracker_server.metrics.models import Chunk

CHUNK_POINTS = 65_536

_CONFIG = ChunkConfig(compression_level=4)  # level 8 saves 7 % more and takes a third longer


def encode(series_id: int, first_ordinal: int, points: Points) -> Chunk:
    """The chunk of these points, of which there is at least one."""
    finite = points.values[np.isfinite(points.values)]
    return Chunk(
        series_id=series_id,
        first_ordinal=first_ordinal,
        count=len(points),
        min_step=int(points.steps.min()),
        max_step=int(points.steps.max()),
        min_time_ms=int(points.times.min()),
        max_time_ms=int(points.times.max()),
        finite_count=len(finite),
        min=float(finite.min()) if len(finite) else None,
        max=float(finite.max()) if len(finite) else None,
        sum=float(finite.sum()),
        last=float(finite[-1]) if len(finite) else None,
        is_ordered=is_ordered(points.steps, points.times),
        steps=compress(points.steps),
        times=compress(points.times),
        values=compress(points.values),
    )


def is_ordered(steps: Integers, times: Integers) -> bool:
    """Whether the points stand in order of step, equal steps in order of time."""
    rise = np.diff(steps)
    if (rise > 0).all():
        return True
    return bool((rise >= 0).all() and (np.diff(times)[rise == 0] >= 0).all())


def compress(column: Integers | Floats) -> bytes:
    return bytes(standalone.simple_compress(np.require(column, requirements=["C", "ALIGNED"]), _CONFIG))


def decompress(column: bytes) -> Any:
    """The column, int64 or float64 as it was compressed."""
    return cast(Any, standalone.simple_decompress(column))


def decode(chunk: Chunk) -> Points:
    """The points of a chunk."""
    return Points(decompress(chunk.steps), decompress(chunk.times), decompress(chunk.values))
