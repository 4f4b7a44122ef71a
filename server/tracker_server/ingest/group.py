"""One commit for the batches that wait at the same moment.

What always holds: a batch is answered after the commit that stored it, or with the error that undid it. A batch that
fails is undone alone, and the others of its commit stay. Nobody waits for others to come: a batch that finds nobody at
work begins at once, and what arrives meanwhile is the next commit. How much may wait is bounded, in number, bytes and
time; what is turned away for that was not stored, and may be sent again.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker_server import narrowing
from tracker_server.db import Database, says_full
from tracker_server.errors import Overloaded, StorageFull, Unavailable

log = logging.getLogger(__name__)

B = TypeVar("B")
R = TypeVar("R")


@dataclass(frozen=True)
class Bounds:
    """At most `waiting` batches with `waiting_bytes` together wait, none longer than `patience_s` to be begun.

    A commit takes at most `shared` batches and, the first apart, `shared_bytes`; after `shared_s` it begins with none
    any more.
    """

    waiting: int = 64
    waiting_bytes: int = 128 * 1024 * 1024
    patience_s: float = 2.0
    shared: int = 64
    shared_bytes: int = 8 * 1024 * 1024
    shared_s: float = 0.05


class _Waiting(Generic[B, R]):
    """A batch that waits, and what came of it."""

    def __init__(self, batch: B, size_bytes: int) -> None:
        self.batch = batch
        self.size_bytes = size_bytes
        self.receipt: R | None = None
        self.error: BaseException | None = None
        self.is_done = False
        self.is_next = False
        """Whether it leads the next commit."""
        self.is_left = False
        """Whether it was left to a transaction of its own."""
        self._called = threading.Lock()
        self._called.acquire()

    def call(self) -> None:
        """Wake whoever waits for it: it is done, or leads."""
        self._called.release()

    def wait(self, timeout_s: float = -1) -> bool:
        """Until it is called; False when that has not happened in time."""
        return self._called.acquire(timeout=timeout_s)

    def outcome(self) -> R:
        if self.error is not None:
            raise self.error
        return cast(R, self.receipt)


class Group(Generic[B, R]):
    """The batches that wait for one database, in this process. Threads bring them, and wait here for their commit.

    The first to come leads: it commits all that waits, wakes those whose batches these were, and has the next one that
    waits lead. `store_many` stores what it can of several batches and says None of the others, which `store_one` stores
    each in a savepoint of the same transaction; on PostgreSQL, where transactions wait for each other's rows but not
    for each other's flush, each in a transaction of its own.
    """

    def __init__(
        self,
        database: Database,
        store_many: Callable[[Session, Sequence[B]], list[R | None]],
        store_one: Callable[[Session, B], R],
        bounds: Bounds,
    ) -> None:
        self._database = database
        self._store_many = store_many
        self._store_one = store_one
        self._bounds = bounds
        self._has_one_writer = database.engine.dialect.name == "sqlite"
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[B, R]] = deque()
        self._count = 0
        self._bytes = 0
        self._is_led = False
        self._asked_at: float | None = None
        """When the leader asked to write; None while it does, and while nobody leads."""

    @property
    def waiting(self) -> int:
        """How many batches are here: waiting, or in the commit at work."""
        return self._count

    def store(self, batch: B, *, size_bytes: int) -> R:
        """Store a batch; its receipt, once that is committed.

        Raises what storing it raises, Overloaded when too much waits, Unavailable when the database takes nothing in.
        """
        waiting = _Waiting[B, R](batch, size_bytes)
        leads = self._admit(waiting)
        try:
            while not waiting.is_done:
                if leads or self._await(waiting):
                    self._lead()
                    leads = False
            return self._store_alone(batch) if waiting.is_left else waiting.outcome()
        finally:
            with self._lock:
                self._count -= 1
                self._bytes -= size_bytes

    def _admit(self, waiting: _Waiting[B, R]) -> bool:
        """Let the batch wait; whether it leads. One alone is never too large: a request's size has its own bound."""
        with self._lock:
            count, size = self._count + 1, self._bytes + waiting.size_bytes
            if count > 1 and (count > self._bounds.waiting or size > self._bounds.waiting_bytes):
                raise Overloaded(
                    "overloaded",
                    f"{self._count} batches with {self._bytes} bytes wait to be stored; nothing of this request was "
                    "stored, send it again later",
                )
            if self._asked_at is not None and time.monotonic() - self._asked_at > self._bounds.patience_s:
                raise _not_taking()
            self._count, self._bytes = count, size
            self._queue.append(waiting)
            leads, self._is_led = not self._is_led, True
            return leads

    def _await(self, waiting: _Waiting[B, R]) -> bool:
        """Wait until the batch is done, or leads: whether it leads. Raises Unavailable where nobody begins with it."""
        if not waiting.wait(self._bounds.patience_s):
            with self._lock:
                if waiting in self._queue and not waiting.is_next:
                    self._queue.remove(waiting)
                    raise _not_taking()
            waiting.wait()
        return not waiting.is_done

    def _store_alone(self, batch: B) -> R:
        with self._database.writing() as session:
            receipt = self._store_one(session, batch)
            session.commit()
        return receipt

    def _lead(self) -> None:
        """Commit what waits, this thread's own batch first, and have the next one lead."""
        taken: list[_Waiting[B, R]] = []
        try:
            self._commit(taken)
        except BaseException as error:  # the edge of every request that waits for this commit: each is told
            if not taken:
                self._take_all(taken)
            for waiting in taken:
                waiting.error = _told(error)
            if isinstance(error, OperationalError):
                log.warning("The database did not store %d batches: %s", len(taken), error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._end(taken)

    def _commit(self, taken: list[_Waiting[B, R]]) -> None:
        """Store batches that wait, and commit. Those that are answered by this are in `taken`, whatever happens."""
        self._asked_at = time.monotonic()
        with self._database.writing() as session:
            session.connection()  # on SQLite, waits for the turn to write
            self._asked_at = None
            until = time.monotonic() + self._bounds.shared_s
            self._take(taken)
            receipts = self._store_together(session, [waiting.batch for waiting in taken])
            left = []
            for waiting, receipt in zip(taken, receipts, strict=True):
                waiting.receipt = receipt
                if receipt is None:
                    left.append(waiting)
            self._store_left(session, left, until, taken)
            session.commit()

    def _take(self, taken: list[_Waiting[B, R]]) -> None:
        """Take from the queue what one commit may have."""
        size = 0
        with self._lock:
            while self._queue and len(taken) < self._bounds.shared:
                size += self._queue[0].size_bytes
                if taken and size > self._bounds.shared_bytes:
                    break
                taken.append(self._queue.popleft())

    def _take_all(self, taken: list[_Waiting[B, R]]) -> None:
        with self._lock:
            taken += self._queue
            self._queue.clear()

    def _store_together(self, session: Session, batches: Sequence[B]) -> list[R | None]:
        """What `store_many` says; None of every one where it fails, so that each is told its own error."""
        try:
            return self._store_many(session, batches)
        except Exception:  # the edge of requests: what is wrong with one of them must not hold up the others
            log.warning("%d batches could not be stored together; each is stored alone", len(batches), exc_info=True)
            session.rollback()
            return [None] * len(batches)

    def _store_left(
        self,
        together: Session,
        left: list[_Waiting[B, R]],
        until: float,
        taken: list[_Waiting[B, R]],
    ) -> None:
        """Store one by one what was left, or leave it to their own threads; what time does not allow waits again."""
        if not self._has_one_writer:
            for waiting in left:
                waiting.is_left = True
            return
        for place, waiting in enumerate(left):
            if time.monotonic() > until and len(taken) > len(left) - place:
                again = left[place:]
                taken[:] = [one for one in taken if one not in again]
                with self._lock:
                    self._queue.extendleft(reversed(again))
                return
            try:
                with _savepoint(together) as session:
                    waiting.receipt = self._store_one(session, waiting.batch)
                    session.commit()
            except Exception as error:  # the edge of one request; the others of the commit go on
                waiting.error = error
                _check_goes_on(together.connection())

    def _end(self, taken: list[_Waiting[B, R]]) -> None:
        with self._lock:
            self._asked_at = None
            self._is_led = bool(self._queue)
            if self._queue:
                self._queue[0].is_next = True
                self._queue[0].call()
        for waiting in taken:
            waiting.is_done = True
            waiting.call()


def _savepoint(session: Session) -> Session:
    """A session whose commit and rollback are those of a savepoint; what it tells is told in the outer session."""
    return narrowing.Session(
        session.connection(), join_transaction_mode="create_savepoint", expire_on_commit=False, info=session.info
    )


def _check_goes_on(connection: sa.Connection) -> None:
    """Raise the exception at hand where it has ended the whole transaction: a full disk makes SQLite undo it all."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection) and not driver.in_transaction:
        raise


def _told(error: BaseException) -> BaseException:
    """What the requests hear of a commit that failed."""
    if not isinstance(error, OperationalError):
        return error
    return StorageFull() if says_full(error) else _not_taking()


def _not_taking() -> Unavailable:
    return Unavailable(
        "database_busy", "the database is busy or cannot be reached; nothing was stored, send it again later"
    )
