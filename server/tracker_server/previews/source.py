"""A file of which no more is read than was agreed, whatever it says of itself.

What always holds: a reader of hostile bytes ends. It asks for pieces of at most a few megabytes, and has so many bytes
and so many pieces in all; beyond that, beyond the file's end and wherever the bytes are not what they should be it
stops with `Unreadable`, whose text is a sentence for whoever looks at the file.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Final

MAX_PIECE_BYTES: Final = 8 * 1024 * 1024
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_PIECES: Final = 400_000
MAX_WHOLE: Final = 2**53
"""The largest whole number that JSON carries to every reader as it is."""


class Unreadable(ValueError):
    """The file is not what its name or its beginning says, or more of it than is read."""


class Source:
    """The bytes of an open file, by their places."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self.size_bytes = size_bytes
        self._bytes_left = MAX_BYTES
        self._pieces_left = MAX_PIECES

    def again(self) -> Source:
        """The same file, for another attempt that may read as much."""
        return Source(self._file, self.size_bytes)

    def at(self, start: int, size: int) -> bytes:
        """So many bytes from there. Raises Unreadable where the file ends before."""
        if start < 0 or size < 0 or start + size > self.size_bytes:
            raise Unreadable(f"it points at byte {start + size:,} of the {self.size_bytes:,} that it has")
        data = self.up_to(start, size)
        if len(data) != size:
            raise Unreadable(f"it ends at byte {start + len(data):,}, before what it says it has")
        return data

    def up_to(self, start: int, size: int) -> bytes:
        """The same, or fewer where the file ends."""
        size = max(min(size, self.size_bytes - start), 0)
        self._bytes_left -= size
        self._pieces_left -= 1
        if size > MAX_PIECE_BYTES or self._bytes_left < 0 or self._pieces_left < 0:
            raise Unreadable("its outline is larger than what is read of a file for a preview")
        self._file.seek(start)
        return self._file.read(size)

    def numbers(self, layout: str, start: int) -> tuple[Any, ...]:
        """What lies there in a layout of `struct`."""
        return struct.unpack(layout, self.at(start, struct.calcsize(layout)))
