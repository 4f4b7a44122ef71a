"""Many small blobs in one file beside the journal: one file to make, to read from and to remove, not one for each.

    <writer>.blobs/<digest>         a blob that is a file of its own
    <writer>.blobs/<random>.pack    the bytes of many, then their index, then the number of them (8 bytes)

An index has of each blob its sha256 (32 bytes) and its length (8 bytes), in the order of their bytes; numbers are
little endian. What always holds: a pack has its name only once it is whole, and is never changed afterwards.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, NamedTuple

from tracker.journal_files import make_private_folder
from tracker.names import new_writer_id

SUFFIX: Final = ".pack"
PACKED_BYTES: Final = 256 * 1024
"""A larger file is one of its own."""

_BUFFER_BYTES: Final = 1024 * 1024
_ENTRY: Final = struct.Struct("<32sQ")
_COUNT: Final = struct.Struct("<Q")


class Staged(NamedTuple):
    """Where the bytes of a blob lie."""

    digest: str
    path: Path
    offset: int
    size_bytes: int

    @property
    def is_packed(self) -> bool:
        """Whether the file has other blobs too."""
        return self.path.suffix == SUFFIX


class Pack:
    """A pack that is being written, once it is opened; it is there when it is closed, unless nothing is in it.

    What is staged in the folder already is not taken in again. Each method raises OSError where it cannot be written.
    """

    def __init__(self, blobs: Path) -> None:
        self._blobs = blobs
        self._name = new_writer_id()
        self._have: set[str] = set()
        self._index: list[bytes] = []
        self._file: IO[bytes] | None = None

    def open(self) -> None:
        """Learn what is staged already."""
        if self._blobs.is_dir():
            self._have = {name for name in os.listdir(self._blobs) if "." not in name}
            for path in _packs_in(self._blobs):
                self._have |= digests_in(path)

    def add(self, digest: str, data: bytes) -> None:
        """Have these bytes in it."""
        if digest in self._have:
            return
        if self._file is None:
            make_private_folder(self._blobs)
            self._file = open(self._temporary(), "xb", _BUFFER_BYTES, opener=_private)  # noqa: SIM115 - closed at the end
        self._file.write(data)
        self._have.add(digest)
        self._index.append(_ENTRY.pack(bytes.fromhex(digest), len(data)))

    def close(self) -> None:
        """Have it there."""
        if self._file is None:
            return
        try:
            with self._file:
                self._file.write(b"".join([*self._index, _COUNT.pack(len(self._index))]))
            os.rename(self._temporary(), self._blobs / f"{self._name}{SUFFIX}")
        except BaseException:
            self._temporary().unlink(missing_ok=True)
            raise

    def drop(self) -> None:
        """Keep nothing of it."""
        if self._file is not None:
            self._temporary().unlink(missing_ok=True)
            with suppress(OSError):  # what it still has in its buffer may find the disk full
                self._file.close()

    def _temporary(self) -> Path:
        return self._blobs / f".{self._name}"


def find(blobs: Path, digests: Collection[str]) -> dict[str, Staged]:
    """Where those of the digests lie that are staged in the folder; O(blobs in packs). Raises OSError."""
    wanted = set(digests)
    found: dict[str, Staged] = {}
    for path in _packs_in(blobs):
        offset = 0
        for digest, size_bytes in _entries(path):
            if digest in wanted:
                found[digest] = Staged(digest, path, offset, size_bytes)
            offset += size_bytes
    for digest in wanted - found.keys():
        path = blobs / digest
        try:
            found[digest] = Staged(digest, path, 0, path.stat().st_size)
        except FileNotFoundError:
            continue
    return found


def digests_in(pack: Path) -> set[str]:
    """The blobs of a pack; none where it is not there any more. Raises OSError."""
    return {digest for digest, _ in _entries(pack)}


def _packs_in(blobs: Path) -> list[Path]:
    try:
        return sorted(blobs / name for name in os.listdir(blobs) if name.endswith(SUFFIX))
    except FileNotFoundError:
        return []


def _entries(pack: Path) -> Iterator[tuple[str, int]]:
    """Digest and length of each blob, in the order of their bytes; of a pack that is damaged none."""
    try:
        with pack.open("rb") as file:
            end = file.seek(0, os.SEEK_END) - _COUNT.size
            if end < 0:
                return
            file.seek(end)
            (count,) = _COUNT.unpack(file.read(_COUNT.size))
            begin = end - count * _ENTRY.size
            if begin < 0:
                return
            file.seek(begin)
            index = file.read(end - begin)
    except FileNotFoundError:
        return
    for digest, size_bytes in _ENTRY.iter_unpack(index):
        yield digest.hex(), size_bytes


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
