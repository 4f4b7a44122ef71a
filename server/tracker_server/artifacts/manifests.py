"""Manifests: the files of a version, in order of path.

What always holds: a manifest names each path once, and none that no system could have; so much is known before there
is a transaction. Its files become rows in a few statements, which leave Python out: nobody else writes to SQLite
meanwhile, so however many files there are, it must not take long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker.records import ArtifactFile as FileRecord
from tracker_server import db
from tracker_server.artifacts import folders, names
from tracker_server.artifacts.models import ArtifactFile, ArtifactFolder, ArtifactReference, Blob
from tracker_server.errors import Refused

AT_ONCE: Final = 10_000
"""How many files one statement takes in: about a megabyte of them."""

_FILE = (ArtifactFile.path, ArtifactFile.digest, ArtifactFile.size_bytes)
_REFERENCE = (
    ArtifactReference.path, ArtifactReference.digest, ArtifactReference.size_bytes, ArtifactReference.reference,
    ArtifactReference.etag,
)  # fmt: skip
_FOLDER = (
    ArtifactFolder.parent, ArtifactFolder.name, ArtifactFolder.file_count, ArtifactFolder.own_count,
    ArtifactFolder.size_bytes,
)  # fmt: skip


class OtherBlob(Refused):
    """A file is not what its blob is; None where there is no blob, or none that one may name."""

    def __init__(self, path: str, size_bytes: int, stored_bytes: int | None) -> None:
        message = f"{path!r} is said to have {size_bytes} bytes, its blob has {stored_bytes}"
        super().__init__("bad_record", message, field="files")


@dataclass(frozen=True)
class Manifest:
    """The files in order of path, their digest (see `digest_of`), and the folders that they lie in."""

    files: Sequence[FileRecord]
    digest: str
    size_bytes: int
    folders: Sequence[folders.Row]


def read(listed: Sequence[FileRecord]) -> Manifest:
    """The manifest of these files. Raises Refused for a path or a reference that is none. Cost: about 5 µs a file."""
    files = sorted(listed, key=lambda file: file.path)
    names.check_paths(file.path for file in files)
    for file in files:
        if file.reference:
            names.check_reference(file)
        elif not file.digest.isalnum():  # no database is asked for what it could not hold
            raise OtherBlob(file.path, file.size_bytes, None)
    return Manifest(files, digest_of(files), sum(file.size_bytes for file in files), folders.rows(files))


def digest_of(files: Sequence[FileRecord]) -> str:
    """The sha256 over paths, digests and sizes, in order of path: equal for equal contents and only then.

    Of a reference, its place and what that calls it count too: who moves the bytes makes another version.
    """
    running = hashlib.sha256()
    for file in files:
        path = file.path.encode()
        running.update(b"%d:%b:%b:%d;" % (len(path), path, file.digest.encode(), file.size_bytes))
        if file.reference:
            place, etag = file.reference.encode(), file.etag.encode()
            running.update(b"@%d:%b:%d:%b;" % (len(place), place, len(etag), etag))
    return running.hexdigest()


def store(session: Session, version_id: int, manifest: Manifest) -> None:
    """Have the version consist of these files. Raises OtherBlob for one that is not of its blob's size."""
    for files in _portions(manifest.files):
        own = [(file.path, file.digest, file.size_bytes) for file in files if not file.reference]
        if own and _insert(session, version_id, ArtifactFile, _FILE, own) != len(own):
            raise _other_blob(session, own)
        elsewhere = [
            (file.path, file.digest, file.size_bytes, file.reference, file.etag) for file in files if file.reference
        ]
        if elsewhere:
            _insert(session, version_id, ArtifactReference, _REFERENCE, elsewhere)
    for rows in _portions(manifest.folders):
        _insert(session, version_id, ArtifactFolder, _FOLDER, rows)


def _portions(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def _insert(
    session: Session,
    version_id: int,
    table: type[db.Base],
    columns: Sequence[orm.InstrumentedAttribute[Any]],
    rows: Sequence[Sequence[str | int]],
) -> int:
    """How many of the rows are there now: of files those alone whose blob is stored, and of that size."""
    given = db.listed_rows(rows, columns)
    found = sa.select(sa.literal(version_id, sa.BigInteger), *given.c)
    if table is ArtifactFile:
        is_it = (Blob.digest == given.c.digest, Blob.size_bytes == given.c.size_bytes, Blob.condemned_ms.is_(None))
        found = found.where(sa.exists().where(*is_it))
    statement = sa.insert(table).from_select(["version_id", *given.c.keys()], found)
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _other_blob(session: Session, rows: Sequence[tuple[str, str, int]]) -> OtherBlob:
    given = db.listed_rows(rows, _FILE)
    is_it = (Blob.digest == given.c.digest) & Blob.condemned_ms.is_(None)
    statement = sa.select(given.c.path, given.c.size_bytes, Blob.size_bytes).select_from(
        sa.outerjoin(given, Blob, is_it)
    )
    differs = sa.or_(Blob.size_bytes.is_(None), Blob.size_bytes != given.c.size_bytes)
    return OtherBlob(*session.execute(statement.where(differs).limit(1)).one())
