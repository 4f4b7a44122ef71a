"""One run as a whole: what the runs table shows of it, and all the rest."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, media, metrics, runs
from tracker_server.runs.models import Project
from tracker_server.runs.schema import MOST_METRICS, MetricSummary, RunDetail, RunQuery


def describe(session: Session, run: runs.Run, query: RunQuery, *, now_ms: int, lost_after_ms: int) -> RunDetail:
    """Everything that the run's page needs at first, in a constant number of statements."""
    summaries, metric_count = _summaries(session, run, query)
    alerts = runs.count_alerts(session, run)
    row = runs.row(
        run,
        project=session.scalars(sa.select(Project.name).where(Project.id == run.project_id)).one(),
        tags=runs.tags(session, [run.id])[run.id],
        config=runs.chosen_config(run.config, None),
        metrics=summaries,
        summary=runs.summaries(session, [run.id])[run.id],
        now_ms=now_ms,
        lost_after_ms=lost_after_ms,
    )
    return RunDetail(
        **{**msgspec.structs.asdict(row), "notes": run.notes},
        exit_code=run.exit_code,
        error=run.error,
        lost_records=run.lost_records,
        parent=run.parent_id,
        fork_of=run.fork_of,
        fork_step=run.fork_step,
        reproduces=run.reproduces,
        reproduced_by=runs.reproductions(session, run.id),
        environment=run.environment,
        config_tree=runs.told(run.config),
        console_lines=run.console_lines,
        artifact_count=artifacts.count_of_run(session, run.id),
        media_count=media.count_of_run(session, run.id),
        stop=runs.stop_request(run),
        alert_count=alerts.error + alerts.warning + alerts.info,
        alerts=alerts,
        definitions=runs.definitions(session, [run.id])[run.id].listed,
        metric_count=metric_count,
    )


def _summaries(session: Session, run: runs.Run, query: RunQuery) -> tuple[dict[str, MetricSummary], int]:
    """The metrics that the query asks for, and how many there are of these."""
    with_hidden = bool(query.hidden)
    if query.metrics is not None or query.having:
        most = MOST_METRICS if query.metrics is None else query.metrics
        return metrics.first(session, run.id, most, having=query.having, with_hidden=with_hidden)
    found = metrics.last(session, [run.id], None, with_hidden=with_hidden)[run.id]
    return found, len(found)
