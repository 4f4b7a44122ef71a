"""What `tracker export` and `tracker import` share: asking a server for long, and saying how far it is.

What always holds: a server that is away is asked again for a while, since what has been done stands; each question may
be asked twice without harm.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final, TypeVar

from tracker.errors import TransportError
from tracker.sender import backoff_s
from tracker.transport import Transport

T = TypeVar("T")

TIMEOUT_S: Final = 60.0
_EVERY_S: Final = 1.0


class Patient:
    """A conversation that goes on through failures, for at most `timeout_s` of them in a row."""

    def __init__(self, transport: Transport, timeout_s: float) -> None:
        self.transport = transport
        self._timeout_s = timeout_s

    def tried(self, act: Callable[[], T]) -> T:
        """What `act` gives, done again while the server is away. Raises TransportError, and what else it raises."""
        failures = 0
        began = time.monotonic()
        while True:
            try:
                return act()
            except TransportError as error:
                failures += 1
                pause_s = backoff_s(failures, error.retry_after_s)
                if time.monotonic() + pause_s - began > self._timeout_s:
                    raise
                time.sleep(pause_s)


class Progress:
    """A line on standard error once a second."""

    def __init__(self) -> None:
        self._told_s = time.monotonic()

    def tell(self, message: str) -> None:
        """Print the message where the last is a second old."""
        now_s = time.monotonic()
        if now_s - self._told_s >= _EVERY_S:
            self._told_s = now_s
            print(f"tracker: {message}", file=sys.stderr, flush=True)
