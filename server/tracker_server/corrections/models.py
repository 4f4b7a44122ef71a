"""The log of corrections."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words
from tracker_server.narrowing import InProject


class LogEntry(InProject, Base):
    """One act. Rows are only ever added: triggers of the database refuse an update or a deletion.

    `run_id` names the run even where there is none of it any more. `undoes` is the entry that this one took back: at
    most one does.
    """

    __tablename__ = "corrections"
    __table_args__ = (sa.Index("ix_corrections_project", "project_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"))
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    run_id: Mapped[str | None] = mapped_column(sa.Text, index=True)
    metric: Mapped[str | None] = mapped_column(Words)
    shown_as: Mapped[str | None] = mapped_column(Words)
    reason: Mapped[str] = mapped_column(Words)
    undoes: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)
    details: Mapped[Any] = mapped_column(Document, default=dict)
