"""How many bytes the server keeps, and of whom."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.artifacts.models import Artifact, ArtifactVersion, Blob
from tracker_server.media.models import MediaFile, MediaItem
from tracker_server.retention.schema import ProjectStorage, Storage
from tracker_server.runs.models import Project, Run


def measure(session: Session) -> Storage:
    """The database and the files as a whole, and the artifacts and media of each project. Seven statements."""
    bytes_of = sa.func.coalesce(sa.func.sum(ArtifactVersion.size_bytes), 0)
    by_project = (
        sa.select(Project.id, Project.name, bytes_of)
        .outerjoin(Artifact, Artifact.project_id == Project.id)
        .outerjoin(ArtifactVersion, ArtifactVersion.artifact_id == Artifact.id)
        .group_by(Project.id, Project.name)
        .order_by(Project.name)
    )
    unsized, media = _unsized(session), _media(session)
    return Storage(
        database=_database(session),
        schema=session.scalar(sa.text("SELECT version_num FROM alembic_version")) or "",
        database_bytes=database_bytes(session),
        file_bytes=int(session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Blob.size_bytes), 0))) or 0),
        projects=[
            ProjectStorage(name, int(size), unsized.get(project_id, 0), media[project_id])
            for project_id, name, size in session.execute(by_project)
        ],
    )


def _unsized(session: Session) -> dict[int, int]:
    """By the id of a project, how many files of its versions lie elsewhere and are of a size that nobody knows."""
    by_version = artifacts.unsized_by_version().subquery()
    statement = (
        sa.select(Artifact.project_id, sa.func.sum(by_version.c.unsized))
        .join(ArtifactVersion, ArtifactVersion.artifact_id == Artifact.id)
        .join(by_version, by_version.c.version_id == ArtifactVersion.id)
        .group_by(Artifact.project_id)
    )
    return {row[0]: int(row[1]) for row in session.execute(statement)}


def _media(session: Session) -> Counter[int]:
    """The bytes of all media, by the id of their project. Summed up run by run, then over the runs: half the time."""
    item, file = MediaItem, MediaFile
    of_pieces = sa.select(file.media_id, sa.func.sum(file.size_bytes).label("size_bytes")).group_by(file.media_id)
    pieces = of_pieces.subquery()
    sums = [
        sa.select(item.run_id, sa.func.sum(item.size_bytes).label("size_bytes")),
        sa.select(item.run_id, sa.func.sum(pieces.c.size_bytes).label("size_bytes")).join(
            pieces, pieces.c.media_id == item.id
        ),
    ]
    found: Counter[int] = Counter()
    for by_run in (one.group_by(item.run_id).subquery() for one in sums):
        statement = sa.select(Run.project_id, sa.func.sum(by_run.c.size_bytes))
        statement = statement.join(by_run, by_run.c.run_id == Run.id).group_by(Run.project_id)
        found.update({project_id: int(size) for project_id, size in session.execute(statement)})
    return found


def _database(session: Session) -> Literal["SQLite", "PostgreSQL"]:
    return "PostgreSQL" if session.get_bind().dialect.name == "postgresql" else "SQLite"


def database_bytes(session: Session) -> int:
    """What the database takes, without SQLite's log."""
    if session.get_bind().dialect.name == "postgresql":
        return session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0
    pages = sa.text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return session.scalar(pages) or 0
