"""The sha256 of bytes that come one part after another, taken by a thread of its own where there are many.

What always holds: no more than `WAITING_BYTES` wait for it, and whoever brings more waits until it has caught up.
"""

from __future__ import annotations

import hashlib
import threading
from types import TracebackType
from typing import Final, Self

WAITING_BYTES: Final = 4 * 1024 * 1024
_ALONE_BYTES: Final = 1024 * 1024
"""So little is taken where it comes: a thread would cost more."""


class Digest:
    """To be used as a context, at whose end the thread is gone."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._is_over = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def update(self, part: bytes) -> None:
        """Take in what comes next. It must not change afterwards."""
        self._size_bytes += len(part)
        if self._thread is None:
            if self._size_bytes <= _ALONE_BYTES:
                self._sha256.update(part)
                return
            self._thread = threading.Thread(target=self._follow, name="tracker-digest", daemon=True)
            self._thread.start()
        with self._changed:
            while self._waiting_bytes > WAITING_BYTES:
                self._changed.wait()
            self._waiting.append(part)
            self._waiting_bytes += len(part)
            self._changed.notify()

    def hexdigest(self) -> str:
        """Of all that came; nothing may come after it."""
        self._end()
        return self._sha256.hexdigest()

    def _end(self) -> None:
        if self._thread is None:
            return
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join()

    def _follow(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._is_over:
                    self._changed.wait()
                parts, self._waiting, self._waiting_bytes = self._waiting, [], 0
                self._changed.notify()
            if not parts:
                return
            for part in parts:
                self._sha256.update(part)
