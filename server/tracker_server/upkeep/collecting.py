"""`tracker gc`: room made by removing the bytes that nothing refers to.

What always holds: what something refers to stays, and so does what came within the grace period, since bytes are
uploaded before the record that refers to them. A file that no row knows (a server was killed between the file and its
row) is given a condemned row first, and goes the one way that every blob goes: see `retention/blobs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from tracker_server import db, retention
from tracker_server.artifacts import BlobStore
from tracker_server.artifacts.models import Blob
from tracker_server.db import Database
from tracker_server.media.thumbnails import Thumbnails


@dataclass(frozen=True)
class Collected:
    """How many blobs went, or would go, and their bytes; of them `loose` had no row."""

    count: int
    size_bytes: int
    loose: int


def collect(
    database: Database,
    store: BlobStore,
    *,
    now_ms: int,
    grace_ms: int,
    is_dry: bool,
    thumbnails: Thumbnails | None = None,
) -> Collected:
    """Remove the blobs that nothing refers to and that are older than the grace period; only count them when dry."""
    old = [file for file in store.files() if file.changed_ms <= now_ms - grace_ms]
    with database.writing() as session:
        count, size_bytes = retention.condemn(session, now_ms=now_ms, grace_ms=grace_ms)
        known = set(session.scalars(sa.select(Blob.digest)))
        loose = [file for file in old if file.digest not in known]
        if is_dry:
            session.rollback()
        else:
            for file in loose:
                row = {"digest": file.digest, "size_bytes": file.size, "created_ms": 0, "condemned_ms": now_ms}
                session.execute(db.insert(session, Blob).values(row).on_conflict_do_nothing())
            session.commit()
    if not is_dry:
        retention.sweep(database, store, thumbnails)
    return Collected(count + len(loose), size_bytes + sum(file.size for file in loose), len(loose))
