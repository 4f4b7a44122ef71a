"""Fetching the files of a version of a model or an artifact, verified, and keeping them for the next time.

What always holds: a path that `use_model` or `use_artifact` returns holds exactly the files that the server named,
each with the sha256 that it named, or where it names none, the ETag; nothing half-downloaded is ever at a final place.
What a reference resolved to is remembered, so that a version that is here can be used while the server is away.

Files come over several connections at once, small ones many to an answer. A download that breaks off goes on, in this
call where the server is back soon, else in the next one; what nobody goes on with is removed after a day.

    <directory>/models/blobs/<digest>            each file's bytes, once
    <directory>/models/blobs/.<digest>.part      those that have come so far
    <directory>/models/versions/<key>/…          the files of one version under their own names
    <directory>/models/refs/<key>.json           what a reference resolved to when it was last asked for
    <directory>/artifacts/…                      the same for artifacts
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path, PosixPath
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Protocol

import msgspec

from tracker import arguments, downloading, pins, references, settings
from tracker.errors import DamagedError, RefusedError, TrackerError, TransportError
from tracker.journal_files import make_private_folder
from tracker.manifest import Reference
from tracker.naming import is_path, is_path_on_windows
from tracker.notices import notice
from tracker.progress import Progress
from tracker.settings import Settings
from tracker.transport import Transport

_LEFT_S: Final = 24 * 3600

_UNKNOWN: Final = ("unknown_project", "unknown_artifact", "unknown_artifact_version")


class VersionFile(msgspec.Struct, frozen=True):
    """One file of a version. With a `reference` its bytes lie there; `etag` is what their place calls them, and
    `digest` is empty where nobody has read them."""

    path: str
    digest: str
    size_bytes: int
    reference: str = ""
    etag: str = ""


class Resolved(msgspec.Struct, frozen=True):
    """What a reference points at: a version of a model, or of an artifact, which also has a `kind`."""

    name: str = msgspec.field(name="model")
    version: int
    artifact_version_id: int
    files: tuple[VersionFile, ...]
    kind: str | None = None
    metadata: dict[str, Any] = {}


class UsedArtifact(PosixPath):
    """The folder of a version of an artifact, which is used as any other Path; and what the server says of the version.

    `files` are those of the version, with references among them; `path` is the folder as a plain Path.
    """

    artifact: str = ""
    version: int = 0
    type: str = ""
    files: tuple[VersionFile, ...] = ()
    metadata: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def _of(cls, folder: Path, resolved: Resolved) -> UsedArtifact:
        made = cls(folder)
        made.artifact, made.version, made.type = resolved.name, resolved.version, resolved.kind or ""
        made.files, made.metadata = resolved.files, MappingProxyType(resolved.metadata)
        return made

    @property
    def path(self) -> Path:
        return Path(self)

    def with_segments(self, *segments: str | os.PathLike[str]) -> Path:
        return Path(*segments)

    def __reduce__(self) -> tuple[Any, ...]:
        return Path, tuple(self.parts)


class Reader(Protocol):
    """A run, as far as it is told of what it reads."""

    @property
    def project(self) -> str: ...

    def note_use(self, artifact_version_id: int) -> None: ...

    def wait_until_stored(self) -> None: ...


def use_model(ref: str, *, url: str | None = None, run: Reader | None = None) -> Path:
    """The folder with the files of `name@alias` or `name:v3`; a bare name means `name@latest`.

    Raises ValueError for a reference of another form, RefusedError where the server knows no such model, version or
    alias, TransportError where the server is away and the version is not here. An active `run` notes that it used it.
    """
    resolved, folder = fetch_model(ref, settings.load(url=url))
    if run is not None:
        run.note_use(resolved.artifact_version_id)
    return folder


def fetch_model(
    ref: str, chosen: Settings, *, check: Callable[[Resolved], None] = lambda _: None
) -> tuple[Resolved, Path]:
    """What `use_model` fetches, with the version that the reference points at. Raises as it does.

    `check` may raise before anything is downloaded.
    """
    name, pointer = arguments.model_reference(ref)
    with closing(Transport(chosen.url, chosen.api_key)) as transport:
        cache = _Cache(transport, chosen.models)
        resolved = cache.resolve((name, pointer), lambda: transport.resolve_model(name, pointer))
        check(resolved)
        return resolved, cache.fetch(resolved)


def resolve_model(ref: str, chosen: Settings) -> Resolved:
    """What the reference points at now, as the server says; nothing is fetched. Raises TransportError, RefusedError."""
    name, pointer = arguments.model_reference(ref)
    with closing(Transport(chosen.url, chosen.api_key)) as transport:
        return _understood(transport.resolve_model(name, pointer))


def use_artifact(
    ref: str, *, type: str | None = None, project: str | None = None, url: str | None = None, run: Reader | None = None
) -> UsedArtifact:
    """The folder with the files of `name:v3`, `name@alias` or `name:latest`, or of `project/name:v3`; a bare name means
    the latest version. Without a project in it, the reference is to `project`, or else to that of the active `run`.

    What the active run has logged itself is there: where the server does not know the version yet, that is waited for.
    Raises ValueError for a reference of another form and for an artifact of another `type` than the one wanted;
    otherwise as `use_model`.
    """
    inside, name, pointer = arguments.artifact_reference(ref)
    where = inside or project or (run.project if run is not None else None)
    if where is None:
        raise ValueError(f"{ref!r} says of no project; without an active run, write project/{ref}")
    pointer = pins.pinned(where, name, pointer)
    chosen = settings.load(url=url)
    with closing(Transport(chosen.url, chosen.api_key)) as transport:
        cache = _Cache(transport, chosen.artifacts)
        asked = (where, name, pointer)
        ask = functools.partial(transport.resolve_artifact, where, name, pointer)
        resolved = cache.resolve(asked, lambda: _artifact(_answer(ask, run)))
        if type is not None and resolved.kind != type:
            raise ValueError(f"{ref!r} is of type {resolved.kind!r}, not {type!r}; leave type out to take any")
        folder = cache.fetch(resolved)
    if run is not None:
        run.note_use(resolved.artifact_version_id)
    return UsedArtifact._of(folder, resolved)


def _answer(ask: Callable[[], dict[str, Any]], run: Reader | None) -> dict[str, Any]:
    """What is asked for; where it is not known it may be on its way, from the run that asks."""
    try:
        return ask()
    except RefusedError as error:
        if run is None or error.code not in _UNKNOWN:
            raise
        try:
            run.wait_until_stored()
        except TrackerError:
            raise error from None
    return ask()


def _artifact(answer: dict[str, Any]) -> dict[str, Any]:
    """The server's answer about an artifact in the words of one about a model."""
    return {**answer, "model": answer.get("name"), "artifact_version_id": answer.get("id")}


class _Cache:
    """What is kept below one folder, of one server."""

    def __init__(self, transport: Transport, folder: Path) -> None:
        self._transport = transport
        self._folder = folder

    def resolve(self, asked: tuple[str, ...], ask: Callable[[], dict[str, Any]]) -> Resolved:
        """What the reference points at now, or while the server is away did when it was last asked for."""
        key = hashlib.sha256("\n".join((self._transport.url, *asked)).encode()).hexdigest()
        remembered = self._folder / "refs" / f"{key}.json"
        try:
            resolved = _understood(ask())
        except TransportError as error:
            try:
                resolved = msgspec.json.decode(remembered.read_bytes(), type=Resolved)
            except (OSError, msgspec.DecodeError):
                raise error from None
            told = "@".join(asked[-2:])
            notice(f"{error}; {told} is taken as it was when it was last asked for: v{resolved.version}")
            return resolved
        _write(remembered, msgspec.json.encode(resolved))
        return resolved

    def fetch(self, resolved: Resolved) -> Path:
        """Have every file here, then put the folder in its place in one step."""
        manifest = msgspec.json.encode((resolved.name, resolved.version, resolved.files))
        folder = self._folder / "versions" / hashlib.sha256(manifest).hexdigest()[:32]
        if self._is_whole(folder, resolved):
            return folder
        kept = [file for file in resolved.files if not references.cannot_be_known(file)]
        blobs = self._blobs(resolved, kept)
        temporary = folder.with_name(f".{secrets.token_hex(8)}")
        make_private_folder(temporary)
        try:
            for parent in {(temporary / file.path).parent for file in kept}:
                make_private_folder(parent)
            for file in kept:
                shutil.copyfile(blobs[_key(file)], temporary / file.path)
            if folder.is_dir() and not self._is_whole(folder, resolved):
                shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
        except OSError:
            if not self._is_whole(folder, resolved):  # else another process was faster; it may be reading it
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        for file in resolved.files:
            if references.cannot_be_known(file):
                notice(f"{file.path} is not fetched from {file.reference}: nothing tells whether it is what was logged")
        return folder

    def _is_whole(self, folder: Path, resolved: Resolved) -> bool:
        return folder.is_dir() and all(
            self._is_intact(folder / file.path, file) for file in resolved.files if not references.cannot_be_known(file)
        )

    def _is_intact(self, path: Path, file: VersionFile) -> bool:
        """Whether it is the file; of one that only its ETag names, the one that was fetched under that."""
        digest = file.digest
        if not digest:
            try:
                digest = self._note_of(file).read_text()
            except OSError:
                return False
        size_bytes = file.size_bytes if file.digest else None
        return is_intact(path, digest, size_bytes)

    def _blobs(self, resolved: Resolved, files: Sequence[VersionFile]) -> dict[str, Path]:
        """Where the bytes of each are, fetched by several threads. The first failure ends it."""
        wanted = {_key(file): file for file in files}
        make_private_folder(self._folder / "blobs")
        self._tidy()
        size_bytes = sum(file.size_bytes for file in wanted.values())
        with Progress(
            f"fetching {resolved.name}:v{resolved.version}", size_bytes=size_bytes, count=len(wanted)
        ) as told:
            downloading.carry_out(self._transport, list(self._jobs(wanted, told)))
        return {key: self._folder / "blobs" / key for key in wanted}

    def _jobs(self, wanted: Mapping[str, VersionFile], told: Progress) -> Iterator[downloading.Job]:
        """What there is to fetch at once: the large ones alone and first, the small ones together."""
        small = {key: file.size_bytes for key, file in wanted.items() if _is_small(file)}
        if len(small) == 1:
            small = {}
        alone = [file for key, file in wanted.items() if key not in small]
        for file in sorted(alone, key=lambda file: -file.size_bytes):
            yield functools.partial(self._fetch, file, told)
        for portion in downloading.portions(small):
            yield functools.partial(self._fetch_small, [wanted[digest] for digest in portion], told)

    def _fetch(self, file: VersionFile, told: Progress, transport: Transport) -> None:
        path = self._folder / "blobs" / _key(file)
        if self._is_intact(path, file):
            told.add(file.size_bytes, 1)
        elif file.reference:
            stored = references.fetch(_reference(file), path)
            if not file.digest:
                _write(self._note_of(file), stored.sha256.encode())
            told.add(stored.size_bytes, 1)
        else:
            _download(file, transport, path, told)
            told.add(0, 1)

    def _fetch_small(self, files: Sequence[VersionFile], told: Progress, transport: Transport) -> None:
        blobs = self._folder / "blobs"
        wanted = {file.digest: file for file in files}
        lacking = {file.digest: file.size_bytes for file in files if not self._is_intact(blobs / file.digest, file)}
        for file in files:
            if file.digest not in lacking:
                told.add(file.size_bytes, 1)

        def keep(digest: str, data: bytes) -> None:
            _write(blobs / digest, data)
            told.add(len(data), 1)

        downloading.fetch_small(transport, lacking, keep, lambda digest: self._fetch(wanted[digest], told, transport))

    def _note_of(self, file: VersionFile) -> Path:
        """Where it stands which sha256 a file has that only its ETag names."""
        return self._folder / "blobs" / f"{_key(file)}.sha256"

    def _tidy(self) -> None:
        """Remove what came of downloads that nobody has gone on with for a day."""
        for left in (self._folder / "blobs").glob(".*.part"):
            with suppress(OSError):
                if left.stat().st_mtime < time.time() - _LEFT_S:
                    left.unlink()


def _key(file: VersionFile) -> str:
    """What the bytes of a file are kept as."""
    if file.digest:
        return file.digest
    return "at-" + hashlib.sha256("\n".join((file.reference, file.etag, str(file.size_bytes))).encode()).hexdigest()


def _is_small(file: VersionFile) -> bool:
    """Whether it comes with others."""
    return not file.reference and 0 <= file.size_bytes <= downloading.SMALL_BYTES


def _reference(file: VersionFile) -> Reference:
    return references.recorded(
        file.path, file.reference, digest=file.digest, size_bytes=file.size_bytes, etag=file.etag
    )


def _download(file: VersionFile, transport: Transport, path: Path, told: Progress) -> None:
    """Have the blob at `path`, from where an earlier download broke off. One that breaks off is gone on with, for as
    long as something comes."""
    left = path.with_name(f".{file.digest}.part")
    if is_intact(left, file.digest, file.size_bytes):
        left.replace(path)
        told.add(file.size_bytes)
        return
    target = _own(left)
    if target is None:  # another process is at it
        left = path.with_name(f".{secrets.token_hex(8)}.part")
        target = left.open("x+b", buffering=0)
    with target:
        if target.seek(0, os.SEEK_END) >= file.size_bytes:
            target.seek(0)
            target.truncate()
        while True:
            before = target.tell()
            noted = 0

            def note(count: int) -> None:
                nonlocal noted
                noted += count
                told.add(count)

            try:
                transport.download_blob(file.digest, target, note)
                break
            except TransportError as error:
                told.add(-noted)
                come = target.seek(0, os.SEEK_END)
                if isinstance(error, DamagedError) and before:  # what came first may have been something else
                    target.seek(0)
                    target.truncate()
                elif isinstance(error, DamagedError):
                    left.unlink(missing_ok=True)
                    raise
                elif come == before:
                    if not come:
                        left.unlink(missing_ok=True)
                    raise
                time.sleep(downloading.PAUSE_S)
            except BaseException:
                left.unlink(missing_ok=True)
                raise
        left.replace(path)


def _own(path: Path) -> BinaryIO | None:
    """The file, made where there is none, for us alone; None where another process has it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(fd), path.stat()):
            return os.fdopen(fd, "r+b", buffering=0)
    except OSError:  # it is another's, or was, and is whole by now
        pass
    os.close(fd)
    return None


def _is_whole(folder: Path, resolved: Resolved) -> bool:
    return folder.is_dir() and all(
        is_intact(folder / file.path, file.digest, file.size_bytes) for file in resolved.files
    )


def resolved_now(transport: Transport, name: str, pointer: str) -> Resolved:
    """What a reference to a model points at now, by the server's word alone. Raises TransportError and RefusedError."""
    return _understood(transport.resolve_model(name, pointer))


def _understood(answer: dict[str, Any]) -> Resolved:
    try:
        resolved = msgspec.convert(answer, Resolved)
    except msgspec.ValidationError as error:
        raise TransportError(f"the server's answer about the version cannot be understood: {error}") from error
    for file in resolved.files:
        if not is_path(file.path) or (os.name == "nt" and not is_path_on_windows(file.path)):
            raise TrackerError(f"the version's file {file.path!r} would lie outside its folder; it is not downloaded")
        if file.reference and not file.digest:
            continue
        if len(file.digest) != 64 or not all(character in "0123456789abcdef" for character in file.digest):
            raise TrackerError(f"the version's file {file.path!r} has no sha256: {file.digest!r:.80}")
    return resolved


def is_intact(path: Path, digest: str, size_bytes: int | None) -> bool:
    """Whether there is a file that has this sha256 and size, if a size is given."""
    try:
        with path.open("rb") as source:
            is_as_long = size_bytes is None or os.fstat(source.fileno()).st_size == size_bytes
            return is_as_long and hashlib.file_digest(source, "sha256").hexdigest() == digest
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    make_private_folder(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    temporary.write_bytes(data)
    temporary.rename(path)
