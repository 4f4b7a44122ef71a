"""Sending one request to one checked address, within a time and a size.

What always holds: the socket is connected to an address that was checked, and that connection alone is used; whatever
the other side does, it is over at the deadline and no more than so many bytes of it are read.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from tracker_server.outgoing.addresses import Network, Target, check, read_target

MOST_ADDRESSES: Final = 3
"""Of those that a name has, so many are tried."""


@dataclass(frozen=True)
class Limits:
    """`total_s` is for all of it, the name's look-up included; `answer_bytes` for the answer with its headers."""

    connect_s: float = 5.0
    total_s: float = 10.0
    answer_bytes: int = 64 * 1024


USUAL: Final = Limits()


@dataclass(frozen=True)
class Answer:
    """What came back: a redirect is an answer like any other. `body` is as much of it as came within the limits."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Unreached(Exception):
    """No answer: there is no such host, nobody listens there, it took too long, or it spoke no HTTP. A sentence."""


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    allowed: Sequence[Network] = (),
    limits: Limits = USUAL,
) -> Answer:
    """Send one request and read its answer.

    Raises Refused, before anything is sent, for an address that is not allowed or that has one among those that its
    name resolves to; Unreached where no answer came.
    """
    target = read_target(url, allowed)
    deadline = time.monotonic() + limits.total_s
    found = _resolve(target, deadline)
    check([ipaddress.ip_address(place[1][0]) for place in found], target.host, allowed)
    try:
        with _connect(target, found, deadline, limits.connect_s) as line:
            return _exchange(target, line, deadline, limits.answer_bytes, method, headers, body)
    except TimeoutError as error:
        raise Unreached(f"{target.authority} did not answer within {limits.total_s:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreached(f"{target.authority}: {_reason(error)}") from error


Place = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family and a socket address of it, whose first is the address as text."""


def _resolve(target: Target, deadline: float) -> list[Place]:
    """Where the host is: the one look-up of a request. In a thread, because it knows no time limit of its own."""
    found: queue.SimpleQueue[list[Place] | OSError] = queue.SimpleQueue()
    threading.Thread(target=lambda: found.put(_looked_up(target)), name="look-up", daemon=True).start()
    try:
        places = found.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise Unreached(f"looking up {target.host!r} took too long") from None
    if isinstance(places, OSError):
        raise Unreached(f"{target.host!r} cannot be looked up: {_reason(places)}") from places
    return places


def _looked_up(target: Target) -> list[Place] | OSError:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        return error if isinstance(error, OSError) else OSError("it is no name of a host")
    return [(family, place) for family, _, _, _, place in found]


def _connect(target: Target, found: Sequence[Place], deadline: float, connect_s: float) -> socket.socket:
    """A connection to the first of these places that takes one, with TLS for the host's name where asked."""
    failure: OSError = OSError("it has no address")
    for family, place in found[:MOST_ADDRESSES]:
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(min(connect_s, _left(deadline)))
            line.connect(place)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a body follows its headers at once
            if target.scheme == "https":
                return ssl.create_default_context().wrap_socket(line, server_hostname=target.host)
        except OSError as error:
            line.close()
            failure = error
        else:
            return line
    raise failure


def _exchange(
    target: Target,
    line: socket.socket,
    deadline: float,
    answer_bytes: int,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it has one connection, and makes no other
    connection.sock = cast(socket.socket, _Line(line, deadline, answer_bytes))
    connection.putrequest(method, target.path, skip_host=True)
    given = {"Host": target.authority, "Connection": "close", "Content-Length": str(len(body or b"")), **headers}
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    return Answer(response.status, response.getheaders(), _begun(response, answer_bytes))


def _begun(response: http.client.HTTPResponse, limit: int) -> bytes:
    """As much of the body as comes: its status has been told, so one that hangs or breaks off is an answer too."""
    parts: list[bytes] = []
    size = 0
    try:
        while size < limit and (part := response.read1(limit - size)):
            parts.append(part)
            size += len(part)
    except (OSError, http.client.HTTPException):
        pass
    return b"".join(parts)


class _Line:
    """A connection as `http.client` uses one. Closing it is left to who has opened it."""

    def __init__(self, line: socket.socket, deadline: float, answer_bytes: int) -> None:
        self._line = line
        self._deadline = deadline
        self._answer_bytes = answer_bytes

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(_left(self._deadline))
        self._line.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._line, self._deadline, self._answer_bytes))

    def close(self) -> None:
        pass


class _Incoming(io.RawIOBase):
    """What comes over a connection until the deadline, and no more than so many bytes of it."""

    def __init__(self, line: socket.socket, deadline: float, limit: int) -> None:
        self._line = line
        self._deadline = deadline
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self._limit)
        if size == 0:
            return 0
        self._line.settimeout(_left(self._deadline))
        count = self._line.recv_into(buffer, size)
        self._limit -= count
        return count


def _left(deadline: float) -> float:
    """The seconds until the deadline. Raises TimeoutError where there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _reason(error: Exception) -> str:
    """In the words of the system, without its numbers where it has words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, http.client.HTTPException):
        return "it closed the connection without an answer, or what it answered is not HTTP"
    words = error.strerror if isinstance(error, OSError) else None
    return words or str(error) or "the connection broke off"
