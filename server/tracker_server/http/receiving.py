"""A large body, straight from its socket into a buffer of the route's.

gunicorn hands a body on by way of several buffers of its own, each a copy; of a gigabyte that takes as long as storing
it. Where the body is one of its own whose length is known, its socket is read here; any other is read as ever.

What always holds: no more is read than the body has, and gunicorn knows how much of it is left, so that the next
request of the connection begins where this one ends.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from flask import Request
from gunicorn.http.body import LengthReader
from gunicorn.http.unreader import SocketUnreader

from tracker_server.errors import Stalled
from tracker_server.http.bodies import check_length, reader

_FIRST_BYTES = 64 * 1024


def filler(request: Request, limit_bytes: int) -> Callable[[memoryview], int]:
    """What puts the next of the body into a buffer, and says how much; 0 at its end. Raises TooLarge and Stalled."""
    found = _length_reader(request)
    if found is None:
        return _by_reading(request, limit_bytes)
    check_length(request, limit_bytes)
    body, length = found
    size = 0

    def fill(buffer: memoryview) -> int:
        nonlocal size
        try:
            count = _next(body, length, buffer)
        except (BlockingIOError, ConnectionError, TimeoutError) as error:
            body.failed = True
            message = f"the body broke off after {size:,} bytes ({error.strerror}); send the request again"
            raise Stalled("stalled", message) from error
        size += count
        return count

    return fill


def _by_reading(request: Request, limit_bytes: int) -> Callable[[memoryview], int]:
    read = reader(request, limit_bytes)

    def fill(buffer: memoryview) -> int:
        part = read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    return fill


def _length_reader(request: Request) -> tuple[Any, Any] | None:
    """gunicorn's body of the request and its reader, where they are as they have been and the socket is a plain one."""
    body = request.environ.get("wsgi.input")
    length: Any = getattr(body, "reader", None)
    if type(length) is not LengthReader or type(length.unreader) is not SocketUnreader:
        return None
    return (body, length) if type(length.unreader.sock) is socket.socket else None


def _next(body: Any, length: Any, buffer: memoryview) -> int:
    wanted = min(len(buffer), length.length)
    held = body.buf.tell() or length.unreader.buf.tell()
    if wanted and held:  # what came with the headers
        part = body.read(min(wanted, held))
        buffer[: len(part)] = part
        return len(part)
    if not wanted:
        return 0
    count: int = length.unreader.sock.recv_into(buffer[:wanted], 0, socket.MSG_WAITALL)
    if not count:
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
    length.length -= count
    return count
