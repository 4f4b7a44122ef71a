"""Waiting in turns, so that Ctrl-C always ends it.

CPython looks for signals before it blocks on a lock, and a signal that comes while it is blocked wakes it. One that
comes between the two does neither: nobody hears of it until the wait is over, which may be half a minute. A wait that
is made of short ones looks again at each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_TURN_S: Final = 0.2


def join(thread: threading.Thread, timeout_s: float | None = None) -> bool:
    """Wait for the thread's end, at most so long; whether it has ended."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        thread.join(_turn_s(deadline))
        if not thread.is_alive():
            return True
        if _is_over(deadline):
            return False


def wait_for(changed: threading.Condition, is_so: Callable[[], bool], timeout_s: float | None = None) -> bool:
    """Wait, holding the condition, until it is so, at most so long; whether it is."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    while not changed.wait_for(is_so, _turn_s(deadline)):
        if _is_over(deadline):
            return False
    return True


def _turn_s(deadline: float | None) -> float:
    return _TURN_S if deadline is None else max(0.0, min(_TURN_S, deadline - time.monotonic()))


def _is_over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline
