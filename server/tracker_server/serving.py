"""The process that answers: gunicorn with threads around the app.

What always holds: told to end (SIGTERM), it takes no new connections, answers what it is at, and is gone with status 0
within `END_S`. What takes longer is cut off: a client has had no answer, and sends again what it sent.

One process by default: SQLite has one writer, and threads share its caches. `--no-control-socket` because gunicorn's
control socket is one path for all servers of a user.
"""

from __future__ import annotations

import dataclasses
import gc
import logging
import os
import resource
import shutil
import socket
import struct
import time
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from tracker_server import ingest, logs, retention, vitals, webhooks
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings

MOST_CONNECTIONS = 10_000
OTHER_FILES = 512
"""Of one process: the database's, blobs, the log."""

END_S = 10.0
_WORKERS_END_S = 9
"""After so long a worker that is still there is killed."""
_ANSWERS_END_S = 7
"""After so long a worker answers no more, and has the rest for closing its database."""
_SENDERS_END_S = 0.5
"""How long a webhook that is being sent may still be, after the answers; the next server sends it again."""
_IDLE_END_S = 1.0
"""How long a connection that has not sent anything yet may still do so."""


_TIMEVAL = "@ll"
"""Seconds and microseconds, as the system has them."""


class _Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's own, which ends in time whatever its threads are at, and gives none of them to the silent for ever."""

    def init_process(self) -> None:
        """A connection takes this over from the socket that it came to: only reading has this limit."""
        for listener in self.sockets:
            limit = struct.pack(_TIMEVAL, self.app.stalled_after_s, 0)
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        super().init_process()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told to end: the grace of the worker is shorter than that of the process that waits for it."""
        self.cfg.set("graceful_timeout", _ANSWERS_END_S)
        super().handle_exit(sig, frame)
        self.app.begin_end()
        self.method_queue.defer(self._end_idle)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Whoever connects to a server that ends is refused: what is sent to it now, it would never read."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

    def _end_idle(self) -> None:
        """Connections without a request have no part in what is being answered, but would be waited for."""
        last = time.monotonic() + _IDLE_END_S
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, last)


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told by us rather than by its files and environment."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        self._abandoned: ingest.AbandonedTails | None = None
        self._sender: webhooks.Sender | None = None
        self._tidying: retention.Tidying | None = None
        self._database: Database | None = None
        super().__init__()

    @property
    def stalled_after_s(self) -> int:
        return self._settings.stalled_after_s

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        self.cfg.set("worker_exit", lambda _arbiter, worker: self._close(worker))
        self.cfg.set("child_exit", lambda _arbiter, worker: self._forget(worker))

    def load(self) -> Flask:
        """The app, and beside it the threads that look after silent runs, apply policies and send webhooks."""
        app = create_app(self._settings)
        self._database = app.extensions["tracker.database"]
        self._abandoned = ingest.AbandonedTails(self._database, silent_ms=self._settings.abandoned_after_ms)
        self._tidying = retention.Tidying(self._database)
        self._sender = webhooks.Sender(
            self._database,
            app.extensions["tracker.outbox"].filled,
            allowed=self._settings.webhook_networks,
            first_wait_s=self._settings.webhook_first_wait_s,
        )
        _keep_for_good()
        return app

    def _forget(self, worker: _Worker) -> None:
        if self._settings.counts is not None:
            vitals.forget_process(self._settings.counts, worker.pid)

    def begin_end(self) -> None:
        """The threads beside the requests end from here on, while those are answered. Safe in a signal's handler."""
        if self._abandoned is not None:
            self._abandoned.begin_stop()
        if self._sender is not None:
            self._sender.begin_stop()
        if self._tidying is not None:
            self._tidying.begin_stop()

    def _close(self, worker: _Worker) -> None:
        """End the threads beside the requests; SQLite then brings its log into the file, and takes it away."""
        if self._abandoned is not None:
            self._abandoned.stop(_WORKERS_END_S - _ANSWERS_END_S - 1)
        if self._sender is not None:
            self._sender.stop(_SENDERS_END_S)
        if self._tidying is not None:
            self._tidying.stop(1.0)
        if self._database is not None:
            self._database.close()
        if worker.nr_conns > 0:  # Python would wait for their threads, however long those take
            logging.shutdown()
            os._exit(0)


def serve_forever(settings: Settings, *, workers: int, threads: int) -> None:
    """Answer requests until a signal ends the process; SIGTERM lets those under way end first, for some seconds.

    The app is made in the worker, after the fork, so that no database connection crosses it.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    options = {
        "bind": f"{host}:{settings.port}",
        "workers": workers,
        "threads": threads,
        "worker_connections": _connections(),
        "worker_class": _Worker,
        "timeout": 120,
        "graceful_timeout": _WORKERS_END_S,
        "keepalive": 75,
        "limit_request_line": 8190,  # names of metrics stand in it, and one has up to 500 characters of 12 bytes
        "logger_class": logs.ThroughRoot,
        "control_socket_disable": True,
        "worker_tmp_dir": str(settings.data),
    }
    _Server(_counting(settings, workers), options).run()


def _counting(settings: Settings, workers: int) -> Settings:
    """With several workers, a folder for what they count, which begins anew with each start."""
    if workers == 1:
        return settings
    counts = settings.data / f"counts-{settings.port}"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(mode=0o700)
    return dataclasses.replace(settings, counts=counts)


def _keep_for_good() -> None:
    """What has been loaded by now stays until the end, so the garbage collector need not walk through it again.

    It did so every few seconds with a thousand live runs, and everybody waited for a tenth of a second.
    """
    gc.collect()
    gc.freeze()


def _connections() -> int:
    """How many connections one process keeps: every live run has one, and beyond them nobody is let in any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, soft - OTHER_FILES)
