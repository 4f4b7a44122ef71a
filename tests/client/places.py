"""Places where files lie, for tests: an HTTP server that tells ETags, and a bucket of a real S3 server's interface."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import obstore
import obstore.store
import requests


@dataclass
class Web:
    """Files behind addresses: what is in `files` is there. Without `has_etags` it tells of none, without `says_size`
    not how long they are. It answers as Google Cloud Storage does, too: bucket and name are then the path.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    has_etags: bool = True
    says_size: bool = True
    answers_head: bool = True
    is_broken: bool = False
    asked: list[str] = field(default_factory=list)


@contextmanager
def web() -> Iterator[Web]:
    """A server on a free port. `/moved/NAME` leads to `/NAME`."""
    made = Web("")

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(is_head=True)

        def do_GET(self) -> None:
            self._answer(is_head=False)

        def _answer(self, *, is_head: bool) -> None:
            made.asked.append(f"{self.command} {self.path}")
            if self.path.startswith("/moved/"):
                self._say(302, {"Location": self.path.removeprefix("/moved")})
            elif made.is_broken or (is_head and not made.answers_head):
                self._say(503 if made.is_broken else 405, {})
            elif (content := made.files.get(unquote(self.path.lstrip("/")))) is None:
                self._say(404, {})
            else:
                self._show(content, is_head=is_head)

        def _show(self, content: bytes, *, is_head: bool) -> None:
            headers = {"Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT"}
            if made.says_size:
                headers["Content-Length"] = str(len(content))
            if made.has_etags:
                headers["ETag"] = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
            self._say(200, headers)
            if not is_head:
                with suppress(ConnectionError):  # who asked has heard enough
                    self.wfile.write(content)

        def _say(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers if status == 200 else {"Content-Length": "0"} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: a test reads `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Bucket:
    """A bucket behind the interface of S3; `environment` has whoever reads it find the server."""

    url: str
    environment: dict[str, str]

    def put(self, key: str, content: bytes) -> str:
        """Keep a file there; its address."""
        config = {name: value for name, value in self.environment.items() if name.startswith("AWS_")}
        store = obstore.store.from_url("s3://models", config=config, client_options={"allow_http": True})
        obstore.put(store, key, content)
        return f"s3://models/{key}"


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A server that answers as S3 does, in memory."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        assert requests.put(f"{url}/models", timeout=30).ok
        yield Bucket(
            url,
            {
                "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "ada", "AWS_SECRET_ACCESS_KEY": "a test's own",
                "AWS_REGION": "us-east-1",
            },
        )  # fmt: skip
    finally:
        server.stop()
