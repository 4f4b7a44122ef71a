"""How far a transfer is, as one line on the terminal that is written over and over.

What always holds: nothing is written where standard error is no terminal, nor for what is done within a moment; a line
that was written is gone at the end. A closed terminal is no reason to stop.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

QUIET_S: Final = 0.5
_EVERY_S: Final = 0.1
_ERASE: Final = "\r\x1b[K"


class Progress:
    """So many bytes of so many files; safe from several threads.

    `is_wanted` says whether there is somebody who waits for it: only then is it shown.
    """

    def __init__(
        self,
        what: str,
        *,
        size_bytes: int = 0,
        count: int = 0,
        is_wanted: Callable[[], bool] = lambda: True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._size_bytes = size_bytes
        self._count = count
        self._is_wanted = is_wanted
        self._stream = stream if stream is not None else sys.__stderr__
        self._clock = clock
        self._begun_s = self._told_s = clock()
        self._done_bytes = 0
        self._done_count = 0
        self._is_shown = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add(self, size_bytes: int, count: int = 0) -> None:
        """So many bytes and files more are done."""
        with self._lock:
            self._done_bytes += size_bytes
            self._done_count += count
            now_s = self._clock()
            if now_s - self._begun_s < QUIET_S or now_s - self._told_s < _EVERY_S:
                return
            self._told_s = now_s
            if self._is_wanted():
                self._show(now_s - self._begun_s)

    def close(self) -> None:
        """Take the line away."""
        with self._lock:
            if self._is_shown:
                self._is_shown = False
                self._write(_ERASE)

    def _show(self, passed_s: float) -> None:
        try:
            is_terminal = self._stream is not None and self._stream.isatty()
        except ValueError:  # closed
            return
        if is_terminal:
            self._is_shown = True
            self._write(f"{_ERASE}tracker: {self._line(passed_s)}")

    def _line(self, passed_s: float) -> str:
        parts = []
        if self._count > 1:
            parts.append(f"{self._done_count:,} of {self._count:,} files")
        if self._size_bytes:
            parts.append(f"{self._done_bytes / 1e6:,.0f} of {self._size_bytes / 1e6:,.0f} MB")
            parts.append(f"{self._done_bytes / 1e6 / passed_s:,.0f} MB/s")
        shares = [
            done / whole
            for done, whole in ((self._done_bytes, self._size_bytes), (self._done_count, self._count))
            if whole
        ]
        share = min(shares, default=0.0)
        if 0 < share < 1:
            parts.append(f"{share:.0%}, {passed_s / share - passed_s:,.0f} s left")
        return f"{self._what}: {', '.join(parts)}"

    def _write(self, text: str) -> None:
        try:
            assert self._stream is not None
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return
