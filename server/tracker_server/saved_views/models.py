"""Saved views."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, Document, Words
from tracker_server.narrowing import InProject


class SavedViewRow(InProject, Base):
    """`name` is None for one that is kept because it is too long for an address. `revision` counts its changes.

    `parameters` are those of the page's address, each a text.
    """

    __tablename__ = "saved_views"
    __table_args__ = (sa.UniqueConstraint("project_id", "owner_id", "name"),)

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    name: Mapped[str | None] = mapped_column(Words)
    is_shared: Mapped[bool]
    parameters: Mapped[Any] = mapped_column(Document)
    revision: Mapped[int]
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    changed_ms: Mapped[int] = mapped_column(sa.BigInteger)
