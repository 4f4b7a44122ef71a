"""What a bundle says of itself, read once as it is registered, and checked against the files of its artifact version.

What always holds: a manifest is kept exactly where its version was registered with it, and says of every file what the
artifact version has; one that lies keeps its version from being registered at all.
"""

from __future__ import annotations

import functools
from pathlib import Path

import msgspec
from sqlalchemy.orm import Session

from tracker import manifest
from tracker_server import artifacts, registry
from tracker_server.bundles.models import BundleRow
from tracker_server.errors import Refused
from tracker_server.registry.models import RegisteredVersion


class Head(msgspec.Struct, frozen=True):
    """What lists tell of a manifest."""

    kind: manifest.Kind
    forms: tuple[manifest.FormKind, ...]
    missing_roles: tuple[str, ...]


@registry.registers
def read(session: Session, source: artifacts.ArtifactVersion) -> registry.Keep | None:
    """What keeps the manifest of an artifact version once it is a model's; None for loose files. Raises Refused."""
    said = check(session, source)
    if said is None:
        return None

    def keep(version: RegisteredVersion) -> None:
        head = Head(said.kind, tuple(form.kind for form in said.forms), tuple(said.missing_roles))
        session.add(
            BundleRow(version_id=version.id, head=msgspec.to_builtins(head), document=msgspec.to_builtins(said))
        )
        session.flush()

    return keep


def check(session: Session, source: artifacts.ArtifactVersion) -> manifest.Manifest | None:
    """What an artifact version says of itself; None for loose files.

    Raises Refused `bad_bundle` for a manifest that cannot be read, or that says something else than there is.
    """
    files = {file.path: file for file in artifacts.files_of(session, source.id)}
    own = files.get(manifest.FILE_NAME)
    if own is None:
        return None
    try:
        return _read(own, files)
    except manifest.ManifestError as error:
        raise Refused(
            "bad_bundle", f"this cannot be registered as a bundle: {error}", field="artifact_version_id"
        ) from error


def manifest_of(session: Session, version: RegisteredVersion) -> manifest.Manifest | None:
    """What the version says of itself; None where it is loose files."""
    row = session.get(BundleRow, version.id)
    return msgspec.convert(row.document, manifest.Manifest) if row is not None else None


def _read(own: artifacts.ArtifactFile, files: dict[str, artifacts.ArtifactFile]) -> manifest.Manifest:
    """Raises ManifestError; for what is too large before any of it is read."""
    if own.size_bytes > manifest.MAX_BYTES:
        raise manifest.ManifestError(
            f"{manifest.FILE_NAME} has {own.size_bytes} bytes; at most {manifest.MAX_BYTES} are read"
        )
    said = said_in(artifacts.blob_store().path(own.digest))
    if isinstance(said, str):
        raise manifest.ManifestError(said)
    manifest.check_files(said, {path: manifest.Stored(file.digest, file.size_bytes) for path, file in files.items()})
    return said


@functools.lru_cache(maxsize=8)
def said_in(path: Path) -> manifest.Manifest | str:
    """The manifest of a blob, whose path names its digest, or what is wrong with it. Kept for a while: it is read once
    before the database is written to, and then again for the act itself."""
    try:
        return manifest.read(path.read_bytes())
    except manifest.ManifestError as error:
        return str(error)
