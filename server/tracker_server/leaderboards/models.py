"""Leaderboards, as they were saved."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words
from tracker_server.narrowing import InProject


class LeaderboardRow(InProject, Base):
    """What is ranked, by what and on which data; who stands where is read anew each time. `revision` counts changes."""

    __tablename__ = "leaderboards"
    __table_args__ = (sa.UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Words)
    document: Mapped[Any] = mapped_column(Document)
    revision: Mapped[int] = mapped_column(default=1)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
