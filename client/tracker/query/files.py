"""The artifacts of a run, their files, and fetching them.

What always holds: a file that a download has put in its place has the sha256 that the server named, or where it names
none, the ETag; nothing half-fetched is ever there; nothing is written outside of the folder that was asked for,
whatever the server calls its files.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import msgspec

from tracker import downloading, references
from tracker.errors import TrackerError
from tracker.notices import notice
from tracker.query.answers import ArtifactFacts, moment
from tracker.query.connection import Connection

if TYPE_CHECKING:
    from tracker.transport import Transport

_HEXADECIMAL: Final = frozenset("0123456789abcdef")
_TOLD: Final = 20


class StoredFile(msgspec.Struct, frozen=True):
    """A file of an artifact version; `artifact` is the version's reference, such as "checkpoint:v3".

    With a `reference` ("s3://…", "https://…") its bytes lie there; `etag` is what their place calls them, and `digest`
    is "" where nobody has read them. Without a digest, a size of 0 is one that nobody knows.
    """

    path: str
    size_bytes: int
    digest: str
    artifact: str
    reference: str = ""
    etag: str = ""

    @property
    def place(self) -> PurePosixPath:
        """Where a download puts it, below its folder: "checkpoint/v3/model.pt"."""
        name, _, version = self.artifact.rpartition(":")
        return PurePosixPath(name, version, self.path)


class IncompleteError(TrackerError):
    """A download has everything but some files that lie elsewhere and cannot be had from there.

    `paths` are those that are here; `failures` has for each of the others what hinders it.
    """

    def __init__(self, target: Path, paths: list[Path], failures: Mapping[StoredFile, Exception]) -> None:
        self.paths = paths
        self.failures = dict(sorted(failures.items(), key=lambda failure: failure[0].place))
        told = [f"\n  {file.place}: {error}" for file, error in list(self.failures.items())[:_TOLD]]
        if len(failures) > _TOLD:
            told.append(f"\n  and {len(failures) - _TOLD} more, which `failures` of this error has")
        super().__init__(
            f"{len(failures)} of the files lie elsewhere and cannot be had from there; what else there is, is in "
            f"{target}.{''.join(told)}\nOnce they can be read from here (network, credentials, the file put back), the "
            "same call fetches what is lacking; download(pattern=…) fetches only files whose path fits"
        )


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
        files=[
            StoredFile(file.path, file.size_bytes, file.digest, ref, file.reference, file.etag) for file in facts.files
        ],
        project=facts.project,
    )


def download(connection: Connection, files: Sequence[StoredFile], target: Path) -> list[Path]:
    """Have these files below `target`; their paths there, in their order. One that is there already is left alone.

    Those that lie elsewhere are fetched from there. One of which nothing would tell whether it is what was logged is
    left out, with a notice. Raises IncompleteError where others cannot be had, after everything else is here.
    """
    for file in files:
        _check(file)
    known = [file for file in files if not references.cannot_be_known(file)]
    paths = [target / file.place for file in known]
    wanted: dict[tuple[str, ...], _Wanted] = {}
    for file, path in zip(known, paths, strict=True):
        if not _is_intact(path, file):
            key = (file.digest, file.reference, "" if file.digest else file.etag)
            wanted.setdefault(key, _Wanted(file)).paths.append(path)
    for folder in {path.parent for one in wanted.values() for path in one.paths}:
        folder.mkdir(parents=True, exist_ok=True)
    failures: dict[StoredFile, Exception] = {}
    if wanted:
        connection.carry_out(list(_jobs(list(wanted.values()), failures)))
    for file in files:
        if references.cannot_be_known(file):
            notice(f"{file.place} is not fetched from {file.reference}: nothing tells whether it is what was logged")
    if failures:
        lacking = {path for one in wanted.values() if one.file in failures for path in one.paths}
        raise IncompleteError(target, [path for path in paths if path not in lacking], failures)
    return paths


class _Wanted(msgspec.Struct):
    """A file, and every place that it goes to."""

    file: StoredFile
    paths: list[Path] = []


def _jobs(wanted: Sequence[_Wanted], failures: dict[StoredFile, Exception]) -> Iterator[downloading.Job]:
    """What there is to fetch at once: the large ones alone and first, the small ones together."""
    small = {one.file.digest: one for one in wanted if _is_small(one.file)}
    if len(small) == 1:
        small = {}
    alone = [one for one in wanted if one.file.reference or one.file.digest not in small]
    for one in sorted(alone, key=lambda one: -one.file.size_bytes):
        yield functools.partial(_refer, one, failures) if one.file.reference else functools.partial(_fetch, one)
    for sizes in downloading.portions({digest: one.file.size_bytes for digest, one in small.items()}):
        yield functools.partial(_fetch_small, small, sizes)


def _refer(wanted: _Wanted, failures: dict[StoredFile, Exception], transport: Transport) -> None:
    """Have a file from where it lies; what hinders that is noted, and hinders nothing else."""
    file = wanted.file
    reference = references.recorded(
        file.path, file.reference, digest=file.digest, size_bytes=file.size_bytes, etag=file.etag
    )
    try:
        references.fetch(reference, wanted.paths[0])
    except (TrackerError, FileNotFoundError, ValueError) as error:
        failures[file] = error
    else:
        _copy(wanted.paths)


def _fetch(wanted: _Wanted, transport: Transport) -> None:
    _put(wanted.paths[0], lambda target: transport.download_blob(wanted.file.digest, target))
    _copy(wanted.paths)


def _fetch_small(small: Mapping[str, _Wanted], lacking: dict[str, int], transport: Transport) -> None:
    def keep(digest: str, data: bytes) -> None:
        for path in small[digest].paths:
            _put(path, lambda target: target.write(data))

    downloading.fetch_small(transport, lacking, keep, lambda digest: _fetch(small[digest], transport))


def _copy(paths: Sequence[Path]) -> None:
    """Have what is at the first of them at the others too."""
    for path in paths[1:]:
        with paths[0].open("rb") as source:
            _put(path, functools.partial(shutil.copyfileobj, source))


def _is_small(file: StoredFile) -> bool:
    """Whether it comes with others."""
    return not file.reference and 0 <= file.size_bytes <= downloading.SMALL_BYTES


def _check(file: StoredFile) -> None:
    """Raises TrackerError for a file that would lie outside of its folder, or cannot be verified."""
    names = f"{file.artifact.replace(':', '/')}/{file.path}".split("/")
    if any(name in ("", ".", "..") or name[1:2] == ":" or "\\" in name or "\0" in name for name in names):
        raise TrackerError(
            f"the file {file.path!r} of {file.artifact!r} would lie outside its folder; nothing is downloaded"
        )
    if file.reference and not file.digest:
        return
    if len(file.digest) != 64 or not _HEXADECIMAL.issuperset(file.digest):
        raise TrackerError(f"the file {file.path!r} of {file.artifact!r} has no sha256: {file.digest!r:.80}")


def _is_intact(path: Path, file: StoredFile) -> bool:
    """Whether it is the file; of one that only its ETag names nobody can say."""
    try:
        is_sized = file.size_bytes > 0 or not file.reference
        if not file.digest or (is_sized and path.stat().st_size != file.size_bytes):
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
