"""The metric store: four verbs, and nothing of how it is done.

Points arrive in batches (`append`), are read as the columns of charts (`read`) or as summaries (`last`), and go with
their run (`delete`). A second implementation, for installations that outgrow one database, has its place behind them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import Logged, SystemSampled
from tracker_server.metrics import abandoned, formulas, parts, reading, reckoning, sealing, summaries, wire
from tracker_server.metrics.columns import Arrivals, Block, Points, shared_blocks
from tracker_server.metrics.models import Chunk, Series, Tail, TrashedSeries
from tracker_server.metrics.moving import copy, highest_step, restore, supersede
from tracker_server.metrics.parts import Cut
from tracker_server.metrics.reading import View
from tracker_server.metrics.schema import SeriesColumns
from tracker_server.metrics.sealing import LIMITS, Limits
from tracker_server.metrics.summaries import Kind, first, last

__all__ = [
    "append",
    "copy",
    "delete",
    "first",
    "highest_step",
    "last",
    "put_back",
    "read",
    "restore",
    "seal",
    "supersede",
]


@dataclass(frozen=True)
class Heir:
    """A run that has a copy of what comes up to and including a step: a fork."""

    run_id: str
    up_to: int


def append(
    session: Session,
    run_id: str,
    label: str,
    kind: Kind,
    points: Arrivals | Iterable[Logged | SystemSampled],
    *,
    first_step: int = 0,
    cuts: Sequence[Cut] = (),
    heirs: Sequence[Heir] = (),
    limits: Limits = LIMITS,
) -> None:
    """Keep these points, in order of arrival, and the summaries current. One row, however many points.

    Their steps count from `first_step`. Those that a cut takes go to its segment; of the others, each heir gets a copy
    of what it inherits. The caller holds the run's row, so that the batches of a run follow one another.
    """
    arrivals = points if isinstance(points, Arrivals) else Arrivals(points)
    blocks = arrivals.blocks()
    if not blocks:
        return
    if first_step:
        blocks = parts.onward(blocks, first_step)
    segments = parts.by_segment(blocks, cuts) if cuts else {0: blocks}
    _append(session, run_id, label, kind, segments, limits)
    for heir in heirs if kind == "metric" else ():
        inherited = parts.up_to(segments.get(0, []), heir.up_to)
        if inherited:
            _append(session, heir.run_id, label, kind, {0: inherited}, limits)


def put_back(session: Session, run_id: str, label: str, kind: Kind, segment: int, points: dict[str, Points]) -> None:
    """Keep points as another server had them, by name: in that segment, and for this run alone."""
    _append(session, run_id, label, kind, {segment: shared_blocks(points)}, LIMITS)


def _append(
    session: Session, run_id: str, label: str, kind: Kind, segments: dict[int, list[Block]], limits: Limits
) -> None:
    kept: list[Block] = []
    for segment, blocks in segments.items():
        kept += summaries.take_in(session, run_id, label, kind, blocks, segment=segment)
    sealing.append(session, run_id, kept, limits)
    abandoned.note(session, [run_id])


def read(
    session: Session,
    run_ids: Sequence[str],
    metrics: Sequence[str],
    view: View,
    counts: dict[int, int] | None = None,
    form: wire.Form = wire.listed,
) -> list[SeriesColumns]:
    """The columns of every series of these runs with these names (`prefix/*` is all below it), then of the formulas.

    A series in `counts` comes only where it has more points than that, and then, if it can be, as what is new.
    """
    names, texts = formulas.split(metrics)
    drawn = reading.read(session, reading.find(session, run_ids, names), view, counts) if names else []
    drawn += reckoning.read(session, reckoning.find(session, run_ids, texts), view, counts)
    return [form(one) for one in drawn]


def seal(session: Session, run_id: str, *, limits: Limits = LIMITS) -> None:
    """A run has ended: what is worth it goes from the tail into chunks."""
    sealing.seal_all(session, run_id, limits)


def delete(session: Session, run_id: str) -> None:
    """Every point and every series of a run."""
    ids = sa.select(Series.id).where(Series.run_id == run_id).scalar_subquery()
    session.execute(sa.delete(TrashedSeries).where(TrashedSeries.series_id.in_(ids)))
    session.execute(sa.delete(Chunk).where(Chunk.series_id.in_(ids)))
    session.execute(sa.delete(Tail).where(Tail.run_id == run_id))
    session.execute(sa.delete(Series).where(Series.run_id == run_id))
