"""People, what they are in projects, their keys, where they are signed in, links to look through, and what was done to
all that."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tracker_server.db import Base, BigId, Document, Words
from tracker_server.narrowing import InProject


class User(Base):
    """Somebody that acts stand under: a person, or a service account, which has keys alone.

    A server on loopback has one: its operator. Users are never deleted, since acts name them; one that is not active
    enters no more.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Words, unique=True)
    kind: Mapped[str] = mapped_column(sa.Text, default="person")
    email: Mapped[str | None] = mapped_column(Words)
    password_hash: Mapped[str | None] = mapped_column(sa.Text)
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)


class Membership(Base):
    """A user's role in a project."""

    __tablename__ = "memberships"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True, autoincrement=False)
    role: Mapped[str] = mapped_column(sa.Text)


class OpenProject(Base):
    """A project where everybody who is signed in has a role, members or not."""

    __tablename__ = "open_projects"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(sa.Text)


class ApiKey(Base):
    """A key, kept as the sha256 of its secret. `prefix` is what a person recognises it by.

    `scope` is read, write or promote: no more than that, whatever its user may do. `is_limited` says that it is good
    for the projects of its `KeyProject` rows alone.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(Words)
    prefix: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.Text, unique=True)
    scope: Mapped[str] = mapped_column(sa.Text, default="write")
    is_limited: Mapped[bool] = mapped_column(default=False)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    last_used_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class KeyProject(Base):
    """A project that a limited key is good for."""

    __tablename__ = "api_key_projects"

    key_id: Mapped[int] = mapped_column(sa.ForeignKey("api_keys.id"), primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(
        sa.ForeignKey("projects.id"), primary_key=True, index=True, autoincrement=False
    )


class SignedIn(Base):
    """A browser that is signed in; the cookie holds the secret, this row its sha256.

    One that signed in with a key may do what the key may, for as long as the key is good.
    """

    __tablename__ = "sign_ins"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    key_id: Mapped[int | None] = mapped_column(sa.ForeignKey("api_keys.id"), index=True)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)


class ShareLink(InProject, Base):
    """A link that shows a project, or one run of it, to whoever has its secret; kept as that secret's sha256.

    It is good until it expires or is revoked, and as long as whoever made it is active. `run_id` may be of a run that
    is gone: the link then shows nothing.
    """

    __tablename__ = "share_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("projects.id"), index=True)
    run_id: Mapped[str | None] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(Words, default="")
    digest: Mapped[str] = mapped_column(sa.Text, unique=True)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)
    last_used_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    revoked_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class Visit(Base):
    """A browser that looks through a link, signed in as nobody; the cookie holds the secret, this row its sha256."""

    __tablename__ = "visits"

    digest: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("share_links.id"), index=True)
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)


class Invitation(Base):
    """A link by which one person makes themselves an account; kept as the sha256 of its secret.

    It is good once, until it expires or is revoked, and as long as whoever made it is an admin. `roles` are those that
    the new person has then, by the id of the project.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.Text, unique=True)
    note: Mapped[str] = mapped_column(Words, default="")
    roles: Mapped[Any] = mapped_column(Document, default=dict)
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_ms: Mapped[int] = mapped_column(sa.BigInteger)
    expires_ms: Mapped[int] = mapped_column(sa.BigInteger)
    used_ms: Mapped[int | None] = mapped_column(sa.BigInteger)
    used_by: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    revoked_ms: Mapped[int | None] = mapped_column(sa.BigInteger)


class FailedSignIn(Base):
    """How often signing in failed lately, for one name, address, or both; `subject` is a digest of what it is about."""

    __tablename__ = "failed_sign_ins"

    subject: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    count: Mapped[int]
    since_ms: Mapped[int] = mapped_column(sa.BigInteger)


class AccountAct(Base):
    """One act on people, keys, roles or projects. Rows are only ever added: triggers of the database refuse the rest.

    `subject` is what it was done to, in words that stay true when that is gone. `project_id` is of the project that it
    was about, which may be gone too.
    """

    __tablename__ = "account_acts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    time_ms: Mapped[int] = mapped_column(sa.BigInteger)
    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    subject: Mapped[str] = mapped_column(Words)
    project_id: Mapped[int | None] = mapped_column(sa.BigInteger, index=True)
    details: Mapped[Any] = mapped_column(Document, default=dict)
