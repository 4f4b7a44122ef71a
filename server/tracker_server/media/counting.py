"""Which media of a run count: what a process logged before the run was resumed from an earlier step does not.

Media have no segment of their own. Whether a piece is superseded follows from its step and from the process that began
last before it was logged, as with a point; so restoring a segment restores its media too. The segments and the
processes are those of the label "", as media have no label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.history.models import Segment
from tracker_server.runs import Writer

Counting = Callable[[Any], sa.ColumnElement[bool]]
"""A condition for the table of media, or for an alias of it."""

END_MS = 2**63 - 1


def counting(session: Session, run_ids: Sequence[str]) -> Counting:
    """Which pieces of these runs count; where none was ever resumed so, the condition costs nothing."""
    takes = (Segment.run_id.in_(run_ids), Segment.label == "", Segment.until_ms > Segment.from_ms)
    if not run_ids or not session.scalar(sa.select(sa.exists().where(*takes))):
        return lambda _item: sa.true()
    from_ms = sa.case((Segment.from_ms <= 0, -END_MS), else_=_next_start(Segment.from_ms))
    spans = (
        sa.select(
            Segment.run_id,
            Segment.after_step,
            from_ms.label("from_ms"),
            sa.func.coalesce(_next_start(Segment.until_ms), END_MS).label("until_ms"),
        )
        .where(*takes)
        .cte("superseded")
        .prefix_with("MATERIALIZED")
    )

    def counts(item: Any) -> sa.ColumnElement[bool]:
        is_within = (spans.c.from_ms <= item.time_ms, spans.c.until_ms > item.time_ms)
        taken = sa.select(sa.literal(1)).where(
            spans.c.run_id == item.run_id, spans.c.after_step < item.step, *is_within
        )
        return ~taken.correlate_except(spans).exists()

    return counts


def _next_start(time_ms: sa.ColumnElement[int] | Any) -> sa.ScalarSelect[int]:
    """When the first process began that did so at a time or after it; null without one."""
    is_it = (Writer.run_id == Segment.run_id, Writer.label == "", Writer.started_ms >= time_ms)
    return sa.select(sa.func.min(Writer.started_ms)).where(*is_it).correlate(Segment).scalar_subquery()
