"""What the server and the process that reads for it say to each other: MessagePack, after its length in four bytes.

What always holds: neither believes a length beyond the greatest, so that one that went mad costs the other no memory.
"""

from __future__ import annotations

import os
import selectors
import time
from typing import Any

import msgspec

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_LENGTH_BYTES = 4


class Asked(msgspec.Struct, frozen=True):
    """The files to be read, the struct that says what of them, and how much CPU time that may take."""

    reader: str
    paths: list[str]
    query: msgspec.Raw
    cpu_s: float


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    value: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The file cannot be read. With `is_last` the process ends, being in doubt of itself."""

    reason: str
    is_last: bool = False


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """What was asked cannot be answered of this file: an error of the API, for who asked."""

    status: int
    code: str
    message: str
    field: str | None
    details: dict[str, Any]


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Said once, when a process can be asked."""


Said = Answered | Failed | Refusal | Ready


class TooLate(Exception):
    """Nothing whole has come in time."""


class Ended(Exception):
    """The other one is gone, or talks nonsense."""


def send(fd: int, message: msgspec.Struct) -> None:
    """Raises Ended where nobody reads it, ValueError where it is too long."""
    data = msgspec.msgpack.encode(message)
    if len(data) > MAX_MESSAGE_BYTES:
        raise ValueError(f"the answer has {len(data):,} bytes, at most {MAX_MESSAGE_BYTES:,} are sent")
    left = memoryview(len(data).to_bytes(_LENGTH_BYTES, "little") + data)
    try:
        while left:
            left = left[os.write(fd, left) :]
    except OSError as error:
        raise Ended(str(error)) from error


def receive(fd: int, until_s: float) -> bytes:
    """The next message. `until_s` is a time of `time.monotonic`. Raises TooLate and Ended."""
    size = int.from_bytes(_exactly(fd, _LENGTH_BYTES, until_s), "little")
    if size > MAX_MESSAGE_BYTES:
        raise Ended(f"a message of {size:,} bytes was announced")
    return _exactly(fd, size, until_s)


def _exactly(fd: int, size: int, until_s: float) -> bytes:
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while size:
            if not selector.select(max(0.0, until_s - time.monotonic())):
                raise TooLate
            part = os.read(fd, min(size, 1 << 20))
            if not part:
                raise Ended("the other end was closed")
            parts.append(part)
            size -= len(part)
    return b"".join(parts)
