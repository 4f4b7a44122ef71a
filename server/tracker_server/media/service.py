"""Media that runs logged."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.naming import MAX_PATH_BYTES
from tracker.records import MediaLogged
from tracker_server import artifacts, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.media.counting import counting
from tracker_server.media.models import MediaFile, MediaItem

MAX_ID = 2**63 - 1
MAX_POSITION = 2**31 - 1
MAX_NAME = 500
MAX_KIND = 100
"""What is longer is cut: its index entry would not fit a page of PostgreSQL."""


def add(session: Session, run: runs.Run, record: MediaLogged, *, heirs: Sequence[str] = ()) -> MediaItem:
    """Keep a piece of media of the run, and for each of `heirs`, forks that have it too. Its blobs are stored.

    Raises Refused for details that are not JSON, and for a file that is a reference or has no path.
    """
    _check(record)
    items = [
        MediaItem(
            run_id=run_id,
            name=record.name[:MAX_NAME],
            kind=record.kind[:MAX_KIND],
            step=record.step,
            time_ms=record.time_ms,
            caption=record.caption,
            digest=record.digest or None,
            size_bytes=record.size_bytes,
            position=record.position,
            details=record.details,
        )
        for run_id in (run.id, *heirs)
    ]
    session.add_all(items)
    session.flush()
    files = {file.path: file for file in record.files}.values()
    rows = [
        {"media_id": item.id, "path": file.path, "digest": file.digest, "size_bytes": file.size_bytes}
        for item in items
        for file in files
    ]
    if rows:
        session.execute(sa.insert(MediaFile), rows)
    return items[0]


def _check(record: MediaLogged) -> None:
    try:
        json.dumps(record.details)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"the details of the media {record.name[:200]!r} must be JSON-like: {error}"
        raise Refused("bad_record", message, field="details") from error
    if not -MAX_POSITION <= record.position <= MAX_POSITION:
        message = f"the position of media is at most {MAX_POSITION:,}, got {record.position:,}"
        raise Refused("bad_record", message, field="position")
    for file in record.files:
        if not 0 < len(file.path.encode()) <= MAX_PATH_BYTES:
            message = f"the path of a file of media has 1 to {MAX_PATH_BYTES:,} bytes, got {file.path[:200]!r}"
            raise Refused("bad_record", message, field="files")
        if file.reference or not file.digest:
            message = f"the file {file.path!r} of media must be a blob that is stored here, not a reference"
            raise Refused("bad_record", message, field="files")


def copy(session: Session, parent_id: str, child_id: str, *, up_to: int) -> None:
    """Give a fork that has no media yet what counts of its parent's up to a step; the bytes are shared."""
    table, files = MediaItem.__table__, MediaFile.__table__
    if session.scalar(sa.select(table.c.id).where(table.c.run_id == child_id).limit(1)) is not None:
        return
    is_passed_on = (table.c.run_id == parent_id, table.c.step <= up_to, counting(session, [parent_id])(table.c))
    passed_on = [column for column in table.c if column.name not in ("id", "run_id")]
    rows = sa.select(sa.literal(child_id), *passed_on).where(*is_passed_on).order_by(table.c.id)
    session.execute(sa.insert(MediaItem).from_select(["run_id", *(column.name for column in passed_on)], rows))
    number = sa.func.row_number().over(order_by=table.c.id).label("number")  # copies have ids in the order of theirs
    old = sa.select(table.c.id, number).where(*is_passed_on).subquery()
    new = sa.select(table.c.id, number).where(table.c.run_id == child_id).subquery()
    theirs = (
        sa.select(new.c.id, files.c.path, files.c.digest, files.c.size_bytes)
        .join_from(files, old, old.c.id == files.c.media_id)
        .join(new, new.c.number == old.c.number)
    )
    session.execute(sa.insert(MediaFile).from_select(["media_id", "path", "digest", "size_bytes"], theirs))


def get(session: Session, media_id: int) -> MediaItem:
    """One piece of media. Raises NotFound."""
    item = session.get(MediaItem, media_id) if media_id <= MAX_ID else None
    if item is None:
        raise NotFound("unknown_media", f"there is no media {media_id}")
    return item


def project_id_of(session: Session, media_id: int) -> int | None:
    """The project of a piece of media, whoever asks."""
    if media_id > MAX_ID:
        return None
    statement = sa.select(runs.Run.project_id).join(MediaItem, MediaItem.run_id == runs.Run.id)
    return session.scalar(statement.where(MediaItem.id == media_id))


@artifacts.refers
def digests() -> sa.Select[str | None]:
    """The blobs that media are."""
    return sa.select(MediaItem.digest).where(MediaItem.digest.is_not(None))


@artifacts.refers
def file_digests() -> sa.Select[str]:
    """The blobs that belong to media besides."""
    return sa.select(MediaFile.digest).join(MediaItem, MediaItem.id == MediaFile.media_id)


def count_of_run(session: Session, run_id: str) -> int:
    """How many pieces of media the run logged, of those that count."""
    is_counted = (MediaItem.run_id == run_id, counting(session, [run_id])(MediaItem))
    return session.scalar(sa.select(sa.func.count()).where(*is_counted)) or 0


def highest_step(session: Session, run_id: str) -> int | None:
    """The last step at which the run has media that count."""
    is_counted = (MediaItem.run_id == run_id, counting(session, [run_id])(MediaItem))
    return session.scalar(sa.select(sa.func.max(MediaItem.step)).where(*is_counted))
