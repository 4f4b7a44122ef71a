"""What verifying versions found, taken to another server and in from one.

What always holds: it comes as history, of whom it was recorded by there; a version that has verifications here gets
none from elsewhere, so that it comes once and the newest here stays the newest.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import ModelCopied, ModelVersionFacts
from tracker_server import artifacts, registry
from tracker_server.bundles import verifications
from tracker_server.bundles.models import BundleRow, VerificationRow
from tracker_server.bundles.schema import NewVerification
from tracker_server.errors import Refused
from tracker_server.registry.models import RegisteredModel, RegisteredVersion

MOST: Final = verifications.TOLD
"""So many verifications of a version travel, the newest: those that are told with it."""

_MOST_PROBLEMS: Final = 10
"""And so many problems with each; all of a model is one record, whose size is bounded."""


def copied(session: Session, version: RegisteredVersion) -> tuple[dict[str, Any], ...]:
    """What was found of a version, oldest first."""
    found = verifications.verifications_of(session, version, limit=MOST)
    told = []
    for one in reversed(found):
        said: dict[str, Any] = msgspec.to_builtins(one)
        del said["id"], said["actor"]
        told.append({**said, "problems": said["problems"][:_MOST_PROBLEMS], "by": one.actor})
    return tuple(told)


def put_back(session: Session, project_id: int, record: ModelCopied, *, actor_id: int, now_ms: int) -> None:
    """Keep what was found of a model's versions, which are there already, and nothing as found after now.

    Raises Refused for what no server writes.
    """
    statement = sa.select(RegisteredModel).where(
        RegisteredModel.name == record.name, RegisteredModel.project_id == project_id
    )
    model = session.scalar(statement)
    if model is None:
        return
    for facts in record.versions:
        version = _version(session, model, facts) if facts.verifications else None
        if version is not None:
            session.add_all(_row(version, one, actor_id, now_ms) for one in facts.verifications[-MOST:])
            session.flush()


def _version(session: Session, model: RegisteredModel, facts: ModelVersionFacts) -> RegisteredVersion | None:
    """The version here, if it is a bundle of which nothing was found yet."""
    artifact, source = artifacts.Artifact, None
    of_project = (artifact.project_id == model.project_id, artifact.name == facts.artifact)
    found = session.scalar(sa.select(artifact).where(*of_project))
    if found is not None:
        source = artifacts.find_version(session, found, facts.digest)
    version = registry.registered_as(session, model, source) if source is not None else None
    if version is None or session.get(BundleRow, version.id) is None:
        return None
    return None if verifications.verifications_of(session, version, limit=1) else version


def _row(version: RegisteredVersion, facts: dict[str, Any], actor_id: int, now_ms: int) -> VerificationRow:
    said = dict(facts)
    time_ms, by = said.pop("time_ms", None), said.pop("by", None)
    try:
        new = msgspec.convert(said, NewVerification)
        when = msgspec.convert(time_ms, int)
        details = {**verifications.details_of(new), "by": msgspec.convert(by, str)[:500]}
    except msgspec.ValidationError as error:
        raise Refused("bad_record", f"a copied verification is not what a server writes: {error}") from error
    return VerificationRow(
        version_id=version.id,
        outcome=new.outcome,
        checked=new.checked,
        details=details,
        time_ms=min(max(when, 0), now_ms),
        actor_id=actor_id,
    )
