"""Every point of some series, in order of arrival, part after part: memory follows the part and not the series.

What always holds: the parts together are the state in which the stream began. They are read in short transactions, so
that a slow reader holds nothing up: SQLite's log can still go into its file, and PostgreSQL can still clean up. The
n-th point to arrive stays the n-th whatever is sealed meanwhile, so each transaction goes on by counts, and what has
arrived since is left out. Each sees one state of the database: a read transaction of SQLite's WAL, REPEATABLE READ on
PostgreSQL. Where points are taken away meanwhile (the run goes on from an earlier step, the metric is deleted), the
stream breaks off with Conflict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.errors import Conflict, Unreadable
from tracker_server.metrics import chunks
from tracker_server.metrics.columns import Floats, Points, by_series, join
from tracker_server.metrics.models import Chunk, Series, Tail
from tracker_server.metrics.schema import SeriesPart

POINTS_AT_ONCE = 262_144
"""About how many points are in memory, besides those of a chunk and of the run's tail."""

SERIES_AT_ONCE = 4000
"""How many series one statement names: below what SQLite and PostgreSQL take."""

PART_POINTS = 65_536

_json = msgspec.json.Encoder().encode
_msgpack = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class Wanted:
    """A series as the stream began: its place, and how many points it had."""

    id: int
    run_id: str
    name: str
    label: str
    segment: int
    count: int


@dataclass(frozen=True)
class Part:
    """Points of a series, in order of arrival, after the `first` ones."""

    series: Wanted
    first: int
    points: Points


def wanted(found: Sequence[Series]) -> list[Wanted]:
    """These series as they are now."""
    return [Wanted(one.id, one.run_id, one.name, one.label, one.segment, one.count) for one in found]


def stream(
    open_session: Callable[[], Session], series: Sequence[Wanted], *, points_at_once: int = POINTS_AT_ONCE
) -> Iterator[Part]:
    """Every point of these series, one series after the other."""
    for group in _groups(series, points_at_once):
        start = 0
        while start < max(one.count for one in group):
            with open_session() as session:
                found = _read(session, group, start, start + points_at_once)
            for one in group:
                yield from _parts(one, start, found[one.id])
            start += max(len(points) for points in found.values())


def line(part: Part) -> bytes:
    """The part as a line of JSON."""
    steps, times = part.points.steps.tolist(), part.points.times.tolist()
    return _json(_sent(part, steps, times, _numbers(part.points.values))) + b"\n"


def packed(part: Part) -> bytes:
    """The part as a MessagePack map."""
    points = part.points
    steps, times, values = (points.steps.astype("<i8"), points.times.astype("<i8"), points.values.astype("<f8"))
    return _msgpack(_sent(part, steps.tobytes(), times.tobytes(), values.tobytes()))


def _groups(series: Sequence[Wanted], points_at_once: int) -> Iterator[list[Wanted]]:
    """Series that are read together: as many as have so few points, or one that has more."""
    group: list[Wanted] = []
    count = 0
    for one in series:
        if group and (count + one.count > points_at_once or len(group) == SERIES_AT_ONCE):
            yield group
            group, count = [], 0
        group.append(one)
        count += one.count
    if group:
        yield group


def _read(session: Session, group: Sequence[Wanted], start: int, end: int) -> dict[int, Points]:
    """The points of each series from `start` on to `end`, or to where the chunk ends that this one lies in."""
    sealed = _sealed_counts(session, group)
    parts, firsts = _sealed(session, [one.id for one in group], start, end)
    open_ids = {one.id for one in group if sealed[one.id] < min(one.count, end)}
    tails = _tails(session, group[0].run_id, open_ids) if open_ids else {}
    found = {}
    for one in group:
        first = firsts.get(one.id, sealed[one.id])
        points = join([*parts[one.id], *([tails[one.id]] if one.id in tails else [])])
        found[one.id] = points.part(max(0, start - first), one.count - first)
        if first > start or not len(found[one.id]):
            raise Unreadable(
                "missing_points", f"{one.name!r} lacks its point {start}; restore the database from a backup"
            )
    return found


def _sealed_counts(session: Session, group: Sequence[Wanted]) -> dict[int, int]:
    """How many points of each series lie in chunks. Raises Conflict where one is not what it was."""
    statement = sa.select(Series.id, Series.segment, Series.count.label("stored"), Series.sealed_count)
    rows = {row.id: row for row in session.execute(statement.where(Series.id.in_([one.id for one in group])))}
    for one in group:
        row = rows.get(one.id)
        if row is None or row.segment != one.segment or row.stored < one.count:
            raise Conflict("series_changed", f"points of {one.name!r} were taken away while it was read; read it again")
    return {series_id: row.sealed_count for series_id, row in rows.items()}


def _sealed(
    session: Session, ids: Sequence[int], start: int, end: int
) -> tuple[defaultdict[int, list[Points]], dict[int, int]]:
    """What the chunks hold that lie between these ordinals, and the ordinal of the first point of each series there."""
    columns = (Chunk.series_id, Chunk.first_ordinal, Chunk.count.label("held"), Chunk.steps, Chunk.times, Chunk.values)
    overlaps = (Chunk.first_ordinal < end, Chunk.first_ordinal + Chunk.count > start)
    statement = sa.select(*columns).where(Chunk.series_id.in_(ids), *overlaps)
    parts: defaultdict[int, list[Points]] = defaultdict(list)
    firsts: dict[int, int] = {}
    statement = statement.order_by(Chunk.series_id, Chunk.first_ordinal)
    for row in session.execute(statement, execution_options=db.HAS_BYTES):
        firsts.setdefault(row.series_id, row.first_ordinal)
        parts[row.series_id].append(chunks.decode(row.held, row.steps, row.times, row.values))
    return parts, firsts


def _tails(session: Session, run_id: str, ids: set[int]) -> dict[int, Points]:
    packed = sa.select(Tail.payload).where(Tail.run_id == run_id).order_by(Tail.id)
    payloads = session.scalars(packed, execution_options=db.HAS_BYTES).all()
    return by_series(payloads, ids)


def _parts(series: Wanted, start: int, points: Points) -> Iterator[Part]:
    for first in range(0, len(points), PART_POINTS):
        yield Part(series, start + first, points.part(first, first + PART_POINTS))


def _sent(part: Part, steps: Any, times: Any, values: Any) -> SeriesPart:
    series = part.series
    return SeriesPart(
        id=series.id,
        metric=series.name,
        label=series.label,
        segment=series.segment,
        count=series.count,
        first=part.first,
        steps=steps,
        times=times,
        values=values,
    )


def _numbers(values: Floats) -> list[Any]:
    """The values as JSON can say them: what is no finite number by its name."""
    numbers: list[Any] = values.tolist()
    for place in np.flatnonzero(~np.isfinite(values)).tolist():
        numbers[place] = str(numbers[place])
    return numbers
