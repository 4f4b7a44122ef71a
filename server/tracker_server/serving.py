"""The process that answers: gunicorn with threads around the app.

One process by default: SQLite has one writer, and threads share its caches. `--no-control-socket` because gunicorn's
control socket is one path for all servers of a user.
"""

from __future__ import annotations

import gc
import resource
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from tracker_server import ingest
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings

MOST_CONNECTIONS = 10_000
OTHER_FILES = 512
"""Of one process: the database's, blobs, the log."""


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, told by us rather than by its files and environment."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        self._abandoned: ingest.AbandonedTails | None = None
        self._database: Database | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        self.cfg.set("worker_exit", lambda _arbiter, _worker: self._close())

    def load(self) -> Flask:
        """The app, and beside it the thread that looks after silent runs."""
        app = create_app(self._settings)
        self._database = app.extensions["tracker.database"]
        self._abandoned = ingest.AbandonedTails(self._database, silent_ms=self._settings.abandoned_after_ms)
        _keep_for_good()
        return app

    def _close(self) -> None:
        """End the threads beside the requests; SQLite then brings its log into the file, and takes it away."""
        if self._abandoned is not None:
            self._abandoned.stop()
        if self._database is not None:
            self._database.close()


def serve_forever(settings: Settings, *, workers: int, threads: int) -> None:
    """Answer requests until a signal ends the process; SIGTERM lets those under way end first.

    The app is made in the worker, after the fork, so that no database connection crosses it.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    options = {
        "bind": f"{host}:{settings.port}",
        "workers": workers,
        "threads": threads,
        "worker_connections": _connections(),
        "worker_class": "gthread",
        "timeout": 120,
        "graceful_timeout": 10,
        "keepalive": 75,
        "limit_request_line": 8190,  # names of metrics stand in it, and one has up to 500 characters of 12 bytes
        "loglevel": "warning",
        "control_socket_disable": True,
        "worker_tmp_dir": str(settings.data),
    }
    _Server(settings, options).run()


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
