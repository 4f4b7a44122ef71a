"""Artifact versions as the API tells of them, in a constant number of statements whatever their number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.artifacts import schema
from tracker_server.artifacts.models import Artifact, ArtifactAlias, ArtifactFile, ArtifactVersion, RunArtifactLink
from tracker_server.artifacts.service import files_of, get_version
from tracker_server.errors import NotFound

_VERSION: Final = re.compile("v[0-9]{1,9}")


def of_project(session: Session, project: runs.Project) -> list[schema.ArtifactVersion]:
    """The newest version of each artifact of a project, by name."""
    newest = sa.select(sa.func.max(ArtifactVersion.id)).group_by(ArtifactVersion.artifact_id)
    where = sa.and_(Artifact.project_id == project.id, ArtifactVersion.id.in_(newest))
    return _described(session, where)


def of_run(session: Session, run: runs.Run) -> list[schema.RunArtifact]:
    """What the run made and read, with its files, newest first."""
    links = session.execute(
        sa.select(RunArtifactLink.version_id, RunArtifactLink.direction).where(RunArtifactLink.run_id == run.id)
    ).all()
    ids = [link.version_id for link in links]
    described = {version.id: version for version in _described(session, ArtifactVersion.id.in_(ids))}
    files = _files(session, ids)
    return [
        schema.RunArtifact(
            **msgspec.structs.asdict(described[link.version_id]), direction=link.direction, files=files[link.version_id]
        )
        for link in sorted(links, key=lambda link: (-link.version_id, link.direction))
    ]


def inputs(session: Session, run_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each run has read: by the artifact's name its version, with the beginning of the digest that tells equal
    contents of two projects. Of several versions of one artifact all are named.
    """
    statement = (
        sa.select(RunArtifactLink.run_id, Artifact.name, ArtifactVersion.version, ArtifactVersion.digest)
        .join(ArtifactVersion, ArtifactVersion.id == RunArtifactLink.version_id)
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .where(RunArtifactLink.run_id.in_(run_ids), RunArtifactLink.direction == "input")
        .order_by(Artifact.name, ArtifactVersion.version)
    )
    found: dict[str, dict[str, str]] = {run_id: {} for run_id in run_ids}
    for run_id, name, version, digest in session.execute(statement):
        told = f"v{version} · {digest[:12]}"
        found[run_id][name] = f"{found[run_id][name]}, {told}" if name in found[run_id] else told
    return found


def detail(session: Session, version_id: int) -> schema.ArtifactDetail:
    """One version, whole. Raises NotFound."""
    get_version(session, version_id)
    (described,) = _described(session, ArtifactVersion.id == version_id)
    used = (
        sa.select(runs.Run.id)
        .join(RunArtifactLink, RunArtifactLink.run_id == runs.Run.id)
        .where(RunArtifactLink.version_id == version_id, RunArtifactLink.direction == "input")
    )
    return schema.ArtifactDetail(
        **msgspec.structs.asdict(described),
        files=[schema.FileEntry(file.path, file.digest, file.size_bytes) for file in files_of(session, version_id)],
        used_by=list(session.scalars(used.order_by(runs.Run.id))),
    )


def resolved(session: Session, project: runs.Project, ref: str) -> schema.ArtifactDetail:
    """The version of the project's artifact that `name:v3`, `name:latest` or `name:alias` means. Raises NotFound."""
    name, _, pointer = ref.partition(":")
    artifact = session.scalar(sa.select(Artifact).where(Artifact.project_id == project.id, Artifact.name == name))
    if artifact is None:
        raise NotFound(
            "unknown_artifact",
            f"the project {project.name!r} has no artifact {name[:200]!r}; a reference looks like model:v3",
            field="ref",
        )
    of_artifact = ArtifactVersion.artifact_id == artifact.id
    found = session.scalar(sa.select(ArtifactVersion.id).where(of_artifact, is_meant(pointer or "latest")))
    if found is None:
        raise NotFound(
            "unknown_artifact_version",
            f"the artifact {name!r} of {project.name!r} has nothing at {pointer[:200]!r}; its newest is "
            f"v{artifact.next_version - 1}",
            field="ref",
        )
    return detail(session, found)


def is_meant(pointer: str) -> sa.ColumnElement[bool]:
    """Whether a version of an artifact is `latest`, that of a number, or holds the alias."""
    if pointer == "latest":
        return _is_latest()
    if _VERSION.fullmatch(pointer):
        return ArtifactVersion.version == int(pointer[1:])
    return ArtifactVersion.id.in_(sa.select(ArtifactAlias.version_id).where(ArtifactAlias.alias == pointer))


def _described(session: Session, where: sa.ColumnElement[bool]) -> list[schema.ArtifactVersion]:
    statement = (
        sa.select(ArtifactVersion, Artifact, runs.Project.name, runs.Run.name, _is_latest())
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .join(runs.Project, runs.Project.id == Artifact.project_id)
        .outerjoin(runs.Run, runs.Run.id == ArtifactVersion.run_id)
        .where(where)
        .order_by(Artifact.name, ArtifactVersion.version.desc())
    )
    rows = session.execute(statement).all()
    aliases = _aliases(session, [row[0].id for row in rows])
    return [_version(*row[:4], [*(["latest"] if row[4] else []), *aliases[row[0].id]]) for row in rows]


def _is_latest() -> sa.ColumnElement[bool]:
    """Whether the version is its artifact's newest of those that were not purged."""
    other = orm.aliased(ArtifactVersion)
    newest = sa.select(sa.func.max(other.version)).where(other.artifact_id == ArtifactVersion.artifact_id)
    return ArtifactVersion.version == newest.scalar_subquery()


def _version(
    version: ArtifactVersion, artifact: Artifact, project: str, run_name: str | None, aliases: list[str]
) -> schema.ArtifactVersion:
    details: dict[str, Any] = version.details
    return schema.ArtifactVersion(
        id=version.id,
        project=project,
        name=artifact.name,
        kind=artifact.kind,
        version=version.version,
        aliases=aliases,
        size_bytes=version.size_bytes,
        file_count=version.file_count,
        created_ms=version.created_ms,
        run=version.run_id,
        run_name=run_name,
        metadata=details,
    )


def _aliases(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {version_id: [] for version_id in ids}
    statement = sa.select(ArtifactAlias.version_id, ArtifactAlias.alias).where(ArtifactAlias.version_id.in_(ids))
    for version_id, alias in session.execute(statement.order_by(ArtifactAlias.alias)):
        found[version_id].append(alias)
    return found


def _files(session: Session, ids: Sequence[int]) -> dict[int, list[schema.FileEntry]]:
    found: dict[int, list[schema.FileEntry]] = {version_id: [] for version_id in ids}
    statement = sa.select(ArtifactFile).where(ArtifactFile.version_id.in_(ids)).order_by(ArtifactFile.path)
    for file in session.scalars(statement):
        found[file.version_id].append(schema.FileEntry(file.path, file.digest, file.size_bytes))
    return found
