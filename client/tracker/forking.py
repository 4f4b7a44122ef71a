"""What a fork must not cut in two: imports, and encoding, by threads that the child does not have.

A module that such a thread is importing stays half imported in the child, and whoever imports it there waits for ever.
So a fork waits until the thread is done; not for ever, since it may be stuck itself, on a disk that hangs say.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE_S: Final = 5.0
IMPORT_PATIENCE_S: Final = 30.0
"""An import takes long on a machine that is busy, and seldom hangs."""


class Undivided:
    """Work of one kind that a fork waits for. One thread at a time does it; a child finds it free."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._lock = threading.RLock()
        self._forking = threading.local()
        _all.append(self)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Within it, no other thread forks."""
        with self._lock:  # the one that is taken is released, also in a child that is made within it
            yield

    def wait(self) -> None:
        """Before a fork."""
        self._forking.has_waited = self._lock.acquire(timeout=self._patience_s)

    def go_on(self) -> None:
        """After it, in the parent."""
        if self._forking.has_waited:
            self._lock.release()

    def begin_anew(self) -> None:
        """After it, in the child."""
        self._lock = threading.RLock()


_all: list[Undivided] = []
_has_hooks = False
_imports = Undivided(IMPORT_PATIENCE_S)
importing = _imports.work
"""For threads of ours that import: `with importing(): import psutil`."""


def wait_at_forks() -> None:
    """Have every fork from now on wait for what is undivided; to be called before the threads start that do it."""
    import logging  # noqa: F401 (3 ms that importing tracker shall not cost)

    # Hooks before a fork run from the last to the first. That of logging takes a lock which imports need: it comes
    # after ours where it was there before, and never in the middle of them.
    global _has_hooks
    if not _has_hooks:
        _has_hooks = True
        os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_begin_anew)


def _wait() -> None:
    for each in _all:
        each.wait()


def _go_on() -> None:
    for each in _all:
        each.go_on()


def _begin_anew() -> None:
    for each in _all:
        each.begin_anew()
