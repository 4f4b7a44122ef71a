"""What the process prints, as records, while it still goes where it went.

What always holds: the program's output is untouched, and a failure here never reaches it. A line is recorded when it
ends; of a line that was redrawn with carriage returns (a progress bar) its last state is. Nothing that is printed while
a line is being recorded is recorded itself, so that a notice about the journal cannot come back to it. A forked child
prints through.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from tracker.records import ConsoleLine

LONGEST_LINE: Final = 64 * 1024


class Console:
    """Copies sys.stdout and sys.stderr into records, from the moment it is made until it is closed."""

    def __init__(self, record: Callable[[ConsoleLine], object]) -> None:
        self._tees = {stream: _Tee(stream, getattr(sys, stream), record) for stream in ("stdout", "stderr")}
        for stream, tee in self._tees.items():
            setattr(sys, stream, tee)

    def close(self) -> None:
        """Put the streams back, unless somebody has put other ones over ours; those go on through us, unrecorded."""
        for stream, tee in self._tees.items():
            tee.end()
            if getattr(sys, stream) is tee:
                setattr(sys, stream, tee.target)


class Lines:
    """Puts pieces of text together to lines and collapses carriage returns."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        """The lines that this piece completes."""
        *complete, rest = (self._rest + text).split("\n")
        if len(rest) > LONGEST_LINE:
            rest = _collapsed(rest)
        if len(rest) > LONGEST_LINE:
            complete, rest = [*complete, rest], ""
        self._rest = rest
        return [piece for line in complete for piece in _pieces(_collapsed(line))]

    def end(self) -> list[str]:
        """The last line, where it had no end."""
        rest, self._rest = _collapsed(self._rest), ""
        return _pieces(rest) if rest else []


def _collapsed(line: str) -> str:
    """What is left to see of a line that carriage returns have redrawn."""
    if "\r" not in line:
        return line
    return next((state for state in reversed(line.split("\r")) if state), "")


def _pieces(line: str) -> list[str]:
    return [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE)] or [""]


class _Tee:
    """Stands in for a text stream: everything goes to it, and what is written is recorded too."""

    def __init__(self, stream: str, target: Any, record: Callable[[ConsoleLine], object]) -> None:
        self.target = target
        self._stream = stream
        self._record = record
        self._lines = Lines()
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._is_on = True

    def write(self, text: str) -> int:
        written: int = self.target.write(text)
        if self._is_on:
            self._feed(text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def __iter__(self) -> Any:
        return iter(self.target)

    def end(self) -> None:
        """Record the line that has no end yet, and nothing after it."""
        if self._is_on:
            self._feed(None)
        self._is_on = False

    def _feed(self, text: str | None) -> None:
        """Record the lines that `text` completes; None ends the last line."""
        if os.getpid() != self._pid or getattr(_recording, "is_on", False):
            return
        _recording.is_on = True  # for this thread, before the lock: a signal's handler may print in between
        try:
            with self._lock:
                lines = self._lines.end() if text is None else self._lines.feed(text)
                at_ms = time.time_ns() // 1_000_000
                for line in lines:
                    self._record(ConsoleLine(at_ms, self._stream, line.encode("utf-8", "replace").decode()))
        finally:
            _recording.is_on = False


_recording = threading.local()
