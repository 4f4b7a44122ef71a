"""Registered models that come from another server.

What always holds: what the model has of its own here stays; a version is one of an artifact's version, and comes once.
The entries of the trail are of who imported them and of that moment, and say under `imported` who acted there and when;
so an alias can be rolled back here to what held it there.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import ModelAct, ModelCopied, ModelVersionFacts
from tracker_server import artifacts, db, runs
from tracker_server.errors import Refused
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry import chain, names
from tracker_server.registry.models import AuditRow, ModelAlias, RegisteredModel, RegisteredVersion
from tracker_server.registry.schema import Code, Cost, UsedData, VersionState
from tracker_server.registry.versions import Keep, kept_beside, registered_as

Numbers = dict[int, int]
"""The number of a version here, by its number on the other server."""


def put_back(session: Session, project_id: int, record: ModelCopied, *, actor_id: int, now_ms: int) -> list[str]:
    """Take the model in; a sentence for each thing that cannot be as it was there. Raises Refused for a bad name."""
    names.check_model(record.name)
    for alias in record.aliases:
        names.check_alias(alias.alias)
    chain.hold(session)
    row = db.insert(session, RegisteredModel).values(
        name=record.name,
        project_id=project_id,
        description=record.description,
        tags=list(record.tags),
        main_metric=record.main_metric,
        archived_ms=now_ms if record.is_archived else None,
        next_version=1,
        created_ms=record.created_ms,
        created_by=actor_id,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["name"]))
    statement = sa.select(RegisteredModel).where(RegisteredModel.name == record.name).with_for_update()
    options = {"populate_existing": True, **EVERY_PROJECT}
    model = session.scalars(statement, execution_options=options).one()
    if model.project_id != project_id:
        return [f"the model {record.name!r} is another project's here, and was left out with its versions and aliases"]
    numbers: Numbers = {}
    told = []
    for facts in record.versions:
        number, left_out = _version(session, model, facts, actor_id)
        told += [f"v{facts.version} of the model {record.name!r} {left_out}"] if left_out else []
        if number is not None:
            numbers[facts.version] = number
    told += _aliases(session, model, record, numbers, actor_id, now_ms)
    _trail(session, model, record, numbers, actor_id, now_ms)
    return told


def _version(
    session: Session, model: RegisteredModel, facts: ModelVersionFacts, actor_id: int
) -> tuple[int | None, str]:
    """The number of the version here, made where it is new: with its own number where that is free; and what cannot be
    as it was."""
    artifact = session.scalar(
        sa.select(artifacts.Artifact).where(
            artifacts.Artifact.project_id == model.project_id, artifacts.Artifact.name == facts.artifact
        )
    )
    source = artifacts.find_version(session, artifact, facts.digest) if artifact is not None else None
    if source is None:
        return None, "was left out: its artifact version is not here"
    found = registered_as(session, model, source)
    if found is not None:
        return found.version, ""
    keeping, left_out = _kept_beside(session, source)
    is_same = (RegisteredVersion.model_id == model.id, RegisteredVersion.version == facts.version)
    is_taken = facts.version < 1 or session.scalar(sa.select(RegisteredVersion.id).where(*is_same)) is not None
    number = model.next_version if is_taken else facts.version
    version = RegisteredVersion(
        model_id=model.id,
        version=number,
        artifact_version_id=source.id,
        run_id=source.run_id,
        description=facts.description,
        metrics=facts.metrics,
        config=facts.config,
        code=_checked(facts.code, Code) if facts.code else {},
        data=_data(session, model, facts),
        cost=_checked(facts.cost, Cost) if facts.cost else {},
        tags=list(facts.tags),
        card=facts.card,
        state=_checked(facts.state, VersionState),
        state_reason=facts.state_reason,
        created_ms=facts.created_ms,
        created_by=actor_id,
    )
    session.add(version)
    model.next_version = max(model.next_version, number + 1)
    session.flush()
    for keep in keeping:
        keep(version)
    return number, left_out


def _kept_beside(session: Session, source: artifacts.ArtifactVersion) -> tuple[list[Keep], str]:
    """What is kept beside a version, and else why not: it was a version there, and is one here."""
    try:
        return kept_beside(session, source), ""
    except Refused as refused:
        return [], f"came as loose files: {refused.message}"


def _data(session: Session, model: RegisteredModel, facts: ModelVersionFacts) -> list[dict[str, Any]]:
    """What the version was made from, under the ids and the name that it has here; what is of another project has no
    id."""
    source, artifact = artifacts.ArtifactVersion, artifacts.Artifact
    of_model = sa.select(artifact.name, source.digest, source.id).join(source, source.artifact_id == artifact.id)
    rows = session.execute(of_model.where(artifact.project_id == model.project_id)) if facts.data else ()
    ids = {(name, digest): version_id for name, digest, version_id in rows}
    here = session.scalars(sa.select(runs.Project.name).where(runs.Project.id == model.project_id)).one()
    found = []
    for one in facts.data:
        used: dict[str, Any] = _checked(one, UsedData)
        is_own = used["project"] == ""
        version_id = ids.get((used["name"], used["digest"])) if is_own else None
        found.append(used | {"artifact_version_id": version_id, "project": here if is_own else used["project"]})
    return found


def _checked(value: Any, kind: Any) -> Any:
    """As it is stored. Raises Refused for what is not of that kind."""
    try:
        return msgspec.to_builtins(msgspec.convert(value, kind))
    except msgspec.ValidationError as error:
        raise Refused("bad_record", f"a copied version of a model is not what a server writes: {error}") from error


def _aliases(
    session: Session, model: RegisteredModel, record: ModelCopied, numbers: Numbers, actor_id: int, now_ms: int
) -> list[str]:
    """Have versions hold their aliases; those that another version holds here stay."""
    told = []
    for facts in record.aliases:
        held = session.get(ModelAlias, (model.id, facts.alias))
        number = numbers.get(facts.version)
        if number is None:
            told.append(f"{facts.alias!r} of the model {record.name!r} was left out: v{facts.version} is not here")
            continue
        of_number = (RegisteredVersion.model_id == model.id, RegisteredVersion.version == number)
        version_id = session.scalars(sa.select(RegisteredVersion.id).where(*of_number)).one()
        if held is None:
            row = {"model_id": model.id, "alias": facts.alias, "version_id": version_id, "reason": facts.reason}
            session.add(ModelAlias(**row, moved_ms=now_ms, moved_by=actor_id))
            session.flush()
        elif held.version_id != version_id:
            told.append(f"{facts.alias!r} of the model {record.name!r} stays where it is here, and not at v{number}")
    return told


def _trail(
    session: Session, model: RegisteredModel, record: ModelCopied, numbers: Numbers, actor_id: int, now_ms: int
) -> None:
    known = _known(session, model)
    for act in record.trail:
        if (act.id, act.time_ms) not in known:
            chain.append(session, _act(model, act, numbers, actor_id, now_ms))


def _known(session: Session, model: RegisteredModel) -> set[tuple[int, int]]:
    """What entries of the model that were imported were on their own server: id and time."""
    told = sa.type_coerce(AuditRow.details, sa.Text).contains('"imported":')
    details: list[Any] = list(session.scalars(sa.select(AuditRow.details).where(AuditRow.model_id == model.id, told)))
    return {(one["imported"]["id"], one["imported"]["time_ms"]) for one in details}


def _act(model: RegisteredModel, act: ModelAct, numbers: Numbers, actor_id: int, now_ms: int) -> AuditRow:
    return AuditRow(
        time_ms=now_ms,
        actor_id=actor_id,
        action=act.action,
        project_id=model.project_id,
        model_id=model.id,
        alias=act.alias,
        from_version=numbers.get(act.from_version) if act.from_version is not None else None,
        to_version=numbers.get(act.to_version) if act.to_version is not None else None,
        reason=act.reason,
        details=act.details | {"imported": {"id": act.id, "time_ms": act.time_ms, "by": act.by}},
    )
