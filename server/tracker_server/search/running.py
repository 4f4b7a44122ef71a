"""The runs of all projects that go on now, each with one number that tells how it does.

What always holds: the number of statements does not depend on how many projects and runs there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import metrics, runs
from tracker_server.metrics import naming
from tracker_server.metrics.models import Series
from tracker_server.runs import Project, Run
from tracker_server.runs.config import flatten
from tracker_server.runs.schema import MetricSummary
from tracker_server.search.running_schema import Running, RunningMetric, RunningRequest, RunningRun

STEP_COUNTS = ("max_steps", "total_steps", "num_steps", "n_steps", "steps")
"""What configs call it, the surest first."""


def look(session: Session, wanted: RunningRequest, *, now_ms: int, lost_after_ms: int) -> Running:
    """The runs that were heard of lately and have not ended, without the archived ones."""
    goes_on = (
        Run.project_id.in_(sa.select(Project.id)),  # so that the index of a project's statuses is followed
        Run.status == "running",
        Run.heartbeat_ms >= now_ms - lost_after_ms,
        Run.deleted_ms.is_(None),
        Run.archived_ms.is_(None),
    )
    statement = sa.select(Run, Project.name).join(Project, Project.id == Run.project_id).where(*goes_on)
    found = session.execute(statement.order_by(Run.started_ms.desc(), Run.id).limit(wanted.limit)).all()
    total = len(found)
    if total == wanted.limit:
        total = session.scalar(sa.select(sa.func.count()).select_from(Run).where(*goes_on)) or 0
    ids = [run.id for run, _ in found]
    newest = _newest(session, ids)
    names = {*wanted.pinned.values(), *newest.values()}
    values = metrics.last(session, ids, sorted(names)) if ids and names else {}
    listed = [_described(run, project, wanted.pinned, newest, values.get(run.id, {})) for run, project in found]
    return Running(listed, total)


def _newest(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """For each run, what the metric that it began to log last is called. Two statements."""
    if not ids:
        return {}
    # told by the name, which stands in the index, where the kind does not
    is_metric = sa.and_(Series.segment == 0, ~Series.name.startswith("system/", autoescape=True))
    last = sa.select(sa.func.max(Series.id)).where(Series.run_id.in_(ids), is_metric).group_by(Series.run_id)
    read_as = naming.of_runs(session, ids).read_as
    found = session.execute(sa.select(Series.run_id, Series.name).where(Series.id.in_(last)))
    return {run_id: read_as.get((run_id, name), name) for run_id, name in found}


def _described(
    run: Run,
    project: str,
    pinned: Mapping[str, str],
    newest: Mapping[str, str],
    values: Mapping[str, MetricSummary],
) -> RunningRun:
    name = next((name for name in (pinned.get(project), newest.get(run.id)) if name in values), None)
    summary = values[name] if name is not None else None
    metric = RunningMetric(name, summary.last, summary.last_step) if name is not None and summary is not None else None
    return RunningRun(
        id=run.id,
        project=project,
        name=run.name,
        number=run.number,
        hue=run.hue,
        is_stopping=runs.is_stopping(run),
        started_ms=run.started_ms,
        heartbeat_ms=run.heartbeat_ms,
        metric=metric,
        step_count=_step_count(run.config),
    )


def _step_count(config: dict[str, Any]) -> int | None:
    said = {path.rpartition(".")[2]: value for path, value in flatten(config)}
    for key in STEP_COUNTS:
        value = said.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 1:
            return int(value)
    return None
