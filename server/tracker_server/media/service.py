"""Media that runs logged."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import MediaLogged
from tracker_server import artifacts, runs
from tracker_server.errors import NotFound
from tracker_server.media.models import MediaFile, MediaItem

MAX_ID = 2**63 - 1
MAX_NAME = 500
"""A longer name is cut: its index entry would not fit a page of PostgreSQL."""


def add(session: Session, run: runs.Run, record: MediaLogged) -> MediaItem:
    """Keep a piece of media of the run; its blob is stored already."""
    item = MediaItem(
        run_id=run.id,
        name=record.name[:MAX_NAME],
        kind=record.kind,
        step=record.step,
        time_ms=record.time_ms,
        caption=record.caption,
        digest=record.digest or None,
        size_bytes=record.size_bytes,
        position=record.position,
        details=record.details,
    )
    session.add(item)
    session.flush()
    rows = [
        {"media_id": item.id, "path": file.path, "digest": file.digest, "size_bytes": file.size_bytes}
        for file in {file.path: file for file in record.files}.values()
    ]
    if rows:
        session.execute(sa.insert(MediaFile), rows)
    return item


def of_run(session: Session, run: runs.Run) -> list[MediaItem]:
    """The run's media, by name and step."""
    order = (MediaItem.name, MediaItem.step, MediaItem.position, MediaItem.id)
    return list(session.scalars(sa.select(MediaItem).where(MediaItem.run_id == run.id).order_by(*order)))


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
    """How many pieces of media the run logged."""
    return session.scalar(sa.select(sa.func.count()).where(MediaItem.run_id == run_id)) or 0
