"""How often one may try to sign in: by name and address together, by each alone, within a quarter of an hour.

What always holds: a failure is counted in a transaction of its own, so that what it fails with does not undo it; what
was typed as a name is kept only as a digest, since it may be a password.
"""

from __future__ import annotations

import hashlib
import math

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.auth.models import FailedSignIn
from tracker_server.errors import Overloaded

WINDOW_MS = 15 * 60 * 1000
PER_NAME_AND_ADDRESS = 10
PER_NAME = 100
PER_ADDRESS = 100


def check(session: Session, name: str, address: str, now_ms: int) -> None:
    """Raises Overloaded (429) where too many have failed lately; its Retry-After is when the next may be tried."""
    limits = _limits(name, address)
    statement = sa.select(FailedSignIn).where(
        FailedSignIn.subject.in_(limits), FailedSignIn.since_ms > now_ms - WINDOW_MS
    )
    waits_ms = [
        row.since_ms + WINDOW_MS - now_ms for row in session.scalars(statement) if row.count >= limits[row.subject]
    ]
    if waits_ms:
        minutes = math.ceil(max(waits_ms) / 60_000)
        raise Overloaded(
            "too_many_attempts",
            f"too many attempts to sign in have failed; try again in {minutes} minutes, or sign in with a key",
            retry_after_s=math.ceil(max(waits_ms) / 1000),
        )


def note_failure(session: Session, name: str, address: str, now_ms: int) -> None:
    """Count one more failure; what is older than the window is forgotten."""
    session.execute(sa.delete(FailedSignIn).where(FailedSignIn.since_ms <= now_ms - WINDOW_MS))
    for subject in _limits(name, address):
        row = db.insert(session, FailedSignIn).values(subject=subject, count=1, since_ms=now_ms)
        session.execute(row.on_conflict_do_update(index_elements=["subject"], set_={"count": FailedSignIn.count + 1}))


def forget(session: Session, name: str, address: str) -> None:
    """Who has signed in has no failures behind them at this address."""
    session.execute(sa.delete(FailedSignIn).where(FailedSignIn.subject == _subject("both", name, address)))


def _limits(name: str, address: str) -> dict[str, int]:
    """How many failures each subject is allowed. Without a name it was a key: who guesses those is known by address."""
    if not name:
        return {_subject("address", address): PER_ADDRESS}
    return {
        _subject("both", name, address): PER_NAME_AND_ADDRESS,
        _subject("name", name): PER_NAME,
        _subject("address", address): PER_ADDRESS,
    }


def _subject(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).casefold().encode()).hexdigest()
