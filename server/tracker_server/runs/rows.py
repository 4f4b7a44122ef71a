"""A run as the row that every list of runs shows."""

from __future__ import annotations

from typing import Any

from tracker_server.runs.config import told
from tracker_server.runs.models import Run
from tracker_server.runs.schema import MetricSummary, RunRow
from tracker_server.runs.service import status
from tracker_server.runs.stopping import is_stopping


def row(
    run: Run,
    *,
    project: str,
    tags: list[str],
    config: dict[str, Any],
    metrics: dict[str, MetricSummary],
    summary: dict[str, Any],
    now_ms: int,
    lost_after_ms: int,
    has_notes: bool = False,
) -> RunRow:
    """The row of `run`, with what the caller has read of its tags, config (dotted keys), metrics and summary."""
    return RunRow(
        id=run.id,
        project=project,
        number=run.number,
        name=run.name,
        status=status(run, now_ms=now_ms, lost_after_ms=lost_after_ms),
        is_stopping=is_stopping(run),
        is_archived=run.archived_ms is not None,
        hue=run.hue,
        is_hue_chosen=run.given_hue is not None,
        group=run.group_name,
        job_type=run.job_type,
        tags=tags,
        created_ms=run.created_ms,
        started_ms=run.started_ms,
        finished_ms=run.finished_ms,
        heartbeat_ms=run.heartbeat_ms,
        user=run.user_name,
        config=told(config),
        metrics=metrics,
        summary=told(summary),
        notes=run.notes if has_notes else None,
    )
