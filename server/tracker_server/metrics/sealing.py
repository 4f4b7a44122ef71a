"""The tail kept short: rows merged, and long enough series sealed into chunks, in the transaction that appends.

What always holds: a point is in exactly one place; `Series.sealed_count` of a series' points, the first to arrive, are
in chunks. What is rewritten never exceeds what has come since: a row of the tail merges only with a suffix that is at
least as large, and a chunk that is not full is reopened only for at least as many points. So a point is rewritten at
most log2(points of the run's tail) + log2(65,536) times in its life.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.metrics import chunks
from tracker_server.metrics.chunks import CHUNK_POINTS
from tracker_server.metrics.columns import Block, Points, by_series, join, pack
from tracker_server.metrics.models import Chunk, Series, Tail

MAX_TAIL_ROWS = 64
MAX_TAIL_POINTS = 262_144
SEAL_POINTS = 1024
"""A series with fewer points than this in the tail stays there: a chunk of its own would cost more than it saves."""


def tidy(session: Session, run_id: str) -> None:
    """Merge and seal what has grown too long. Cheap when nothing has: one small statement."""
    sizes = session.execute(sa.select(Tail.id, Tail.point_count).where(Tail.run_id == run_id).order_by(Tail.id)).all()
    if len(sizes) <= MAX_TAIL_ROWS and sum(size for _, size in sizes) <= MAX_TAIL_POINTS:
        return
    start = _suffix([size for _, size in sizes])
    _rewrite(session, run_id, [row_id for row_id, _ in sizes[start:]], may_seal=start == 0, minimum=SEAL_POINTS)


def seal_all(session: Session, run_id: str) -> None:
    """Seal what is worth it of a run that has ended; what stays is one row."""
    ids = session.scalars(sa.select(Tail.id).where(Tail.run_id == run_id).order_by(Tail.id)).all()
    if ids:
        _rewrite(session, run_id, ids, may_seal=True, minimum=SEAL_POINTS // 8)


def _suffix(sizes: Sequence[int]) -> int:
    """Where the longest suffix starts in which every row is at most as large as all that follow it together."""
    start = len(sizes) - 1
    total = sizes[start]
    while start > 0 and sizes[start - 1] <= total:
        start -= 1
        total += sizes[start]
    return start


def _rewrite(session: Session, run_id: str, ids: Sequence[int], *, may_seal: bool, minimum: int) -> None:
    """One row in place of these, and chunks for the series that have at least `minimum` points in them.

    Only the whole tail may be sealed: a part would put a series' later points before its earlier ones.
    """
    if len(ids) < 2 and not may_seal:
        return
    rows = session.execute(sa.select(Tail.id, Tail.payload).where(Tail.id.in_(ids)).order_by(Tail.id)).all()
    points = by_series([payload for _, payload in rows])
    session.execute(sa.delete(Tail).where(Tail.id.in_(ids)))
    long = {series_id: found for series_id, found in points.items() if may_seal and len(found) >= minimum}
    _seal(session, long)
    kept = {series_id: found for series_id, found in points.items() if series_id not in long}
    if kept:
        blocks = _shared_blocks(kept)
        count = sum(block.values.size for block in blocks)
        # The row keeps the place of the last one that it stands for: later batches come after it.
        session.execute(sa.insert(Tail).values(id=ids[-1], run_id=run_id, point_count=count, payload=pack(blocks)))


def _shared_blocks(points: dict[int, Points]) -> list[Block]:
    """Series that have the same steps and times in one block, so that these are stored once."""
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for series_id, found in points.items():
        groups.setdefault((found.steps.tobytes(), found.times.tobytes()), []).append(series_id)
    return [
        Block(tuple(ids), points[ids[0]].steps, points[ids[0]].times, np.stack([points[key].values for key in ids]))
        for ids in groups.values()
    ]


def _seal(session: Session, points: dict[int, Points]) -> None:
    if not points:
        return
    sealed_counts = dict(
        session.execute(sa.select(Series.id, Series.sealed_count).where(Series.id.in_(list(points)))).tuples().all()
    )
    for series_id, found in points.items():
        start, merged = _reopened(session, series_id, sealed_counts[series_id], found)
        for offset in range(0, len(merged), CHUNK_POINTS):
            session.add(chunks.encode(series_id, start + offset, merged.part(offset, offset + CHUNK_POINTS)))
    updates = [{"id": key, "sealed_count": sealed_counts[key] + len(found)} for key, found in points.items()]
    session.flush()
    session.execute(sa.update(Series), updates)


def _reopened(session: Session, series_id: int, ordinal: int, points: Points) -> tuple[int, Points]:
    """The points with those of the chunks before them that are no larger, and the ordinal of the first."""
    statement = sa.select(Chunk).where(Chunk.series_id == series_id).order_by(Chunk.first_ordinal.desc())
    merged = [points]
    size = len(points)
    for chunk in session.scalars(statement.limit(20)):
        if chunk.count >= CHUNK_POINTS or chunk.count > size:
            break
        merged.insert(0, chunks.decode(chunk))
        size += chunk.count
        ordinal = chunk.first_ordinal
        session.delete(chunk)
    session.flush()
    return ordinal, join(merged)
