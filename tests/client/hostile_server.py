"""What stands between a client and its server and cuts, stalls or answers by itself: raw sockets before a real fake.

What always holds: each connection is treated in the manner that is next in `manners`, in the order they are accepted,
and well once those are used up; what is passed on reaches the server behind unchanged.
"""

from __future__ import annotations

import socket
import struct
import threading
from urllib.parse import urlsplit

TAKEN_BYTES = 300
WAIT_S = 30.0

ANSWERS = {
    "429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "html": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<p>Sign in.</p>",
    "html 500": b"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<p>It broke</p>",
    "not http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
    "redirect to itself": b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
}
"""What a manner answers, by itself, to a whole request; the connection is closed then."""


class HostileServer:
    """Listens on a free port of this machine, before the server at `behind`, from the moment it is made."""

    def __init__(self, behind: str, manners: list[str]) -> None:
        parts = urlsplit(behind)
        self.manners = list(manners)
        self._behind = (str(parts.hostname), int(parts.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            taken.settimeout(WAIT_S)
            manner = self.manners.pop(0) if self.manners else "well"
            threading.Thread(target=self._treat, args=(taken, manner), daemon=True).start()

    def _treat(self, client: socket.socket, manner: str) -> None:
        try:
            with client:
                if manner == "reset in the body":
                    client.recv(TAKEN_BYTES, socket.MSG_WAITALL)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif manner == "hang":
                    self._is_over.wait(WAIT_S)
                elif manner in ANSWERS:
                    _read_request(client)
                    client.sendall(ANSWERS[manner])
                else:
                    self._pass_on(client, manner)
        except OSError:
            return  # one of the two has hung up, as they may

    def _pass_on(self, client: socket.socket, manner: str) -> None:
        with socket.create_connection(self._behind, WAIT_S) as server:
            while request := _read_request(client):
                server.sendall(request)
                answer = _read_request(server)
                if manner == "cut after commit":
                    return
                if manner == "half an answer":
                    client.sendall(answer[: len(answer) - 5])
                    return
                client.sendall(answer)


def _read_request(peer: socket.socket) -> bytes:
    """One message with its body, of the length that its head names; nothing where the peer has hung up."""
    read = b""
    while b"\r\n\r\n" not in read:
        more = peer.recv(65536)
        if not more:
            return b""
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    fields = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    length = next((int(value) for name, _, value in fields if name.lower() == b"content-length"), 0)
    while len(body) < length:
        more = peer.recv(65536)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body
