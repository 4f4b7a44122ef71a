"""Runs as rows of a list, with the columns that were asked for, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only
from sqlalchemy.orm.interfaces import ORMOption

from tracker_server import metrics, runs
from tracker_server.errors import Refused
from tracker_server.runs import Run
from tracker_server.runs.schema import RunRow


@dataclass(frozen=True)
class Columns:
    """Config keys and metric names to show; None shows all of them. Notes may be long: they come where asked for."""

    config: Sequence[str] | None = None
    metrics: Sequence[str] | None = None
    has_notes: bool = False


ALL = Columns()
NONE = Columns((), ())


def columns(names: Sequence[str] | None) -> Columns:
    """The columns of these names: "config.<key>", "metrics.<name>" and "notes". Raises Refused for any other."""
    if names is None:
        return ALL
    config: list[str] = []
    metric_names: list[str] = []
    for name in names:
        if name == "notes":
            continue
        kind, _, key = name.partition(".")
        if not key or kind not in ("config", "metrics"):
            raise Refused(
                "unknown_column",
                f"there is no column {name!r}: a column is 'config.<key>', 'metrics.<name>' or 'notes'; all else comes "
                "anyhow",
                field="columns",
            )
        (config if kind == "config" else metric_names).append(key)
    return Columns(config, metric_names, has_notes="notes" in names)


def shown() -> ORMOption:
    """An option for a statement that reads runs to be rows: all that a row shows, and not the environment, which can
    weigh a megabyte."""
    return load_only(
        Run.id, Run.project_id, Run.number, Run.name, Run.hue, Run.given_hue, Run.status, Run.group_name, Run.job_type,
        Run.user_name, Run.notes, Run.created_ms, Run.started_ms, Run.finished_ms, Run.heartbeat_ms, Run.config,
        Run.stop_requested_ms, Run.archived_ms, raiseload=True,
    )  # fmt: skip


def build(
    session: Session,
    found: Sequence[Run],
    chosen: Columns,
    *,
    now_ms: int,
    lost_after_ms: int,
    project: str | None = None,
) -> list[RunRow]:
    """The rows of these runs, in their order; `project` is the name of theirs where it is known. The number of
    statements does not depend on how many runs and columns there are."""
    ids = [run.id for run in found]
    projects = _project_names(session, found) if project is None else {run.project_id: project for run in found}
    tags, summaries = runs.tags(session, ids), runs.summaries(session, ids)
    wants_metrics = chosen.metrics is None or len(chosen.metrics) > 0
    values = metrics.last(session, ids, chosen.metrics) if wants_metrics else {}
    return [
        runs.row(
            run,
            project=projects[run.project_id],
            tags=tags[run.id],
            config=runs.chosen_config(run.config, chosen.config),
            metrics=values.get(run.id, {}),
            summary=summaries[run.id],
            now_ms=now_ms,
            lost_after_ms=lost_after_ms,
            has_notes=chosen.has_notes,
        )
        for run in found
    ]


def _project_names(session: Session, found: Sequence[Run]) -> dict[int, str]:
    ids = {run.project_id for run in found}
    statement = sa.select(runs.Project.id, runs.Project.name).where(runs.Project.id.in_(ids))
    return {row.id: row.name for row in session.execute(statement)}
