"""Deleting for good what is in the trash.

What always holds: only what is in the trash is purged, with an entry of the log in the same transaction. A run that a
model version came from stays; an artifact version that another run made or read, or that is registered, stays and
forgets the run. What a fork inherited is its own copy, and stays with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import corrections, metrics
from tracker_server.artifacts.models import (
    Artifact,
    ArtifactAlias,
    ArtifactFile,
    ArtifactFolder,
    ArtifactReference,
    ArtifactVersion,
    RunArtifactLink,
)
from tracker_server.corrections import Entry
from tracker_server.errors import Conflict, NotFound, Refused
from tracker_server.metrics.models import NameRule, Series, TrashedSeries
from tracker_server.registry.models import RegisteredVersion
from tracker_server.retention import blobs, reachability, trash
from tracker_server.retention.schema import MAX_AT_ONCE, KeptRun, Purged, PurgeRequest
from tracker_server.runs.models import Project, Run

DAY_MS = 24 * 3600 * 1000

_PARTS = (ArtifactFile, ArtifactReference, ArtifactFolder, ArtifactAlias)
"""What a version consists of, besides itself."""


def purge(
    session: Session,
    project: Project,
    wanted: PurgeRequest,
    *,
    actor_id: int,
    now_ms: int,
    grace_ms: int = blobs.GRACE_MS,
) -> Purged:
    """Delete for good what is asked for. Files go after the commit: see `blobs.sweep`.

    Raises NotFound for what is not in the trash, Conflict for a run that is kept by a model version where it was asked
    for by name, Refused for a request without a reason or that names nothing.
    """
    _check(wanted)
    corrections.hold(session, project)
    chosen = _runs_by_age if wanted.older_than_days is not None else _runs_by_name
    found = chosen(session, project, wanted, now_ms)
    keepers = trash.kept_by(session, [run.id for run in found])
    kept = [KeptRun(run.id, keepers[run.id]) for run in found if run.id in keepers]
    if kept and wanted.older_than_days is None:
        raise _kept(kept[0])
    gone = [run for run in found if run.id not in keepers][:MAX_AT_ONCE]
    entries = _entries(session, project, wanted, now_ms)
    series_count, point_count = _purge_metrics(session, entries[:MAX_AT_ONCE], wanted.reason, actor_id, now_ms)
    of_runs = _size(session, [run.id for run in gone])
    version_count = _purge_runs(session, gone, wanted.reason, actor_id, now_ms)
    versions = _versions(session, project, wanted, now_ms)
    version_count += _purge_trashed(session, project, versions[:MAX_AT_ONCE], wanted.reason, actor_id, now_ms)
    corrections.forget_keys(session, project.id)
    blob_count, blob_bytes = blobs.condemn(session, now_ms=now_ms, grace_ms=grace_ms)
    return Purged(
        run_count=len(gone),
        series_count=series_count + of_runs[0],
        point_count=point_count + of_runs[1],
        version_count=version_count,
        blob_count=blob_count,
        blob_bytes=blob_bytes,
        kept=kept,
        has_more=len(found) - len(kept) > len(gone) or max(len(entries), len(versions)) > MAX_AT_ONCE,
    )


def _check(wanted: PurgeRequest) -> None:
    if not wanted.reason.strip():
        raise Refused("no_reason", "say why: what is purged cannot come back, and the log keeps why", field="reason")
    is_by_name = bool(wanted.runs or wanted.metrics or wanted.versions)
    if is_by_name == (wanted.older_than_days is not None):
        raise Refused(
            "nothing_named", "name the runs, metrics and versions to purge, or an age with older_than_days; not both"
        )


def _runs_by_name(session: Session, project: Project, wanted: PurgeRequest, now_ms: int) -> Sequence[Run]:
    ids = list(dict.fromkeys(wanted.runs))
    statement = sa.select(Run).where(Run.id.in_(ids), Run.project_id == project.id, Run.deleted_ms.is_not(None))
    found = session.scalars(statement.order_by(Run.id).with_for_update()).all()
    missing = set(ids) - {run.id for run in found}
    if missing:
        run_id = min(missing)
        raise NotFound(
            "not_in_trash", f"run {run_id!r} is not in the trash; only what is there is purged", field="runs"
        )
    return found


def _runs_by_age(session: Session, project: Project, wanted: PurgeRequest, now_ms: int) -> Sequence[Run]:
    """One more than is purged at once, and those that are kept besides."""
    registered = sa.select(RegisteredVersion.run_id).where(RegisteredVersion.run_id.is_not(None))
    old = (Run.project_id == project.id, Run.deleted_ms <= _cutoff(wanted, now_ms))
    free = sa.select(Run.id).where(*old, Run.id.not_in(registered)).order_by(Run.deleted_ms, Run.id)
    ids = list(session.scalars(free.limit(MAX_AT_ONCE + 1)))
    ids += session.scalars(sa.select(Run.id).where(*old, Run.id.in_(registered)).limit(MAX_AT_ONCE))
    held = sa.select(Run).where(Run.id.in_(ids), *old).order_by(Run.id).with_for_update()
    return session.scalars(held).all()


def _cutoff(wanted: PurgeRequest, now_ms: int) -> int:
    return now_ms - int((wanted.older_than_days or 0) * DAY_MS)


def _kept(kept: KeptRun) -> Conflict:
    return Conflict(
        "kept_by_model",
        f"run {kept.run!r} is what the model version {kept.kept_by[0]} came from, and stays while that is registered; "
        "leave it in the trash, or restore it",
        field="runs",
        kept_by=kept.kept_by,
    )


def _entries(session: Session, project: Project, wanted: PurgeRequest, now_ms: int) -> list[Entry]:
    """The deletions of metrics that are asked for."""
    has_points = sa.exists().where(TrashedSeries.entry_id == Entry.id)
    statement = sa.select(Entry).where(Entry.project_id == project.id, has_points).order_by(Entry.id)
    if wanted.older_than_days is not None:
        statement = statement.where(Entry.time_ms <= _cutoff(wanted, now_ms)).limit(MAX_AT_ONCE + 1)
        return list(session.scalars(statement))
    found = list(session.scalars(statement.where(Entry.id.in_(wanted.metrics))))
    missing = set(wanted.metrics) - {entry.id for entry in found}
    if missing:
        message = f"nothing that correction {min(missing)} took away is in the trash"
        raise NotFound("not_in_trash", message, field="metrics")
    return found


def _purge_metrics(
    session: Session, entries: Sequence[Entry], reason: str, actor_id: int, now_ms: int
) -> tuple[int, int]:
    ids = [entry.id for entry in entries]
    corrections.hold_runs(session, metrics.trash.runs_of(session, ids))
    sizes = metrics.trash.purge(session, ids)
    for entry in entries:
        series_count, point_count = sizes[entry.id]
        corrections.record(
            session,
            entry.project_id,
            "metric.purged",
            actor_id=actor_id,
            now_ms=now_ms,
            reason=reason,
            run_id=entry.run_id,
            metric=entry.metric,
            details={"correction": entry.id, "series_count": series_count, "point_count": point_count},
        )
    return sum(series for series, _ in sizes.values()), sum(points for _, points in sizes.values())


def _size(session: Session, run_ids: Sequence[str]) -> tuple[int, int]:
    """How many series and points these runs have."""
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Series.count), 0))
    series_count, point_count = session.execute(statement.where(Series.run_id.in_(run_ids))).one()
    return series_count, int(point_count)


def _purge_runs(session: Session, gone: Sequence[Run], reason: str, actor_id: int, now_ms: int) -> int:
    """How many artifact versions went with the runs."""
    ids = [run.id for run in gone]
    told = [(run.id, run.project_id, {"name": run.name, "number": run.number}) for run in gone]
    linked = sa.select(RunArtifactLink.version_id).where(RunArtifactLink.run_id.in_(ids))
    touched = sa.or_(ArtifactVersion.run_id.in_(ids), ArtifactVersion.id.in_(linked))
    # Held, so that no run begins to use one of them, and none is registered, before this is done.
    held = sa.select(ArtifactVersion.id).where(touched).order_by(ArtifactVersion.id).with_for_update()
    versions = session.scalars(held).all()
    session.execute(sa.delete(NameRule).where(NameRule.run_id.in_(ids)))
    for run in gone:
        session.expunge(run)
    reachability.delete_runs(session, ids)
    for run_id, project_id, details in told:
        corrections.record(
            session,
            project_id,
            "run.purged",
            actor_id=actor_id,
            now_ms=now_ms,
            reason=reason,
            run_id=run_id,
            details=details,
        )
    return _purge_versions(session, versions)


def _versions(
    session: Session, project: Project, wanted: PurgeRequest, now_ms: int
) -> list[tuple[ArtifactVersion, str]]:
    """The artifact versions in the trash that are asked for, with their artifact's names; of what models are made of
    those that were named raise, others are left. By age, what runs have read since is left too."""
    version = ArtifactVersion
    in_trash = (Artifact.project_id == project.id, version.deleted_ms.is_not(None))
    statement = sa.select(version, Artifact.name).join(Artifact, Artifact.id == version.artifact_id).where(*in_trash)
    statement = statement.order_by(version.id).with_for_update(of=version)
    is_registered = sa.exists().where(RegisteredVersion.artifact_version_id == version.id)
    if wanted.older_than_days is not None:
        old = statement.where(version.deleted_ms <= _cutoff(wanted, now_ms), ~is_registered, ~_is_read_since())
        return [(row, name) for row, name in session.execute(old.limit(MAX_AT_ONCE + 1))]
    found = [(row, name) for row, name in session.execute(statement.where(version.id.in_(wanted.versions)))]
    missing = set(wanted.versions) - {row.id for row, _ in found}
    if missing:
        message = f"artifact version {min(missing)} is not in the trash; only what is there is purged"
        raise NotFound("not_in_trash", message, field="versions")
    kept = session.scalars(sa.select(version.id).where(version.id.in_(wanted.versions), is_registered)).first()
    if kept is not None:
        message = f"a model version is made of artifact version {kept}, which stays while that is registered"
        raise Conflict("kept_by_model", message, field="versions")
    return found


def _is_read_since() -> sa.ColumnElement[bool]:
    """Whether a run that is not in the trash has read a version since it was put away, whoever sees the run.

    A policy puts away what no run has read, and a person may put away what was read: so the time counts there alone.
    """
    link, run = RunArtifactLink, reachability.RUNS
    is_later = sa.or_(ArtifactVersion.deleted_by.is_(None), link.time_ms >= ArtifactVersion.deleted_ms)
    is_input = (link.version_id == ArtifactVersion.id, link.direction == "input")
    return sa.exists().where(*is_input, is_later, run.c.id == link.run_id, run.c.deleted_ms.is_(None))


def _purge_trashed(
    session: Session,
    project: Project,
    gone: Sequence[tuple[ArtifactVersion, str]],
    reason: str,
    actor_id: int,
    now_ms: int,
) -> int:
    """Delete versions that lie in the trash, and that runs made or read them; how many. The log remembers them."""
    for version, name in gone:
        details = {"artifact": name, "version": version.version, "size_bytes": version.size_bytes}
        corrections.record(
            session, project.id, "artifact.purged", actor_id=actor_id, now_ms=now_ms, reason=reason, details=details
        )
    ids = [version.id for version, _ in gone]
    for version, _ in gone:
        session.expunge(version)
    for part in (*_PARTS, RunArtifactLink):
        session.execute(sa.delete(part).where(part.version_id.in_(ids)))
    session.execute(sa.delete(ArtifactVersion).where(ArtifactVersion.id.in_(ids)))
    return len(ids)


def _purge_versions(session: Session, candidates: Sequence[int]) -> int:
    """Delete those of the artifact versions that nothing reaches; how many. Their numbers are never given again."""
    is_used = sa.exists().where(RunArtifactLink.version_id == ArtifactVersion.id)
    is_registered = sa.exists().where(RegisteredVersion.artifact_version_id == ArtifactVersion.id)
    count = 0
    for start in range(0, len(candidates), metrics.trash.AT_ONCE):
        portion = candidates[start : start + metrics.trash.AT_ONCE]
        free = sa.select(ArtifactVersion.id).where(ArtifactVersion.id.in_(portion), ~is_used, ~is_registered)
        gone = session.scalars(free.where(ArtifactVersion.run_id.is_(None))).all()
        for part in _PARTS:
            session.execute(sa.delete(part).where(part.version_id.in_(gone)))
        session.execute(sa.delete(ArtifactVersion).where(ArtifactVersion.id.in_(gone)))
        count += len(gone)
    return count
