"""The points of many series, read in bulk along one axis: the columns of many chunks come in one statement.

What always holds: nothing is decoded that the axis does not need, and of what is decoded only what lies between the
bounds stays in memory. Memory therefore follows what is asked for, and not what is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.metrics import alignment, chunks, joining
from tracker_server.metrics.alignment import Line
from tracker_server.metrics.columns import Floats, Integers, Points, unpack
from tracker_server.metrics.models import Chunk, Series, Tail
from tracker_server.metrics.schema import Axis

CHUNKS_AT_ONCE = 64
TAILS_AT_ONCE = 16

MIN_X, MAX_X = -(2**63), 2**63 - 1

Bounds = tuple[float, float]
"""Of x, inclusive; integers where x are."""

Pairs = Sequence[tuple[Series, Series]]
"""What is drawn, and what it is drawn over."""

_Columns = tuple[Any, ...]


@dataclass(frozen=True)
class Along:
    """Steps, times, or times since `started_ms` of the run. With `keeps_neighbours` each side's nearest point outside
    of the bounds comes along."""

    x: Axis = "step"
    started_ms: dict[str, int] = field(default_factory=dict)
    keeps_neighbours: bool = False

    def zero(self, series: Series) -> int:
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
    zeros = {series.id: along.zero(series) for series in found}
    span = (Chunk.min_step, Chunk.max_step) if along.x == "step" else (Chunk.min_time_ms, Chunk.max_time_ms)
    sealed: dict[int, list[Head]] = defaultdict(list)
    statement = sa.select(Chunk.series_id, Chunk.id, Chunk.count, *span).order_by(Chunk.series_id, Chunk.first_ordinal)
    for series_id, chunk_id, count, low, high in session.execute(statement.where(Chunk.series_id.in_(list(zeros)))):
        sealed[series_id].append(Head(chunk_id, count, low - zeros[series_id], high - zeros[series_id]))
    return sealed


def lines(
    session: Session, found: Sequence[Series], heads: dict[int, list[Head]], bounds: Bounds, along: Along
) -> dict[int, Line]:
    """What each series has between these x, given with its chunks; a series with nothing there has an empty line."""
    names = ("steps" if along.x == "step" else "times", "values")
    needed = {series.id: _overlapping(heads[series.id], bounds, along) for series in found}
    zeros = {series.id: along.zero(series) for series in found}

    def cut(series_id: int, columns: _Columns) -> _Columns:
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


def _cut(x: Integers, values: Floats, bounds: Bounds, *, keeps_neighbours: bool) -> _Columns:
    """The points between the bounds, in order of arrival; copied, so that the others do not stay in memory."""
    is_low, is_high = x < bounds[0], x > bounds[1]
    is_kept = ~(is_low | is_high)
    if is_kept.all():
        return x, values
    if keeps_neighbours:
        is_kept |= is_low & (x == np.max(x, where=is_low, initial=MIN_X))
        is_kept |= is_high & (x == np.min(x, where=is_high, initial=MAX_X))
    return x[is_kept], values[is_kept]


def lines_over(session: Session, pairs: Pairs) -> list[Line]:
    """The lines of these pairs, which have to be read whole."""
    found = list({series.id: series for pair in pairs for series in pair}.values())
    parts = _parts(session, found, heads(session, found, Along()), ("steps", "times", "values"), _uncut)
    points = {series_id: Points(*_joined(columns, 3)) for series_id, columns in parts.items()}
    return [_line_over(points[drawn.id], points[over.id]) for drawn, over in pairs]


def _uncut(_: int, columns: _Columns) -> _Columns:
    return columns


def _line_over(drawn: Points, over: Points) -> Line:
    x, places = joining.join_on_step(drawn, over)
    arrival = np.argsort(places)
    return alignment.line(x[arrival], drawn.values[places[arrival]])


def _parts(
    session: Session,
    found: Sequence[Series],
    heads: dict[int, list[Head]],
    names: tuple[str, ...],
    cut: Callable[[int, _Columns], _Columns],
) -> dict[int, list[_Columns]]:
    """These columns of the chunks and of the tail of each series, in order of arrival, each part cut as it comes."""
    series_of = {head.id: series.id for series in found for head in heads.get(series.id, ())}
    counts = {head.id: head.count for series in found for head in heads.get(series.id, ())}
    sealed: dict[int, _Columns] = {}
    ids = sorted(series_of)
    for start in range(0, len(ids), CHUNKS_AT_ONCE):
        packed = sa.select(Chunk.id, *(getattr(Chunk, name) for name in names))
        for row in session.execute(packed.where(Chunk.id.in_(ids[start : start + CHUNKS_AT_ONCE]))):
            columns = tuple(_decoded(name, counts[row[0]], part) for name, part in zip(names, row[1:], strict=True))
            sealed[row[0]] = cut(series_of[row[0]], columns)
    parts = {series.id: [sealed[head.id] for head in heads.get(series.id, ())] for series in found}
    for series_id, points in _tails(session, found):
        parts[series_id].append(cut(series_id, tuple(getattr(points, name).copy() for name in names)))
    return parts


def _decoded(name: str, count: int, packed: bytes) -> Any:
    column: Any = np.empty(count, np.float64 if name == "values" else np.int64)
    chunks.decompress_into(packed, column)
    return column


def _tails(session: Session, found: Sequence[Series]) -> Iterator[tuple[int, Points]]:
    """What is not sealed yet of these series, in order of arrival; views of payloads that go with the next ones."""
    wanted = {series.id for series in found if series.count > series.sealed_count}
    run_ids = {series.run_id for series in found if series.id in wanted}
    if not wanted:
        return
    statement = sa.select(Tail.payload).where(Tail.run_id.in_(run_ids)).order_by(Tail.run_id, Tail.id)
    for payload in session.scalars(statement, execution_options={"yield_per": TAILS_AT_ONCE}):
        for block in unpack(payload):
            if wanted.isdisjoint(block.keys):
                continue
            for row, series_id in enumerate(block.keys):
                if series_id in wanted:
                    yield series_id, Points(block.steps, block.times, block.values[row])


def _joined(parts: Sequence[_Columns], width: int = 2) -> _Columns:
    if not parts:
        return (*(np.empty(0, np.int64) for _ in range(width - 1)), np.empty(0, np.float64))
    return parts[0] if len(parts) == 1 else tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))
