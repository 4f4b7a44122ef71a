"""Sealing what silent runs have left, in a thread of the server that has the time.

What always holds: it takes one run at a time and rests after it, ten times as long as that took, so that requests have
the database nearly all of the time. Whatever goes wrong, it tries again later: speed and size alone depend on it.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from tracker_server import metrics
from tracker_server.db import Database

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 60.0
SHORTEST_REST_S: Final = 0.5


def seal_next(database: Database, *, before_ms: int) -> str | None:
    """Seal one run that was last heard of before then, in a transaction of its own; None where there is none."""
    with database.reading() as session:  # most of the time there is nothing to do, and nobody has to wait for that
        if not metrics.has_abandoned(session, before_ms=before_ms):
            return None
    with database.writing() as session:
        run_id = metrics.seal_abandoned(session, before_ms=before_ms)
        session.commit()
    return run_id


class AbandonedTails:
    """The thread that seals the tails of runs that have been silent for `silent_ms`. `stop` ends it."""

    def __init__(self, database: Database, *, silent_ms: int) -> None:
        self._database = database
        self._silent_ms = silent_ms
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="abandoned-tails", daemon=True)
        self._thread.start()

    def begin_stop(self) -> None:
        """Have it end after the run at hand, without waiting for that."""
        self._is_over.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the run at hand, waited for no longer than that: what it is at is then undone."""
        self.begin_stop()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        rest_s = SHORTEST_REST_S
        while not self._is_over.wait(rest_s):
            begun = time.monotonic()
            try:
                run_id = seal_next(self._database, before_ms=time.time_ns() // 1_000_000 - self._silent_ms)
            except Exception:  # the edge of the thread: the next turn may go better
                log.exception("A silent run could not be sealed; trying again in %.0f s", LOOK_EVERY_S)
                run_id = None
            rest_s = max(SHORTEST_REST_S, 10 * (time.monotonic() - begun)) if run_id else LOOK_EVERY_S
