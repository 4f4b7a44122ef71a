"""Models and versions as the API tells of them, in a constant number of statements whatever their number."""

from __future__ import annotations

from collections import defaultdict
from typing import cast

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import artifacts, narrowing, runs
from tracker_server.auth.models import User
from tracker_server.registry import moment, schema, trail
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.versions import evidence_at_registration
from tracker_server.runs.schema import MetricSummary

_OF_ONE = (RegisteredVersion.config, RegisteredVersion.code, RegisteredVersion.card)
"""What the page of one version shows, and a list of them does not."""


def list_models(session: Session, *, with_archived: bool = False) -> list[schema.Model]:
    """Every model, by name; those that were archived only where they are asked for."""
    return _models(session, sa.true() if with_archived else RegisteredModel.archived_ms.is_(None))


def model_detail(session: Session, model: RegisteredModel) -> schema.ModelDetail:
    """A model with its versions and its history."""
    (described,) = _models(session, RegisteredModel.id == model.id)
    metric = model.main_metric
    return schema.ModelDetail(
        **msgspec.structs.asdict(described),
        goal=runs.metric_goals(session, model.project_id).of(metric) if metric is not None else None,
        versions=_versions(session, RegisteredVersion.model_id == model.id),
        history=trail.of_model(session, model),
    )


def describe_version(session: Session, version: RegisteredVersion) -> schema.ModelVersion:
    """A version as a row of a table."""
    (described,) = _versions(session, RegisteredVersion.id == version.id)
    return described


def version_detail(session: Session, version: RegisteredVersion) -> schema.ModelVersionDetail:
    """A version with its files, and the config and code that its run had at registration."""
    project = sa.select(runs.Project.name).join(RegisteredModel, RegisteredModel.project_id == runs.Project.id)
    return schema.ModelVersionDetail(
        **msgspec.structs.asdict(describe_version(session, version)),
        files=_files(session, version),
        config=runs.told(version.config),
        code=evidence_at_registration(version).code,
        card=version.card,
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
    of_model = RegisteredVersion.model_id == RegisteredModel.id
    count, newest, newest_ms = (
        sa.select(what).where(of_model).scalar_subquery()
        for what in (
            sa.func.count(RegisteredVersion.id),
            sa.func.max(RegisteredVersion.version),
            sa.func.max(RegisteredVersion.created_ms),
        )
    )
    statement = (
        sa.select(RegisteredModel, runs.Project.name, User.name, count, newest, newest_ms)
        .join(runs.Project, runs.Project.id == RegisteredModel.project_id)
        .join(User, User.id == RegisteredModel.created_by)
        .where(where)
        .order_by(RegisteredModel.name)
    )
    rows = session.execute(statement).all()
    aliases = _aliases(session, ModelAlias.model_id.in_([model.id for model, *_ in rows]))
    return [
        schema.Model(
            name=model.name,
            project=project,
            description=model.description,
            tags=model.tags,
            main_metric=model.main_metric,
            is_archived=model.archived_ms is not None,
            created_ms=model.created_ms,
            created_by=created_by,
            version_count=version_count,
            latest_version=latest,
            latest_ms=latest_ms,
            aliases=aliases[model.id],
        )
        for model, project, created_by, version_count, latest, latest_ms in rows
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
    """Versions of models that one sees, newest first; their artifacts may be of projects that one does not.

    A run in the trash, or of such a project, is not named: nobody could open it. Nor is data of such a project.
    """
    is_shown = sa.and_(runs.Run.id == RegisteredVersion.run_id, runs.Run.deleted_ms.is_(None))
    seen = narrowing.of(session)
    if seen is not None:
        is_shown = sa.and_(is_shown, runs.Run.within(seen))
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
        .options(orm.load_only(runs.Run.id, runs.Run.name, runs.Run.hue))
        .options(*(orm.defer(column) for column in _OF_ONE))
        .execution_options(**narrowing.EVERY_PROJECT)
    )  # fmt: skip
    rows = session.execute(statement).all()
    aliases = _aliases_of_versions(session, [version.id for version, *_ in rows])
    kept = [msgspec.convert(version.data, list[schema.UsedData]) for version, *_ in rows]
    data = moment.seen(session, kept)
    return [
        schema.ModelVersion(
            model=model,
            version=version.version,
            description=version.description,
            tags=version.tags,
            state=cast(schema.VersionState, version.state),
            state_reason=version.state_reason,
            data=used,
            cost=msgspec.convert(version.cost, schema.Cost) if version.cost else None,
            aliases=aliases[version.id],
            created_ms=version.created_ms,
            created_by=created_by,
            run=run.id if run is not None else None,
            run_name=run.name if run is not None else None,
            run_hue=run.hue if run is not None else None,
            artifact_version_id=source.id,
            artifact=f"{artifact}:v{source.version}",
            size_bytes=source.size_bytes,
            metrics=msgspec.convert(version.metrics, dict[str, MetricSummary]),
        )
        for (version, model, created_by, artifact, source, run), used in zip(rows, data, strict=True)
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
