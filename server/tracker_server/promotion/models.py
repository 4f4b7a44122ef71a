"""Proposals to promote, and what people remark on them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Words

_IS_OPEN = sa.text("state = 'open'")


class Proposal(Base):
    """That a version is to hold an alias. `state` is open, promoted, rejected or withdrawn; `number` counts up by
    model.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        sa.UniqueConstraint("model_id", "number"),
        sa.Index("ix_proposals_open", "model_id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"))
    number: Mapped[int]
    alias: Mapped[str] = mapped_column(Words)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("model_versions.id"), index=True)
    reason: Mapped[str] = mapped_column(Words)
    state: Mapped[str] = mapped_column(sa.Text)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    closed_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    closed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))


class Remark(Base):
    """What somebody said or did there. `kind` is comment, approved, rejected, withdrawn or promoted.

    An approval is of what its author saw: `replaces` is the version that held the alias then.
    """

    __tablename__ = "proposal_remarks"
    __table_args__ = (sa.Index("ix_proposal_remarks_proposal", "proposal_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    proposal_id: Mapped[int] = mapped_column(sa.ForeignKey("proposals.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(Words)
    replaces: Mapped[int | None]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
