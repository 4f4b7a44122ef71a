"""People and service accounts: making them, changing them, and telling of them.

What always holds: somebody who can sign in is an admin at any time; a password is shown once, to who made it; nobody
is deleted, since acts name them.
"""

from __future__ import annotations

from typing import cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.accounts.schema import NewPerson, Person, PersonChanges, PersonName
from tracker_server.auth import log, passwords, service
from tracker_server.auth.models import ApiKey, User
from tracker_server.auth.schema import Kind
from tracker_server.errors import Conflict, NotFound, Refused


def listed(session: Session) -> list[Person]:
    """Everybody, by name."""
    return _described(session, sa.true())


def names(session: Session) -> list[PersonName]:
    """The names of who is active, to give a role to."""
    statement = sa.select(User.name, User.kind).where(User.is_active).order_by(sa.func.lower(User.name))
    return [PersonName(name, cast(Kind, kind)) for name, kind in session.execute(statement)]


def get(session: Session, name: str) -> User:
    """The person or service account of that name. Raises NotFound."""
    found = session.scalar(sa.select(User).where(User.name == name))
    if found is None:
        raise NotFound("unknown_user", f"there is nobody called {name!r} on this server", field="name")
    return found


def create(session: Session, new: NewPerson, *, actor_id: int, now_ms: int) -> tuple[Person, str | None]:
    """Somebody new, and a person's first password. Raises Refused for a name that is none, Conflict for one taken."""
    check_name(session, new.name)
    if new.kind == "service" and new.is_admin:
        raise Refused("invalid", "a service account has keys alone, and no key administers; leave is_admin out",
                      field="is_admin")  # fmt: skip
    password = passwords.generate() if new.kind == "person" else None
    user = User(
        name=new.name,
        kind=new.kind,
        email=new.email,
        is_admin=new.is_admin,
        is_active=True,
        created_ms=now_ms,
        password_hash=passwords.hashed(password, name=new.name) if password is not None else None,
    )
    session.add(user)
    session.flush()
    log.record(session, "user.created", user.name, actor_id=actor_id, now_ms=now_ms, kind=user.kind,
               is_admin=user.is_admin)  # fmt: skip
    return describe(session, user), password


def change(
    session: Session, name: str, changes: PersonChanges, *, actor_id: int, now_ms: int
) -> tuple[Person, str | None]:
    """Change somebody, and a new password where one was asked for.

    Raises NotFound, Refused where a service account was to have what only a person has, and Conflict where nobody
    would be left to administer the server.
    """
    user = get(session, name)
    if user.kind == "service" and (changes.is_admin is True or changes.resets_password):
        raise Refused("invalid", f"{name!r} is a service account: it has keys alone, no password and no server to run")
    changed = {
        field: value
        for field in ("email", "is_admin", "is_active")
        if not isinstance(value := getattr(changes, field), msgspec.UnsetType) and getattr(user, field) != value
    }
    for field, value in changed.items():
        setattr(user, field, value)
    password = passwords.generate() if changes.resets_password else None
    if password is not None:
        user.password_hash = passwords.hashed(password, name=user.name)
    if password is not None or not user.is_active:
        service.end_sessions(session, user.id)
    session.flush()
    _check_admin_left(session)
    if changed:
        log.record(session, "user.changed", user.name, actor_id=actor_id, now_ms=now_ms, **changed)
    if password is not None:
        log.record(session, "password.reset", user.name, actor_id=actor_id, now_ms=now_ms)
    return describe(session, user), password


def describe(session: Session, user: User) -> Person:
    """One of them."""
    (described,) = _described(session, User.id == user.id)
    return described


def check_name(session: Session, name: str) -> None:
    """Raises Refused for a name that can be nobody's, Conflict for one that is somebody's already."""
    if not name.isprintable() or "/" in name or name != name.strip() or name.strip(".") == "":
        raise Refused(
            "bad_user_name",
            f"{name!r} cannot name anybody: a name has 1 to 128 printable characters, no '/', no blank at its ends, "
            "and is not dots alone",
            field="name",
        )
    if session.scalar(sa.select(User.id).where(User.name == name)) is not None:
        raise Conflict("user_exists", f"there is somebody called {name!r} already", field="name")


def _check_admin_left(session: Session) -> None:
    can_sign_in = sa.select(User.id).where(User.is_admin, User.is_active, User.kind == "person")
    if session.scalar(can_sign_in.limit(1)) is None:
        raise Conflict(
            "last_admin", "nobody would be left to administer this server; make somebody else an admin first"
        )


def _described(session: Session, where: sa.ColumnElement[bool]) -> list[Person]:
    is_good = ApiKey.revoked_ms.is_(None)
    keys = (
        sa.select(ApiKey.user_id, sa.func.count().filter(is_good).label("count"), sa.func.max(ApiKey.last_used_ms))
        .group_by(ApiKey.user_id)
        .subquery()
    )
    statement = (
        sa.select(User, keys.c.count, keys.c[2])
        .outerjoin(keys, keys.c.user_id == User.id)
        .where(where)
        .order_by(sa.func.lower(User.name))
    )
    return [
        Person(
            name=user.name,
            kind="service" if user.kind == "service" else "person",
            email=user.email,
            is_admin=user.is_admin,
            is_active=user.is_active,
            has_password=user.password_hash is not None,
            created_ms=user.created_ms,
            key_count=key_count or 0,
            last_used_ms=last_used_ms,
        )
        for user, key_count, last_used_ms in session.execute(statement)
    ]
