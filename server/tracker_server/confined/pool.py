"""Which process is asked: at most two for each domain, started when they are needed, the warm one first.

What always holds: a process has one question at a time. A file that has killed its reader is refused for a while
without being tried again, so that somebody who asks for it in a loop has the server start no process after process.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from tracker_server.confined import wire
from tracker_server.confined.process import Died, NoStart, NotAsked, Process
from tracker_server.errors import ApiError, BadRequest, NotFound, Refused, Unavailable

MODULES = {"tabular": "tracker_server.tabular.readers", "previews": "tracker_server.previews.readers"}
"""The main module of a process, by the first word of a reader's name."""

MOST = 2
TIMEOUT_S = 20.0
WAIT_S = 30.0
REFUSED_S = 60.0
_MOST_REFUSED = 1000

_ERRORS: dict[int, type[ApiError]] = {400: BadRequest, 404: NotFound, 422: Refused}

T = TypeVar("T", bound=msgspec.Struct)


class Pool:
    """The processes of one module. `timeout_s` is how long one question may take."""

    def __init__(self, module: str, *, timeout_s: float = TIMEOUT_S, refused_s: float = REFUSED_S) -> None:
        self._module = module
        self._timeout_s = timeout_s
        self._refused_s = refused_s
        self._free: list[Process] = []
        self._places = threading.BoundedSemaphore(MOST)
        self._lock = threading.Lock()
        self._deadly: dict[tuple[str, ...], tuple[float, str]] = {}

    def read(self, reader: str, paths: Sequence[Path], query: msgspec.Struct, reply: type[T], *, expected: str) -> T:
        """What the reader says of the files. Raises Refused, Unavailable and what the reader raised."""
        key = (reader, *map(str, paths))
        self._refuse_deadly(key, expected)
        if not self._places.acquire(timeout=WAIT_S):
            raise Unavailable("busy_readers", "other files are being read; try again in a moment", retry_after_s=5)
        try:
            said = self._ask(reader, paths, query)
        except Died as error:
            self._note_deadly(key, str(error))
            raise _unreadable(str(error), expected) from None
        except (NoStart, NotAsked):
            message = f"the process that reads files cannot start; on the server, python -m {self._module} says why"
            raise Unavailable("no_readers", message, retry_after_s=60) from None
        finally:
            self._places.release()
        if isinstance(said, wire.Answered):
            try:
                return msgspec.msgpack.decode(said.value, type=reply)
            except msgspec.DecodeError:
                raise _unreadable("its reader said what nobody understands", expected) from None
        if isinstance(said, wire.Refusal):
            kind = _ERRORS.get(said.status, Refused)
            raise kind(said.code, said.message, field=said.field, **said.details)
        raise _unreadable(said.reason if isinstance(said, wire.Failed) else "it answered out of turn", expected)

    def close(self) -> None:
        """End those that nobody waits for."""
        with self._lock:
            free, self._free = self._free, []
        for process in free:
            process.end()

    def _ask(self, reader: str, paths: Sequence[Path], query: msgspec.Struct) -> wire.Said:
        process = self._taken()
        try:
            said = process.ask(reader, paths, query, timeout_s=self._timeout_s)
        except NotAsked:
            process = Process(self._module)
            said = process.ask(reader, paths, query, timeout_s=self._timeout_s)
        if process.is_alive:
            with self._lock:
                self._free.append(process)
        return said

    def _taken(self) -> Process:
        """The one that answered last, as it is warm; else a new one."""
        while True:
            with self._lock:
                process = self._free.pop() if self._free else None
            if process is None:
                return Process(self._module)
            if process.is_alive:
                return process
            process.end()

    def _refuse_deadly(self, key: tuple[str, ...], expected: str) -> None:
        with self._lock:
            until_s, reason = self._deadly.get(key, (0.0, ""))
        if time.monotonic() < until_s:
            raise _unreadable(f"{reason}; it is tried again in {until_s - time.monotonic():.0f} s", expected)

    def _note_deadly(self, key: tuple[str, ...], reason: str) -> None:
        with self._lock:
            if len(self._deadly) >= _MOST_REFUSED:
                self._deadly.clear()
            self._deadly[key] = (time.monotonic() + self._refused_s, reason)


_pools = {domain: Pool(module) for domain, module in MODULES.items()}


def read(reader: str, paths: Sequence[Path], query: msgspec.Struct, reply: type[T], *, expected: str) -> T:
    """What a reader (`"tabular.page"`) says of files, read in a process of its own; up to 20 seconds.

    `expected` says what the file should have been ("a CSV file"). Raises Refused (`unreadable_file`) for one that
    cannot be read, or not within the limits; Unavailable where too many wait; and what of `tracker_server.errors` the
    reader raises.
    """
    return _pools[reader.partition(".")[0]].read(reader, paths, query, reply, expected=expected)


def close() -> None:
    """End the processes; the next question starts others."""
    for pool in _pools.values():
        pool.close()


def _unreadable(reason: str, expected: str) -> Refused:
    return Refused("unreadable_file", f"the file cannot be read as {expected}: {reason}")


atexit.register(close)
