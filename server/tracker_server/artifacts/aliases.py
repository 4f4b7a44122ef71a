"""Aliases that a person moves or takes off; what runs say of aliases as they log comes through `service`.

What always holds: every such act that changes anything is in the project's log of corrections, with what held the alias
before.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import corrections
from tracker_server.artifacts import names
from tracker_server.artifacts.models import Artifact, ArtifactAlias, ArtifactVersion
from tracker_server.artifacts.service import get_version, move_aliases
from tracker_server.errors import Conflict, NotFound


def move(session: Session, version_id: int, alias: str, *, actor_id: int, now_ms: int) -> None:
    """Have the alias point at this version. Nothing where it does.

    Raises NotFound, Refused for a word that cannot be one, Conflict for a version in the trash.
    """
    names.check_alias(alias)
    version = get_version(session, version_id)
    artifact = _held(session, version)
    session.refresh(version)  # a policy may have put it into the trash while the artifact was waited for
    if version.deleted_ms is not None:
        message = f"artifact version {version_id} is in the trash; take it out before an alias points at it"
        raise Conflict("in_trash", message)
    before = _holder(session, artifact, alias)
    if before is not None and before.id == version.id:
        return
    move_aliases(session, version, [alias], actor_id=actor_id, now_ms=now_ms)
    details = {
        "artifact": artifact.name,
        "alias": alias,
        "from": f"v{before.version}" if before is not None else None,
        "to": f"v{version.version}",
    }
    project_id = artifact.project_id
    corrections.record(session, project_id, "artifact.alias_moved", actor_id=actor_id, now_ms=now_ms, details=details)


def take_off(session: Session, version_id: int, alias: str, *, actor_id: int, now_ms: int) -> None:
    """Remove the alias from this version. Raises NotFound where it does not hold it."""
    version = get_version(session, version_id)
    artifact = _held(session, version)
    is_it = (ArtifactAlias.alias == alias, ArtifactAlias.version_id == version.id)
    row = session.scalar(sa.select(ArtifactAlias).where(ArtifactAlias.artifact_id == artifact.id, *is_it))
    if row is None:
        message = f"{artifact.name}:v{version.version} does not have the alias {alias[:200]!r}; it may have moved"
        raise NotFound("unknown_alias", message)
    session.delete(row)
    details = {"artifact": artifact.name, "alias": alias, "from": f"v{version.version}", "to": None}
    project_id = artifact.project_id
    corrections.record(session, project_id, "artifact.alias_removed", actor_id=actor_id, now_ms=now_ms, details=details)


def _held(session: Session, version: ArtifactVersion) -> Artifact:
    """The artifact, locked: nobody else moves its aliases until the commit."""
    return session.scalars(sa.select(Artifact).where(Artifact.id == version.artifact_id).with_for_update()).one()


def _holder(session: Session, artifact: Artifact, alias: str) -> ArtifactVersion | None:
    statement = sa.select(ArtifactVersion).join(ArtifactAlias, ArtifactAlias.version_id == ArtifactVersion.id)
    return session.scalar(statement.where(ArtifactAlias.artifact_id == artifact.id, ArtifactAlias.alias == alias))
