"""Being asked to stop: by a person in the dashboard, or by a metric that is no number any more.

What always holds: a request is taken once, however often it arrives. A program that looks at `should_stop` is left to
end by itself; one that never has is interrupted as by Ctrl-C, in its main thread, so that its own clean-up runs. A
forked child is never interrupted: what its parent does about it is the parent's.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Final, Literal

from tracker.notices import notice

OnStop = Literal["interrupt", "flag"]
ON_STOP: Final = ("interrupt", "flag")


class Stopping:
    """Whether a run has been asked to stop. Safe from any thread."""

    def __init__(self, on_stop: OnStop) -> None:
        self._on_stop = on_stop
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._is_watched = False
        self._is_requested = False

    @property
    def is_requested(self) -> bool:
        """Whether it has been asked for; to know this is not to promise to act on it."""
        return self._is_requested

    def look(self) -> bool:
        """The same for the program, which acts on it by itself from now on."""
        self._is_watched = True
        return self._is_requested

    def request(self, why: str) -> None:
        """Ask the program to end, for the reason `why`, which follows "stop was asked for"."""
        with self._lock:
            if self._is_requested:
                return
            self._is_requested = True
        is_ours = os.getpid() == self._pid
        if self._on_stop == "flag" or self._is_watched or not is_ours:
            notice(f"stop was asked for {why}; run.should_stop is True")
            return
        notice(f"stop was asked for {why}; this program does not look at run.should_stop, so it is interrupted")
        main = threading.main_thread()
        if main.ident is not None and main.is_alive():
            signal.pthread_kill(main.ident, signal.SIGINT)  # to that thread, so that it also leaves a system call
