"""Blobs by digest, and artifacts: named, versioned manifests of files, made and used by runs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, BytewiseWords, Document, Words
from tracker_server.narrowing import InProject, Narrowing, WithRuns


class Blob(Base):
    """Bytes that are in the blob store, whole and verified.

    A condemned one is not: nothing refers to it, and its file is gone or goes. It counts as not there, until the bytes
    are sent again.
    """

    __tablename__ = "blobs"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    condemned_ms: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)


class SentBlob(Base):
    """That a user has sent these bytes. It outlives the blob, and keeps nothing of it."""

    __tablename__ = "sent_blobs"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, autoincrement=False)


class Artifact(WithRuns, Base):
    """`policy` says which of its versions stay by themselves; see `retention`."""

    __tablename__ = "artifacts"
    __table_args__ = (sa.UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Words)
    kind: Mapped[str] = mapped_column(Words)
    next_version: Mapped[int] = mapped_column(default=1)
    policy: Mapped[Any] = mapped_column(Document, default=dict, server_default="{}")
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))


class ArtifactVersion(InProject, Base):
    """An immutable manifest. `digest` is the sha256 over its files, so that equal files make no second version.

    One that was deleted (`deleted_ms`) lies in the trash; one that expires goes there at `expires_ms`.
    """

    __tablename__ = "artifact_versions"
    __table_args__ = (
        sa.UniqueConstraint("artifact_id", "version"),
        sa.UniqueConstraint("artifact_id", "digest"),
        sa.Index("ix_artifact_versions_expires", "expires_ms"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    artifact_id: Mapped[int] = mapped_column(sa.ForeignKey("artifacts.id"))
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.Text)
    run_id: Mapped[str | None] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    file_count: Mapped[int]
    details: Mapped[Any] = mapped_column("metadata", Document, default=dict)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    deleted_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    deleted_by: Mapped[int | None] = mapped_column(BigId)
    deletion_reason: Mapped[str] = mapped_column(Words, default="", server_default="")
    expires_ms: Mapped[int | None] = mapped_column(sa.BigInteger)

    @classmethod
    def within(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        is_seen = cls.artifact_id.in_(sa.select(Artifact.id).where(Artifact.of_projects(seen)))
        if seen.runs is None:
            return is_seen
        of_runs = sa.select(RunArtifactLink.version_id).where(RunArtifactLink.run_id.in_(sorted(seen.runs)))
        return is_seen & cls.id.in_(of_runs)


class ArtifactFile(Base):
    __tablename__ = "artifact_files"
    __table_args__ = (sa.Index("ix_artifact_files_digest", "digest"),)

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("artifact_versions.id"), primary_key=True)
    path: Mapped[str] = mapped_column(BytewiseWords, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.ForeignKey("blobs.digest"))
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)


class ArtifactFolder(Base):
    """A folder of a version, so that what is in one of a million files is told without reading them.

    It is `name` in the folder `parent`; the version's top folder has neither. `file_count` and `size_bytes` are of all
    below it, `own_count` of the files that lie in it itself.
    """

    __tablename__ = "artifact_folders"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("artifact_versions.id"), primary_key=True)
    parent: Mapped[str] = mapped_column(BytewiseWords, primary_key=True)
    name: Mapped[str] = mapped_column(BytewiseWords, primary_key=True)
    file_count: Mapped[int]
    own_count: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)


class ArtifactReference(Base):
    """A file of a version whose bytes lie elsewhere ("s3://…", "https://…"), and are no blob of ours. The server never
    opens it. `digest` is its sha256 where somebody has read it, `etag` what its place calls it. Without a digest, a
    size of 0 says that nobody knows it.
    """

    __tablename__ = "artifact_references"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("artifact_versions.id"), primary_key=True)
    path: Mapped[str] = mapped_column(BytewiseWords, primary_key=True)
    reference: Mapped[str] = mapped_column(Words)
    digest: Mapped[str] = mapped_column(sa.Text, default="")
    etag: Mapped[str] = mapped_column(Words, default="")
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)


class ArtifactAlias(Base):
    """A name that points at one version of an artifact; `latest` is not stored but the highest version."""

    __tablename__ = "artifact_aliases"

    artifact_id: Mapped[int] = mapped_column(sa.ForeignKey("artifacts.id"), primary_key=True)
    alias: Mapped[str] = mapped_column(Words, primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("artifact_versions.id"), index=True)
    moved_ms: Mapped[int] = mapped_column(sa.BigInteger)
    moved_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))


class RunArtifactLink(Base):
    """That a run made (`output`) or read (`input`) a version."""

    __tablename__ = "run_artifacts"

    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("artifact_versions.id"), primary_key=True, index=True)
    direction: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
