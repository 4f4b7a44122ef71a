"""Media that runs logged: what it is, at which step, and the blob that holds it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Words
from tracker_server.narrowing import InProject, Narrowing
from tracker_server.runs import Run


class MediaItem(InProject, Base):
    __tablename__ = "media"
    __table_args__ = (sa.Index("ix_media_run", "run_id", "name", "step"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("runs.id"))
    name: Mapped[str] = mapped_column(Words)
    kind: Mapped[str] = mapped_column(Words)
    step: Mapped[int] = mapped_column(sa.BigInteger)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    caption: Mapped[str] = mapped_column(Words)
    digest: Mapped[str] = mapped_column(sa.ForeignKey("blobs.digest"), index=True)
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)

    @classmethod
    def within(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        return cls.run_id.in_(sa.select(Run.id).where(Run.within(seen)))
