"""What the process prints, as records, while it still goes where it went.

What always holds: the program's output is untouched, and a failure here never reaches it. A line is recorded when it
ends; of a line that was redrawn with carriage returns (a progress bar) its last state is. Secrets that `redaction`
finds in a line are not recorded. Nothing that is printed while a line is being recorded is recorded itself, so that a
notice about the journal cannot come back to it. A forked child prints through.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from tracker.records import ConsoleLine
from tracker.redaction import Redactor

LONGEST_LINE: Final = 64 * 1024


class Console:
    """Copies what goes through sys.stdout and sys.stderr into records, from the moment it is made until it is closed.

    The streams stay the objects that they are and only their `write` is ours meanwhile, so that what took hold of them
    before, a logging handler say, is recorded too.
    """

    def __init__(self, record: Callable[[ConsoleLine], object], redactor: Redactor | None = None) -> None:
        clean = (redactor or Redactor()).text
        streams = {"stdout": sys.stdout} if sys.stderr is sys.stdout else {"stdout": sys.stdout, "stderr": sys.stderr}
        self._taps = [_Tap(name, target, record, clean) for name, target in streams.items()]

    def close(self) -> None:
        """Give the streams their own `write` back, unless somebody has put another one over ours."""
        for tap in self._taps:
            tap.end()


class Lines:
    """Puts pieces of text together to lines and collapses carriage returns. `clean` sees each line as it was seen."""

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        self._clean = clean
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        """The lines that this piece completes."""
        *complete, rest = (self._rest + text).split("\n")
        if len(rest) > LONGEST_LINE:
            rest = _collapsed(rest)
        if len(rest) > LONGEST_LINE:
            complete, rest = [*complete, rest], ""
        self._rest = rest
        return [piece for line in complete for piece in _pieces(self._clean(_collapsed(line)))]

    def end(self) -> list[str]:
        """The last line, where it had no end."""
        rest, self._rest = _collapsed(self._rest), ""
        return _pieces(self._clean(rest)) if rest else []


def _collapsed(line: str) -> str:
    """What is left to see of a line that carriage returns have redrawn."""
    if "\r" not in line:
        return line
    return next((state for state in reversed(line.split("\r")) if state), "")


def _pieces(line: str) -> list[str]:
    return [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE)] or [""]


class _Tap:
    """Stands in the place of a text stream's `write`."""

    def __init__(
        self, stream: str, target: Any, record: Callable[[ConsoleLine], object], clean: Callable[[str], str]
    ) -> None:
        self._stream = stream
        self._target = target
        self._record = record
        self._lines = Lines(clean)
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._write_through = getattr(target, "write", None)
        self._hook = self.write
        self._is_on = self._write_through is not None and self._take_place()

    def write(self, text: str) -> int:
        written: int = self._write_through(text)  # type: ignore[misc]
        if self._is_on:
            self._feed(text)
        return written

    def end(self) -> None:
        """Record the line that has no end yet, and nothing after it."""
        if not self._is_on:
            return
        self._feed(None)
        self._is_on = False
        if self._target.write is self._hook:
            del self._target.write

    def _take_place(self) -> bool:
        try:
            self._target.write = self._hook
        except AttributeError:  # an unusual stream that lets nobody in; it is not recorded
            return False
        return True

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
