"""What takes space in a project, and how much of it is safe to delete. In a constant number of statements."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.artifacts.models import Artifact, ArtifactFile, ArtifactReference, ArtifactVersion
from tracker_server.media.models import MediaFile, MediaItem
from tracker_server.retention import keepers, policies
from tracker_server.retention.schema import ArtifactSpace, ProjectSpace
from tracker_server.runs.models import Project, Run


def of_project(session: Session, project: Project) -> ProjectSpace:
    """Every artifact, the largest first, and all media."""
    found = session.scalars(sa.select(Artifact).where(Artifact.project_id == project.id)).all()
    stored = _stored(session, project)
    versions = defaultdict(list)
    statement = (
        sa.select(ArtifactVersion.artifact_id, ArtifactVersion.id, ArtifactVersion.size_bytes, artifacts.is_live())
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(Artifact.project_id == project.id)
    )
    for artifact_id, version_id, size_bytes, is_live in session.execute(statement):
        versions[artifact_id].append((version_id, size_bytes, bool(is_live)))
    live = [version_id for rows in versions.values() for version_id, _, is_live in rows if is_live]
    kept = keepers.of(session, live)
    unsized = _unsized(session, project)
    spaces = []
    for artifact in found:
        rows = versions[artifact.id]
        if not rows:
            continue  # it stores nothing, or nothing that one may see
        free = [(version_id, size) for version_id, size, is_live in rows if is_live and not kept[version_id]]
        trash = [(version_id, size) for version_id, size, is_live in rows if not is_live]
        stored_bytes, own_bytes = stored.get(artifact.id, (0, 0))
        spaces.append(
            ArtifactSpace(
                name=artifact.name,
                kind=artifact.kind,
                version_count=len(rows) - len(trash),
                stored_bytes=stored_bytes,
                own_bytes=own_bytes,
                free_count=len(free),
                free_bytes=sum(size for _, size in free),
                free_unsized_count=sum(unsized.get(version_id, 0) for version_id, _ in free),
                trash_count=len(trash),
                trash_bytes=sum(size for _, size in trash),
                trash_unsized_count=sum(unsized.get(version_id, 0) for version_id, _ in trash),
                policy=policies.read(artifact),
            )
        )
    media_count, media_bytes = _media(session, project)
    in_trash = (Run.project_id == project.id, Run.deleted_ms.is_not(None))
    return ProjectSpace(
        artifacts=sorted(spaces, key=lambda space: (-space.stored_bytes, space.name)),
        media_count=media_count,
        media_bytes=media_bytes,
        trashed_run_count=session.scalar(sa.select(sa.func.count()).select_from(Run).where(*in_trash)) or 0,
    )


def _stored(session: Session, project: Project) -> dict[int, tuple[int, int]]:
    """Of each artifact the bytes of its contents, each once, and of those that are in no other artifact or media."""
    version, file = ArtifactVersion, ArtifactFile
    contents = (
        sa.select(
            version.artifact_id,
            file.digest,
            sa.func.max(file.size_bytes).label("size_bytes"),  # they are all the same
            sa.func.count().over(partition_by=file.digest).label("artifact_count"),
        )
        .join(version, version.id == file.version_id)
        .where(artifacts.is_live())
        .group_by(file.digest, version.artifact_id)  # as the index on digests has them
        .subquery()
    )
    of_media = sa.select(MediaItem.digest).where(MediaItem.digest.is_not(None)).union(sa.select(MediaFile.digest))
    is_shared = (contents.c.artifact_count > 1) | contents.c.digest.in_(of_media)
    own = sa.case((is_shared, 0), else_=contents.c.size_bytes)
    statement = (
        sa.select(contents.c.artifact_id, sa.func.sum(contents.c.size_bytes), sa.func.sum(own))
        .join(Artifact, Artifact.id == contents.c.artifact_id)
        .where(Artifact.project_id == project.id)
        .group_by(contents.c.artifact_id)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in session.execute(statement)}


def _unsized(session: Session, project: Project) -> dict[int, int]:
    """Of each version, how many of its files are of a size that nobody knows, where there are any."""
    version = sa.select(ArtifactVersion.id).join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
    of_project = ArtifactReference.version_id.in_(version.where(Artifact.project_id == project.id))
    return {row[0]: row[1] for row in session.execute(artifacts.unsized_by_version().where(of_project))}


def _media(session: Session, project: Project) -> tuple[int, int]:
    items = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(MediaItem.size_bytes), 0))
    of_project = MediaItem.run_id.in_(sa.select(Run.id).where(Run.project_id == project.id))
    count, size = session.execute(items.where(of_project)).one()
    files = sa.select(sa.func.coalesce(sa.func.sum(MediaFile.size_bytes), 0)).join(
        MediaItem, MediaItem.id == MediaFile.media_id
    )
    return int(count), int(size) + int(session.scalar(files.where(of_project)) or 0)
