"""The tail kept short: rows merged, and long enough series sealed into chunks, in the transaction that appends.

What always holds: a point is in exactly one place; `Series.sealed_count` of a series' points, the first to arrive, are
in chunks. What is rewritten never exceeds what has come since: rows of the tail merge only with a suffix that is at
least as large, and chunks that are not a quarter full are reopened only for at least as many points as each of them
has. The bound that follows, and why, is in `docs/design/metrics.md`.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.metrics import chunks
from tracker_server.metrics.columns import Block, Integers, Points, by_series, join, pack, shared_blocks
from tracker_server.metrics.models import Chunk, Series, Tail

SERIES_AT_ONCE = 4000
"""How many series one statement names: below what SQLite and PostgreSQL take."""


@dataclass(frozen=True)
class Limits:
    """When the tail is tidied, and what is sealed then.

    A series with fewer than `seal_points` in the tail stays there, because a chunk of its own would cost more than it
    saves; where that leaves more than half of `tail_points`, because the series are very many, `least_points` do.
    """

    tail_rows: int = 64
    tail_points: int = 262_144
    seal_points: int = 1024
    least_points: int = 32
    chunk_points: int = 65_536

    @property
    def kept_points(self) -> int:
        """A chunk of so many points is never reopened: a larger one would be hardly smaller on disk, or faster read."""
        return -(-self.chunk_points // 4)


LIMITS = Limits()


def rows_of(run_id: str, limits: Limits = LIMITS) -> int:
    """How many rows the tail of this run may have: each run another number, from half of `tail_rows` on.

    A thousand runs that begin together, a sweep, would otherwise all be tidied with the same batch.
    """
    return limits.tail_rows - zlib.crc32(run_id.encode()) % max(1, limits.tail_rows // 2)


def append(session: Session, run_id: str, blocks: Sequence[Block], limits: Limits = LIMITS) -> None:
    """One more row of the tail. Where that is large, or makes the tail too long, what it then becomes, without the row
    between: what is written and deleted at once takes PostgreSQL's space until it has cleaned up."""
    arrived = _Arrived(sum(block.values.size for block in blocks), pack(blocks))
    rows = _sizes(session, run_id)
    is_large = any(len(block.steps) >= limits.kept_points for block in blocks)  # it makes chunks that stay
    if not is_large and not _is_too_long([*(row.point_count for row in rows), arrived.point_count], run_id, limits):
        _insert(session, run_id, arrived)
    else:
        _shorten(session, run_id, rows, arrived, limits)


def tidy(session: Session, run_id: str, limits: Limits = LIMITS) -> None:
    """Merge and seal what has grown too long. Cheap when nothing has: one small statement."""
    rows = _sizes(session, run_id)
    if _is_too_long([row.point_count for row in rows], run_id, limits):
        _shorten(session, run_id, rows, None, limits)


def seal_all(session: Session, run_id: str, limits: Limits = LIMITS) -> None:
    """Seal what is worth it of a run that has ended; what stays is one row."""
    ids = session.scalars(sa.select(Tail.id).where(Tail.run_id == run_id).order_by(Tail.id)).all()
    if ids:
        _rewrite(session, run_id, ids, None, limits, may_seal=True)


@dataclass(frozen=True)
class _Arrived:
    """What would be the last row of the tail, and is not stored yet."""

    point_count: int
    payload: bytes


def _sizes(session: Session, run_id: str) -> Sequence[Any]:
    return session.execute(sa.select(Tail.id, Tail.point_count).where(Tail.run_id == run_id).order_by(Tail.id)).all()


def _is_too_long(sizes: Sequence[int], run_id: str, limits: Limits) -> bool:
    return len(sizes) > rows_of(run_id, limits) or sum(sizes) > limits.tail_points


def _insert(session: Session, run_id: str, arrived: _Arrived, **place: int) -> None:
    values = {"run_id": run_id, "point_count": arrived.point_count, "payload": arrived.payload}
    session.execute(sa.insert(Tail).values(**values, **place))


def _shorten(session: Session, run_id: str, rows: Sequence[Any], arrived: _Arrived | None, limits: Limits) -> None:
    sizes = [row.point_count for row in rows] + ([arrived.point_count] if arrived else [])
    start = _suffix(sizes)
    ids = [row.id for row in rows[start:]]
    if start == 0:
        _rewrite(session, run_id, ids, arrived, limits, may_seal=True)
    elif len(sizes) - start > 1:  # only the whole tail may be sealed: a part would put later points before earlier ones
        _rewrite(session, run_id, ids, arrived, limits, may_seal=False)
    elif arrived:
        _insert(session, run_id, arrived)


def _suffix(sizes: Sequence[int]) -> int:
    """Where the longest suffix starts in which every row is at most as large as all that follow it together."""
    start = len(sizes) - 1
    total = sizes[start]
    while start > 0 and sizes[start - 1] <= total:
        start -= 1
        total += sizes[start]
    return start


def _rewrite(
    session: Session, run_id: str, ids: Sequence[int], arrived: _Arrived | None, limits: Limits, *, may_seal: bool
) -> None:
    """One row in place of these and of what has arrived, and chunks for the series that are long enough."""
    payloads = _payloads(session, ids) + ([arrived.payload] if arrived else [])
    points = by_series(payloads)
    long = _long_enough(points, limits) if may_seal else {}
    _seal(session, long, limits)
    kept = {series_id: found for series_id, found in points.items() if series_id not in long}
    if kept:
        blocks = shared_blocks(kept)
        row = _Arrived(sum(block.values.size for block in blocks), pack(blocks))
        # The row keeps the place of the last one that it stands for: later batches come after it.
        _insert(session, run_id, row, **({} if arrived else {"id": ids[-1]}))


def _payloads(session: Session, ids: Sequence[int]) -> list[bytes]:
    """The payloads of these rows, which go."""
    if not ids:
        return []
    packed = sa.select(Tail.id, Tail.payload).where(Tail.id.in_(ids)).order_by(Tail.id)
    rows = session.execute(packed, execution_options=db.HAS_BYTES).all()
    session.execute(sa.delete(Tail).where(Tail.id.in_(ids)))
    return [payload for _, payload in rows]


def _long_enough(points: dict[int, Points], limits: Limits) -> dict[int, Points]:
    long = {series_id: found for series_id, found in points.items() if len(found) >= limits.seal_points}
    left = sum(len(found) for found in points.values()) - sum(len(found) for found in long.values())
    if left <= limits.tail_points // 2:
        return long
    return {series_id: found for series_id, found in points.items() if len(found) >= limits.least_points}


def _seal(session: Session, points: dict[int, Points], limits: Limits) -> None:
    """Put these points, which follow those already in chunks, into chunks."""
    ids = sorted(points)
    for start in range(0, len(ids), SERIES_AT_ONCE):
        part = ids[start : start + SERIES_AT_ONCE]
        reopened = _reopened(session, {series_id: len(points[series_id]) for series_id in part}, limits)
        whole = {key: join([*(_decoded(chunk) for chunk in reopened[key]), points[key]]) for key in part}
        sealed = _sealed_counts(session, part)
        firsts = {key: reopened[key][0].first_ordinal if reopened[key] else sealed[key] for key in part}
        gone = [chunk.id for found in reopened.values() for chunk in found]
        if gone:
            session.execute(sa.delete(Chunk).where(Chunk.id.in_(gone)))
        session.execute(sa.insert(Chunk), list(_rows(whole, firsts, limits)))
        counts = [{"id": key, "sealed_count": sealed[key] + len(points[key])} for key in part]
        session.execute(sa.update(Series), counts)


def _sealed_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """How many points of each series lie in chunks."""
    statement = sa.select(Series.id, Series.sealed_count).where(Series.id.in_(ids))
    return {row.id: row.sealed_count for row in session.execute(statement)}


def _reopened(session: Session, new_points: dict[int, int], limits: Limits) -> defaultdict[int, list[Any]]:
    """Of each series the last chunks, in order, that are no larger than all that comes after them together.

    They come as rows with the id, the ordinal and the three columns. One of `kept_points` stays as it is, and so do
    all before it: what is reopened has to be the end.
    """
    statement = (
        sa.select(Chunk.id, Chunk.series_id, Chunk.count)
        .where(Chunk.series_id.in_(list(new_points)))
        .order_by(Chunk.series_id, Chunk.first_ordinal.desc())
    )
    sizes = dict(new_points)
    closed: set[int] = set()
    ids = []
    for chunk_id, series_id, count in session.execute(statement):
        if series_id in closed or count > sizes[series_id] or count >= limits.kept_points:
            closed.add(series_id)
            continue
        sizes[series_id] += count
        ids.append(chunk_id)
    found: defaultdict[int, list[Any]] = defaultdict(list)
    if ids:
        columns = sa.select(
            Chunk.id,
            Chunk.series_id,
            Chunk.first_ordinal,
            Chunk.count.label("point_count"),
            Chunk.steps,
            Chunk.times,
            Chunk.values,
        )
        columns = columns.where(Chunk.id.in_(ids)).order_by(Chunk.series_id, Chunk.first_ordinal)
        for chunk in session.execute(columns, execution_options=db.HAS_BYTES):
            found[chunk.series_id].append(chunk)
    return found


def _decoded(chunk: Any) -> Points:
    return chunks.decode(chunk.point_count, chunk.steps, chunk.times, chunk.values)


def _rows(whole: dict[int, Points], firsts: dict[int, int], limits: Limits) -> Iterator[dict[str, Any]]:
    """The chunks of these series. Series that were logged together have the same steps and times: compressed once."""
    packed: dict[tuple[int, int], tuple[Points, bytes, bytes]] = {}
    for series_id, points in whole.items():
        for offset, end in _shares(len(points), limits.chunk_points):
            part = points.part(offset, end)
            place = (firsts[series_id] + offset, len(part))
            known = packed.get(place)
            if known is None or not (_same(known[0].steps, part.steps) and _same(known[0].times, part.times)):
                known = packed[place] = (part, chunks.compress(part.steps), chunks.compress(part.times))
            yield {**chunks.encode(series_id, place[0], part), "steps": known[1], "times": known[2]}


def _shares(count: int, most: int) -> Iterator[tuple[int, int]]:
    """From where to where each chunk goes: as few as there can be, all of a size, so that where there are several none
    has to be reopened."""
    number = -(-count // most)
    for place in range(number):
        yield place * count // number, (place + 1) * count // number


def _same(one: Integers, other: Integers) -> bool:
    return bool((one == other).all())
