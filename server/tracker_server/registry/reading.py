"""Models and versions as the API tells of them, in a constant number of statements whatever their number."""

from __future__ import annotations

from collections import defaultdict

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, runs
from tracker_server.auth.models import User
from tracker_server.registry import schema, trail
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.versions import evidence_at_registration


def list_models(session: Session) -> list[schema.Model]:
    """Every model, by name."""
    return _models(session, sa.true())


def model_detail(session: Session, model: RegisteredModel) -> schema.ModelDetail:
    """A model with its versions and its history."""
    (described,) = _models(session, RegisteredModel.id == model.id)
    return schema.ModelDetail(
        **msgspec.structs.asdict(described),
        versions=_versions(session, RegisteredVersion.model_id == model.id),
        history=trail.of_model(session, model),
    )


def describe_version(session: Session, version: RegisteredVersion) -> schema.ModelVersion:
    """A version as a row of a table."""
    (described,) = _versions(session, RegisteredVersion.id == version.id)
    return described


def version_detail(session: Session, version: RegisteredVersion) -> schema.ModelVersionDetail:
    """A version with its files, and the config that its run had at registration."""
    project = sa.select(runs.Project.name).join(RegisteredModel, RegisteredModel.project_id == runs.Project.id)
    return schema.ModelVersionDetail(
        **msgspec.structs.asdict(describe_version(session, version)),
        files=_files(session, version),
        config=version.config,
        project=session.scalars(project.where(RegisteredModel.id == version.model_id)).one(),
    )


def resolved(session: Session, version: RegisteredVersion, ref: str) -> schema.Resolved:
    """What a program needs to fetch a version."""
    described = describe_version(session, version)
    return schema.Resolved(
        model=described.model,
        version=described.version,
        ref=ref,
        aliases=described.aliases,
        artifact=described.artifact,
        artifact_version_id=described.artifact_version_id,
        run=described.run,
        files=_files(session, version),
    )


def alias_holder(session: Session, model: RegisteredModel, alias: str) -> schema.AliasHolder | None:
    """Who holds an alias, since when, and who says so."""
    found = _aliases(session, ModelAlias.model_id == model.id, ModelAlias.alias == alias)[model.id]
    return found[0] if found else None


def _models(session: Session, where: sa.ColumnElement[bool]) -> list[schema.Model]:
    statement = (
        sa.select(RegisteredModel, runs.Project.name, User.name)
        .join(runs.Project, runs.Project.id == RegisteredModel.project_id)
        .join(User, User.id == RegisteredModel.created_by)
        .where(where)
        .order_by(RegisteredModel.name)
    )
    rows = session.execute(statement).all()
    aliases = _aliases(session, ModelAlias.model_id.in_([model.id for model, _, _ in rows]))
    return [
        schema.Model(
            name=model.name,
            project=project,
            description=model.description,
            created_ms=model.created_ms,
            created_by=created_by,
            version_count=model.next_version - 1,
            latest_version=model.next_version - 1 or None,
            aliases=aliases[model.id],
        )
        for model, project, created_by in rows
    ]


def _aliases(session: Session, *where: sa.ColumnElement[bool]) -> dict[int, list[schema.AliasHolder]]:
    """The aliases of each model, by name."""
    statement = (
        sa.select(ModelAlias, RegisteredVersion.version, User.name)
        .join(RegisteredVersion, RegisteredVersion.id == ModelAlias.version_id)
        .join(User, User.id == ModelAlias.moved_by)
        .where(*where)
        .order_by(ModelAlias.alias)
    )
    found: defaultdict[int, list[schema.AliasHolder]] = defaultdict(list)
    for alias, version, moved_by in session.execute(statement):
        holder = schema.AliasHolder(alias.alias, version, alias.moved_ms, moved_by, alias.reason)
        found[alias.model_id].append(holder)
    return found


def _versions(session: Session, where: sa.ColumnElement[bool]) -> list[schema.ModelVersion]:
    """Versions, newest first. A run in the trash is not named: nobody could open it."""
    is_shown = sa.and_(runs.Run.id == RegisteredVersion.run_id, runs.Run.deleted_ms.is_(None))
    statement = (
        sa.select(
            RegisteredVersion, RegisteredModel.name, User.name,
            artifacts.Artifact.name, artifacts.ArtifactVersion, runs.Run,
        )
        .join(RegisteredModel, RegisteredModel.id == RegisteredVersion.model_id)
        .join(User, User.id == RegisteredVersion.created_by)
        .join(artifacts.ArtifactVersion, artifacts.ArtifactVersion.id == RegisteredVersion.artifact_version_id)
        .join(artifacts.Artifact, artifacts.Artifact.id == artifacts.ArtifactVersion.artifact_id)
        .outerjoin(runs.Run, is_shown)
        .where(where)
        .order_by(RegisteredVersion.version.desc())
    )  # fmt: skip
    rows = session.execute(statement).all()
    aliases = _aliases_of_versions(session, [version.id for version, *_ in rows])
    return [
        schema.ModelVersion(
            model=model,
            version=version.version,
            description=version.description,
            aliases=aliases[version.id],
            created_ms=version.created_ms,
            created_by=created_by,
            run=run.id if run is not None else None,
            run_name=run.name if run is not None else None,
            run_hue=run.hue if run is not None else None,
            artifact_version_id=source.id,
            artifact=f"{artifact}:v{source.version}",
            size_bytes=source.size_bytes,
            metrics=evidence_at_registration(version).metrics,
        )
        for version, model, created_by, artifact, source, run in rows
    ]


def _aliases_of_versions(session: Session, ids: list[int]) -> defaultdict[int, list[str]]:
    statement = sa.select(ModelAlias.version_id, ModelAlias.alias).where(ModelAlias.version_id.in_(ids))
    found: defaultdict[int, list[str]] = defaultdict(list)
    for version_id, alias in session.execute(statement.order_by(ModelAlias.alias)):
        found[version_id].append(alias)
    return found


def _files(session: Session, version: RegisteredVersion) -> list[schema.VersionFile]:
    files = artifacts.files_of(session, version.artifact_version_id)
    return [schema.VersionFile(file.path, file.digest, file.size_bytes) for file in files]
