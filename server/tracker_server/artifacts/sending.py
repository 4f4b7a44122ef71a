"""The bytes of a blob as the body of an answer: whole, or from where an earlier answer broke off.

What always holds: the system sends a file by itself, without its bytes passing through here; but a large one that
nobody else asks for passes through, so that the system can forget each part once it is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

from flask import Request, Response
from werkzeug.wsgi import wrap_file

from tracker_server.artifacts.system_cache import Wanted, forget

LARGE_BYTES: Final = 64 * 1024 * 1024
_PART_BYTES: Final = 256 * 1024
_FORGOTTEN_BYTES: Final = 8 * 1024 * 1024
_REST: Final = re.compile("bytes=([0-9]{1,18})-")
"""What a download asks for that goes on where it broke off."""

_wanted = Wanted()


def send_well(request: Request, response: Response, path: Path, digest: str) -> None:
    """Give an answer that sends a file, or the rest of one, the body that is best for it.

    Any other part of a file goes out by 8 KiB, as it would without.
    """
    start = _start(request, response)
    if start is None or request.method != "GET":
        return
    size = path.stat().st_size
    if size - start >= LARGE_BYTES and not _wanted.note(digest):
        _replace(response, Passing(path, start, size))
    elif response.status_code == 206:
        file = path.open("rb")
        file.seek(start)
        _replace(response, wrap_file(request.environ, file))


def _start(request: Request, response: Response) -> int | None:
    """Where in the file the answer begins that goes to its end; None for another answer."""
    if response.status_code == 200:
        return 0
    rest = _REST.fullmatch(request.headers.get("Range", ""))
    return int(rest[1]) if response.status_code == 206 and rest is not None else None


def _replace(response: Response, body: Iterable[bytes]) -> None:
    replaced = response.response
    if hasattr(replaced, "close"):
        replaced.close()
    response.response = body


class Passing:
    """The bytes of a file from `start` to `end`, read as they are sent. The system keeps none of what was read."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._position = self._forgotten = start
        self._end = end

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._position == self._end:
            raise StopIteration
        part = os.pread(self._fd, min(_PART_BYTES, self._end - self._position), self._position)
        if not part:
            raise OSError(f"a blob ends after {self._position} of {self._end} bytes")
        self._position += len(part)
        if self._position - self._forgotten >= _FORGOTTEN_BYTES or self._position == self._end:
            forget(self._fd, self._forgotten, self._position)
            self._forgotten = self._position
        return part

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
