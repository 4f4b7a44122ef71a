"""Webhooks and their deliveries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words
from tracker_server.narrowing import InProject

_WAITS = sa.text("state = 'waiting'")


class WebhookRow(InProject, Base):
    """`secret` is kept as it is, because signing needs it; it is told once, when it is made."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), index=True)
    name: Mapped[str] = mapped_column(Words)
    url: Mapped[str] = mapped_column(Words)
    events: Mapped[Any] = mapped_column(Document)
    secret: Mapped[str] = mapped_column(sa.Text)
    is_active: Mapped[bool]
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))


class DeliveryRow(Base):
    """One event for one webhook. `state` is waiting, delivered or failed; `body` is what is sent, byte by byte.

    `uid` is its id outside, the same however often it is sent. Until `leased_until_ms` a thread is sending it. What
    stands below is of the last attempt: `sent` has the address and the headers, `answer` the headers and the beginning
    of the body.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
        sa.Index("ix_webhook_deliveries_waiting", "next_try_ms", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    uid: Mapped[str] = mapped_column(sa.Text, unique=True)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhooks.id"))
    event: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int]
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    next_try_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    leased_until_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    tried_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    took_ms: Mapped[int | None]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Words)
    sent: Mapped[Any | None] = mapped_column(Document)
    answer: Mapped[Any | None] = mapped_column(Document)
