"""Points that change their place: from one segment of a run to another, or from one run's history into another's.

What always holds: a point is moved with its step, time and value as they are, and the summaries on both sides are those
of the points that are there. A series whose points are taken away ends: what leaves and what stays are series with new
ids, so a page that holds the old one never takes either for it, however many points it has. Done within the caller's
transaction, who holds the run's row. Costs reading and writing every series that is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.metrics import chunks, columns, sealing, summaries
from tracker_server.metrics.columns import Points
from tracker_server.metrics.models import Chunk, Series, Tail
from tracker_server.metrics.sealing import LIMITS, SERIES_AT_ONCE, Limits

POINTS_AT_ONCE = 4_000_000
"""How many points are in memory at once, unless one series has more."""

_EMPTY = {
    "count": 0, "sealed_count": 0, "finite_count": 0, "finite_sum": 0.0, "last": None, "last_step": None,
    "last_time_ms": None, "min": None, "min_step": None, "max": None, "max_step": None,
}  # fmt: skip

Found = dict[tuple[summaries.Kind, str], Points]
"""Points by the kind and the name of their series."""


def supersede(
    session: Session,
    run_id: str,
    label: str,
    segment: int,
    *,
    after: int,
    before_ms: int | None = None,
    limits: Limits = LIMITS,
) -> None:
    """Move what this label has in segment 0 at steps over `after` to another segment; what was logged before a time."""
    for group in _groups(session, run_id, label, 0):
        points = _points(session, run_id, group)
        masks = {series.id: _is_superseded(points[series.id], after, before_ms) for series in group}
        touched = [series for series in group if masks[series.id].any()]
        if not touched:
            continue
        ids = [series.id for series in touched]
        clear(session, run_id, ids)
        gone = {_key(series): _where(points[series.id], masks[series.id]) for series in touched}
        kept = {_key(series): _where(points[series.id], ~masks[series.id]) for series in touched}
        _put(session, run_id, label, segment, gone, limits)
        # not before the others are there: an id is given again once nothing above it is left
        session.execute(sa.delete(Series).where(Series.id.in_(ids)))
        _put(session, run_id, label, 0, kept, limits)


def restore(session: Session, run_id: str, label: str, segment: int, *, limits: Limits = LIMITS) -> None:
    """Move all of a segment into segment 0, beside what is there."""
    for group in _groups(session, run_id, label, segment):
        pour(session, run_id, label, 0, group, limits=limits)


def pour(
    session: Session, run_id: str, label: str, segment: int, group: Sequence[Series], *, limits: Limits = LIMITS
) -> None:
    """Move all points of these series, as the last to arrive, into those of a segment of the same names and label."""
    points = _points(session, run_id, group)
    clear(session, run_id, [series.id for series in group])  # empty rows stay: a new series never gets an id in use
    _put(session, run_id, label, segment, {_key(series): points[series.id] for series in group}, limits)


def copy(session: Session, source_id: str, target_id: str, *, up_to: int, limits: Limits = LIMITS) -> None:
    """Add to a run what another has in segment 0 of its metrics up to and including a step."""
    labels = sa.select(Series.label).where(Series.run_id == source_id, Series.segment == 0).distinct()
    for label in session.scalars(labels.order_by(Series.label)).all():
        for group in _groups(session, source_id, label, 0):
            metrics = [series for series in group if series.kind == "metric"]
            points = _points(session, source_id, metrics)
            found = {_key(series): _where(points[series.id], points[series.id].steps <= up_to) for series in metrics}
            _put(session, target_id, label, 0, found, limits)


def highest_step(session: Session, run_id: str, label: str) -> int | None:
    """The highest step that this label has among the metrics of segment 0, whatever the values; None without one."""
    of_label = (Series.run_id == run_id, Series.label == label, Series.segment == 0, Series.kind == "metric")
    sealed = session.scalar(
        sa.select(sa.func.max(Chunk.max_step)).join(Series, Series.id == Chunk.series_id).where(*of_label)
    )
    open_ids = set(session.scalars(sa.select(Series.id).where(*of_label, Series.count > Series.sealed_count)))
    tail = columns.by_series(_payloads(session, run_id), open_ids) if open_ids else {}
    steps = [int(points.steps.max()) for points in tail.values()] + ([] if sealed is None else [sealed])
    return max(steps, default=None)


def _groups(session: Session, run_id: str, label: str, segment: int) -> Iterator[list[Series]]:
    """The series of a label's segment, as many at once as may be in memory together."""
    statement = sa.select(Series).where(Series.run_id == run_id, Series.label == label, Series.segment == segment)
    group: list[Series] = []
    count = 0
    for series in session.scalars(statement.where(Series.count > 0).order_by(Series.id)).all():
        if group and (count + series.count > POINTS_AT_ONCE or len(group) >= SERIES_AT_ONCE):
            yield group
            group, count = [], 0
        group.append(series)
        count += series.count
    if group:
        yield group


def _points(session: Session, run_id: str, group: Sequence[Series]) -> dict[int, Points]:
    """All points of these series, in order of arrival."""
    ids = [series.id for series in group]
    parts: dict[int, list[Points]] = {series_id: [] for series_id in ids}
    statement = sa.select(Chunk.series_id, Chunk.count.label("point_count"), Chunk.steps, Chunk.times, Chunk.values)
    for row in session.execute(
        statement.where(Chunk.series_id.in_(ids)).order_by(Chunk.series_id, Chunk.first_ordinal)
    ):
        parts[row.series_id].append(chunks.decode(row.point_count, row.steps, row.times, row.values))
    for series_id, points in columns.by_series(_payloads(session, run_id), set(ids)).items():
        parts[series_id].append(points)
    return {series_id: columns.join(found) for series_id, found in parts.items()}


def _payloads(session: Session, run_id: str) -> Sequence[bytes]:
    return session.scalars(sa.select(Tail.payload).where(Tail.run_id == run_id).order_by(Tail.id)).all()


def clear(session: Session, run_id: str, ids: Sequence[int]) -> None:
    """Leave these series without a point."""
    session.execute(sa.delete(Chunk).where(Chunk.series_id.in_(ids)))
    session.execute(sa.update(Series).where(Series.id.in_(ids)).values(**_EMPTY))
    rows = session.execute(sa.select(Tail.id, Tail.payload).where(Tail.run_id == run_id).order_by(Tail.id)).all()
    gone = set(ids)
    left = {key: found for key, found in columns.by_series([row.payload for row in rows]).items() if key not in gone}
    session.execute(sa.delete(Tail).where(Tail.run_id == run_id))
    if left:
        _append_tail(session, run_id, columns.shared_blocks(left))


def _put(session: Session, run_id: str, label: str, segment: int, points: Found, limits: Limits) -> None:
    """Append these points to the series of a segment, made where they are new."""
    for kind in ("metric", "system"):
        found = {name: one for (its_kind, name), one in points.items() if its_kind == kind and len(one)}
        if found:
            blocks = columns.shared_blocks(found)
            _append_tail(session, run_id, summaries.take_in(session, run_id, label, kind, blocks, segment=segment))
    sealing.tidy(session, run_id, limits)


def _append_tail(session: Session, run_id: str, blocks: Sequence[columns.Block]) -> None:
    count = sum(block.values.size for block in blocks)
    session.execute(sa.insert(Tail).values(run_id=run_id, point_count=count, payload=columns.pack(blocks)))


def _key(series: Series) -> tuple[summaries.Kind, str]:
    return ("system" if series.kind == "system" else "metric"), series.name


def _is_superseded(points: Points, after: int, before_ms: int | None) -> columns.Mask:
    is_later = points.steps > after
    return is_later if before_ms is None else is_later & (points.times < before_ms)


def _where(points: Points, mask: columns.Mask) -> Points:
    return Points(points.steps[mask], points.times[mask], points.values[mask])
