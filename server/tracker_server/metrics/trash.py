"""Series in the trash: points that are there and that nothing shows, until they are brought back or purged.

What always holds: a series goes to the trash by a change of its row, to a segment below 0 of its own; no point is
touched. So what is logged afterwards begins a new series. What comes back takes its old place where that is free, with
its old id; else its points stand beside what has come since, as the last to arrive. The caller holds the runs' rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.metrics import moving
from tracker_server.metrics.models import Series, TrashedSeries
from tracker_server.metrics.sealing import LIMITS, Limits

Value = TypeVar("Value")

AT_ONCE = 4000
"""How many series one statement names: below what SQLite and PostgreSQL take."""


def discard(session: Session, series_ids: Sequence[int], entry_id: int) -> None:
    """Put these series into the trash, for the entry that says why."""
    for ids in _portions(series_ids):
        found = session.execute(
            sa.select(Series.id, Series.segment).where(Series.id.in_(ids)).order_by(Series.id)
        ).all()
        lowest = _lowest_segments(session, ids)
        moves = []
        for series_id, _segment in found:
            place = lowest[series_id]
            place[0] -= 1
            moves.append({"id": series_id, "segment": place[0]})
        rows = [{"series_id": row.id, "entry_id": entry_id, "segment": row.segment} for row in found]
        session.execute(sa.insert(TrashedSeries), rows)
        session.execute(sa.update(Series), moves)


def _lowest_segments(session: Session, ids: Sequence[int]) -> dict[int, list[int]]:
    """For each series the lowest segment of its namesakes, 0 at most; namesakes share one place to count down in."""
    other = orm.aliased(Series)
    namesake = sa.and_(other.run_id == Series.run_id, other.name == Series.name, other.label == Series.label)
    statement = (
        sa.select(Series.id, Series.run_id, Series.name, Series.label, sa.func.min(other.segment))
        .join(other, namesake)
        .where(Series.id.in_(ids))
        .group_by(Series.id, Series.run_id, Series.name, Series.label)
    )
    places: dict[tuple[str, str, str], list[int]] = {}
    found = {}
    for series_id, run_id, name, label, lowest in session.execute(statement):
        found[series_id] = places.setdefault((run_id, name, label), [min(0, lowest)])
    return found


def of_entry(session: Session, entry_id: int) -> list[Series]:
    """What the entry put into the trash."""
    statement = sa.select(Series).join(TrashedSeries, TrashedSeries.series_id == Series.id)
    return list(session.scalars(statement.where(TrashedSeries.entry_id == entry_id).order_by(Series.id)))


def bring_back(session: Session, entry_id: int, *, limits: Limits = LIMITS) -> None:
    """Take out of the trash what the entry put there."""
    trashed = sa.select(Series, TrashedSeries.segment).join(TrashedSeries, TrashedSeries.series_id == Series.id)
    statement = trashed.where(TrashedSeries.entry_id == entry_id).order_by(Series.run_id, Series.id)
    found = [(series, segment) for series, segment in session.execute(statement)]
    session.execute(sa.delete(TrashedSeries).where(TrashedSeries.entry_id == entry_id))
    blocked = _blocked(session, found)
    free = [{"id": series.id, "segment": segment} for series, segment in found if series.id not in blocked]
    if free:
        session.execute(sa.update(Series), free)
    beside: dict[tuple[str, str, int], list[Series]] = defaultdict(list)
    for series, segment in found:
        if series.id in blocked:
            beside[series.run_id, series.label, segment].append(series)
    for (run_id, label, segment), group in beside.items():
        moving.pour(session, run_id, label, segment, group, limits=limits)


def _blocked(session: Session, found: Sequence[tuple[Series, int]]) -> set[int]:
    """Those of the series whose place is taken by what has come since."""
    places = {(series.run_id, series.name, series.label, segment): series.id for series, segment in found}
    blocked: set[int] = set()
    for run_ids in _portions(sorted({series.run_id for series, _ in found})):
        names = sorted({series.name for series, _ in found})
        statement = sa.select(Series.run_id, Series.name, Series.label, Series.segment).where(
            Series.run_id.in_(run_ids), Series.segment >= 0, *([Series.name.in_(names)] if len(names) < AT_ONCE else [])
        )
        taken = {(run_id, name, label, segment) for run_id, name, label, segment in session.execute(statement)}
        blocked |= {places[place] for place in taken & places.keys()}
    return blocked


def runs_of(session: Session, entry_ids: Sequence[int]) -> list[str]:
    """The runs that these entries took something from, in order of id."""
    statement = sa.select(Series.run_id).distinct().join(TrashedSeries, TrashedSeries.series_id == Series.id)
    return sorted(session.scalars(statement.where(TrashedSeries.entry_id.in_(entry_ids))))


def purge(session: Session, entry_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Delete for good what these entries put into the trash; of each, how many series and points these were.

    The tail of a run is written anew once, however many entries took something from it.
    """
    statement = sa.select(TrashedSeries.entry_id, Series.run_id, Series.id, Series.count)
    found = session.execute(
        statement.join(Series, Series.id == TrashedSeries.series_id).where(TrashedSeries.entry_id.in_(entry_ids))
    ).all()
    session.execute(sa.delete(TrashedSeries).where(TrashedSeries.entry_id.in_(entry_ids)))
    sizes = dict.fromkeys(entry_ids, (0, 0))
    by_run: dict[str, list[int]] = defaultdict(list)
    for entry_id, run_id, series_id, points in found:
        sizes[entry_id] = (sizes[entry_id][0] + 1, sizes[entry_id][1] + points)
        by_run[run_id].append(series_id)
    for run_id, ids in by_run.items():
        moving.clear(session, run_id, ids)
        for portion in _portions(ids):
            session.execute(sa.delete(Series).where(Series.id.in_(portion)))
    return sizes


def _portions(values: Sequence[Value]) -> Iterator[list[Value]]:
    left = iter(values)
    while portion := list(islice(left, AT_ONCE)):
        yield portion
