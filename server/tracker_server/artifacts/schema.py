"""What the API says of blobs and artifacts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Name

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]


class DigestList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    digests: Annotated[list[Digest], msgspec.Meta(max_length=10_000)]


class MissingDigests(msgspec.Struct, frozen=True):
    missing: list[str]


class StoredBlob(msgspec.Struct, frozen=True):
    digest: str
    size_bytes: int


class FileEntry(msgspec.Struct, frozen=True):
    path: str
    digest: str
    size_bytes: int


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`name:v<version>` of a project. `run` made it; None for one that was uploaded by hand."""

    id: int
    project: str
    name: str
    kind: str
    version: int
    aliases: list[str]
    size_bytes: int
    file_count: int
    created_ms: int
    run: str | None
    run_name: str | None
    metadata: dict[str, Any]


class ArtifactDetail(ArtifactVersion, frozen=True, kw_only=True):
    files: list[FileEntry]
    used_by: list[str]


class ArtifactQuery(msgspec.Struct, frozen=True):
    """`ref` is `name:v3`, `name:latest` or `name:alias`; the name alone means its latest version."""

    ref: Name


class ArtifactList(msgspec.Struct, frozen=True):
    artifacts: list[ArtifactVersion]


class RunArtifact(ArtifactVersion, frozen=True, kw_only=True):
    """`direction` says whether the run made it (output) or read it (input)."""

    direction: Literal["output", "input"]
    files: list[FileEntry]


class RunArtifacts(msgspec.Struct, frozen=True):
    artifacts: list[RunArtifact]
