"""One commit for the batches that wait at the same moment.

What always holds: a batch is answered after the commit that stored it, or with the error that undid it. A batch that
fails is undone alone, and the others of its commit stay. Nobody waits for others to come: a batch that finds nobody at
work begins at once, and what arrives meanwhile is the next commit. How much may wait is bounded, in number, bytes and
time; what is turned away for that was not stored, and may be sent again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker_server.db import Database
from tracker_server.errors import Overloaded, Unavailable

T = TypeVar("T")


@dataclass(frozen=True)
class Bounds:
    """At most `waiting` batches with `waiting_bytes` together wait, none longer than `patience_s` to be begun.

    A commit takes at most `shared` batches, and begins none after `shared_s`.
    """

    waiting: int = 64
    waiting_bytes: int = 128 * 1024 * 1024
    patience_s: float = 2.0
    shared: int = 64
    shared_s: float = 0.05


class _Batch(Generic[T]):
    """Work that waits, and what came of it."""

    def __init__(self, work: Callable[[Session], T], size_bytes: int) -> None:
        self.work = work
        self.size_bytes = size_bytes
        self.value: T | None = None
        self.error: BaseException | None = None
        self.is_done = False
        self.is_next = False
        """Whether it leads the next commit."""
        self._called = threading.Lock()
        self._called.acquire()

    def call(self) -> None:
        """Wake whoever waits for it: it is done, or leads."""
        self._called.release()

    def wait(self, timeout_s: float = -1) -> bool:
        """Until it is called; False when that has not happened in time."""
        return self._called.acquire(timeout=timeout_s)

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return cast(T, self.value)


class Group:
    """The batches that wait for one database, in this process. Threads bring them, and wait here for their commit.

    The first to come leads: it commits all that waits, wakes those whose batches these were, and has the next one that
    waits lead. On PostgreSQL, which flushes many transactions at once by itself, every batch has its own.
    """

    def __init__(self, database: Database, bounds: Bounds) -> None:
        self._database = database
        self._bounds = bounds
        self._is_shared = database.engine.dialect.name == "sqlite"
        self._lock = threading.Lock()
        self._queue: deque[_Batch[Any]] = deque()
        self._count = 0
        self._bytes = 0
        self._is_led = False
        self._asked_at: float | None = None
        """When the leader asked to write; None while it does, and while nobody leads."""

    @property
    def waiting(self) -> int:
        """How many batches are here: waiting, or in the commit at work."""
        return self._count

    def store(self, work: Callable[[Session], T], *, size_bytes: int) -> T:
        """Do the work in a transaction, and give its result once that is committed.

        Raises what the work raises, Overloaded when too much waits, Unavailable when the database takes nothing in.
        """
        batch = _Batch(work, size_bytes)
        leads = self._admit(batch)
        try:
            if not self._is_shared:
                return self._store_alone(batch)
            if not leads:
                self._await(batch)
            if not batch.is_done:
                self._lead()
            return batch.outcome()
        finally:
            self._leave(batch)

    def _admit(self, batch: _Batch[Any]) -> bool:
        """Take the batch in; whether it leads. One alone is never too large: a request's size has its own bound."""
        with self._lock:
            count, size = self._count + 1, self._bytes + batch.size_bytes
            if count > 1 and (count > self._bounds.waiting or size > self._bounds.waiting_bytes):
                raise Overloaded(
                    "overloaded",
                    f"{self._count} batches with {self._bytes} bytes wait to be stored; nothing of this request was "
                    "stored, send it again later",
                )
            if self._asked_at is not None and time.monotonic() - self._asked_at > self._bounds.patience_s:
                raise _not_taking()
            self._count, self._bytes = count, size
            if not self._is_shared:
                return False
            self._queue.append(batch)
            leads, self._is_led = not self._is_led, True
            return leads

    def _leave(self, batch: _Batch[Any]) -> None:
        with self._lock:
            self._count -= 1
            self._bytes -= batch.size_bytes

    def _store_alone(self, batch: _Batch[T]) -> T:
        with self._database.writing() as session:
            value = batch.work(session)
            session.commit()
        return value

    def _await(self, batch: _Batch[T]) -> None:
        """Until the batch is done, or leads. Raises Unavailable where nobody has begun with it in time."""
        if batch.wait(self._bounds.patience_s):
            return
        with self._lock:
            if batch in self._queue and not batch.is_next:
                self._queue.remove(batch)
                raise _not_taking()
        batch.wait()

    def _lead(self) -> None:
        """Commit what waits, this thread's own batch first, and have the next one lead."""
        taken: list[_Batch[Any]] = []
        try:
            self._commit_waiting(taken)
        except BaseException as error:  # the edge of every request that waits for this commit: each is told
            if not taken:
                with self._lock:
                    taken += self._queue
                    self._queue.clear()
            for batch in taken:
                batch.error = _not_taking() if isinstance(error, OperationalError) else error
            if not isinstance(error, Exception):
                raise
        finally:
            self._end(taken)

    def _commit_waiting(self, taken: list[_Batch[Any]]) -> None:
        """Store the batches that wait, each in a savepoint, and commit. Those it began with are in `taken`."""
        self._asked_at = time.monotonic()
        with self._database.writing() as session:
            connection = session.connection()  # waits for the turn to write
            self._asked_at = None
            until = time.monotonic() + self._bounds.shared_s
            with self._lock:
                waiting = list(islice(self._queue, self._bounds.shared))
            for batch in waiting:
                if taken and time.monotonic() > until:
                    break
                if self._begin(batch):
                    taken.append(batch)
                    _store_within(connection, batch)
            session.commit()

    def _begin(self, batch: _Batch[Any]) -> bool:
        """Take the batch out of the queue; False where it has waited too long, and is no longer there."""
        with self._lock:
            if batch not in self._queue:
                return False
            self._queue.remove(batch)
            return True

    def _end(self, taken: list[_Batch[Any]]) -> None:
        with self._lock:
            self._asked_at = None
            self._is_led = bool(self._queue)
            if self._queue:
                self._queue[0].is_next = True
                self._queue[0].call()
        for batch in taken:
            batch.is_done = True
            batch.call()


def _store_within(connection: sa.Connection, batch: _Batch[Any]) -> None:
    """Do the work of one batch, or nothing of it. Raises where that was the end of the whole transaction."""
    try:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            batch.value = batch.work(session)
            session.commit()
    except Exception as error:  # the edge of one request; the others of the commit go on
        batch.error = error
        # A full disk, say, makes SQLite undo everything: then nothing that came before is there any more either.
        if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            raise


def _not_taking() -> Unavailable:
    return Unavailable(
        "database_busy", "the database is busy or cannot be reached; nothing was stored, send it again later"
    )
