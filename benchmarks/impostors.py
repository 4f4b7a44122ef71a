"""What a client meets instead of a good server: silence, slowness, failures and a page of somebody else's.

Each is a context that yields its address on this machine, and is gone afterwards.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

SLOWNESS_S = 2.0
PAGE = b"<html><body>Sign in to the hotel's network</body></html>"
LONGEST_S = 30


@contextmanager
def hanging_server() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@contextmanager
def slow_server(behind: str) -> Iterator[str]:
    """Hands each request to the server `behind`, `SLOWNESS_S` later."""
    is_over = threading.Event()

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        is_over.wait(SLOWNESS_S)
        kept = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        got = requests.request(request.command, behind + request.path, data=body, headers=kept, timeout=LONGEST_S)
        return got.status_code, got.headers["Content-Type"], got.content

    with _serving(_handler(answer)) as url:
        try:
            yield url
        finally:
            is_over.set()


@contextmanager
def failing_server() -> Iterator[str]:
    """Answers every request with 500."""
    with _serving(_handler(lambda *_: (500, "application/json", b'{"error": {"code": "internal"}}'))) as url:
        yield url


@contextmanager
def captive_portal() -> Iterator[str]:
    """Answers every request with 200 and a page to sign in on."""
    with _serving(_handler(lambda *_: (200, "text/html", PAGE))) as url:
        yield url


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer's body waits 40 ms for the acknowledgement of its headers

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client has ended, as it may
            super().handle()

    def log_message(self, *_: object) -> None:
        return

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        raise NotImplementedError

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, kind, content = self.answer(body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except (OSError, requests.RequestException):
            self.close_connection = True  # the client, or the server behind, has gone; that is its own business

    do_POST = do_PUT = do_GET


def _handler(answer: object) -> type[_Answering]:
    return type("Handler", (_Answering,), {"answer": answer})


@contextmanager
def _serving(handler: type[_Answering]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()
            thread.join()
