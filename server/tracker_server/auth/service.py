"""Who is asking, and the secrets that prove it.

What always holds: a secret is shown once and kept only as its sha256 (secrets are 256 random bits, so a slow hash would
add nothing); a comparison is an index look-up of that digest, so its time says nothing of the secret.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.auth.models import ApiKey, SignedIn, User
from tracker_server.errors import Unauthorized

KEY_PREFIX = "tk_"
SIGNED_IN_MS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: the row that his acts name, and what he is called."""

    id: int
    name: str


def ensure_operator(session: Session, name: str, now_ms: int) -> Actor:
    """The user that stands for whoever runs this server; made at the first start."""
    user = session.scalar(sa.select(User).where(User.name == name))
    if user is None:
        user = User(name=name, is_admin=True, is_active=True, created_ms=now_ms)
        session.add(user)
        session.flush()
    return Actor(user.id, user.name)


def ensure_access_key(session: Session, owner: Actor, now_ms: int) -> str | None:
    """Make the first key of a server that asks for one. Returns its secret, once: None when there is a key already."""
    if session.scalar(sa.select(ApiKey.id).where(ApiKey.revoked_ms.is_(None)).limit(1)) is not None:
        return None
    return create_key(session, owner, "access token", now_ms)


def create_key(session: Session, owner: Actor, name: str, now_ms: int) -> str:
    """A new key of `owner`; returns its secret, which is nowhere else."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiKey(user_id=owner.id, name=name, prefix=secret[:8], digest=_digest(secret), scope="write", created_ms=now_ms)
    )
    session.flush()
    return secret


def by_key(session: Session, secret: str, now_ms: int) -> Actor | None:
    """Whose key this is; None for one that is unknown, expired or revoked."""
    statement = (
        sa.select(User.id, User.name)
        .join(ApiKey, ApiKey.user_id == User.id)
        .where(ApiKey.digest == _digest(secret), ApiKey.revoked_ms.is_(None), User.is_active)
        .where(sa.or_(ApiKey.expires_ms.is_(None), ApiKey.expires_ms > now_ms))
    )
    return _actor(session, statement)


def by_cookie(session: Session, secret: str, now_ms: int) -> Actor | None:
    """Who is signed in with this cookie; None when nobody is any more."""
    statement = (
        sa.select(User.id, User.name)
        .join(SignedIn, SignedIn.user_id == User.id)
        .where(SignedIn.digest == _digest(secret), SignedIn.expires_ms > now_ms, User.is_active)
    )
    return _actor(session, statement)


def sign_in(session: Session, key: str, now_ms: int) -> tuple[Actor, str]:
    """Exchange a key for a browser's session. Returns who it is and the cookie's secret. Raises Unauthorized."""
    actor = by_key(session, key, now_ms)
    if actor is None:
        raise Unauthorized("wrong_key", "this server does not know that key; it may have been revoked", field="key")
    secret = secrets.token_urlsafe(32)
    session.add(SignedIn(digest=_digest(secret), user_id=actor.id, created_ms=now_ms, expires_ms=now_ms + SIGNED_IN_MS))
    return actor, secret


def sign_out(session: Session, secret: str) -> None:
    """End the session of this cookie; none is no error."""
    session.execute(sa.delete(SignedIn).where(SignedIn.digest == _digest(secret)))


def _actor(session: Session, statement: sa.Executable) -> Actor | None:
    found = session.execute(statement).first()
    return Actor(found.id, found.name) if found is not None else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
