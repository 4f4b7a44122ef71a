"""Whose bytes they are: who may read a blob, and who may name one as theirs.

What always holds: knowing a digest is no right to the bytes. One may read what something refers to that one sees, and
name what one may read or has sent; else a digest that was overheard would be as good as the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db, narrowing
from tracker_server.artifacts.models import ArtifactFile, ArtifactVersion, SentBlob

Referring = Callable[[], sa.Select[str] | sa.Select[str | None]]

_referring: list[Referring] = []


def refers(statement: Referring) -> Referring:
    """For a function that gives the digests that a domain's rows refer to, which are narrowed as those rows are."""
    _referring.append(statement)
    return statement


@refers
def _of_versions() -> sa.Select[str]:
    return sa.select(ArtifactFile.digest).join(ArtifactVersion, ArtifactVersion.id == ArtifactFile.version_id)


def may_read(session: Session, digest: str) -> bool:
    """Whether the session may have these bytes."""
    return narrowing.of(session) is None or bool(_readable(session, [digest]))


def unreadable(session: Session, digests: Sequence[str]) -> str | None:
    """The first of the digests, few enough for one statement, whose bytes the session may not have."""
    if narrowing.of(session) is None:
        return None
    readable = _readable(session, digests)
    return next((digest for digest in digests if digest not in readable), None)


def held(session: Session, digests: Sequence[str], actor_id: int) -> set[str]:
    """Those of the digests that the actor may name. What they have sent they may name without more being asked."""
    if narrowing.of(session) is None:
        return set(digests)
    listed = db.listed(list(digests))
    is_sent = sa.exists().where(SentBlob.digest == listed.c.value, SentBlob.user_id == actor_id)
    others = session.scalars(sa.select(listed.c.value).where(~is_sent)).all()
    return set(digests).difference(others) | (_readable(session, others) if others else set())


def note_sender(session: Session, digests: Iterable[str], actor_id: int) -> None:
    """The actor has sent these bytes, and so had them."""
    rows = [{"digest": digest, "user_id": actor_id} for digest in sorted(digests)]
    if rows and narrowing.of(session) is not None:
        session.execute(db.insert(session, SentBlob).on_conflict_do_nothing(), rows)


def _readable(session: Session, digests: Sequence[str]) -> set[str]:
    found: set[str] = set()
    listed = sa.select(db.listed(list(digests)).c.value)
    for statement in _referring:
        asked = statement()
        found.update(session.scalars(asked.where(asked.selected_columns[0].in_(listed)).distinct()))
    return found
