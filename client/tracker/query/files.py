"""The artifacts of a run, their files, and fetching them.

What always holds: a file that a download has put in its place has the size and the sha256 that the server named;
nothing half-fetched is ever there; nothing is written outside of the folder that was asked for, whatever the server
calls its files.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Literal

import msgspec

from tracker.errors import TrackerError
from tracker.packs import PACKED_BYTES
from tracker.query.answers import ArtifactFacts, moment
from tracker.query.connection import Connection

_HEXADECIMAL: Final = frozenset("0123456789abcdef")


class StoredFile(msgspec.Struct, frozen=True):
    """A file of an artifact version; `artifact` is the version's reference, such as "checkpoint:v3"."""

    path: str
    size_bytes: int
    digest: str
    artifact: str

    @property
    def place(self) -> PurePosixPath:
        """Where a download puts it, below its folder: "checkpoint/v3/model.pt"."""
        name, _, version = self.artifact.rpartition(":")
        return PurePosixPath(name, version, self.path)


class StoredArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact version that a run made ("output") or read ("input"). `id` names it on the server."""

    id: int
    ref: str
    kind: str
    direction: Literal["output", "input"]
    aliases: list[str]
    size_bytes: int
    created: datetime
    metadata: dict[str, Any]
    files: list[StoredFile]
    project: str = ""


def artifact(facts: ArtifactFacts) -> StoredArtifact:
    """What the server says of an artifact version."""
    ref = f"{facts.name}:v{facts.version}"
    return StoredArtifact(
        id=facts.id,
        ref=ref,
        kind=facts.kind,
        direction="input" if facts.direction == "input" else "output",
        aliases=facts.aliases,
        size_bytes=facts.size_bytes,
        created=moment(facts.created_ms),
        metadata=facts.metadata,
        files=[StoredFile(file.path, file.size_bytes, file.digest, ref) for file in facts.files],
        project=facts.project,
    )


def download(connection: Connection, files: Sequence[StoredFile], target: Path) -> list[Path]:
    """Have these files below `target`; their paths there, in their order. One that is there already is left alone."""
    for file in files:
        _check(file)
    paths = [target / file.place for file in files]
    places: dict[str, list[Path]] = {}
    sizes: dict[str, int] = {}
    for file, path in zip(files, paths, strict=True):
        if not _is_intact(path, file):
            places.setdefault(file.digest, []).append(path)
            sizes[file.digest] = file.size_bytes
    for folder in {path.parent for found in places.values() for path in found}:
        folder.mkdir(parents=True, exist_ok=True)

    def keep(digest: str, data: bytes) -> None:
        for path in places[digest]:
            _put(path, lambda file: file.write(data))

    def alone(digest: str) -> None:
        for path in places[digest]:
            _put(path, lambda file: connection.download(digest, file))

    small = {digest: size for digest, size in sizes.items() if 0 <= size <= PACKED_BYTES}
    if len(small) > 1:
        connection.download_small(small, keep, alone)
    for digest in sizes:
        if len(small) < 2 or digest not in small:
            alone(digest)
    return paths


def _check(file: StoredFile) -> None:
    """Raises TrackerError for a file that would lie outside of its folder, or cannot be verified."""
    names = f"{file.artifact.replace(':', '/')}/{file.path}".split("/")
    if any(name in ("", ".", "..") or name[1:2] == ":" or "\\" in name or "\0" in name for name in names):
        raise TrackerError(
            f"the file {file.path!r} of {file.artifact!r} would lie outside its folder; nothing is downloaded"
        )
    if len(file.digest) != 64 or not _HEXADECIMAL.issuperset(file.digest):
        raise TrackerError(f"the file {file.path!r} of {file.artifact!r} has no sha256: {file.digest!r:.80}")


def _is_intact(path: Path, file: StoredFile) -> bool:
    try:
        if path.stat().st_size != file.size_bytes:
            return False
        with path.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest() == file.digest
    except OSError:
        return False


def _put(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as target:
            fill(target)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
