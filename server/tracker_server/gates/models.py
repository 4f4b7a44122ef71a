"""The rules of models, as they were written."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, Words


class RuleText(Base):
    """The rules of a model in one revision; the last one holds. A revision is never changed."""

    __tablename__ = "model_rules"

    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"), primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Words)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
