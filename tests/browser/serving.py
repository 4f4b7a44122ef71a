"""A server inside the test's process, for settings that no command line gives on a loopback address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from tests.accounts import make_key
from tests.processes import free_port
from tracker_server.app import create_app
from tracker_server.cli import prepare
from tracker_server.settings import Settings


@dataclass(frozen=True)
class Serving:
    """Where it listens, the password that its first start made for ada, and a key of hers, if it needs any."""

    url: str
    password: str | None
    key: str | None


@contextmanager
def serving(data: Path, *, needs_key: bool = False, **others: Any) -> Iterator[Serving]:
    """Answer requests on a free port until the end of the `with`."""
    settings = Settings.in_folder(data, port=free_port(), needs_key=needs_key, **others)
    password = prepare(settings)
    app = create_app(settings)
    server = make_server(settings.host, settings.port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Serving(f"http://{settings.host}:{settings.port}", password, make_key(app) if needs_key else None)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["tracker.database"].close()
