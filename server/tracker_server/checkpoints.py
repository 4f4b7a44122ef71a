"""Bringing SQLite's log into its file beside the commits, in a thread of its own.

SQLite would have the commit that fills the log do it, and a thousand live runs would wait while megabytes are written
and flushed. Here most of it is done while they go on; what came meanwhile is little, and is brought in during one turn
to write, after which the log begins anew. What always holds: no commit depends on it. Where it cannot be done, because
somebody reads for long, it is tried again; a log of `LONGEST_LOG_PAGES` is brought in by a commit, as usual.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import closing

from tracker_server.turns import Turns

log = logging.getLogger(__name__)

PERIOD_S = 2.0
"""How often, at most, what was written is brought in; and how long a turn to write is waited for."""

LOG_PAGES = 8192
"""How long the log gets, in pages of 4 KiB, before it begins anew: what many commits change is then written once."""

LONGEST_LOG_PAGES = 8 * LOG_PAGES


class Checkpoints:
    """Of one file. The thread begins with a write that comes `period_s` after the first one, and ends with `stop`."""

    def __init__(self, path: str, turns: Turns, *, period_s: float = PERIOD_S) -> None:
        self._path = path
        self._turns = turns
        self._period_s = period_s
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._is_stopped = False
        self._thread: threading.Thread | None = None
        self._last_s = time.monotonic()

    def note_write(self) -> None:
        """Somebody is about to write: time to bring in what was written before, unless that was done just now."""
        if time.monotonic() - self._last_s < self._period_s or self._wanted.is_set():
            return
        with self._lock:
            if self._thread is None and not self._is_stopped:
                self._thread = threading.Thread(target=self._run, name="tracker-checkpoints", daemon=True)
                self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End the thread, after what it is at."""
        with self._lock:
            self._is_stopped = True
            thread = self._thread
        self._wanted.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                while self._wanted.wait() and not self._is_stopped:
                    self._wanted.clear()  # first, or a stop that comes meanwhile would be forgotten
                    self._bring_in(connection)
                    self._last_s = time.monotonic()
        except sqlite3.Error as error:
            log.warning("The log of %s is brought into it by commits from here on: %s", self._path, error)

    def _bring_in(self, connection: sqlite3.Connection) -> None:
        if _checkpoint(connection) < LOG_PAGES or not self._turns.take(PERIOD_S):
            return
        try:
            _checkpoint(connection)  # all of it now; the next writer begins the log anew
        finally:
            self._turns.give()


def _checkpoint(connection: sqlite3.Connection) -> int:
    """Bring in what nobody reads in an older state. Returns how many pages the log has."""
    _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(pages)
