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
from tracker_server.artifacts.changes import unsized_counts
from tracker_server.artifacts.live import is_live
from tracker_server.artifacts.models import (
    Artifact,
    ArtifactAlias,
    ArtifactFile,
    ArtifactReference,
    ArtifactVersion,
    RunArtifactLink,
)
from tracker_server.artifacts.service import get_version
from tracker_server.auth.models import User
from tracker_server.errors import NotFound

USERS_TOLD: Final = 50

_VERSION: Final = re.compile("v[0-9]{1,9}")
_EVERYTHING: Final = schema.ArtifactListQuery()


def of_project(
    session: Session, project: runs.Project, wanted: schema.ArtifactListQuery = _EVERYTHING
) -> schema.ArtifactList:
    """The newest version of each artifact of a project, by name, with how many there are and how many runs use any."""
    of_project = Artifact.project_id == project.id
    newest = sa.select(sa.func.max(ArtifactVersion.id)).where(is_live()).group_by(ArtifactVersion.artifact_id)
    where = [of_project, ArtifactVersion.id.in_(newest)]
    where += [Artifact.name.icontains(wanted.q, autoescape=True)] if wanted.q else []
    where += [Artifact.kind == wanted.kind] if wanted.kind is not None else []
    where += [Artifact.name > wanted.cursor] if wanted.cursor is not None else []
    found = _described(session, sa.and_(*where), limit=wanted.limit + 1)
    shown = found[: wanted.limit]
    counts = _counts(session, project, [one.name for one in shown])
    return schema.ArtifactList(
        [
            schema.ListedArtifact(
                **msgspec.structs.asdict(one), version_count=counts[one.name][0], use_count=counts[one.name][1]
            )
            for one in shown
        ],
        _kinds(session, project),
        shown[-1].name if len(found) > len(shown) else None,
    )


def _kinds(session: Session, project: runs.Project) -> list[schema.KindCount]:
    """Those of artifacts that have a version which is not in the trash."""
    statement = (
        sa.select(Artifact.kind, sa.func.count())
        .where(Artifact.project_id == project.id, _versions(Artifact.id).exists())
        .group_by(Artifact.kind)
        .order_by(Artifact.kind)
    )
    return [schema.KindCount(kind, count) for kind, count in session.execute(statement)]


def _versions(artifact_id: Any) -> sa.Select[int]:
    return sa.select(ArtifactVersion.id).where(ArtifactVersion.artifact_id == artifact_id, is_live())


def _counts(session: Session, project: runs.Project, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By name: how many versions there are, and how many runs have read any of them."""
    is_listed = (Artifact.project_id == project.id, Artifact.name.in_(names))
    versions = (
        sa.select(Artifact.name, sa.func.count())
        .join(ArtifactVersion, ArtifactVersion.artifact_id == Artifact.id)
        .where(*is_listed, is_live())
        .group_by(Artifact.name)
    )
    uses = (
        sa.select(Artifact.name, sa.func.count(sa.distinct(runs.Run.id)))
        .join(ArtifactVersion, ArtifactVersion.artifact_id == Artifact.id)
        .join(RunArtifactLink, RunArtifactLink.version_id == ArtifactVersion.id)
        .join(runs.Run, runs.Run.id == RunArtifactLink.run_id)
        .where(*is_listed, RunArtifactLink.direction == "input", runs.Run.deleted_ms.is_(None))
        .group_by(Artifact.name)
    )
    used: dict[str, int] = {row[0]: row[1] for row in session.execute(uses)}
    return {name: (count, used.get(name, 0)) for name, count in session.execute(versions)}


def versions_of(session: Session, project: runs.Project, name: str, wanted: schema.VersionsQuery) -> schema.VersionPage:
    """A page of an artifact's versions, newest first, without those in the trash. Raises NotFound."""
    artifact = _artifact(session, project, name)
    where = [ArtifactVersion.artifact_id == artifact.id, is_live()]
    where += [ArtifactVersion.version < wanted.before] if wanted.before is not None else []
    found = _described(session, sa.and_(*where), limit=wanted.limit + 1)
    shown = found[: wanted.limit]
    uses = _use_counts(session, [one.id for one in shown])
    return schema.VersionPage(
        [schema.ListedVersion(**msgspec.structs.asdict(one), use_count=uses.get(one.id, 0)) for one in shown],
        shown[-1].version if len(found) > len(shown) else None,
    )


def _use_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    link = RunArtifactLink
    statement = (
        sa.select(link.version_id, sa.func.count())
        .join(runs.Run, runs.Run.id == link.run_id)
        .where(link.version_id.in_(ids), link.direction == "input", runs.Run.deleted_ms.is_(None))
        .group_by(link.version_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def pointed(session: Session, project: runs.Project, name: str, pointer: str) -> schema.ArtifactAbout:
    """The version of an artifact that is `v3`, `latest` or holds that alias; by its number also one in the trash.

    Raises NotFound.
    """
    artifact = _artifact(session, project, name)
    is_it = ArtifactVersion.version == int(pointer[1:]) if _VERSION.fullmatch(pointer) else is_meant(pointer)
    of_artifact = ArtifactVersion.artifact_id == artifact.id
    found = session.scalar(sa.select(ArtifactVersion.id).where(of_artifact, is_it))
    if found is None:
        message = f"the artifact {name!r} of {project.name!r} has nothing at {pointer[:200]!r}"
        raise NotFound("unknown_artifact_version", message)
    return about(session, found)


def about(session: Session, version_id: int) -> schema.ArtifactAbout:
    """One version without its files, of which there may be a million. Raises NotFound."""
    version = get_version(session, version_id)
    (described,) = _described(session, ArtifactVersion.id == version_id)
    before = (
        sa.select(ArtifactVersion.id, ArtifactVersion.version)
        .where(ArtifactVersion.artifact_id == version.artifact_id, ArtifactVersion.version < version.version, is_live())
        .order_by(ArtifactVersion.version.desc())
        .limit(1)
    )
    previous = session.execute(before).one_or_none()
    reference = sa.select(sa.func.count(), sa.func.sum(ArtifactReference.size_bytes))
    reference_count, reference_bytes = session.execute(
        reference.where(ArtifactReference.version_id == version_id)
    ).one()
    return schema.ArtifactAbout(
        **msgspec.structs.asdict(described),
        created_by=session.scalar(sa.select(User.name).where(User.id == version.created_by)) or "",
        deleted_by=session.scalar(sa.select(User.name).where(User.id == version.deleted_by)),
        deletion_reason=version.deletion_reason,
        previous=previous[0] if previous is not None else None,
        previous_version=previous[1] if previous is not None else None,
        reference_count=reference_count,
        reference_bytes=int(reference_bytes or 0),
        use_count=_use_counts(session, [version_id]).get(version_id, 0),
        used_by=_used_by(session, version_id),
    )


def _used_by(session: Session, version_id: int) -> list[schema.UsingRun]:
    link = RunArtifactLink
    statement = (
        sa.select(runs.Run.id, runs.Run.name, runs.Run.hue, link.time_ms)
        .join(link, link.run_id == runs.Run.id)
        .where(link.version_id == version_id, link.direction == "input", runs.Run.deleted_ms.is_(None))
        .order_by(link.time_ms.desc(), runs.Run.id)
        .limit(USERS_TOLD)
    )
    return [schema.UsingRun(*row) for row in session.execute(statement)]


def of_run(session: Session, run: runs.Run) -> list[schema.RunArtifact]:
    """What the run made and read, with its files, newest first; without what is in the trash."""
    links = session.execute(
        sa.select(RunArtifactLink.version_id, RunArtifactLink.direction).where(RunArtifactLink.run_id == run.id)
    ).all()
    linked = ArtifactVersion.id.in_([link.version_id for link in links])
    described = {version.id: version for version in _described(session, sa.and_(linked, is_live()))}
    files = _files(session, list(described))
    return [
        schema.RunArtifact(
            **msgspec.structs.asdict(described[link.version_id]), direction=link.direction, files=files[link.version_id]
        )
        for link in sorted(links, key=lambda link: (-link.version_id, link.direction))
        if link.version_id in described
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
        files=_files(session, [version_id])[version_id],
        used_by=list(session.scalars(used.order_by(runs.Run.id))),
    )


def resolved(session: Session, project: runs.Project, ref: str) -> schema.ArtifactDetail:
    """The version of the project's artifact that `name:v3`, `name:latest` or `name:alias` means. Raises NotFound."""
    name, _, pointer = ref.partition(":")
    artifact = _artifact(session, project, name)
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


def _artifact(session: Session, project: runs.Project, name: str) -> Artifact:
    artifact = session.scalar(sa.select(Artifact).where(Artifact.project_id == project.id, Artifact.name == name))
    if artifact is None:
        raise NotFound(
            "unknown_artifact",
            f"the project {project.name!r} has no artifact {name[:200]!r}; a reference looks like model:v3",
            field="ref",
        )
    return artifact


def is_meant(pointer: str) -> sa.ColumnElement[bool]:
    """Whether a version of an artifact is `latest`, that of a number, or holds the alias, and is not in the trash."""
    if pointer == "latest":
        return _is_latest()
    if _VERSION.fullmatch(pointer):
        return sa.and_(ArtifactVersion.version == int(pointer[1:]), is_live())
    holding = sa.select(ArtifactAlias.version_id).where(ArtifactAlias.alias == pointer)
    return sa.and_(ArtifactVersion.id.in_(holding), is_live())


def _described(
    session: Session, where: sa.ColumnElement[bool], *, limit: int | None = None
) -> list[schema.ArtifactVersion]:
    statement = (
        sa.select(ArtifactVersion, Artifact, runs.Project.name, runs.Run.name, _is_latest())
        .join(Artifact, Artifact.id == ArtifactVersion.artifact_id)
        .join(runs.Project, runs.Project.id == Artifact.project_id)
        .outerjoin(runs.Run, runs.Run.id == ArtifactVersion.run_id)
        .where(where)
        .order_by(Artifact.name, ArtifactVersion.version.desc())
        .limit(limit)
    )
    rows = session.execute(statement).all()
    ids = [row[0].id for row in rows]
    aliases, unsized = _aliases(session, ids), unsized_counts(session, ids)
    return [
        _version(*row[:4], [*(["latest"] if row[4] else []), *aliases[row[0].id]], unsized[row[0].id]) for row in rows
    ]


def _is_latest() -> sa.ColumnElement[bool]:
    """Whether the version is its artifact's newest of those that are neither purged nor in the trash."""
    other = orm.aliased(ArtifactVersion)
    is_other = (other.artifact_id == ArtifactVersion.artifact_id, is_live(other))
    newest = sa.select(sa.func.max(other.version)).where(*is_other)
    return ArtifactVersion.version == newest.scalar_subquery()


def _version(
    version: ArtifactVersion,
    artifact: Artifact,
    project: str,
    run_name: str | None,
    aliases: list[str],
    unsized_count: int,
) -> schema.ArtifactVersion:
    details: dict[str, Any] = version.details
    return schema.ArtifactVersion(
        id=version.id,
        project=project,
        name=artifact.name,
        kind=artifact.kind,
        version=version.version,
        digest=version.digest,
        aliases=aliases,
        size_bytes=version.size_bytes,
        unsized_count=unsized_count,
        file_count=version.file_count,
        created_ms=version.created_ms,
        run=version.run_id,
        run_name=run_name,
        metadata=details,
        deleted_ms=version.deleted_ms,
        expires_ms=version.expires_ms,
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
    elsewhere = sa.select(ArtifactReference).where(ArtifactReference.version_id.in_(ids))
    for one in session.scalars(elsewhere):
        entry = schema.FileEntry(one.path, one.digest, one.size_bytes, one.reference, one.etag)
        found[one.version_id].append(entry)
    return {version_id: sorted(files, key=lambda file: file.path) for version_id, files in found.items()}
