"""What a project has besides its runs, as the records that bring it to another server.

What always holds: of artifacts and models only what the project's own runs made or what was uploaded to it goes; of
saved views those that others may see and those of who asks. What is in the trash stays behind. The last record is
`ProjectEnded`: without it, the answer broke off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import (
    ArtifactCopied,
    ArtifactFile,
    Copied,
    CorrectionCopied,
    LeaderboardCopied,
    ModelAct,
    ModelAliasFacts,
    ModelCopied,
    ModelVersionFacts,
    ProjectCopied,
    ProjectEnded,
    Use,
    ViewCopied,
    encode,
    frame,
)
from tracker_server import artifacts, bundles, registry, runs
from tracker_server.artifacts.models import (
    Artifact,
    ArtifactAlias,
    ArtifactReference,
    ArtifactVersion,
    RunArtifactLink,
)
from tracker_server.artifacts.models import ArtifactFile as FileRow
from tracker_server.auth.models import User
from tracker_server.corrections import Entry
from tracker_server.leaderboards.models import LeaderboardRow
from tracker_server.metrics.models import NameRule
from tracker_server.registry.models import AuditRow, ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.runs.models import Project, Run
from tracker_server.saved_views.models import SavedViewRow

ROWS_AT_ONCE: Final = 500

Row = TypeVar("Row")


@dataclass(frozen=True)
class Source:
    """Whose records they are, and for whom."""

    open_session: Callable[[], Session]
    project_id: int
    actor_id: int
    now_ms: int


def frames(of: Source) -> Iterator[bytes]:
    """The records of the project, a frame after the other, each read shortly before it is sent."""
    for number, record in enumerate(_records(of)):
        yield frame(number, encode(record))


def _records(of: Source) -> Iterator[Copied]:
    with of.open_session() as session:
        project = session.get_one(Project, of.project_id)
        first = _project(session, project, of.now_ms)
        versions, models = _version_ids(session, project), _model_ids(session, project)
        others: list[Copied] = [*_views(session, project, of.actor_id), *_leaderboards(session, project)]
        others += _corrections(session, project)
    yield first
    for portion in _portions(versions):
        with of.open_session() as session:
            yield from _artifacts(session, of.project_id, portion)
    for model_id in models:
        with of.open_session() as session:
            yield from _model(session, project, model_id)
    yield from others
    yield ProjectEnded(of.now_ms)


def _portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield rows[start : start + ROWS_AT_ONCE]


def _project(session: Session, project: Project, now_ms: int) -> ProjectCopied:
    of_project = (Run.project_id == project.id, Run.deleted_ms.is_(None))
    run_ids = session.scalars(sa.select(Run.id).where(*of_project).order_by(Run.number, Run.id))
    return ProjectCopied(
        time_ms=now_ms,
        name=project.name,
        description=project.description,
        created_ms=project.created_ms,
        archived_ms=project.archived_ms,
        runs=tuple(run_ids),
        goals=dict(runs.metric_goals(session, project.id).chosen),
    )


def _version_ids(session: Session, project: Project) -> Sequence[int]:
    statement = (
        sa.select(ArtifactVersion.id)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(Artifact.project_id == project.id, artifacts.is_live())
        .order_by(Artifact.id, ArtifactVersion.version)
    )
    return session.scalars(statement).all()


def _artifacts(session: Session, project_id: int, ids: Sequence[int]) -> Iterator[ArtifactCopied]:
    files: dict[int, list[ArtifactFile]] = defaultdict(list)
    for file in session.scalars(sa.select(FileRow).where(FileRow.version_id.in_(ids)).order_by(FileRow.path)):
        files[file.version_id].append(ArtifactFile(file.path, file.digest, file.size_bytes))
    for one in session.scalars(sa.select(ArtifactReference).where(ArtifactReference.version_id.in_(ids))):
        files[one.version_id].append(ArtifactFile(one.path, one.digest, one.size_bytes, one.reference, one.etag))
    aliases: dict[int, list[str]] = defaultdict(list)
    for alias in session.scalars(sa.select(ArtifactAlias).where(ArtifactAlias.version_id.in_(ids))):
        aliases[alias.version_id].append(alias.alias)
    uses: dict[int, list[Use]] = defaultdict(list)
    link = RunArtifactLink
    present = (
        sa.select(link).join(Run, Run.id == link.run_id).where(Run.deleted_ms.is_(None), Run.project_id == project_id)
    )
    for used in session.scalars(present.where(link.version_id.in_(ids)).order_by(link.time_ms, link.run_id)):
        uses[used.version_id].append(Use(used.run_id, used.direction, used.time_ms))  # type: ignore[arg-type]
    statement = (
        sa.select(ArtifactVersion, Artifact.name, Artifact.kind, Run.deleted_ms)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .outerjoin(Run, Run.id == ArtifactVersion.run_id)
        .where(ArtifactVersion.id.in_(ids))
        .order_by(Artifact.id, ArtifactVersion.version)
    )
    for version, name, kind, deleted_ms in session.execute(statement):
        yield ArtifactCopied(
            name=name,
            kind=kind,
            version=version.version,
            created_ms=version.created_ms,
            run=version.run_id if deleted_ms is None else None,
            files=tuple(files[version.id]),
            metadata=version.details,
            aliases=tuple(sorted(aliases[version.id])),
            uses=tuple(uses[version.id]),
        )


def _model_ids(session: Session, project: Project) -> Sequence[int]:
    models = sa.select(RegisteredModel.id).where(RegisteredModel.project_id == project.id)
    return session.scalars(models.order_by(RegisteredModel.id)).all()


def _model(session: Session, project: Project, model_id: int) -> Iterator[ModelCopied]:
    model = session.get(RegisteredModel, model_id)
    if model is None:
        return
    aliases = (
        sa.select(ModelAlias.alias, RegisteredVersion.version, ModelAlias.reason)
        .join(RegisteredVersion, RegisteredVersion.id == ModelAlias.version_id)
        .where(ModelAlias.model_id == model.id)
        .order_by(ModelAlias.alias)
    )
    yield ModelCopied(
        name=model.name,
        description=model.description,
        created_ms=model.created_ms,
        versions=tuple(_model_versions(session, project, model)),
        aliases=tuple(ModelAliasFacts(*row) for row in session.execute(aliases)),
        trail=tuple(_trail(session, model)),
        tags=tuple(model.tags),
        main_metric=model.main_metric,
        is_archived=model.archived_ms is not None,
    )


def _model_versions(session: Session, project: Project, model: RegisteredModel) -> Iterator[ModelVersionFacts]:
    statement = (
        sa.select(RegisteredVersion, Artifact.name, ArtifactVersion.digest)
        .join(ArtifactVersion, ArtifactVersion.id == RegisteredVersion.artifact_version_id)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(RegisteredVersion.model_id == model.id, Artifact.project_id == project.id)
        .order_by(RegisteredVersion.version)
    )
    for version, artifact, digest in session.execute(statement):
        yield ModelVersionFacts(
            version=version.version,
            artifact=artifact,
            digest=digest,
            run=version.run_id,
            description=version.description,
            metrics=version.metrics,
            config=version.config,
            created_ms=version.created_ms,
            code=version.code,
            data=_data(session, project, version),
            cost=version.cost,
            tags=tuple(version.tags),
            card=version.card,
            state=version.state,
            state_reason=version.state_reason,
            verifications=bundles.copied(session, version),
        )


def _data(session: Session, project: Project, version: RegisteredVersion) -> tuple[dict[str, Any], ...]:
    """What the version was made from, as far as one sees it; what is of this project has none."""
    (seen,) = registry.seen_data(session, [registry.evidence_at_registration(version).data])
    return tuple(
        msgspec.to_builtins(one) | {"project": "" if one.project == project.name else one.project} for one in seen
    )


def _trail(session: Session, model: RegisteredModel) -> Iterator[ModelAct]:
    statement = sa.select(AuditRow, User.name).join(User, User.id == AuditRow.actor_id)
    for row, by in session.execute(statement.where(AuditRow.model_id == model.id).order_by(AuditRow.id)):
        yield ModelAct(
            row.id, row.time_ms, by, row.action, row.alias, row.from_version, row.to_version, row.reason, row.details
        )


def _views(session: Session, project: Project, actor_id: int) -> Iterator[ViewCopied]:
    row = SavedViewRow
    may_see = sa.or_(row.is_shared, row.name.is_(None), row.owner_id == actor_id)
    for view in session.scalars(sa.select(row).where(row.project_id == project.id, may_see).order_by(row.id)):
        yield ViewCopied(view.id, view.name, view.is_shared, view.parameters, view.created_ms)


def _leaderboards(session: Session, project: Project) -> Iterator[LeaderboardCopied]:
    row = LeaderboardRow
    for board in session.scalars(sa.select(row).where(row.project_id == project.id).order_by(row.id)):
        yield LeaderboardCopied(board.name, board.document, board.created_ms)


def _corrections(session: Session, project: Project) -> Iterator[CorrectionCopied]:
    standing = set(session.scalars(sa.select(NameRule.id).where(NameRule.project_id == project.id)))
    statement = sa.select(Entry, User.name).join(User, User.id == Entry.actor_id)
    for entry, by in session.execute(statement.where(Entry.project_id == project.id).order_by(Entry.id)):
        details: dict[str, Any] = entry.details
        yield CorrectionCopied(
            id=entry.id,
            time_ms=entry.time_ms,
            by=by,
            action=entry.action,
            run=entry.run_id,
            metric=entry.metric,
            shown_as=entry.shown_as,
            reason=entry.reason,
            undoes=entry.undoes,
            details=details,
            stands=entry.id in standing,
        )
