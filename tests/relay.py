"""What stands between a client and its server while a large file goes up, and holds it in the middle."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.processes import Server


class Relay:
    """Passes on what clients send to a server, and counts it; beyond `held_after` bytes it waits until it is let go."""

    def __init__(self, port: int, held_after: int | None = None) -> None:
        self._port = port
        self._held_after = held_after
        self._let_go = threading.Event()
        self._lock = threading.Lock()
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def let_go(self) -> None:
        self._held_after = None
        self._let_go.set()

    def close(self) -> None:
        self.let_go()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:  # the server is not there
                client.close()
                continue
            for source, target, is_up in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass_on, args=(source, target, is_up), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        try:
            while part := source.recv(64 * 1024):
                if is_up:
                    with self._lock:
                        self.sent += len(part)
                        is_held = self._held_after is not None and self.sent > self._held_after
                    if is_held:
                        self._let_go.wait(60)
                target.sendall(part)
        except OSError:  # one side is gone
            pass
        finally:
            for each in (source, target):
                with suppress(OSError):  # the other direction ends too
                    each.shutdown(socket.SHUT_RDWR)
                each.close()


def arrived(server: Server) -> int:
    """How many bytes of files that are not whole yet a server has."""
    try:
        return sum(path.stat().st_size for path in (server.data / "blobs" / "incoming").iterdir())
    except FileNotFoundError:  # it has got its final name
        return 0
