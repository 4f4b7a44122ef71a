"""What is in the trash of a project, and how large it is; in a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.artifacts.models import Artifact, ArtifactVersion
from tracker_server.auth.models import User
from tracker_server.corrections import Entry
from tracker_server.media.models import MediaItem
from tracker_server.metrics.models import Series, TrashedSeries
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.retention import keepers
from tracker_server.retention.schema import RunHoldings, Trash, TrashedMetric, TrashedRun, TrashedVersion
from tracker_server.runs.models import Project, Run


def look(session: Session, project: Project, *, limit: int) -> Trash:
    """The newest runs, metrics and artifact versions in the trash."""
    in_trash = (Run.project_id == project.id, Run.deleted_ms.is_not(None))
    metrics = _metrics(session, project)
    return Trash(
        runs=_runs(session, in_trash, limit),
        metrics=metrics[:limit],
        versions=_versions(session, project, limit),
        run_count=session.execute(sa.select(sa.func.count()).select_from(Run).where(*in_trash)).scalar_one(),
        metric_count=len(metrics),
        version_count=session.execute(_deleted_versions(project, sa.func.count())).scalar_one(),
    )


def _deleted_versions(project: Project, *columns: Any) -> sa.Select[Any]:
    statement = sa.select(*columns).select_from(ArtifactVersion)
    statement = statement.join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
    return statement.where(Artifact.project_id == project.id, ArtifactVersion.deleted_ms.is_not(None))


def _versions(session: Session, project: Project, limit: int) -> list[TrashedVersion]:
    version = ArtifactVersion
    statement = _deleted_versions(project, version, Artifact.name, User.name)
    statement = statement.outerjoin(User, User.id == version.deleted_by)
    found = session.execute(statement.order_by(version.deleted_ms.desc(), version.id).limit(limit)).all()
    kept = keepers.of(session, [row[0].id for row in found])
    return [
        TrashedVersion(
            id=row.id,
            name=name,
            version=row.version,
            deleted_ms=row.deleted_ms,
            by=by,
            reason=row.deletion_reason,
            size_bytes=row.size_bytes,
            kept_by=[keeper.name for keeper in kept[row.id] if keeper.kind == "model"],
        )
        for row, name, by in found
    ]


def holdings(session: Session, run: Run) -> RunHoldings:
    """What goes with a run when it is deleted."""
    count, total = sa.func.count, sa.func.sum
    counted = sa.select(Series.kind, count(Series.name.distinct()), total(Series.count))
    of_kind = {row[0]: row for row in session.execute(counted.where(Series.run_id == run.id).group_by(Series.kind))}
    _, metrics, points = of_kind.get("metric", ("metric", 0, 0))
    made = sa.select(count(), total(ArtifactVersion.size_bytes)).where(ArtifactVersion.run_id == run.id)
    versions, file_bytes = session.execute(made).one()
    media = sa.select(count()).select_from(MediaItem).where(MediaItem.run_id == run.id)
    forks = sa.select(count()).select_from(Run).where(Run.fork_of == run.id, Run.deleted_ms.is_(None))
    return RunHoldings(
        metric_count=metrics,
        point_count=int(points or 0),
        system_point_count=sum(int(row[2] or 0) for kind, row in of_kind.items() if kind != "metric"),
        console_line_count=run.console_lines,
        media_count=session.scalars(media).one(),
        version_count=versions,
        file_bytes=int(file_bytes or 0),
        fork_count=session.scalars(forks).one(),
        kept_by=kept_by(session, [run.id])[run.id],
    )


def _runs(session: Session, where: Sequence[sa.ColumnElement[bool]], limit: int) -> list[TrashedRun]:
    """Who deleted a run, and why, says the last entry of that; of one that has none, who changed it last."""
    deleted = orm.aliased(Entry)
    newest = (
        sa.select(sa.func.max(Entry.id))
        .where(Entry.run_id == Run.id, Entry.action == "run.deleted")
        .correlate(Run)
        .scalar_subquery()
    )
    statement = (
        sa.select(Run.id, Run.number, Run.name, Run.deleted_ms, User.name.label("by"), deleted.reason)
        .select_from(Run)
        .outerjoin(deleted, deleted.id == newest)
        .join(User, User.id == sa.func.coalesce(deleted.actor_id, Run.changed_by))
        .where(*where)
        .order_by(Run.deleted_ms.desc(), Run.id)
        .limit(limit)
    )
    found = session.execute(statement).all()
    ids = [row.id for row in found]
    points = _sums(session, Series.run_id, Series.count, ids)
    files = _sums(session, ArtifactVersion.run_id, ArtifactVersion.size_bytes, ids)
    media = _sums(session, MediaItem.run_id, MediaItem.size_bytes, ids)
    keepers = kept_by(session, ids)
    return [
        TrashedRun(
            id=row.id,
            number=row.number,
            name=row.name,
            deleted_ms=row.deleted_ms,
            by=row.by,
            reason=row.reason or "",
            point_count=points.get(row.id, 0),
            file_bytes=files.get(row.id, 0) + media.get(row.id, 0),
            kept_by=keepers[row.id],
        )
        for row in found
    ]


def _sums(
    session: Session, run_id: orm.InstrumentedAttribute[str] | orm.InstrumentedAttribute[str | None],
    column: orm.InstrumentedAttribute[int], ids: Sequence[str],
) -> dict[str, int]:  # fmt: skip
    statement = sa.select(run_id, sa.func.sum(column)).where(run_id.in_(ids)).group_by(run_id)
    return {str(row[0]): int(row[1]) for row in session.execute(statement)}


def kept_by(session: Session, run_ids: Sequence[str]) -> defaultdict[str, list[str]]:
    """The model versions that came from each of these runs, as they are referred to."""
    version = RegisteredVersion
    statement = (
        sa.select(version.run_id, RegisteredModel.name, version.version)
        .join(RegisteredModel, RegisteredModel.id == version.model_id)
        .where(version.run_id.in_(run_ids))
        .order_by(RegisteredModel.name, version.version)
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for run_id, model, number in session.execute(statement):
        found[str(run_id)].append(f"{model}:v{number}")
    return found


def _metrics(session: Session, project: Project) -> list[TrashedMetric]:
    """What deletions of metrics took away and is still there, the newest first."""
    count = sa.func.count
    statement = (
        sa.select(Entry, User.name, count(Series.run_id.distinct()), count(), sa.func.sum(Series.count))
        .select_from(Entry)
        .join(TrashedSeries, TrashedSeries.entry_id == Entry.id)
        .join(Series, Series.id == TrashedSeries.series_id)
        .join(User, User.id == Entry.actor_id)
        .where(Entry.project_id == project.id)
        .group_by(Entry.id, User.name)
        .order_by(Entry.id.desc())
    )
    return [
        TrashedMetric(
            correction=entry.id,
            metric=entry.metric or "",
            run=entry.run_id,
            deleted_ms=entry.time_ms,
            by=by,
            reason=entry.reason,
            run_count=run_count,
            series_count=series_count,
            point_count=int(point_count),
        )
        for entry, by, run_count, series_count, point_count in session.execute(statement)
    ]
