"""Models and their versions: finding them, and registering an artifact version as a model's next one.

What always holds: versions of a model count up from 1 without gap or repeat; an artifact version is a version of the
model once; what a version holds of its run (metrics, config) is of the moment of registration and never changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, db, metrics, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.registry import names, trail
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.runs.schema import MetricSummary

MAX_VERSION = 2**31 - 1


class Evidence(NamedTuple):
    """What a run says of the model that it made. `config` has its leaves by dotted key."""

    metrics: dict[str, MetricSummary]
    config: dict[str, Any]


def get_model(session: Session, name: str, *, for_update: bool = False) -> RegisteredModel:
    """The model of that name. Raises NotFound.

    `for_update` gives it as it is now and ours until the commit: whoever changes a model's versions or aliases takes
    it so, and they change one after the other.
    """
    statement = sa.select(RegisteredModel).where(RegisteredModel.name == name)
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFound(
            "unknown_model", f"there is no model {name!r}; register one from a run's artifact, on the run's page"
        )
    return found


def get_version(session: Session, model: RegisteredModel, number: int) -> RegisteredVersion:
    """A version of a model. Raises NotFound."""
    found = None
    if 0 < number <= MAX_VERSION:
        statement = sa.select(RegisteredVersion)
        where = (RegisteredVersion.model_id == model.id, RegisteredVersion.version == number)
        found = session.scalar(statement.where(*where))
    if found is None:
        raise NotFound(
            "unknown_version",
            f"the model {model.name!r} has no version v{number}; its newest is v{model.next_version - 1}",
            field="version",
        )
    return found


def registered_as(
    session: Session, model: RegisteredModel, artifact_version: artifacts.ArtifactVersion
) -> RegisteredVersion | None:
    """The version of the model that an artifact version is."""
    return session.scalar(
        sa.select(RegisteredVersion).where(
            RegisteredVersion.model_id == model.id, RegisteredVersion.artifact_version_id == artifact_version.id
        )
    )


def register(
    session: Session,
    model_name: str,
    artifact_version_id: int,
    *,
    description: str = "",
    actor_id: int,
    now_ms: int,
) -> tuple[RegisteredVersion, bool]:
    """Make an artifact version the model's next version, and the model where it is new; whether it was made now.

    Raises NotFound for an artifact version that is not there, Refused for one without files and for a bad name.
    """
    names.check_model(model_name)
    source = registrable(session, artifact_version_id)
    model = _model_for(session, model_name, source, actor_id=actor_id, now_ms=now_ms)
    found = registered_as(session, model, source)
    if found is not None:
        return found, False
    evidence = evidence_of(session, source)
    version = RegisteredVersion(
        model_id=model.id,
        version=model.next_version,
        artifact_version_id=source.id,
        run_id=source.run_id,
        description=description,
        metrics=msgspec.to_builtins(evidence.metrics),
        config=evidence.config,
        created_ms=now_ms,
        created_by=actor_id,
    )
    model.next_version += 1
    session.add(version)
    session.flush()
    trail.record(
        session, model, "version.registered", to_version=version.version, reason=description, actor_id=actor_id,
        now_ms=now_ms,
    )  # fmt: skip
    return version, True


def registrable(session: Session, artifact_version_id: int) -> artifacts.ArtifactVersion:
    """An artifact version that can be a model's. Raises NotFound, and Refused for one without files."""
    source = artifacts.get_version(session, artifact_version_id)
    if source.file_count == 0:
        raise Refused(
            "no_files",
            f"artifact version {artifact_version_id} has no files, so there is nothing that a model could be loaded "
            "from; log the model's files first (tracker.log_artifact)",
            field="artifact_version_id",
        )
    return source


def evidence_of(session: Session, source: artifacts.ArtifactVersion) -> Evidence:
    """The metrics and config of the run that made an artifact version, as they are now; nothing where none made it."""
    run = session.get(runs.Run, source.run_id) if source.run_id is not None else None
    if run is None:
        return Evidence({}, {})
    summaries = metrics.last(session, [run.id], None)[run.id]
    logged = {name: summary for name, summary in summaries.items() if summary.kind == "metric"}
    return Evidence(logged, runs.chosen_config(run.config, None))


def evidence_at_registration(version: RegisteredVersion) -> Evidence:
    """The metrics and config that a version was registered with."""
    return Evidence(msgspec.convert(version.metrics, dict[str, MetricSummary]), version.config)


def _model_for(
    session: Session, name: str, source: artifacts.ArtifactVersion, *, actor_id: int, now_ms: int
) -> RegisteredModel:
    """The model, locked; made in the artifact's project where it is new."""
    project_id = session.scalars(
        sa.select(artifacts.Artifact.project_id).where(artifacts.Artifact.id == source.artifact_id)
    ).one()
    row = db.insert(session, RegisteredModel).values(
        name=name, project_id=project_id, description="", next_version=1, created_ms=now_ms, created_by=actor_id
    )
    made = session.scalar(row.on_conflict_do_nothing(index_elements=["name"]).returning(RegisteredModel.id))
    model = get_model(session, name, for_update=True)
    if made is not None:
        trail.record(session, model, "model.created", actor_id=actor_id, now_ms=now_ms)
    return model
