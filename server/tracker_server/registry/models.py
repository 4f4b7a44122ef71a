"""Registered models, their versions, the aliases that point at them, and the trail of every act."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words
from tracker_server.narrowing import InProject


class RegisteredModel(InProject, Base):
    """A model's name is unique on the server; its project decides who may see and promote it."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Words, unique=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), index=True)
    description: Mapped[str] = mapped_column(Words, default="")
    tags: Mapped[Any] = mapped_column(Document, default=list)
    main_metric: Mapped[str | None] = mapped_column(Words)
    next_version: Mapped[int] = mapped_column(default=1)
    archived_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))


class RegisteredVersion(Base):
    """A version. `metrics`, `config`, `code`, `data` and `cost` are those of its run at the moment of registration, and
    never change; `description`, `tags`, `card` and `state` (active, deprecated or archived) are what people say of it.
    """

    __tablename__ = "model_versions"
    __table_args__ = (
        sa.UniqueConstraint("model_id", "version"),
        sa.UniqueConstraint("model_id", "artifact_version_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"))
    version: Mapped[int]
    artifact_version_id: Mapped[int] = mapped_column(sa.ForeignKey("artifact_versions.id"), index=True)
    run_id: Mapped[str | None] = mapped_column(sa.ForeignKey("runs.id"), index=True)
    description: Mapped[str] = mapped_column(Words, default="")
    metrics: Mapped[Any] = mapped_column(Document, default=dict)
    config: Mapped[Any] = mapped_column(Document, default=dict)
    code: Mapped[Any] = mapped_column(Document, default=dict)
    data: Mapped[Any] = mapped_column(Document, default=list)
    cost: Mapped[Any] = mapped_column(Document, default=dict)
    tags: Mapped[Any] = mapped_column(Document, default=list)
    card: Mapped[Any] = mapped_column(Document, default=dict)
    state: Mapped[str] = mapped_column(sa.Text, default="active")
    state_reason: Mapped[str] = mapped_column(Words, default="")
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))


class ModelAlias(Base):
    """An alias has one holder; moving it is an update of this row."""

    __tablename__ = "model_aliases"

    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"), primary_key=True)
    alias: Mapped[str] = mapped_column(Words, primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("model_versions.id"), index=True)
    moved_ms: Mapped[int] = mapped_column(sa.BigInteger)
    moved_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Words)


class AuditRow(InProject, Base):
    """One act. Rows are only ever added: triggers of the database refuse an update or a deletion. `digest` is that of
    the row and of the one before it (`chain.py`).
    """

    __tablename__ = "audit"
    __table_args__ = (sa.Index("ix_audit_model", "model_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), index=True)
    model_id: Mapped[int | None] = mapped_column(sa.ForeignKey("models.id"))
    alias: Mapped[str | None] = mapped_column(Words)
    from_version: Mapped[int | None]
    to_version: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Words, default="")
    details: Mapped[Any] = mapped_column(Document, default=dict)
    digest: Mapped[str] = mapped_column(sa.Text, default="")


class AuditHead(Base):
    """The one row that says where the chain of entries ends: its last entry, how many there are, and its digest."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(sa.BigInteger)
    count: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[str] = mapped_column(sa.Text)
