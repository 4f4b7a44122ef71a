"""What is new of a project, or of some runs, since a page last asked: rows of runs, runs that went, points.

A page asks every two seconds, so an answer costs what has changed and not what is there. What always holds: nothing is
missed. A change carries the time at which its request began, and its commit may land later than another's; so each
answer reaches `OVERLAP_MS` further back than the one before it ended. Rows come again by that, and a page that merges
them by id is none the wiser.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import metrics, runs
from tracker_server.metrics.schema import SeriesColumns
from tracker_server.runs import Run
from tracker_server.runs.schema import RunRow
from tracker_server.search import filters, rows
from tracker_server.search.schema import LiveAnswer, LiveRequest

OVERLAP_MS = 5_000
FIRST_LOOK_MS = 60_000
"""How far back a page looks that asks for the first time: it has just searched, so what it has is younger."""

MAX_CHANGED = 500


def look(
    session: Session,
    project: str,
    wanted: LiveRequest,
    *,
    now_ms: int,
    lost_after_ms: int,
    form: metrics.Form = metrics.listed,
) -> LiveAnswer:
    """What has changed since `wanted.since_ms`. Raises NotFound for an unknown project."""
    owner = runs.project(session, project)
    here = filters.of_project(owner.id)
    watched = _watched(session, here, wanted.runs)
    since_ms = _since_ms(wanted, now_ms)
    unseen = [run_id for run_id in wanted.runs if run_id not in watched]
    return LiveAnswer(
        cursor_ms=now_ms,
        changed=_rows(session, here, list(watched), wanted, now_ms, lost_after_ms),
        removed=_removed(session, owner.id, since_ms, unseen),
        series=_series(session, watched, wanted, form),
        total=session.scalar(sa.select(sa.func.count()).select_from(Run).where(here)) or 0,
    )


def look_at_runs(
    session: Session, wanted: LiveRequest, *, now_ms: int, lost_after_ms: int, form: metrics.Form = metrics.listed
) -> LiveAnswer:
    """The same of the runs that are named and of no others, whichever projects they are of."""
    here = sa.and_(Run.id.in_(wanted.runs), Run.deleted_ms.is_(None))
    watched = _watched(session, here, wanted.runs)
    return LiveAnswer(
        cursor_ms=now_ms,
        changed=_rows(session, here, list(watched), wanted, now_ms, lost_after_ms),
        removed=[run_id for run_id in wanted.runs if run_id not in watched],
        series=_series(session, watched, wanted, form),
        total=len(watched),
    )


def _since_ms(wanted: LiveRequest, now_ms: int) -> int:
    return (wanted.since_ms or now_ms - FIRST_LOOK_MS) - OVERLAP_MS


def _watched(session: Session, here: sa.ColumnElement[bool], run_ids: Sequence[str]) -> dict[str, int]:
    """Those of the runs that are there, with when they started."""
    if not run_ids:
        return {}
    statement = sa.select(Run.id, Run.started_ms).where(here, Run.id.in_(run_ids))
    return {row.id: row.started_ms for row in session.execute(statement)}


def _rows(
    session: Session,
    here: sa.ColumnElement[bool],
    watched: Sequence[str],
    wanted: LiveRequest,
    now_ms: int,
    lost_after_ms: int,
) -> list[RunRow]:
    """The runs that were written since, and those that became lost since, for which nobody writes anything: the
    running ones that were last heard of in the span between then and now, each less what makes a run lost.

    At most `MAX_CHANGED`: the watched ones first, then the newest.
    """
    columns = rows.columns(wanted.columns)
    since_ms = _since_ms(wanted, now_ms)
    ids = sa.select(Run.id).where(here)
    written = ids.where(Run.changed_ms >= since_ms)
    silent = (Run.heartbeat_ms >= since_ms - lost_after_ms, Run.heartbeat_ms < now_ms - lost_after_ms)
    lost = ids.where(Run.status == "running", *silent)
    statement = (
        sa.select(Run)
        .where(Run.id.in_(written.union(lost)))
        .order_by(sa.case((Run.id.in_(watched), 0), else_=1), Run.created_ms.desc(), Run.id)
        .limit(MAX_CHANGED)
        .options(rows.shown())
    )
    changed = list(session.scalars(statement))
    return rows.build(session, changed, columns, now_ms=now_ms, lost_after_ms=lost_after_ms)


def _removed(session: Session, project_id: int, since_ms: int, unseen: Sequence[str]) -> list[str]:
    """The runs that went into the trash since, and those that the page watches and that are not there."""
    statement = sa.select(Run.id).where(Run.project_id == project_id, Run.changed_ms >= since_ms)
    deleted = session.scalars(statement.where(Run.deleted_ms.is_not(None)))
    return list(dict.fromkeys((*deleted, *unseen)))


def _series(session: Session, watched: dict[str, int], wanted: LiveRequest, form: metrics.Form) -> list[SeriesColumns]:
    """Points of the metrics that the page shows of the runs that it shows, and only those that it has not."""
    if not watched or not wanted.metrics:
        return []
    view = metrics.View(wanted.x, wanted.range, wanted.points, watched, wanted.smoothing, wanted.band)
    return metrics.read(session, list(watched), wanted.metrics, view, wanted.counts, form)
