"""How many bytes the server keeps, and of whom."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts
from tracker_server.artifacts.models import Artifact, ArtifactVersion, Blob
from tracker_server.retention.schema import ProjectStorage, Storage
from tracker_server.runs.models import Project


def measure(session: Session) -> Storage:
    """The database and the files as a whole, and the artifacts of each project. Five statements."""
    bytes_of = sa.func.coalesce(sa.func.sum(ArtifactVersion.size_bytes), 0)
    by_project = (
        sa.select(Project.id, Project.name, bytes_of)
        .outerjoin(Artifact, Artifact.project_id == Project.id)
        .outerjoin(ArtifactVersion, ArtifactVersion.artifact_id == Artifact.id)
        .group_by(Project.id, Project.name)
        .order_by(Project.name)
    )
    unsized = _unsized(session)
    return Storage(
        database=_database(session),
        schema=session.scalar(sa.text("SELECT version_num FROM alembic_version")) or "",
        database_bytes=database_bytes(session),
        file_bytes=int(session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Blob.size_bytes), 0))) or 0),
        projects=[
            ProjectStorage(name, int(size), unsized.get(project_id, 0))
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


def _database(session: Session) -> Literal["SQLite", "PostgreSQL"]:
    return "PostgreSQL" if session.get_bind().dialect.name == "postgresql" else "SQLite"


def database_bytes(session: Session) -> int:
    """What the database takes, without SQLite's log."""
    if session.get_bind().dialect.name == "postgresql":
        return session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0
    pages = sa.text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return session.scalar(pages) or 0
