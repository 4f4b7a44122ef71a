"""What the process prints, as records, while it still goes where it went.

What always holds: the program's output is untouched, and a failure here never reaches it. A line is recorded when it
ends; of one that is redrawn (a progress bar, or several below one another) its last state is. Lines above which the
cursor has been moved are held until others follow or nothing was printed for a while, since they may be redrawn again.
Secrets that `redaction` finds in a line are not recorded. Nothing that is printed while a line is being recorded is
recorded itself, so that a notice about the journal cannot come back to it. A forked child prints through.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tracker.records import ConsoleLine
from tracker.redaction import Redactor

LONGEST_LINE: Final = 64 * 1024
QUIET_S: Final = 2.0
MOST_HELD: Final = 64
"""How many lines above the last one may be redrawn."""

_PART: Final = re.compile(r"(?P<text>[^\n\r\x1b]+)|[\n\r]|\x1b\[(?P<count>\d{0,3})(?P<code>[ABEFGK])|(?P<other>\x1b)")
_CODE: Final = re.compile(r"\x1b(?:\[\d{0,3}[ABEFGK]|(?:\[\d{0,3})?\Z)")
_CUT_CODE: Final = re.compile(r"\x1b(?:\[\d{0,3})?\Z")
_LONGEST_CODE: Final = 6


class Console:
    """Copies what goes through sys.stdout and sys.stderr into records, from the moment it is made until it is closed.

    The streams stay the objects that they are and only their `write` is ours meanwhile, so that what took hold of them
    before, a logging handler say, is recorded too. Lines that may be redrawn wait for that once or twice `quiet_s`.
    """

    def __init__(
        self,
        record: Callable[[ConsoleLine], object],
        redactor: Redactor | None = None,
        *,
        quiet_s: float = QUIET_S,
    ) -> None:
        clean = (redactor or Redactor()).text
        streams = {"stdout": sys.stdout} if sys.stderr is sys.stdout else {"stdout": sys.stdout, "stderr": sys.stderr}
        self._taps = [_Tap(name, target, record, clean) for name, target in streams.items()]
        self._quiet_s = quiet_s
        self._ended = threading.Event()
        # Made here and not once a line is held: a program may print where no thread can be started.
        with contextlib.suppress(RuntimeError):  # where none can be now, what is held waits for other lines or the end
            threading.Thread(target=self._settle, name="tracker-console", daemon=True).start()

    def close(self) -> None:
        """Give the streams their own `write` back, unless somebody has put another one over ours."""
        self._ended.set()
        for tap in self._taps:
            tap.end()

    def _settle(self) -> None:
        while not self._ended.wait(self._quiet_s):
            for tap in self._taps:
                tap.settle()


@dataclass
class _Row:
    """A line as a terminal shows it. `is_at_start`: what comes next stands in place of what is there."""

    text: str = ""
    is_at_start: bool = False
    is_redrawn: bool = False
    is_told: bool = False

    def write(self, text: str) -> None:
        if self.is_at_start:
            self.text, self.is_redrawn = "", True
        self.text += text
        self.is_at_start = self.is_told = False

    def erase(self) -> None:
        self.text, self.is_redrawn = "", True


class Lines:
    """Puts pieces of text together to lines, as a terminal would show them. `clean` sees each line as it was seen.

    A line is given back when it ends, unless the cursor has lately been as far up from the last one: then it may be
    redrawn, and waits for further lines, `settle` or the `end`. One that is redrawn after it was given back, as the
    first state of several bars is, is given back once more. Interrupted anywhere, it can go on.
    """

    def __init__(self, clean: Callable[[str], str] = str) -> None:
        self._clean = clean
        self._rows = [_Row()]
        self._at = 0  # the row that the cursor is in
        self._reach = 0  # how far up from the last row the cursor may come back to
        self._begun = 0  # how many rows have begun at the bottom since the cursor was moved up
        self._code = ""  # the beginning of a code that the next piece goes on with
        self._is_drawn = False  # whether there is anything but the text of one row to think of

    def feed(self, text: str) -> list[str]:
        """The lines that this piece completes."""
        if self._is_drawn or "\r" in text or ("\x1b" in text and _CODE.search(text)):
            return self._told(self._draw(text))
        row = self._rows[0]
        *complete, row.text = (row.text + text).split("\n")
        found = [piece for line in complete for piece in _pieces(self._clean(line))]
        return found if len(row.text) <= LONGEST_LINE else found + self.end()

    def settle(self) -> list[str]:
        """The lines above the cursor: they have been left alone for long enough."""
        self._reach = len(self._rows) - 1 - self._at
        return self._told(self._taken(self._at))

    def end(self) -> list[str]:
        """All that is left; the last line too, where it had no end."""
        if self._code:
            self._rows[self._at].write(self._code)
        rows = self._taken(len(self._rows))
        while rows and not rows[-1].text:
            rows.pop()
        return self._told(rows)

    def _draw(self, text: str) -> list[_Row]:
        """Do what a terminal does; the rows that will not be redrawn any more."""
        self._is_drawn = True
        text, self._code = self._code + text, ""
        cut = _CUT_CODE.search(text, max(0, len(text) - _LONGEST_CODE))
        if cut:
            text, self._code = text[: cut.start()], cut.group()
        found: list[_Row] = []
        for part in _PART.finditer(text):
            if part["text"] or part["other"]:
                self._rows[self._at].write(part.group())
            elif part["code"]:
                self._obey(part["code"], part["count"])
            elif part.group() == "\r":
                self._rows[self._at].is_at_start = True
            else:
                self._feed_line()
                found += self._taken(max(0, min(self._at, len(self._rows) - 1 - self._reach)))
        found += self._too_long()
        row = self._rows[0]
        self._is_drawn = len(self._rows) > 1 or bool(self._reach or self._code or row.is_at_start or row.is_redrawn)
        return found

    def _feed_line(self) -> None:
        if self._at + 1 < len(self._rows):
            self._rows[self._at + 1].is_at_start = True
        else:
            self._rows.append(_Row())
            self._begun += 1
            if self._begun > self._reach:  # nobody comes back to what stood there
                self._reach = 0
        self._at += 1

    def _obey(self, code: str, count: str) -> None:
        """Move the cursor or erase, as bars of several lines do; what else such codes can do changes nothing."""
        if code in "AF":
            self._move(-int(count or 1))
        elif code in "BE":
            self._move(int(count or 1))
        row = self._rows[self._at]
        if code == "K" and (count == "2" or (row.is_at_start and count in ("", "0"))):
            row.erase()
        elif code == "G" and count in ("", "1"):
            row.is_at_start = True

    def _move(self, rows: int) -> None:
        above = min(-(self._at + rows), MOST_HELD + 1 - len(self._rows))
        if above > 0:  # to lines that were given back: what is there is not known any more
            self._rows[:0] = [_Row(is_told=True) for _ in range(above)]
            self._at += above
        self._at = max(0, min(self._at + rows, len(self._rows) - 1))
        self._rows[self._at].is_at_start = True
        self._reach = max(self._reach, len(self._rows) - 1 - self._at)
        self._begun = 0

    def _too_long(self) -> list[_Row]:
        """All rows, where one of them has become so long that nothing must wait for its end."""
        is_full = any(len(row.text) > LONGEST_LINE for row in self._rows)
        return self._taken(len(self._rows)) if is_full else []

    def _taken(self, count: int) -> list[_Row]:
        """The first so many rows, which go; there is always one left to write to."""
        taken = self._rows[:count]
        self._at = max(0, self._at - count)
        self._rows = self._rows[count:] or [_Row()]
        return taken

    def _told(self, rows: list[_Row]) -> list[str]:
        """The rows as lines. Those told and not drawn again are none, and neither is a bar that was wiped away."""
        seen = [row.text for row in rows if not row.is_told and (row.text.strip() or not row.is_redrawn)]
        return [piece for text in seen for piece in _pieces(self._clean(text))]


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
        self._is_quiet = True
        self._pid = os.getpid()
        self._write_through = getattr(target, "write", None)
        self._hook = self.write
        self._is_on = self._write_through is not None and self._take_place()

    def write(self, text: str) -> int:
        written: int = self._write_through(text)  # type: ignore[misc]
        if self._is_on:
            self._is_quiet = False
            self._take_in(self._lines.feed, text)
        return written

    def settle(self) -> None:
        """Record the lines that are held, if nothing has been printed since this was called the last time."""
        if self._is_on and self._is_quiet:
            self._take_in(self._lines.settle)
        self._is_quiet = True

    def end(self) -> None:
        """Record the lines that are held and the one that has no end yet, and nothing after them."""
        if not self._is_on:
            return
        self._take_in(self._lines.end)
        self._is_on = False
        if self._target.write is self._hook:
            del self._target.write

    def _take_place(self) -> bool:
        try:
            self._target.write = self._hook
        except AttributeError:  # an unusual stream that lets nobody in; it is not recorded
            return False
        return True

    def _take_in(self, change: Callable[..., list[str]], *text: str) -> None:
        """Record the lines that this change gives."""
        if os.getpid() != self._pid or getattr(_recording, "is_on", False):
            return
        _recording.is_on = True  # for this thread, before the lock: a signal's handler may print in between
        try:
            with self._lock:
                lines = change(*text)
                at_ms = time.time_ns() // 1_000_000
                for line in lines:
                    self._record(ConsoleLine(at_ms, self._stream, line.encode("utf-8", "replace").decode()))
        finally:
            _recording.is_on = False


_recording = threading.local()
