"""Whose turn it is to write to a SQLite file, among the threads of this process.

SQLite has one writer, and lets the others poll: who comes back often gets in, and who has waited long may wait longer.
What always holds here: turns are given in the order in which they were asked for, and one ends with the transaction
that it was taken for, however that ends. SQLite's own waiting is left for writers in other processes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque


class Turns:
    """One at a time, first come first served. Whoever has taken a turn gives it back, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._waiting)

    def take(self, timeout_s: float) -> bool:
        """Wait for a turn; False when none has come in time."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            called = threading.Lock()
            called.acquire()
            self._waiting.append(called)
        if called.acquire(timeout=timeout_s):
            return True
        with self._lock:
            if called in self._waiting:
                self._waiting.remove(called)
                return False
        return True  # it was called between the two

    def give(self) -> None:
        """End a turn: it is the next one's, without a moment in which somebody else could come between."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False


class Connection(sqlite3.Connection):
    """A connection whose turn to write ends with its transaction."""

    turns: Turns | None = None
    """Set while it has a turn."""

    def commit(self) -> None:
        super().commit()
        self._end_turn()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._end_turn()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._end_turn()

    def begin_writing(self, turns: Turns, timeout_s: float) -> None:
        """Take a turn and the write lock. Raises sqlite3.OperationalError where one of them cannot be had in time."""
        if not turns.take(timeout_s):
            raise sqlite3.OperationalError(f"database is locked: nobody has ended a turn to write for {timeout_s} s")
        self.turns = turns
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._end_turn()
            raise

    def _end_turn(self) -> None:
        turns, self.turns = self.turns, None
        if turns is not None:
            turns.give()
