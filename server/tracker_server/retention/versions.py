"""Artifact versions into the trash and out of it, by hand.

What always holds: what has an alias or is registered does not go, and what runs have read goes only where that was
asked for; what comes back stays, whatever a policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import corrections
from tracker_server.artifacts.models import Artifact, ArtifactVersion
from tracker_server.corrections.schema import Action
from tracker_server.errors import Conflict, NotFound
from tracker_server.retention import keepers
from tracker_server.retention.schema import Keeper, KeptVersion, MovedVersions, VersionsRequest
from tracker_server.runs.models import Project

Row = tuple[ArtifactVersion, Artifact]


def put_away(
    session: Session, project: Project, wanted: VersionsRequest, *, actor_id: int, now_ms: int
) -> MovedVersions:
    """Put versions into the trash; one that is there stays there. Raises NotFound, Conflict where all are kept."""
    rows = _rows(session, project, wanted.versions)
    kept = keepers.of(session, [version.id for version, _ in rows])
    holding = {version.id: _holding(kept[version.id], wanted) for version, _ in rows}
    stays = [
        KeptVersion(version.id, artifact.name, version.version, holding[version.id])
        for version, artifact in rows
        if holding[version.id] and version.deleted_ms is None
    ]
    if len(stays) == len(rows):
        raise _all_kept(stays[0])

    def put(version: ArtifactVersion) -> bool:
        if holding[version.id] or version.deleted_ms is not None:
            return False
        version.deleted_ms, version.deleted_by, version.deletion_reason = now_ms, actor_id, wanted.reason
        return True

    count, size = _each(session, project, rows, put, "artifact.deleted", wanted.reason, actor_id, now_ms)
    return MovedVersions(count, size, stays)


def take_out(
    session: Session, project: Project, wanted: VersionsRequest, *, actor_id: int, now_ms: int
) -> MovedVersions:
    """Take versions out of the trash, to stay. Raises NotFound."""
    rows = _rows(session, project, wanted.versions)

    def take(version: ArtifactVersion) -> bool:
        if version.deleted_ms is None:
            return False
        version.deleted_ms = version.deleted_by = None
        version.deletion_reason = ""
        return True

    for version, artifact in rows:
        if version.deleted_ms is not None:
            pinned = {*artifact.policy.get("pinned", ()), version.version}
            artifact.policy = {**artifact.policy, "pinned": sorted(pinned)}
    count, size = _each(session, project, rows, take, "artifact.restored", wanted.reason, actor_id, now_ms)
    return MovedVersions(count, size, [])


def _rows(session: Session, project: Project, ids: Sequence[int]) -> list[Row]:
    """The versions with their artifacts, which are ours until the commit."""
    wanted = sorted(set(ids))
    owners = sa.select(ArtifactVersion.artifact_id).where(ArtifactVersion.id.in_(wanted))
    held = sa.select(Artifact).where(Artifact.id.in_(owners), Artifact.project_id == project.id).order_by(Artifact.id)
    owned = {
        artifact.id: artifact
        for artifact in session.scalars(held.with_for_update().execution_options(populate_existing=True))
    }
    statement = sa.select(ArtifactVersion).where(ArtifactVersion.id.in_(wanted)).order_by(ArtifactVersion.id)
    versions = session.scalars(statement.with_for_update().execution_options(populate_existing=True)).all()
    found = [(version, owned[version.artifact_id]) for version in versions if version.artifact_id in owned]
    missing = set(wanted) - {version.id for version, _ in found}
    if missing:
        message = f"the project {project.name!r} has no artifact version {min(missing)}"
        raise NotFound("unknown_artifact_version", message, field="versions")
    return found


def _holding(kept: Sequence[Keeper], wanted: VersionsRequest) -> list[Keeper]:
    """What keeps a version from going by hand."""
    weak = {"newest", "hand"} | ({"runs"} if wanted.even_if_read else set())
    return [keeper for keeper in kept if keeper.kind not in weak]


def _all_kept(kept: KeptVersion) -> Conflict:
    is_read = all(keeper.kind == "runs" for keeper in kept.keepers)
    way_out = "say even_if_read to delete it all the same" if is_read else "take that away first, or leave it"
    reasons = "; ".join(map(keepers.in_words, kept.keepers))
    return Conflict(
        "version_kept", f"{kept.name}:v{kept.version} stays: {reasons}; {way_out}", field="versions",
        keepers=[{"kind": keeper.kind, "name": keeper.name} for keeper in kept.keepers],
    )  # fmt: skip


def _each(
    session: Session,
    project: Project,
    rows: Sequence[Row],
    move: Callable[[ArtifactVersion], bool],
    action: Action,
    reason: str,
    actor_id: int,
    now_ms: int,
) -> tuple[int, int]:
    """Move each and note it; how many moved, and their bytes."""
    moved = [(version, artifact) for version, artifact in rows if move(version)]
    for version, artifact in moved:
        details = {"artifact": artifact.name, "version": version.version, "size_bytes": version.size_bytes}
        corrections.record(
            session, project.id, action, actor_id=actor_id, now_ms=now_ms, reason=reason, details=details
        )  # fmt: skip
    return len(moved), sum(version.size_bytes for version, _ in moved)
