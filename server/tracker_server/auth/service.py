"""Who is asking, the secrets that prove it, and the rights that come with it.

What always holds: the secret of a key or a session is shown once and kept only as its sha256 (it is 256 random bits, so
a slow hash would add nothing); a comparison is an index look-up of that digest, so its time says nothing of the secret.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import narrowing
from tracker_server.auth import passwords
from tracker_server.auth.models import ApiKey, KeyProject, Membership, OpenProject, SignedIn, User
from tracker_server.errors import Unauthorized
from tracker_server.rights import EVERYTHING, LEVELS, NOTHING, Level, Rights, Role

KEY_PREFIX = "tk_"
SIGNED_IN_MS = 30 * 24 * 3600 * 1000
NOTE_USE_EVERY_MS = 60_000

Scope = Literal["read", "write", "promote"]
SCOPES: dict[str, Level] = {"read": Level.READ, "write": Level.WRITE, "promote": Level.PROMOTE}


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: the row that his acts name, what he is called, and what he may do."""

    id: int
    name: str
    rights: Rights = NOTHING
    key_to_note: int | None = None
    """The key that was shown, where its last use is to be noted again."""
    link_to_note: int | None = None
    """The link that is looked through, where its last use is to be noted again."""


NOBODY = Actor(0, "")


class _Key(NamedTuple):
    """What a key allows at most: a level, and where it is limited the projects that it is good for."""

    most: Level
    projects: frozenset[int] | None


_NO_KEY = _Key(Level.MANAGE, None)


def ensure_operator(session: Session, name: str, now_ms: int) -> Actor:
    """The user that stands for whoever runs this server; made at the first start."""
    user = session.scalar(sa.select(User).where(User.name == name))
    if user is None:
        user = User(name=name, is_admin=True, is_active=True, created_ms=now_ms)
        session.add(user)
        session.flush()
    return Actor(user.id, user.name, EVERYTHING)


def ensure_admin(session: Session, name: str, now_ms: int) -> str | None:
    """See to it that an admin can sign in: `name` is one, with a random password, where there was none.

    Returns that password, once; None where an admin has one already.
    """
    has_password = sa.select(User.id).where(User.is_admin, User.is_active, User.password_hash.is_not(None))
    if session.scalar(has_password.limit(1)) is not None:
        return None
    user = session.get_one(User, ensure_operator(session, name, now_ms).id)
    password = passwords.generate()
    user.password_hash, user.is_admin, user.is_active = passwords.hashed(password, name=name), True, True
    return password


def create_key(
    session: Session,
    owner_id: int,
    name: str,
    now_ms: int,
    *,
    scope: Scope = "write",
    project_ids: Iterable[int] | None = None,
    expires_ms: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key of a user, and its secret, which is nowhere else; without `project_ids` good for every project."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        user_id=owner_id,
        name=name,
        prefix=secret[:8],
        digest=digest(secret),
        scope=scope,
        is_limited=project_ids is not None,
        created_ms=now_ms,
        expires_ms=expires_ms,
    )
    session.add(key)
    session.flush()
    session.add_all(KeyProject(key_id=key.id, project_id=project_id) for project_id in sorted(set(project_ids or ())))
    session.flush()
    return key, secret


def by_key(session: Session, secret: str, now_ms: int) -> Actor | None:
    """Whose key this is, with what the key allows; None for one that is unknown, expired or revoked."""
    statement = (
        sa.select(User, ApiKey)
        .join(ApiKey, ApiKey.user_id == User.id)
        .where(ApiKey.digest == digest(secret), *_is_good(now_ms), User.is_active)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    user, key = found
    is_stale = key.last_used_ms is None or key.last_used_ms < now_ms - NOTE_USE_EVERY_MS
    return _actor(session, user, _limits_of(session, key), key_to_note=key.id if is_stale else None)


def by_cookie(session: Session, secret: str, now_ms: int) -> Actor | None:
    """Who is signed in with this cookie; None when nobody is any more."""
    statement = (
        sa.select(User, SignedIn.key_id, ApiKey)
        .join(SignedIn, SignedIn.user_id == User.id)
        .outerjoin(ApiKey, sa.and_(ApiKey.id == SignedIn.key_id, *_is_good(now_ms)))
        .where(SignedIn.digest == digest(secret), SignedIn.expires_ms > now_ms, User.is_active)
    )
    found = session.execute(statement).one_or_none()
    if found is None or (found.key_id is not None and found.ApiKey is None):
        return None
    return _actor(session, found.User, _NO_KEY if found.ApiKey is None else _limits_of(session, found.ApiKey))


def _is_good(now_ms: int) -> tuple[sa.ColumnElement[bool], ...]:
    return ApiKey.revoked_ms.is_(None), sa.or_(ApiKey.expires_ms.is_(None), ApiKey.expires_ms > now_ms)


def note_use(session: Session, key_id: int, now_ms: int) -> None:
    """The key was shown just now."""
    session.execute(sa.update(ApiKey).where(ApiKey.id == key_id).values(last_used_ms=now_ms))


def by_password(session: Session, name: str, password: str) -> User:
    """The person of that name and password. Raises Unauthorized, in the same words and time whatever was wrong."""
    user = session.scalar(sa.select(User).where(User.name == name, User.is_active, User.kind == "person"))
    if not passwords.fits(user.password_hash if user is not None else None, password) or user is None:
        raise Unauthorized("wrong_password", "that name and password do not go together", field="password")
    return user


def by_secret(session: Session, secret: str, now_ms: int) -> ApiKey:
    """The key of that secret, to sign a browser in with. Raises Unauthorized."""
    statement = (
        sa.select(ApiKey)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.digest == digest(secret), *_is_good(now_ms), User.is_active)
    )
    key = session.scalar(statement)
    if key is None:
        raise Unauthorized(
            "wrong_key", "this server does not know that key; it may have been revoked, or has expired", field="key"
        )
    return key


def start_session(session: Session, user_id: int, now_ms: int, *, key_id: int | None = None) -> str:
    """Sign a browser in. Returns the cookie's secret."""
    session.execute(sa.delete(SignedIn).where(SignedIn.expires_ms <= now_ms))
    secret = secrets.token_urlsafe(32)
    session.add(
        SignedIn(
            digest=digest(secret), user_id=user_id, key_id=key_id, created_ms=now_ms, expires_ms=now_ms + SIGNED_IN_MS
        )
    )
    session.flush()
    return secret


def sign_out(session: Session, secret: str) -> None:
    """End the session of this cookie; none is no error."""
    session.execute(sa.delete(SignedIn).where(SignedIn.digest == digest(secret)))


def end_sessions(session: Session, user_id: int, *, but: str | None = None) -> None:
    """Sign somebody out everywhere, but for the browser with that cookie."""
    others = sa.delete(SignedIn).where(SignedIn.user_id == user_id)
    session.execute(others if but is None else others.where(SignedIn.digest != digest(but)))


def join(session: Session, project_id: int, user_id: int, rights: Rights) -> None:
    """Whoever makes a project is its first admin, and sees it from then on; others as the server is set."""
    session.add(Membership(project_id=project_id, user_id=user_id, role="admin"))
    if rights.opens_to is not None:
        session.add(OpenProject(project_id=project_id, role=rights.opens_to))
    session.flush()
    narrowing.widen(session, project_id)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _limits_of(session: Session, key: ApiKey) -> _Key:
    most = SCOPES.get(key.scope, Level.READ)
    if not key.is_limited:
        return _Key(most, None)
    good_for = sa.select(KeyProject.project_id).where(KeyProject.key_id == key.id)
    return _Key(most, frozenset(session.scalars(good_for)))


def _actor(session: Session, user: User, key: _Key, *, key_to_note: int | None = None) -> Actor:
    return Actor(user.id, user.name, _rights(session, user, key), key_to_note)


def _rights(session: Session, user: User, key: _Key) -> Rights:
    may_create = key.projects is None and key.most >= Level.WRITE
    if user.is_admin and key.projects is None:
        return Rights(
            everywhere=Level.MANAGE, most=key.most, administers=key.most == Level.MANAGE, may_create=may_create
        )
    levels = dict.fromkeys(key.projects or (), Level.MANAGE) if user.is_admin else _levels(session, user.id)
    if key.projects is not None:
        levels = {project_id: level for project_id, level in levels.items() if project_id in key.projects}
    return Rights(levels=levels, most=key.most, may_create=may_create)


def _levels(session: Session, user_id: int) -> dict[int, Level]:
    """The best of what somebody is in each project, by membership or as one of everybody."""
    own = sa.select(Membership.project_id, Membership.role).where(Membership.user_id == user_id)
    levels: dict[int, Level] = {}
    for project_id, role in session.execute(own.union_all(sa.select(OpenProject.project_id, OpenProject.role))):
        levels[project_id] = max(levels.get(project_id, Level.NONE), LEVELS[cast(Role, role)])
    return levels
