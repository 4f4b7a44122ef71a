"""A server of somebody else's, for tests: it keeps every request, and answers as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.processes import wait_until


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Where it listens, and what has come. `answer` gives the status of a request by how many came before it.

    0 is to hang up without an answer.
    """

    url: str = ""
    answer: Callable[[int], int] = lambda _count: 200
    requests: list[Received] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, count: int, *, timeout_s: float = 20.0) -> list[Received]:
        """The requests so far, once they are as many."""
        wait_until(lambda: len(self.requests) >= count, f"{count} requests have come", timeout_s=timeout_s)
        return list(self.requests)

    def take(self, request: Received) -> int:
        with self._lock:
            self.requests.append(request)
            before = len(self.requests) - 1
        return self.answer(before)


@contextmanager
def receiving(answer: Callable[[int], int] = lambda _count: 200, *, port: int = 0) -> Iterator[Receiver]:
    """Receive on 127.0.0.1 until the end of the `with`."""
    receiver = Receiver(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Received("POST", self.path, dict(self.headers), body))
            if status == 0:
                return  # it hangs up
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"thanks" if status < 300 else b"not now")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
