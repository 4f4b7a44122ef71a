"""Telling a server which version of a model this process holds, so that people see what production is running.

What always holds: it costs nobody anything. One thread for the whole process tells, every 30 seconds and on a change;
nothing raises, nothing is waited for but a moment at the end of the process, and what could not be told is forgotten.
It tells nothing where logging is offline or disabled. A forked child speaks for itself, once it holds something.
"""

from __future__ import annotations

import atexit
import os
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

from tracker.errors import RefusedError, TrackerError
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.transport import Transport

EVERY_S: Final = 30.0
_AT_EXIT_S: Final = 1.5
_TIMEOUTS_S: Final = (2.0, 5.0)

Kind = Literal["load", "serve"]


@dataclass(eq=False)
class Report:
    """What this process holds of one model: `hold` says the version, `close` that it holds none any more.

    `ref` is what was asked for, `production` or `v3`; `address` is where one that serves answers.
    """

    chosen: Settings
    model: str
    ref: str
    kind: Kind = "load"
    address: str | None = None
    version: int | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    has_ended: bool = False
    was_told: bool = False

    def hold(self, version: int) -> None:
        """That is the version now."""
        self.version = version
        self.start()

    def start(self) -> None:
        """Begin to tell, in the process that calls."""
        if self.chosen.mode == "online" and self.version is not None and not self.has_ended:
            _reporter.add(self)

    def close(self) -> None:
        """It holds the model no more."""
        self.has_ended = True
        _reporter.wake()

    def body(self) -> dict[str, Any]:
        """What the server is told."""
        host = socket.gethostname()[:500] or "unknown"
        said: dict[str, Any] = {"version": self.version, "ref": self.ref, "kind": self.kind, "host": host}
        said |= {"address": self.address} if self.address is not None else {}
        return said | ({"has_ended": True} if self.has_ended else {})


class _Reporter:
    """The thread that tells, and what it tells of. Only the thread talks to a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: list[Report] = []
        self._wake = threading.Event()
        self._is_over = False
        self._thread: threading.Thread | None = None
        self._transports: dict[tuple[str, str | None], Transport] = {}

    def add(self, report: Report) -> None:
        with self._lock:
            if self._is_over:
                return
            if report not in self._reports:
                self._reports.append(report)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tracker-consumers", daemon=True)
                self._thread.start()
                atexit.register(self._end)
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.wait(EVERY_S)
            self._wake.clear()
            is_over = self._is_over
            with self._lock:
                reports = list(self._reports)
            for report in reports:
                if self._is_over and not report.was_told:
                    continue  # the process is ending, and a server that is away would be waited for
                if not self._tell(report):
                    with self._lock:
                        self._reports.remove(report)
            if is_over:
                return

    def _tell(self, report: Report) -> bool:
        """Whether there will be more to tell of it. The edge of the thread: nothing is raised."""
        has_ended = report.has_ended
        if has_ended and not report.was_told:
            return False
        path = f"/models/{quote(report.model, safe='')}/consumers/{report.id}"
        try:
            self._transport(report.chosen).ask("PUT", path, body=report.body())
            report.was_told = True
        except RefusedError:
            return False  # a server of an earlier version, or one that will not hear it: asking again changes nothing
        except (TrackerError, OSError):
            report.was_told = False
        return not has_ended

    def _transport(self, chosen: Settings) -> Transport:
        from tracker.transport import Transport

        key = (chosen.url, chosen.api_key)
        if key not in self._transports:
            connect_s, read_s = _TIMEOUTS_S
            self._transports[key] = Transport(
                chosen.url, chosen.api_key, connect_timeout_s=connect_s, read_timeout_s=read_s
            )
        return self._transports[key]

    def _end(self) -> None:
        """Tell what has to be told at the end of the process, within a moment."""
        with self._lock:
            self._is_over = True
            for report in self._reports:
                report.has_ended = True
        self._wake.set()
        if self._thread is not None:
            with suppress(KeyboardInterrupt):
                self._thread.join(_AT_EXIT_S)


_reporter = _Reporter()


def _begin_anew() -> None:
    """A forked child has none of its parent's threads, and may share none of its connections."""
    global _reporter
    for report in _reporter._reports:
        report.id, report.was_told = secrets.token_hex(8), False
    atexit.unregister(_reporter._end)
    _reporter = _Reporter()


os.register_at_fork(after_in_child=_begin_anew)
