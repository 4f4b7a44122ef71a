"""Where bytes lie: a folder of files, each named by the sha256 of what is in it.

What always holds: a file under its final name is whole, verified and on the disk, because it gets that name only after
its digest was checked and it was synced; an upload that fails leaves nothing. Bytes stream through; none are held in
memory.

    <folder>/ab/cd/abcd…         a blob
    <folder>/incoming/<random>   one that is still arriving; what a killed server left is removed after a day
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracker_server.errors import NotFound, Refused

PART_BYTES = 128 * 1024
SYNC_BYTES = 32 * 1024 * 1024
"""After how much what has come is sent to the disk, so that little is left to wait for at the end."""

ABANDONED_AFTER_S = 24 * 3600


@dataclass(frozen=True)
class StoredFile:
    """A file of the store: the digest that it is named by, its bytes, and when it was written."""

    digest: str
    size: int
    changed_ms: int


class BlobStore:
    """Blobs in a local folder. Its methods are all that the rest of the server knows of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        _remove_older(self._incoming, time.time() - ABANDONED_AFTER_S)

    def has(self, digest: str) -> bool:
        """Whether the bytes are here."""
        return self._place(digest).is_file()

    def size(self, digest: str) -> int | None:
        """How many bytes they are; None where they are not here."""
        try:
            return self._place(digest).stat().st_size
        except FileNotFoundError:
            return None

    def settle(self, digest: str) -> int | None:
        """The size of what is here already, once that will stay; None where it is not here.

        Whoever put it may have been killed, or told of a failure, between the name and its way to the disk.
        """
        size = self.size(digest)
        if size is not None:
            _sync_folders(self._place(digest).parent, self._folder)
        return size

    def path(self, digest: str) -> Path:
        """The file that holds the bytes. Raises NotFound."""
        place = self._place(digest)
        if not place.is_file():
            raise NotFound("unknown_blob", f"there is no blob {digest}")
        return place

    def put(self, digest: str, read: Callable[[int], bytes]) -> int:
        """Take in what `read(size)` gives, up to its end. Returns the number of bytes.

        Raises Refused when they do not have that digest; then, and on any other failure, nothing is kept.
        """
        arriving = self._incoming / secrets.token_hex(16)
        try:
            found, size = _write(arriving, read)
            if found != digest:
                raise Refused(
                    "digest_mismatch",
                    f"the {size} bytes that came have the sha256 {found}, not {digest}; send them again, they changed "
                    "or were damaged on the way",
                )
            place = self._place(digest)
            place.parent.mkdir(parents=True, exist_ok=True)
            arriving.replace(place)
            _sync_folders(place.parent, self._folder)
        finally:
            arriving.unlink(missing_ok=True)
        return size

    def remove(self, digest: str) -> None:
        """Remove the bytes; nothing where there are none."""
        self._place(digest).unlink(missing_ok=True)

    def files(self) -> Iterator[StoredFile]:
        """Every file that has its final name, in no order; one that goes meanwhile may be among them or not."""
        for path in self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                status = path.stat()
                yield StoredFile(path.name, status.st_size, status.st_mtime_ns // 1_000_000)

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:4] / digest


def _write(path: Path, read: Callable[[int], bytes]) -> tuple[str, int]:
    """Write everything, synced to the disk; the sha256 and the number of bytes.

    Of what is larger than a part, two threads check and sync what has come while the next of it comes.
    """
    running = hashlib.sha256()
    size = synced_size = 0
    hashed, synced = _done(), _done()
    with path.open("xb") as file, ThreadPoolExecutor(2, "tracker-blob") as beside:
        while part := read(PART_BYTES):
            hashed.result()
            if len(part) < PART_BYTES:
                running.update(part)  # a small blob needs no thread
            else:
                hashed = beside.submit(running.update, part)
            file.write(part)
            size += len(part)
            if size - synced_size >= SYNC_BYTES and synced.done():
                synced.result()
                synced_size = size
                synced = beside.submit(os.fsync, file.fileno())
        hashed.result()
        synced.result()
        file.flush()
        os.fsync(file.fileno())
    return running.hexdigest(), size


def _done() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done


def _remove_older(folder: Path, than_s: float) -> None:
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another server process does the same
            if path.stat().st_mtime < than_s:
                path.unlink()


def _sync_folders(folder: Path, top: Path) -> None:
    """Sync a folder and those above it up to `top`, so that a new name survives a power loss."""
    while True:
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if folder == top:
            return
        folder = folder.parent
