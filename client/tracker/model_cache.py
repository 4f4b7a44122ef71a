"""Fetching the files of a registered model's version, verified, and keeping them for the next time.

What always holds: a path that `use_model` returns holds exactly the files that the server named, each with the sha256
that it named; nothing half-downloaded is ever at a final place. What a reference resolved to is remembered, so that a
version that is here can be used while the server is away.

    <directory>/models/blobs/<digest>            each file's bytes, once
    <directory>/models/versions/<key>/…          the files of one version under their own names
    <directory>/models/refs/<key>.json           what a reference resolved to when it was last asked for
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from tracker import settings
from tracker.errors import TrackerError, TransportError
from tracker.journal_files import make_private_folder
from tracker.live_run import Run
from tracker.notices import notice
from tracker.transport import Transport


class ModelFile(msgspec.Struct, frozen=True):
    """One file of a model's version."""

    path: str
    digest: str
    size_bytes: int


class Resolved(msgspec.Struct, frozen=True):
    """What a reference points at."""

    model: str
    version: int
    artifact_version_id: int
    files: tuple[ModelFile, ...]


def use_model(ref: str, *, url: str | None = None, run: Run | None = None) -> Path:
    """The folder with the files of `name@alias` or `name:v3`; a bare name means `name@latest`.

    Raises ValueError for a reference of another form, RefusedError where the server knows no such model, version or
    alias, TransportError where the server is away and the version is not here. An active `run` notes that it used it.
    """
    name, pointer = parse(ref)
    chosen = settings.load(url=url)
    transport = Transport(chosen.url, chosen.api_key)
    try:
        resolved = _resolve(transport, chosen.models, name, pointer)
        folder = _fetch(transport, chosen.models, resolved)
    finally:
        transport.close()
    if run is not None:
        run.note_use(resolved.artifact_version_id)
    return folder


def parse(ref: str) -> tuple[str, str]:
    """The model's name and the version or alias of a reference."""
    if not isinstance(ref, str):
        raise TypeError(f"a model reference must be text, got {type(ref).__name__}: {ref!r:.80}")
    separator = "@" if "@" in ref else ":"
    name, found, pointer = ref.rpartition(separator) if separator in ref else (ref, "", "latest")
    is_version = pointer[:1] == "v" and pointer[1:].isdigit()
    if not name or not pointer or (found == ":" and not is_version):
        raise ValueError(f"a model reference must look like name@production or name:v3, got {ref!r}")
    return name, pointer


def _resolve(transport: Transport, models: Path, name: str, pointer: str) -> Resolved:
    key = hashlib.sha256(f"{transport.url}\n{name}\n{pointer}".encode()).hexdigest()
    remembered = models / "refs" / f"{key}.json"
    try:
        resolved = _understood(transport.resolve_model(name, pointer))
    except TransportError as error:
        try:
            resolved = msgspec.json.decode(remembered.read_bytes(), type=Resolved)
        except (OSError, msgspec.DecodeError):
            raise error from None
        notice(f"{error}; {name}@{pointer} is taken as it was when it was last asked for: v{resolved.version}")
        return resolved
    _write(remembered, msgspec.json.encode(resolved))
    return resolved


def _understood(answer: dict[str, Any]) -> Resolved:
    try:
        resolved = msgspec.convert(answer, Resolved)
    except msgspec.ValidationError as error:
        raise TransportError(f"the server's answer about the model cannot be understood: {error}") from error
    for file in resolved.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\\" in file.path:
            raise TrackerError(f"the model's file {file.path!r} would lie outside its folder; it is not downloaded")
        if len(file.digest) != 64 or not all(character in "0123456789abcdef" for character in file.digest):
            raise TrackerError(f"the model's file {file.path!r} has no sha256: {file.digest!r:.80}")
    return resolved


def _fetch(transport: Transport, models: Path, resolved: Resolved) -> Path:
    """Have every file here, then put the folder in its place in one step."""
    manifest = msgspec.json.encode((resolved.model, resolved.version, resolved.files))
    folder = models / "versions" / hashlib.sha256(manifest).hexdigest()[:32]
    if folder.is_dir() and all(_is_intact(folder / file.path, file) for file in resolved.files):
        return folder
    blobs = {file.digest: _blob(transport, models / "blobs", file) for file in resolved.files}
    temporary = folder.with_name(f".{secrets.token_hex(8)}")
    make_private_folder(temporary)
    try:
        for file in resolved.files:
            target = temporary / file.path
            make_private_folder(target.parent)
            shutil.copyfile(blobs[file.digest], target)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():  # another process that fetched the same may have been faster; its folder is as good
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _blob(transport: Transport, blobs: Path, file: ModelFile) -> Path:
    path = blobs / file.digest
    if _is_intact(path, file):
        return path
    make_private_folder(blobs)
    temporary = blobs / f".{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as target:
            transport.download_blob(file.digest, target)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _is_intact(path: Path, file: ModelFile) -> bool:
    try:
        with path.open("rb") as source:
            return (
                os.fstat(source.fileno()).st_size == file.size_bytes
                and hashlib.file_digest(source, "sha256").hexdigest() == file.digest
            )
    except OSError:
        return False


def _write(path: Path, data: bytes) -> None:
    make_private_folder(path.parent)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    temporary.write_bytes(data)
    temporary.rename(path)
