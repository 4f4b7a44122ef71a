"""What bundles say of themselves, what verifying them found, and who holds which version."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words


class BundleRow(Base):
    """The manifest of a version that is a bundle, as it was at registration; nothing of it ever changes.

    `document` is the whole, which may have a megabyte; `head` what lists tell of it: its kind, those of its forms, and
    the roles that it lacks.
    """

    __tablename__ = "bundles"

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("model_versions.id"), primary_key=True, autoincrement=False)
    head: Mapped[Any] = mapped_column(Document)
    document: Mapped[Any] = mapped_column(Document, deferred=True)


class VerificationRow(Base):
    """What came of verifying a version once. `outcome` is pass or fail; `checked` is replay (its example was run in an
    environment of its own) or files (its files and references were looked at alone)."""

    __tablename__ = "verifications"
    __table_args__ = (sa.Index("ix_verifications_version", "version_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("model_versions.id"))
    outcome: Mapped[str] = mapped_column(sa.Text)
    checked: Mapped[str] = mapped_column(sa.Text)
    details: Mapped[Any] = mapped_column(Document)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))


class ConsumerRow(Base):
    """A process that loaded or serves a version of a model, and said so; `id` is made by the process, and `seen_ms` is
    when it last said it."""

    __tablename__ = "consumers"

    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"), primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("model_versions.id"), index=True)
    ref: Mapped[str] = mapped_column(Words)
    kind: Mapped[str] = mapped_column(sa.Text)
    host: Mapped[str] = mapped_column(Words)
    address: Mapped[str | None] = mapped_column(Words)
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    since_ms: Mapped[int] = mapped_column(sa.BigInteger)
    seen_ms: Mapped[int] = mapped_column(sa.BigInteger)
