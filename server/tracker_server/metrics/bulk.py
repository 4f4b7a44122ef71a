"""The points of many series, read in bulk along one axis as lines that can be aligned.

What always holds: nothing is decoded that the axis does not need, and of what is decoded only what lies between the
bounds stays in memory. Memory therefore follows what is asked for, and not what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.orm import Session

from tracker_server.metrics import alignment, joining, stored
from tracker_server.metrics.alignment import Line
from tracker_server.metrics.columns import Floats, Integers, Points
from tracker_server.metrics.models import Series
from tracker_server.metrics.schema import Axis
from tracker_server.metrics.stored import Columns
from tracker_server.metrics.wire import Shown

MIN_X, MAX_X = -(2**63), 2**63 - 1

Bounds = tuple[float, float]
"""Of x, inclusive; integers where x are."""


@dataclass(frozen=True)
class Along:
    """Steps, times, or times since `started_ms` of the run. With `keeps_neighbours` each side's nearest point outside
    of the bounds comes along."""

    x: Axis = "step"
    started_ms: dict[str, int] = field(default_factory=dict)
    keeps_neighbours: bool = False

    def zero(self, series: Shown) -> int:
        """Where the axis begins for a series."""
        return self.started_ms.get(series.run_id, 0) if self.x == "relative_time" else 0


@dataclass(frozen=True, slots=True)
class Head:
    """A chunk, and the x between which its points lie."""

    id: int
    count: int
    low: int
    high: int


def heads(session: Session, found: Sequence[Series], along: Along) -> dict[int, list[Head]]:
    """The chunks of each series, in order of arrival."""
    sealed = stored.heads(session, found)
    return {series.id: [_head(one, along, along.zero(series)) for one in sealed[series.id]] for series in found}


def _head(head: stored.Head, along: Along, zero: int) -> Head:
    low, high = head.span(along.x)
    return Head(head.id, head.count, low - zero, high - zero)


def lines(
    session: Session, found: Sequence[Series], heads: dict[int, list[Head]], bounds: Bounds, along: Along
) -> dict[int, Line]:
    """What each series has between these x, given with its chunks; a series with nothing there has an empty line."""
    names = ("steps" if along.x == "step" else "times", "values")
    needed = {series.id: _overlapping(heads[series.id], bounds, along) for series in found}
    zeros = {series.id: along.zero(series) for series in found}

    def cut(series_id: int, columns: Columns) -> Columns:
        x, values = columns[0] - zeros[series_id] if zeros[series_id] else columns[0], columns[1]
        return _cut(x, values, bounds, keeps_neighbours=along.keeps_neighbours)

    parts = _parts(session, found, needed, names, cut)
    return {series.id: alignment.line(*_joined(parts[series.id])) for series in found}


def _overlapping(found: Sequence[Head], bounds: Bounds, along: Along) -> list[Head]:
    """The chunks with a point between the bounds, and for neighbours the nearest one on each side."""
    inside = [head for head in found if head.high >= bounds[0] and head.low <= bounds[1]]
    if not along.keeps_neighbours or len(inside) == len(found):
        return inside
    left = [head for head in found if head.high < bounds[0]]
    right = [head for head in found if head.low > bounds[1]]
    nearest = [max(reversed(left), key=lambda head: head.high)] if left else []  # of equal ones the last to arrive
    nearest += [min(reversed(right), key=lambda head: head.low)] if right else []
    needed = {head.id for head in (*inside, *nearest)}
    return [head for head in found if head.id in needed]


def _cut(x: Integers, values: Floats, bounds: Bounds, *, keeps_neighbours: bool) -> Columns:
    """The points between the bounds, in order of arrival; copied, so that the others do not stay in memory."""
    is_low, is_high = x < bounds[0], x > bounds[1]
    is_kept = ~(is_low | is_high)
    if is_kept.all():
        return x, values
    if keeps_neighbours:
        is_kept |= is_low & (x == np.max(x, where=is_low, initial=MIN_X))
        is_kept |= is_high & (x == np.min(x, where=is_high, initial=MAX_X))
    return x[is_kept], values[is_kept]


def every_point(session: Session, found: Sequence[Series]) -> dict[int, Points]:
    """The points of each series by its id, in order of arrival."""
    parts = _parts(session, found, heads(session, found, Along()), ("steps", "times", "values"), _uncut)
    return {series_id: Points(*_joined(columns, 3)) for series_id, columns in parts.items()}


def _uncut(_: int, columns: Columns) -> Columns:
    return columns


def line_over(drawn: Points, over: Points) -> Line:
    """The line of points over those of another metric."""
    x, places = joining.join_on_step(drawn, over)
    arrival = np.argsort(places)
    return alignment.line(x[arrival], drawn.values[places[arrival]])


def _parts(
    session: Session,
    found: Sequence[Series],
    heads: dict[int, list[Head]],
    names: tuple[str, ...],
    cut: Callable[[int, Columns], Columns],
) -> dict[int, list[Columns]]:
    """These columns of the chunks and of the tail of each series, in order of arrival, each part cut as it comes."""
    needed = [(series.id, head) for series in found for head in heads[series.id]]
    parts: dict[int, list[Columns]] = {series.id: [] for series in found}
    for start in range(0, len(needed), stored.CHUNKS_AT_ONCE):
        now = needed[start : start + stored.CHUNKS_AT_ONCE]
        columns = {head.id: stored.empty(names, head.count) for _, head in now}
        stored.decode(session, names, columns)
        for series_id, head in now:
            parts[series_id].append(cut(series_id, columns[head.id]))
    for series_id, points in stored.tails(session, found):
        parts[series_id].append(cut(series_id, tuple(getattr(points, name) for name in names)))
    return parts


def _joined(parts: Sequence[Columns], width: int = 2) -> Columns:
    if not parts:
        return (*(np.empty(0, np.int64) for _ in range(width - 1)), np.empty(0, np.float64))
    return parts[0] if len(parts) == 1 else tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))
