"""The candidate of a promotion: a version of the model, or an artifact version that would become its next one."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, bundles, registry
from tracker_server.errors import Conflict, Refused
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


class Candidate(NamedTuple):
    """What is to hold the alias. `version` is None for an artifact version that is not the model's yet; `model` is None
    where it would be its first. `project_id` is that of the model then."""

    model: RegisteredModel | None
    project_id: int
    version: RegisteredVersion | None
    source: artifacts.ArtifactVersion
    artifact: artifacts.Artifact
    evidence: registry.Evidence


def find(session: Session, model_name: str, version: int | None, artifact_version_id: int | None) -> Candidate:
    """Raises NotFound for a version or artifact version that is not there, Refused for a bad name, for an artifact
    version without files, and unless exactly one of the two is named."""
    registry.check_model_name(model_name)
    check_one_is_named(version, artifact_version_id)
    model = session.scalar(sa.select(RegisteredModel).where(RegisteredModel.name == model_name))
    registered: RegisteredVersion | None
    if version is not None:
        registered = registry.get_version(session, model or registry.get_model(session, model_name), version)
        source = session.get_one(
            artifacts.ArtifactVersion, registered.artifact_version_id, execution_options=EVERY_PROJECT
        )
    else:
        source = registry.registrable(session, artifact_version_id or 0)
        registered = registry.registered_as(session, model, source) if model is not None else None
    artifact = session.get_one(artifacts.Artifact, source.artifact_id, execution_options=EVERY_PROJECT)
    evidence = (
        registry.evidence_at_registration(registered)
        if registered is not None
        else registry.evidence_of(session, source)
    )
    project_id = model.project_id if model is not None else artifact.project_id
    return Candidate(model, project_id, registered, source, artifact, evidence)


def check_one_is_named(version: int | None, artifact_version_id: int | None) -> None:
    """Raises Refused unless exactly one of the two is named."""
    if (version is None) == (artifact_version_id is None):
        raise Refused(
            "invalid", "a promotion is of either a `version` or an `artifact_version_id`; name one", field="version"
        )


def obstacle(version: RegisteredVersion) -> str | None:
    """Why a version cannot hold any alias, whoever asks; None where it can."""
    if version.state != "archived":
        return None
    why = f" ({version.state_reason})" if version.state_reason else ""
    return f"v{version.version} is archived{why}, so no alias can point at it; make it active again first"


def check_not_barred(session: Session, version: RegisteredVersion) -> None:
    """Raises Conflict `bundle_barred` for a bundle that lacks a role, or whose files were found changed."""
    barred_by = bundles.barred_by(session, version)
    if barred_by is not None:
        raise Conflict("bundle_barred", barred_by, field="version", version=version.version)


def bar(session: Session, candidate: Candidate) -> str | None:
    """The same, said beforehand; of an artifact version that is the model's next version first."""
    if candidate.version is not None:
        return bundles.barred_by(session, candidate.version)
    return bundles.bar_of_source(session, candidate.source)
