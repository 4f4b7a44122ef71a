"""Projects as the first page lists them: with their runs counted."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.runs import models, schema

DAYS = 30
DAY_MS = 24 * 3600 * 1000


def describe(session: Session, *, now_ms: int, lost_after_ms: int, name: str | None = None) -> list[schema.Project]:
    """Every project (or the one of that name) with its counts, the one heard of last first. Three statements."""
    chosen = sa.select(models.Project)
    if name is not None:
        chosen = chosen.where(models.Project.name == name)
    projects = session.scalars(chosen).all()
    ids = [project.id for project in projects]
    counts = _counts(session, ids, now_ms - lost_after_ms)
    days = _runs_per_day(session, ids, now_ms)
    described = [_project(project, counts.get(project.id), days[project.id]) for project in projects]
    return sorted(described, key=lambda project: -(project.last_activity_ms or project.created_ms))


def _counts(session: Session, ids: Sequence[int], heard_since_ms: int) -> dict[int, tuple[int, int, int, int]]:
    """For each project: its runs without the archived ones, those running now, the last sign of life, the archived."""
    run = models.Run
    is_listed = run.archived_ms.is_(None)
    is_running = sa.and_(is_listed, run.status == "running", run.heartbeat_ms >= heard_since_ms)
    statement = (
        sa.select(
            run.project_id,
            sa.func.count().filter(is_listed),
            sa.func.count().filter(is_running),
            sa.func.max(run.heartbeat_ms),
            sa.func.count().filter(~is_listed),
        )
        .where(run.project_id.in_(ids), run.deleted_ms.is_(None))
        .group_by(run.project_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in session.execute(statement)}


def _runs_per_day(session: Session, ids: Sequence[int], now_ms: int) -> dict[int, list[int]]:
    run = models.Run
    today = now_ms // DAY_MS
    day = (run.created_ms - run.created_ms % DAY_MS) / DAY_MS
    statement = (
        sa.select(run.project_id, day, sa.func.count())
        .where(run.project_id.in_(ids), run.deleted_ms.is_(None), run.created_ms >= (today - DAYS + 1) * DAY_MS)
        .group_by(run.project_id, day)
    )
    found = {project_id: [0] * DAYS for project_id in ids}
    for project_id, number, count in session.execute(statement):
        place = int(number) - (today - DAYS + 1)
        if 0 <= place < DAYS:
            found[project_id][place] = count
    return found


def _project(project: models.Project, counts: tuple[int, int, int, int] | None, days: list[int]) -> schema.Project:
    runs, running, heard_ms, archived = counts if counts is not None else (0, 0, None, 0)
    return schema.Project(
        name=project.name,
        description=project.description,
        created_ms=project.created_ms,
        run_count=runs,
        archived_count=archived,
        running_count=running,
        last_activity_ms=heard_ms,
        is_archived=project.archived_ms is not None,
        runs_per_day=days,
    )
