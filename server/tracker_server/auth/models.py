"""People, their keys, and where they are signed in."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Words


class User(Base):
    """Somebody that acts stand under. A server on loopback has one: its operator."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Words, unique=True)
    email: Mapped[str | None] = mapped_column(Words)
    password_hash: Mapped[str | None] = mapped_column(sa.Text)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)


class ApiKey(Base):
    """A key, kept as the sha256 of its secret. `prefix` is what a person recognises it by."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(Words)
    prefix: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.Text, unique=True)
    scope: Mapped[str] = mapped_column(sa.Text, default="write")
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    last_used_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class SignedIn(Base):
    """A browser that is signed in; the cookie holds the secret, this row its sha256."""

    __tablename__ = "sign_ins"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)
