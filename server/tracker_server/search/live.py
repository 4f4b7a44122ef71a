"""What is new in a project since a page last asked: rows of runs, runs that went, points.

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
    columns = rows.columns(wanted.columns)
    since_ms = (wanted.since_ms or now_ms - FIRST_LOOK_MS) - OVERLAP_MS
    watched = _watched(session, owner.id, wanted.runs)
    lost_ms = (since_ms - lost_after_ms, now_ms - lost_after_ms)
    changed = _changed(session, owner.id, list(watched), since_ms, lost_ms)
    return LiveAnswer(
        cursor_ms=now_ms,
        changed=rows.build(session, changed, columns, now_ms=now_ms, lost_after_ms=lost_after_ms),
        removed=_removed(session, owner.id, since_ms, [run_id for run_id in wanted.runs if run_id not in watched]),
        series=_series(session, watched, wanted, form),
        total=session.scalar(sa.select(sa.func.count()).select_from(Run).where(filters.of_project(owner.id))) or 0,
    )


def _watched(session: Session, project_id: int, run_ids: Sequence[str]) -> dict[str, int]:
    """Those of the runs that are there, with when they started."""
    if not run_ids:
        return {}
    statement = sa.select(Run.id, Run.started_ms).where(filters.of_project(project_id), Run.id.in_(run_ids))
    return {row.id: row.started_ms for row in session.execute(statement)}


def _changed(
    session: Session, project_id: int, watched: Sequence[str], since_ms: int, lost_ms: tuple[int, int]
) -> list[Run]:
    """The runs that were written since, and those that became lost since, for which nobody writes anything: the
    running ones that were last heard of in the span `lost_ms`, its end excluded.

    At most `MAX_CHANGED`: the watched ones first, then the newest.
    """
    here = sa.select(Run.id).where(filters.of_project(project_id))
    written = here.where(Run.changed_ms >= since_ms)
    lost = here.where(Run.status == "running", Run.heartbeat_ms >= lost_ms[0], Run.heartbeat_ms < lost_ms[1])
    statement = (
        sa.select(Run)
        .where(Run.id.in_(written.union(lost)))
        .order_by(sa.case((Run.id.in_(watched), 0), else_=1), Run.created_ms.desc(), Run.id)
        .limit(MAX_CHANGED)
        .options(rows.shown())
    )
    return list(session.scalars(statement))


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
