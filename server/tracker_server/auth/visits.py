"""Visits: browsers that look through a shared link, and what they may see.

What always holds: a visit shows what its link is of and changes nothing; it ends with its link, in the same moment. It
is told from a sign-in by its cookie and by its table, and never stands in for one.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.auth.models import ShareLink, User, Visit
from tracker_server.auth.service import NOTE_USE_EVERY_MS, Actor, digest
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.rights import Level, Rights

COOKIE = "tracker_visit"
VISITOR = "a shared link"
"""What a visitor is called."""


def by_secret(session: Session, secret: str, now_ms: int) -> ShareLink | None:
    """The link of that secret; None for one that is unknown, expired or revoked, and of nobody who is active."""
    return _one(session, ShareLink.digest == digest(secret), now_ms)


def by_cookie(session: Session, secret: str, now_ms: int) -> ShareLink | None:
    """The link that a browser with this cookie looks through; None when it shows nothing any more."""
    visit = sa.select(Visit.link_id).where(Visit.digest == digest(secret), Visit.expires_ms > now_ms)
    return _one(session, ShareLink.id.in_(visit), now_ms)


def visitor(link: ShareLink, now_ms: int) -> Actor:
    """Who looks through it: nobody in particular, who may see what it is of."""
    rights = Rights(
        levels={link.project_id: Level.READ},
        most=Level.READ,
        is_member=False,
        runs=None if link.run_id is None else frozenset({link.run_id}),
    )
    is_stale = link.last_used_ms is None or link.last_used_ms < now_ms - NOTE_USE_EVERY_MS
    return Actor(0, VISITOR, rights, link_to_note=link.id if is_stale else None)


def start(session: Session, link: ShareLink, now_ms: int) -> str:
    """Have a browser look through a link until that expires. Returns the cookie's secret."""
    session.execute(sa.delete(Visit).where(Visit.expires_ms <= now_ms))
    secret = secrets.token_urlsafe(32)
    session.add(Visit(digest=digest(secret), link_id=link.id, created_ms=now_ms, expires_ms=link.expires_ms))
    note_use(session, link.id, now_ms)
    return secret


def end(session: Session, secret: str) -> None:
    """End the visit of this cookie; none is no error."""
    session.execute(sa.delete(Visit).where(Visit.digest == digest(secret)))


def note_use(session: Session, link_id: int, now_ms: int) -> None:
    """Somebody looked through the link just now."""
    noted = sa.update(ShareLink).where(ShareLink.id == link_id).values(last_used_ms=now_ms)
    session.execute(noted.execution_options(**EVERY_PROJECT))


def _one(session: Session, where: sa.ColumnElement[bool], now_ms: int) -> ShareLink | None:
    good = (
        sa.select(ShareLink)
        .join(User, User.id == ShareLink.created_by)
        .where(where, ShareLink.revoked_ms.is_(None), ShareLink.expires_ms > now_ms, User.is_active)
    )
    return session.scalar(good.execution_options(**EVERY_PROJECT))
