"""Putting into the trash what policies let go, in a thread of the server, as time alone makes versions expire.

What always holds: it takes one artifact at a time, in a transaction of its own, and any number of servers may do it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import sqlalchemy as sa

from tracker_server.artifacts.models import Artifact
from tracker_server.db import Database
from tracker_server.retention import policies

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 600.0


def tidy_all(database: Database, *, now_ms: int) -> int:
    """How many versions went."""
    with database.reading() as session:
        ids = session.scalars(sa.select(Artifact.id).where(Artifact.policy != {}).order_by(Artifact.id)).all()
    count = 0
    for artifact_id in ids:
        try:
            count += _tidy(database, artifact_id, now_ms)
        except Exception:  # one that cannot be judged is no reason to keep what others let go
            log.exception("The policy of the artifact %d could not be carried out", artifact_id)
    return count


def _tidy(database: Database, artifact_id: int, now_ms: int) -> int:
    with database.writing() as session:
        held = sa.select(Artifact).where(Artifact.id == artifact_id).with_for_update(skip_locked=True)
        artifact = session.scalar(held)
        if artifact is None:
            return 0
        count = policies.tidy(session, artifact, now_ms=now_ms)
        session.commit()
        return count


class Tidying:
    """The thread. `stop` ends it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidying", daemon=True)
        self._thread.start()

    def begin_stop(self) -> None:
        """Have it end, without waiting for that."""
        self._is_over.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End it, waited for no longer than that: what it is at is then undone."""
        self.begin_stop()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_S):
            try:
                tidy_all(self._database, now_ms=time.time_ns() // 1_000_000)
            except Exception:  # the edge of the thread: the next turn may go better
                log.exception(
                    "What policies let go could not be put into the trash; trying again in %.0f s", LOOK_EVERY_S
                )
