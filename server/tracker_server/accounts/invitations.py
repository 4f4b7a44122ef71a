"""Invitations: links by which people make their own accounts, without a password that somebody else has seen.

What always holds: an invitation makes one account at most, also when it is opened twice at once; its secret is told
once, in the answer that made it; one that is used or revoked stays listed.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from tracker_server import auth, runs
from tracker_server.accounts import members, people
from tracker_server.accounts.schema import Invitation as Told
from tracker_server.accounts.schema import Joining, NewInvitation
from tracker_server.auth import passwords
from tracker_server.auth.models import Invitation, User
from tracker_server.auth.service import digest
from tracker_server.errors import NotFound

DAY_MS = 24 * 3600 * 1000
MAX_INVITATIONS = 1000


def listed(session: Session) -> list[Told]:
    """The newest first; at most a thousand."""
    return _described(session, sa.true())


def create(session: Session, new: NewInvitation, *, actor_id: int, now_ms: int) -> tuple[Told, str]:
    """An invitation, and its secret. Raises NotFound for a project that is not there."""
    roles = {str(runs.project(session, name).id): role for name, role in new.roles.items()}
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        digest=digest(secret),
        note=new.note,
        roles=roles,
        created_by=actor_id,
        created_ms=now_ms,
        expires_ms=now_ms + new.days * DAY_MS,
    )
    session.add(invitation)
    session.flush()
    auth.record(
        session, "invitation.created", _subject(invitation), actor_id=actor_id, now_ms=now_ms, roles=new.roles,
        expires_ms=invitation.expires_ms,
    )  # fmt: skip
    return _one(session, invitation.id), secret


def revoke(session: Session, invitation_id: int, *, actor_id: int, now_ms: int) -> Told:
    """Nobody joins by it from now on; once is enough. Raises NotFound."""
    invitation = session.get(Invitation, invitation_id) if invitation_id < 2**63 else None
    if invitation is None:
        raise NotFound("unknown_invitation", f"there is no invitation {invitation_id}")
    if invitation.revoked_ms is None and invitation.used_ms is None:
        invitation.revoked_ms = now_ms
        auth.record(session, "invitation.revoked", _subject(invitation), actor_id=actor_id, now_ms=now_ms)
    session.flush()
    return _one(session, invitation.id)


def accept(session: Session, joining: Joining, *, now_ms: int) -> User:
    """The person that has joined by an invitation, which is used up with that.

    Raises NotFound for an invitation that is good no more, Refused for a name or a password that cannot be, and
    Conflict for a name that is taken: the invitation stays good then, as nothing of this is committed.
    """
    invitation = _used(session, joining.secret, now_ms)
    people.check_name(session, joining.name)
    hashed = passwords.hashed(joining.password, name=joining.name)
    user = User(name=joining.name, kind="person", is_active=True, created_ms=now_ms, password_hash=hashed)
    session.add(user)
    session.flush()
    invitation.used_by = user.id
    auth.record(session, "invitation.used", user.name, actor_id=user.id, now_ms=now_ms, invitation=invitation.id)
    for project_id, role in invitation.roles.items():
        project = session.get_one(runs.Project, int(project_id))
        members.give(session, project, user.name, role, actor_id=invitation.created_by, now_ms=now_ms)
    return user


def _used(session: Session, secret: str, now_ms: int) -> Invitation:
    """The invitation of that secret, taken: of two that come at once the second finds it used."""
    admins = sa.select(User.id).where(User.is_active, User.is_admin)
    taken = (
        sa.update(Invitation)
        .where(
            Invitation.digest == digest(secret),
            Invitation.used_ms.is_(None),
            Invitation.revoked_ms.is_(None),
            Invitation.expires_ms > now_ms,
            Invitation.created_by.in_(admins),
        )
        .values(used_ms=now_ms)
        .returning(Invitation.id)
    )
    invitation_id = session.scalar(taken)
    if invitation_id is None:
        raise NotFound(
            "unknown_invitation",
            "this invitation is good no more: it was used, has expired, was revoked, or is not whole; ask for another",
        )
    return session.get_one(Invitation, invitation_id)


def _subject(invitation: Invitation) -> str:
    return invitation.note or f"invitation {invitation.id}"


def _one(session: Session, invitation_id: int) -> Told:
    (described,) = _described(session, Invitation.id == invitation_id)
    return described


def _described(session: Session, where: sa.ColumnElement[bool]) -> list[Told]:
    maker, joined = aliased(User), aliased(User)
    statement = (
        sa.select(Invitation, maker.name, joined.name)
        .join(maker, maker.id == Invitation.created_by)
        .outerjoin(joined, joined.id == Invitation.used_by)
        .where(where)
        .order_by(Invitation.id.desc())
        .limit(MAX_INVITATIONS)
    )
    found = session.execute(statement).all()
    named = _names(session, {int(project_id) for invitation, _, _ in found for project_id in invitation.roles})
    return [
        Told(
            id=invitation.id,
            note=invitation.note,
            roles={named[int(project_id)]: role for project_id, role in invitation.roles.items()},
            created_by=made_by,
            created_ms=invitation.created_ms,
            expires_ms=invitation.expires_ms,
            used_by=used_by,
            used_ms=invitation.used_ms,
            revoked_ms=invitation.revoked_ms,
        )
        for invitation, made_by, used_by in found
    ]


def _names(session: Session, project_ids: set[int]) -> dict[int, str]:
    statement = sa.select(runs.Project.id, runs.Project.name).where(runs.Project.id.in_(sorted(project_ids)))
    return {row.id: row.name for row in session.execute(statement)}
