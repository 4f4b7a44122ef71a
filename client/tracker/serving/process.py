"""The processes that answer: gunicorn with threads around the application, one model in each worker.

What always holds: the port is this process's own before a model is looked at; each worker loads the model after the
fork, since what runs it has threads; told to end (SIGTERM), workers answer what they are at and are gone.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import signal
import socket
import struct
import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from tracker.bundles.consumers import Report
from tracker.errors import TrackerError
from tracker.notices import notice
from tracker.serving import counts as counting
from tracker.serving import pages
from tracker.serving.answering import Answering, Application, Doors
from tracker.serving.counts import Counts
from tracker.serving.holding import Held, Holder, Options, note_end
from tracker.serving.source import Source, Version

END_S: Final = 30
"""How long requests that are being answered may still take once the server was told to end."""
_STALLED_S: Final = 30
"""How long the next bytes of a request may take, and those of an answer."""
_WAITING: Final = 2048
"""How many may have connected and wait to be let in; the system may allow fewer."""
_KEEP_ALIVE_S: Final = 75
_STUCK_S: Final = 600
"""After so long a worker that shows no sign of life is replaced; one that loads a large model may show none."""
_CONNECTIONS: Final = 1000
_FAILURE: Final = "failure"
_TIMEVAL: Final = "@ll"
"""Seconds and microseconds, as the system has them."""


class CannotServe(TrackerError):
    """Why nothing is served, as a sentence with the way out."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How it is served. `address` is where others reach it."""

    address: str
    workers: int = 1
    threads: int = 16
    doors: Doors = Doors()
    options: Options = Options()


def listen(host: str, port: int) -> socket.socket:
    """A socket that has the port; whoever connects waits there until the server runs. Raises CannotServe."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(_WAITING)  # two may have bound it; one can listen, and gunicorn leaves it so
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"port {port} is in use on {host}; give another with --port") from None
        raise CannotServe(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
    return taken


def serve_forever(listener: socket.socket, source: Source, first: Version, plan: Plan) -> None:
    """Answer requests until a signal ends it. Raises CannotServe where the first version does not load."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-serve-"))
    process_id = os.getpid()
    in_use = os.open(folder, os.O_RDONLY)
    fcntl.flock(in_use, fcntl.LOCK_SH)  # what clears old files away leaves a locked folder alone
    try:
        _Server(listener.detach(), source, first, plan, folder).run()
    except SystemExit as end:  # so gunicorn ends, in its workers too
        if os.getpid() != process_id:
            raise
        if end.code:
            raise CannotServe(f"the server ended with status {end.code}") from None
    finally:
        if os.getpid() == process_id:
            os.close(in_use)
            reason = _failure(folder)
            shutil.rmtree(folder, ignore_errors=True)
    if reason is not None:
        raise CannotServe(reason)


def limit_stalls(listener: socket.socket, seconds: int = _STALLED_S) -> None:
    """Let no receiving or sending stand still for longer; a connection takes that over from the socket it came to."""
    limit = struct.pack(_TIMEVAL, seconds, 0)
    for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        listener.setsockopt(socket.SOL_SOCKET, direction, limit)


def _failure(folder: Path) -> str | None:
    try:
        return (folder / _FAILURE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


class _Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's own, which gives no thread to the silent for ever, and takes in nobody once it ends."""

    def init_process(self) -> None:
        for listener in self.sockets:
            limit_stalls(listener.sock)
        super().init_process()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Whoever connects to a server that ends is refused, rather than left to wait for what never comes."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's own warnings, as other lines are written."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.loglevel = logging.WARNING
        self.error_log.setLevel(self.loglevel)
        self.error_log.handlers = []
        self.error_log.propagate = True


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told by us rather than by its files and environment."""

    def __init__(self, listener: int, source: Source, first: Version, plan: Plan, folder: Path) -> None:
        self._listener = listener
        self._source = source
        self._first = first
        self._plan = plan
        self._folder = folder
        self._holder: Holder | None = None
        self._reporting: Report | None = None
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"fd://{self._listener}",
            "workers": self._plan.workers,
            "threads": self._plan.threads,
            "worker_connections": _CONNECTIONS,
            "worker_class": _Worker,
            "timeout": _STUCK_S,
            "graceful_timeout": END_S,
            "keepalive": _KEEP_ALIVE_S,
            "logger_class": _Log,
            "control_socket_disable": True,
            "worker_tmp_dir": str(self._folder),
            "worker_exit": lambda _arbiter, _worker: self._end(),
            "child_exit": lambda _arbiter, worker: self._end_of(worker.pid),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        """The application of one worker, which begins to load its model."""
        plan = self._plan
        counts = Counts(self._folder if plan.workers > 1 else None)
        self._reporting = self._source.report(plan.address)
        self._holder = Holder(
            self._source, self._first, plan.options, counts, folder=self._folder,
            workers=plan.workers, on_change=self._report, on_open=self._greet, on_failure=self._give_up,
        )  # fmt: skip
        app = pages.make(self._holder, counts, address=plan.address, needs_token=plan.doors.token is not None)
        self._holder.start()
        return Answering(app, self._holder, counts, plan.doors)

    def _report(self, held: Held) -> None:
        if self._reporting is not None and held.version is not None:
            self._reporting.hold(held.version)

    def _greet(self, held: Held) -> None:
        notice(f"serving {held.told} from {held.form} on {self._plan.address}")

    def _give_up(self, reason: str) -> None:
        """The first version does not load: there is nothing to fall back on, and nothing to wait for."""
        self._note_failure(reason)
        os.kill(os.getppid(), signal.SIGTERM)

    def _note_failure(self, reason: str) -> None:
        temporary = self._folder / f".failure-{os.getpid()}"
        temporary.write_text(reason, encoding="utf-8")
        temporary.replace(self._folder / _FAILURE)

    def _end_of(self, process_id: int) -> None:
        """A worker is gone; where loading the first version did that, others would go the same way."""
        counting.forget_process(self._folder, process_id)
        reason = note_end(self._folder, process_id)
        if reason is not None:
            self._note_failure(reason)
            os.kill(os.getpid(), signal.SIGTERM)

    def _end(self) -> None:
        if self._holder is not None:
            self._holder.stop()
        if self._reporting is not None:
            self._reporting.close()
