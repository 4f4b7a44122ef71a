"""Models and their versions: finding them, and registering an artifact version as a model's next one.

What always holds: versions of a model count up from 1 without gap or repeat, and the number of one that was deleted is
not used again; an artifact version is a version of the
model once; what a version holds of its run (metrics, config, code, data, cost) is of the moment of registration and
never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, db, metrics, runs
from tracker_server.errors import ApiError, Conflict, Gone, NotFound, Refused
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry import chain, moment, names, trail
from tracker_server.registry.models import RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import Code, Cost, UsedData
from tracker_server.runs.schema import MetricSummary

MAX_VERSION = 2**31 - 1


class Evidence(NamedTuple):
    """What a run says of the model that it made. `config` has its leaves by dotted key.

    `code` and `cost` are None where no run made it. `data` names projects that are hidden too: `moment.seen` leaves
    them out.
    """

    metrics: dict[str, MetricSummary]
    config: dict[str, Any]
    code: Code | None
    data: list[UsedData]
    cost: Cost | None


Keep = Callable[[RegisteredVersion], None]
"""Keeps something beside a version that was just registered."""

Registering = Callable[[Session, artifacts.ArtifactVersion], Keep | None]

_registering: list[Registering] = []


def registers(hear: Registering) -> Registering:
    """For a function that is asked of an artifact version before it becomes a model's, and may raise Refused: of a
    domain that keeps something beside versions."""
    _registering.append(hear)
    return hear


def get_model(session: Session, name: str, *, for_update: bool = False) -> RegisteredModel:
    """The model of that name. Raises NotFound.

    `for_update` gives it as it is now and ours until the commit: whoever changes a model's versions or aliases takes
    it so, and they change one after the other.
    """
    if for_update:
        chain.hold(session)
    statement = sa.select(RegisteredModel).where(RegisteredModel.name == name)
    if for_update:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFound(
            "unknown_model", f"there is no model {name!r}; register one from a run's artifact, on the run's page"
        )
    return found


def project_id_of(session: Session, name: str) -> int | None:
    """The project of the model of that name, whoever asks."""
    return session.scalar(sa.select(RegisteredModel.project_id).where(RegisteredModel.name == name))


@artifacts.refers
def digests() -> sa.Select[str]:
    """The blobs that versions of models are made of."""
    file = artifacts.ArtifactFile
    return (
        sa.select(file.digest)
        .join(RegisteredVersion, RegisteredVersion.artifact_version_id == file.version_id)
        .join(RegisteredModel, RegisteredModel.id == RegisteredVersion.model_id)
    )


def get_version(session: Session, model: RegisteredModel, number: int) -> RegisteredVersion:
    """A version of a model. Raises NotFound, and Gone for one that was deleted."""
    found = None
    if 0 < number <= MAX_VERSION:
        statement = sa.select(RegisteredVersion)
        where = (RegisteredVersion.model_id == model.id, RegisteredVersion.version == number)
        found = session.scalar(statement.where(*where))
    if found is None:
        raise _no_version(session, model, number)
    return found


def newest_number(session: Session, model: RegisteredModel) -> int | None:
    """The number of the newest version that is there; None where there is none."""
    return session.scalar(
        sa.select(sa.func.max(RegisteredVersion.version)).where(RegisteredVersion.model_id == model.id)
    )


def _no_version(session: Session, model: RegisteredModel, number: int) -> ApiError:
    deletion = trail.deletion_of(session, model, number) if 0 < number < model.next_version else None
    if deletion is not None:
        return Gone(
            "version_deleted",
            f"{deletion.actor} has deleted v{number} of the model {model.name!r}: {deletion.reason}. Its number is not "
            "used again; the model's page has the versions that there are",
            field="version",
        )
    newest = newest_number(session, model)
    known = f"its newest is v{newest}" if newest is not None else "it has none; register one from a run's artifact"
    return NotFound("unknown_version", f"the model {model.name!r} has no version v{number}; {known}", field="version")


def artifact_of(session: Session, version: RegisteredVersion) -> str:
    """The artifact version that a version is, as `name:v3`."""
    source, artifact = artifacts.ArtifactVersion, artifacts.Artifact
    statement = sa.select(artifact.name, source.version).join(source, source.artifact_id == artifact.id)
    of_version = statement.where(source.id == version.artifact_version_id)
    name, number = session.execute(of_version, execution_options=EVERY_PROJECT).one()
    return f"{name}:v{number}"


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
    tags: Sequence[str] = (),
    actor_id: int,
    now_ms: int,
) -> tuple[RegisteredVersion, bool]:
    """Make an artifact version the model's next version, and the model where it is new; whether it was made now.

    Raises NotFound for an artifact version that is not there, Refused for one without files, for a bad name, and what
    those raise whom `registers` told us of.
    """
    names.check_model(model_name)
    source = registrable(session, artifact_version_id)
    keeping = kept_beside(session, source)  # before the model is held: it reads a file
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
        tags=names.checked_tags([*tags]),
        metrics=msgspec.to_builtins(evidence.metrics),
        config=evidence.config,
        code=msgspec.to_builtins(evidence.code) if evidence.code is not None else {},
        data=msgspec.to_builtins(evidence.data),
        cost=msgspec.to_builtins(evidence.cost) if evidence.cost is not None else {},
        card=_card_before(session, model),
        created_ms=now_ms,
        created_by=actor_id,
    )
    model.next_version += 1
    session.add(version)
    session.flush()
    for keep in keeping:
        keep(version)
    trail.record(
        session, model, "version.registered", to_version=version.version, reason=description, actor_id=actor_id,
        now_ms=now_ms,
    )  # fmt: skip
    return version, True


def _card_before(session: Session, model: RegisteredModel) -> dict[str, Any]:
    """What people wrote on the card of the newest version, which mostly holds for the next one too."""
    newest = sa.select(RegisteredVersion.card).where(RegisteredVersion.model_id == model.id)
    found: dict[str, Any] | None = session.scalar(newest.order_by(RegisteredVersion.version.desc()).limit(1))
    return found or {}


def registrable(session: Session, artifact_version_id: int) -> artifacts.ArtifactVersion:
    """An artifact version that can be a model's.

    Raises NotFound, Refused for one without files, Conflict for one in the trash.
    """
    source = artifacts.get_version(session, artifact_version_id)
    if source.deleted_ms is not None:
        raise Conflict(
            "in_trash",
            f"artifact version {artifact_version_id} is in the trash; take it out before it is registered",
            field="artifact_version_id",
        )
    if source.file_count == 0:
        raise Refused(
            "no_files",
            f"artifact version {artifact_version_id} has no files, so there is nothing that a model could be loaded "
            "from; log the model's files first (tracker.log_artifact)",
            field="artifact_version_id",
        )
    return source


def prepare(session: Session, artifact_version_id: int | None) -> None:
    """Have everything read that registering an artifact version will ask for, so that nobody waits for it who writes.

    Raises as registering does.
    """
    if artifact_version_id is not None:
        kept_beside(session, registrable(session, artifact_version_id))


def kept_beside(session: Session, source: artifacts.ArtifactVersion) -> list[Keep]:
    """What is to be kept beside a version of this artifact version, once it is there."""
    return [keep for hear in _registering if (keep := hear(session, source)) is not None]


def evidence_of(session: Session, source: artifacts.ArtifactVersion) -> Evidence:
    """What the run says that made an artifact version, as it is now; nothing where none made it."""
    run = session.get(runs.Run, source.run_id) if source.run_id is not None else None
    if run is None:
        return Evidence({}, {}, None, [], None)
    summaries = metrics.last(session, [run.id], None)[run.id]
    logged = {name: summary for name, summary in summaries.items() if summary.kind == "metric"}
    config = runs.chosen_config(run.config, None)
    return Evidence(
        logged, config, moment.code_of(run), moment.data_of(session, run), moment.cost_of(run, summaries.keys())
    )


def evidence_at_registration(version: RegisteredVersion) -> Evidence:
    """What a version was registered with."""
    return Evidence(
        msgspec.convert(version.metrics, dict[str, MetricSummary]),
        version.config,
        msgspec.convert(version.code, Code) if version.code else None,
        msgspec.convert(version.data, list[UsedData]),
        msgspec.convert(version.cost, Cost) if version.cost else None,
    )


def _model_for(
    session: Session, name: str, source: artifacts.ArtifactVersion, *, actor_id: int, now_ms: int
) -> RegisteredModel:
    """The model, locked; made in the artifact's project where it is new."""
    chain.hold(session)
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
