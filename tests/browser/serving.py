"""A server inside the test's process, for settings that no command line gives on a loopback address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from werkzeug.serving import make_server

from tests.processes import free_port
from tracker_server.app import create_app
from tracker_server.cli import prepare
from tracker_server.settings import Settings


@dataclass(frozen=True)
class Serving:
    """Where it listens, and the access key that its first start made, if it needs one."""

    url: str
    key: str | None


@contextmanager
def serving(data: Path, *, needs_key: bool = False, lost_after_ms: int = 60_000) -> Iterator[Serving]:
    """Answer requests on a free port until the end of the `with`."""
    settings = Settings.in_folder(data, port=free_port(), needs_key=needs_key, lost_after_ms=lost_after_ms)
    key = prepare(settings)
    app = create_app(settings)
    server = make_server(settings.host, settings.port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Serving(f"http://{settings.host}:{settings.port}", key)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["tracker.database"].close()
