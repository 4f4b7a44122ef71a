"""Media that runs logged: what it is, at which step, and the blob that holds it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words
from tracker_server.narrowing import InProject, Narrowing
from tracker_server.runs import Run


class MediaItem(InProject, Base):
    """One piece; see the record `MediaLogged`. One without a `digest` is said whole by its `details`."""

    __tablename__ = "media"
    __table_args__ = (sa.Index("ix_media_run", "run_id", "name", "step", "position", "kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"))
    name: Mapped[str] = mapped_column(Words)
    kind: Mapped[str] = mapped_column(Words)
    step: Mapped[int] = mapped_column(sa.BigInteger)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    caption: Mapped[str] = mapped_column(Words)
    digest: Mapped[str | None] = mapped_column(sa.ForeignKey("blobs.digest"), index=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    details: Mapped[Any] = mapped_column(Document, default=dict, server_default="{}")

    @classmethod
    def within(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        return cls.run_id.in_(sa.select(Run.id).where(Run.within(seen)))


class MediaFile(Base):
    """A further blob of a piece of media: a mask, a cell of a table."""

    __tablename__ = "media_files"

    media_id: Mapped[int] = mapped_column(sa.ForeignKey("media.id"), primary_key=True)
    path: Mapped[str] = mapped_column(Words, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.ForeignKey("blobs.digest"), index=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
