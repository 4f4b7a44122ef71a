"""One process that reads, as the server holds it.

What always holds: it is started anew and never forked from the server, so that it has none of its memory, connections
and locks; it is given none of its environment but what Python needs to start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from tracker_server.confined import wire

START_S = 30.0
"""On a machine that is busy; else it takes a fifth of a second."""

_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME")
_SET = {"LANG": "C.UTF-8", "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


_SAID: msgspec.msgpack.Decoder[wire.Said] = msgspec.msgpack.Decoder(wire.Said)


class Died(Exception):
    """The process ended with the question; the text says how, as far as that is known."""


class NotAsked(Exception):
    """The process ended before it was asked anything: it had been idle."""


class NoStart(Exception):
    """The process could not start."""


class Process:
    """Started by being made. One question at a time; the one who holds it sees to that."""

    def __init__(self, module: str) -> None:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 (this Python, and a module of ours)
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | _SET,
            cwd="/",
            start_new_session=True,  # a Ctrl-C in the server's terminal is not for it
        )
        threading.Thread(target=self._process.wait, name="tracker-confined", daemon=True).start()  # no zombie stays
        self._is_ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, reader: str, paths: Sequence[Path], query: msgspec.Struct, *, timeout_s: float) -> wire.Said:
        """What a reader says. Raises Died, NotAsked and NoStart, after each of which this process is no more."""
        self._begin()
        try:
            raw = msgspec.Raw(msgspec.msgpack.encode(query))
            wire.send(
                self._pipe(self._process.stdin), wire.Asked(reader, [str(path) for path in paths], raw, timeout_s)
            )
            said = self._receive(time.monotonic() + timeout_s)
        except wire.TooLate:
            self.end()
            raise Died(f"it took longer than {timeout_s:g} s") from None
        except (wire.Ended, msgspec.DecodeError, OSError):
            code = self._status()
            if code == 0:
                raise NotAsked from None
            raise Died(_how(code)) from None
        except BaseException:  # whoever asks next would be told what this one asked for
            self.end()
            raise
        if isinstance(said, wire.Failed) and said.is_last:
            self.end()
        return said

    def end(self) -> None:
        """Kill it; nothing is lost by that."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _begin(self) -> None:
        if self._is_ready:
            return
        try:
            self._is_ready = isinstance(self._receive(time.monotonic() + START_S), wire.Ready)
        except (wire.Ended, wire.TooLate, msgspec.DecodeError, OSError):
            self.end()
            raise NoStart from None

    def _receive(self, until_s: float) -> wire.Said:
        return _SAID.decode(wire.receive(self._pipe(self._process.stdout), until_s))

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> int:
        assert pipe is not None
        return pipe.fileno()

    def _status(self) -> int | None:
        """What it ended with; None where it had to be ended."""
        try:
            code = self._process.wait(2.0)  # its pipes close a moment before it is gone
        except subprocess.TimeoutExpired:
            code = None
        self.end()
        return code


def _how(code: int | None) -> str:
    if code is None:
        return "the reader said what nobody understands"
    if code == -signal.SIGXCPU:
        return "it took more CPU time than one file is given"
    if code in (-signal.SIGABRT, -signal.SIGKILL):
        return "its reader ran out of memory, or crashed"
    return f"its reader crashed ({signal.Signals(-code).name})" if code < 0 else f"its reader ended ({code})"
