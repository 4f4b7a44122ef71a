"""Blobs that nothing refers to: condemned in a transaction, removed after it.

What always holds: a file is removed only while its row is held and says so, nothing refers to it, and no upload of the
same bytes has come; who uploads them waits for the row, and looks for the file afterwards. A crash leaves at worst a
condemned row, which counts as a blob that is not there, and which the next purge goes on with.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.artifacts import BlobStore
from tracker_server.db import Database
from tracker_server.media.thumbnails import Thumbnails
from tracker_server.retention.reachability import BLOBS, is_referred_to

GRACE_MS = 24 * 3600 * 1000
"""Bytes are uploaded before the record that refers to them: so long they may wait for it."""

AT_ONCE = 100


def condemn(session: Session, *, now_ms: int, grace_ms: int = GRACE_MS) -> tuple[int, int]:
    """Condemn all blobs that nothing refers to and that did not come lately; their number and bytes."""
    is_old = (BLOBS.c.condemned_ms.is_(None), BLOBS.c.created_ms <= now_ms - grace_ms)
    found = sa.select(BLOBS.c.digest, BLOBS.c.size_bytes).where(*is_old, ~is_referred_to())
    rows = session.execute(found.order_by(BLOBS.c.digest)).all()
    for start in range(0, len(rows), AT_ONCE):
        digests = [row.digest for row in rows[start : start + AT_ONCE]]
        session.execute(sa.update(BLOBS).where(BLOBS.c.digest.in_(digests), *is_old).values(condemned_ms=now_ms))
    return len(rows), sum(row.size_bytes for row in rows)


def sweep(database: Database, store: BlobStore, thumbnails: Thumbnails | None = None) -> None:
    """Remove the files of condemned blobs, a few in each transaction; reprieve those that are referred to after all.

    What `thumbnails` keeps of them goes too.
    """
    is_condemned = BLOBS.c.condemned_ms.is_not(None)
    while True:
        with database.writing() as session:
            held = sa.select(BLOBS.c.digest).where(is_condemned).order_by(BLOBS.c.digest).limit(AT_ONCE)
            digests = session.scalars(held.with_for_update(skip_locked=True)).all()
            if not digests:
                return
            # A statement of its own, so that it sees what was committed while the rows were waited for.
            here = BLOBS.c.digest.in_(digests)
            kept = session.scalars(sa.select(BLOBS.c.digest).where(here, is_referred_to())).all()
            session.execute(sa.update(BLOBS).where(BLOBS.c.digest.in_(kept)).values(condemned_ms=None))
            gone = [digest for digest in digests if digest not in kept]
            for digest in gone:
                store.remove(digest)
                if thumbnails is not None:
                    thumbnails.forget(digest)
            session.execute(sa.delete(BLOBS).where(BLOBS.c.digest.in_(gone)))
            session.commit()
