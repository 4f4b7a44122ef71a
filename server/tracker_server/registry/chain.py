"""The chain of the trail: each entry has the digest of what it says and of the entry before it.

What always holds: entries are added one after the other, by whoever holds the head; so an entry that is changed,
taken out or put in later does not fit what follows it, and one that is cut off at the end does not fit the head. Who
can write to the database can also make the whole chain anew: against that the head is kept elsewhere
(`tracker audit verify --expect`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.db import as_stored
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.registry.models import AuditHead, AuditRow

_HEAD: Final = 1
_READ_AT_ONCE: Final = 1000


class Break(NamedTuple):
    """The first entry that does not fit, or the last that there is where the end was cut off, and what is wrong."""

    entry_id: int
    message: str


class Verified(NamedTuple):
    """How many entries fit, and the digest of the last of them. `broken` is None where all do. `is_expected` is whether
    an entry has the digest that was asked for."""

    entries: int
    digest: str
    broken: Break | None
    is_expected: bool


def hold(session: Session) -> AuditHead:
    """The head, ours until the commit. Whoever acts on models takes it before anything else of them is locked, so that
    no two wait for each other."""
    return session.get_one(AuditHead, _HEAD, with_for_update=True, populate_existing=True)


def append(session: Session, row: AuditRow) -> None:
    """Add an entry at the end."""
    head = hold(session)
    row.id = head.entry_id + 1
    row.reason = as_stored(row.reason)
    row.alias = as_stored(row.alias) if row.alias is not None else None
    row.digest = _digest(head.digest, row)
    head.entry_id, head.count, head.digest = row.id, head.count + 1, row.digest
    session.add(row)
    session.flush()


def verify(session: Session, *, expected: str = "") -> Verified:
    """Go along the whole chain, as one state of the database has it. Reads every entry, a thousand at a time.

    `expected` is a digest that was kept elsewhere: that of the last entry there was then.
    """
    head = session.get_one(AuditHead, _HEAD)
    last, count, digest = 0, 0, ""
    is_expected = not expected
    while True:
        page = sa.select(AuditRow).where(AuditRow.id > last).order_by(AuditRow.id).limit(_READ_AT_ONCE)
        found = session.scalars(page, execution_options=EVERY_PROJECT).all()
        for row in found:
            if _digest(digest, row) != row.digest:
                return Verified(count, digest, Break(row.id, _what_is_wrong(row, last)), is_expected)
            last, count, digest = row.id, count + 1, row.digest
            is_expected = is_expected or digest == expected
        session.expunge_all()
        if not found:
            break
    return Verified(count, digest, _cut_off(head, last, count, digest), is_expected)


def _what_is_wrong(row: AuditRow, last: int) -> str:
    return (
        f"entry {row.id} is not what was written, or what stood between it and entry {last} is gone"
        if last
        else f"entry {row.id} is not what was written, or what stood before it is gone"
    )


def _cut_off(head: AuditHead, last: int, count: int, digest: str) -> Break | None:
    if (head.entry_id, head.count, head.digest) == (last, count, digest):
        return None
    return Break(last, f"the log ends with entry {last}, but its last was entry {head.entry_id}")


def _digest(before: str, row: AuditRow) -> str:
    """Over what the row says, as it is stored."""
    details = json.dumps(row.details, separators=(",", ":"))
    said = [
        before, row.id, row.time_ms, row.actor_id, row.action, row.project_id, row.model_id, row.alias,
        row.from_version, row.to_version, row.reason, details,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
