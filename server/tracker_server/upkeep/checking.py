"""`tracker fsck`: whether what is stored is whole, read from end to end; it changes nothing.

What always holds: a server may run meanwhile. A blob that goes or comes while the check runs is no finding, since its
row is asked again before it is called missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import metrics
from tracker_server.artifacts import BlobStore
from tracker_server.artifacts.models import ArtifactFile, ArtifactVersion, Blob
from tracker_server.db import Database
from tracker_server.errors import NotFound
from tracker_server.runs.models import Run
from tracker_server.upkeep.backing_up import sha256_of, stored_blobs


@dataclass
class Report:
    """What was looked at, and what is wrong, a sentence each. `loose` files are in no row, which is no damage."""

    runs: int = 0
    blobs: int = 0
    blob_bytes: int = 0
    loose: int = 0
    loose_bytes: int = 0
    problems: list[str] = field(default_factory=list)


def check(database: Database, store: BlobStore, *, reads_blobs: bool = True, tell: Callable[[str], None]) -> Report:
    """Check the database, every chunk and tail, every manifest and every blob; each problem is also told at once.

    Without `reads_blobs` a blob's size is looked at, and not its bytes.
    """
    report = Report()
    for problem in _problems(database, store, report, reads_blobs):
        report.problems.append(problem)
        tell(problem)
    report.loose, report.loose_bytes = _loose(database, store)
    return report


def _problems(database: Database, store: BlobStore, report: Report, reads_blobs: bool) -> Iterator[str]:
    with database.reading() as session:
        yield from _of_sqlite(session)
        yield from _of_manifests(session)
        run_ids = session.scalars(sa.select(Run.id).order_by(Run.id)).all()
    for run_id in run_ids:
        with database.reading() as session:  # one for each run: a long one would keep the log of the file from ending
            yield from metrics.problems(session, run_id)
        report.runs += 1
    yield from _of_blobs(database, store, report, reads_blobs)


def _of_sqlite(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL checks its pages itself (data_checksums), and its foreign keys at every write
    for row in session.execute(sa.text("PRAGMA integrity_check(100)")):
        if row[0] != "ok":
            yield f"the database file: {row[0]}"
    for table, rowid, parent, _ in session.execute(sa.text("PRAGMA foreign_key_check")):
        yield f"row {rowid} of the table {table} refers to a row of {parent} that is not there"


def _of_manifests(session: Session) -> Iterator[str]:
    files = (
        sa.select(
            ArtifactFile.version_id,
            sa.func.count().label("count"),
            sa.func.sum(ArtifactFile.size_bytes).label("bytes"),
        )
        .group_by(ArtifactFile.version_id)
        .subquery()
    )
    count, size = sa.func.coalesce(files.c.count, 0), sa.func.coalesce(files.c.bytes, 0)
    statement = (
        sa.select(ArtifactVersion, count, size)
        .outerjoin(files, files.c.version_id == ArtifactVersion.id)
        .where(sa.or_(ArtifactVersion.file_count != count, ArtifactVersion.size_bytes != size))
    )
    for version, held, held_bytes in session.execute(statement):
        yield (
            f"artifact version {version.id} says {version.file_count} files of {version.size_bytes} bytes, and has "
            f"{held} of {held_bytes}"
        )
    other_size = (
        sa.select(ArtifactFile.version_id, ArtifactFile.path, ArtifactFile.size_bytes, Blob.size_bytes.label("held"))
        .join(Blob, Blob.digest == ArtifactFile.digest)
        .where(Blob.size_bytes != ArtifactFile.size_bytes)
    )
    for row in session.execute(other_size):
        yield (
            f"file {row.path!r} of artifact version {row.version_id} says {row.size_bytes} bytes, and its blob has "
            f"{row.held}"
        )


def _of_blobs(database: Database, store: BlobStore, report: Report, reads_bytes: bool) -> Iterator[str]:
    for digest, size in stored_blobs(database):
        report.blobs += 1
        report.blob_bytes += size
        found = _fault(store, digest, size, reads_bytes)
        if found is not None and _is_stored(database, digest):
            yield f"blob {digest}: {found}; `tracker restore FOLDER --blobs-only` brings it back from a backup"


def _fault(store: BlobStore, digest: str, size: int, reads_bytes: bool) -> str | None:
    held = store.size(digest)
    if held is None:
        return "its file is not there"
    if held != size:
        return f"its file has {held} bytes, not {size}"
    if not reads_bytes:
        return None
    try:
        path = store.path(digest)
        actual = sha256_of(path)
    except (NotFound, FileNotFoundError):
        return "its file is not there"
    except OSError as error:
        return f"its file cannot be read: {error.strerror}"
    return None if actual == digest else f"its file has the sha256 {actual}, so it has changed: remove {path}"


def _is_stored(database: Database, digest: str) -> bool:
    with database.reading() as session:
        statement = sa.select(Blob.digest).where(Blob.digest == digest, Blob.condemned_ms.is_(None))
        return session.scalar(statement) is not None


def _loose(database: Database, store: BlobStore) -> tuple[int, int]:
    with database.reading() as session:
        known = set(session.scalars(sa.select(Blob.digest)))
    sizes = [file.size for file in store.files() if file.digest not in known]
    return len(sizes), sum(sizes)
