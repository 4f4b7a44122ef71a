"""Keys as their owners and the admins see them: making, listing and revoking.

What always holds: a key is never deleted, so that what it did stays its own; its secret is told once, in the answer
that made it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import auth, runs
from tracker_server.accounts import people
from tracker_server.accounts.schema import AccessKey, NewAccessKey
from tracker_server.auth.models import ApiKey, KeyProject, User
from tracker_server.auth.service import Scope
from tracker_server.errors import Forbidden, NotFound, Refused
from tracker_server.narrowing import EVERY_PROJECT

MAX_KEYS = 1000


def listed(session: Session, owner_id: int | None) -> list[AccessKey]:
    """The keys of a user, or of everybody, the newest first; at most a thousand."""
    return _described(session, sa.true() if owner_id is None else ApiKey.user_id == owner_id)


def create(
    session: Session, new: NewAccessKey, *, actor_id: int, may_own_others: bool, now_ms: int
) -> tuple[AccessKey, str]:
    """A key of one's own, or of a service account for who administers; and its secret.

    Raises NotFound for a project that one does not see, Forbidden for another person's, Refused for a time gone by.
    """
    owner = session.get_one(User, actor_id) if new.owner is None else people.get(session, new.owner)
    if owner.id != actor_id and not (may_own_others and owner.kind == "service"):
        raise Forbidden("not_your_key", f"a key of {owner.name!r} can be made by {owner.name!r} alone")
    if new.expires_ms is not None and new.expires_ms <= now_ms:
        raise Refused("invalid", "the key would have expired already; give a time that is still to come, or none",
                      field="expires_ms")  # fmt: skip
    project_ids = [runs.project(session, name).id for name in new.projects] if new.projects is not None else None
    key, secret = auth.create_key(
        session, owner.id, new.name, now_ms, scope=new.scope, project_ids=project_ids, expires_ms=new.expires_ms
    )
    auth.record(
        session, "key.created", f"{key.name} ({key.prefix}…)", actor_id=actor_id, now_ms=now_ms, owner=owner.name,
        scope=key.scope, projects=new.projects, expires_ms=key.expires_ms,
    )  # fmt: skip
    return _one(session, key.id), secret


def revoke(session: Session, key_id: int, *, actor_id: int, may_own_others: bool, now_ms: int) -> AccessKey:
    """The key is good for nothing from now on; once is enough. Raises NotFound, also for somebody else's."""
    key = session.get(ApiKey, key_id) if key_id < 2**63 else None
    if key is None or (key.user_id != actor_id and not may_own_others):
        raise NotFound("unknown_key", f"there is no key {key_id} of yours")
    if key.revoked_ms is None:
        key.revoked_ms = now_ms
        auth.record(session, "key.revoked", f"{key.name} ({key.prefix}…)", actor_id=actor_id, now_ms=now_ms)
    session.flush()
    return _one(session, key.id)


def _one(session: Session, key_id: int) -> AccessKey:
    (described,) = _described(session, ApiKey.id == key_id)
    return described


def _described(session: Session, where: sa.ColumnElement[bool]) -> list[AccessKey]:
    statement = sa.select(ApiKey, User.name).join(User, User.id == ApiKey.user_id).where(where)
    rows = session.execute(statement.order_by(ApiKey.id.desc()).limit(MAX_KEYS)).all()
    projects = _projects(session, [key.id for key, _ in rows if key.is_limited])
    return [
        AccessKey(
            id=key.id,
            owner=owner,
            name=key.name,
            prefix=key.prefix,
            scope=cast(Scope, key.scope),
            projects=projects[key.id] if key.is_limited else None,
            created_ms=key.created_ms,
            expires_ms=key.expires_ms,
            last_used_ms=key.last_used_ms,
            revoked_ms=key.revoked_ms,
        )
        for key, owner in rows
    ]


def _projects(session: Session, key_ids: list[int]) -> defaultdict[int, list[str]]:
    """The projects of each key: its owner knows their names, whatever has become of the role in them."""
    statement = (
        sa.select(KeyProject.key_id, runs.Project.name)
        .join(runs.Project, runs.Project.id == KeyProject.project_id)
        .where(KeyProject.key_id.in_(key_ids))
        .order_by(runs.Project.name)
        .execution_options(**EVERY_PROJECT)
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key_id, name in session.execute(statement):
        found[key_id].append(name)
    return found
