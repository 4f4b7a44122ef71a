"""Fetching the files of a version of a model or an artifact, verified, and keeping them for the next time.

What always holds: a path that `use_model` or `use_artifact` returns holds exactly the files that the server named, each
with the sha256 that it named; nothing half-downloaded is ever at a final place. What a reference resolved to is
remembered, so that a version that is here can be used while the server is away.

    <directory>/models/blobs/<digest>            each file's bytes, once
    <directory>/models/versions/<key>/…          the files of one version under their own names
    <directory>/models/refs/<key>.json           what a reference resolved to when it was last asked for
    <directory>/artifacts/…                      the same for artifacts
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from tracker import arguments, pins, settings
from tracker.errors import TrackerError, TransportError
from tracker.journal_files import make_private_folder
from tracker.live_run import Run
from tracker.naming import is_path, is_path_on_windows
from tracker.notices import notice
from tracker.settings import Settings
from tracker.transport import Transport


class VersionFile(msgspec.Struct, frozen=True):
    """One file of a version."""

    path: str
    digest: str
    size_bytes: int


class Resolved(msgspec.Struct, frozen=True):
    """What a reference points at: a version of a model, or of an artifact, which also has a `kind`."""

    name: str = msgspec.field(name="model")
    version: int
    artifact_version_id: int
    files: tuple[VersionFile, ...]
    kind: str | None = None


def use_model(ref: str, *, url: str | None = None, run: Run | None = None) -> Path:
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
    ref: str, *, type: str | None = None, project: str | None = None, url: str | None = None, run: Run | None = None
) -> Path:
    """The folder with the files of `name:v3`, `name@alias` or `name:latest`, or of `project/name:v3`; a bare name means
    the latest version. Without a project in it, the reference is to `project`, or else to that of the active `run`.

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
        resolved = cache.resolve(asked, lambda: _artifact(transport.resolve_artifact(where, name, pointer)))
        if type is not None and resolved.kind != type:
            raise ValueError(f"{ref!r} is of type {resolved.kind!r}, not {type!r}; leave type out to take any")
        folder = cache.fetch(resolved)
    if run is not None:
        run.note_use(resolved.artifact_version_id)
    return folder


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
        if _is_whole(folder, resolved):
            return folder
        blobs = {file.digest: self._blob(file) for file in resolved.files}
        temporary = folder.with_name(f".{secrets.token_hex(8)}")
        make_private_folder(temporary)
        try:
            for file in resolved.files:
                target = temporary / file.path
                make_private_folder(target.parent)
                shutil.copyfile(blobs[file.digest], target)
            if folder.is_dir() and not _is_whole(folder, resolved):
                shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
        except OSError:
            if not _is_whole(folder, resolved):  # else another process was faster; it may be reading it, so it stays
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return folder

    def _blob(self, file: VersionFile) -> Path:
        blobs = self._folder / "blobs"
        path = blobs / file.digest
        if is_intact(path, file.digest, file.size_bytes):
            return path
        make_private_folder(blobs)
        temporary = blobs / f".{secrets.token_hex(8)}"
        try:
            with temporary.open("xb") as target:
                self._transport.download_blob(file.digest, target)
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)
        return path


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
        if len(file.digest) != 64 or not all(character in "0123456789abcdef" for character in file.digest):
            raise TrackerError(f"the version's file {file.path!r} has no sha256: {file.digest!r:.80}")
    return resolved


def is_intact(path: Path, digest: str, size_bytes: int) -> bool:
    """Whether there is a file that has this sha256 and size."""
    try:
        with path.open("rb") as source:
            is_as_long = os.fstat(source.fileno()).st_size == size_bytes
            return is_as_long and hashlib.file_digest(source, "sha256").hexdigest() == digest
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    make_private_folder(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    temporary.write_bytes(data)
    temporary.rename(path)
