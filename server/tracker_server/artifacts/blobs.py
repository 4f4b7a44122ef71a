"""Where bytes lie: a folder of files, each named by the sha256 of what is in it.

What always holds: a file under its final name is whole, verified and on the disk, because it gets that name only after
its digest was checked and it was synced. Bytes stream through; none are held in memory, but for the small ones that
come many at once.

An upload that breaks off leaves what had come, for whoever sent it to go on with; nobody else does, since what they
sent might be something else. What is left so is removed after a day, and the oldest of it where it is too much; an
upload that fails otherwise leaves nothing.

    <folder>/ab/cd/abcd…                a blob
    <folder>/incoming/abcd….<sender>    one that is still arriving, locked by the request that brings it
    <folder>/incoming/<random>          one that cannot be gone on with: another request brings the same, or it is small
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tracker_server.artifacts.arriving import Arriving
from tracker_server.artifacts.syncing import sync_everything
from tracker_server.errors import Conflict, NotFound, Refused, Stalled

PART_BYTES = 256 * 1024
"""What has this size stays in the processor's caches; it is read into one buffer, again and again."""

KEPT_FROM_BYTES = 1024 * 1024
"""Of an upload that broke off before, nothing is kept: it is sent again as fast as it is asked for."""

ABANDONED_AFTER_S = 24 * 3600
TIDIED_EVERY_S = 3600
MAX_LEFT_BYTES = 64 * 1024**3
"""How much may be left by uploads that broke off."""

Fill = Callable[[memoryview], int]
"""Puts the next bytes into a buffer; how many, 0 at their end."""


@dataclass(frozen=True)
class StoredFile:
    """A file of the store: the digest that it is named by, its bytes, and when it was written."""

    digest: str
    size: int
    changed_ms: int


class BlobStore:
    """Blobs in a local folder. Its methods are all that the rest of the server knows of it."""

    def __init__(self, folder: Path, *, max_left_bytes: int = MAX_LEFT_BYTES) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._max_left_bytes = max_left_bytes
        self._tidied_s = 0.0
        self._tidy()

    def has(self, digest: str) -> bool:
        """Whether the bytes are here."""
        return self._place(digest).is_file()

    def lacking(self, digests: Iterable[str]) -> str | None:
        """The first of the digests whose bytes are not here."""
        return next((digest for digest in digests if _size_at(self._at(digest)) is None), None)

    def size(self, digest: str) -> int | None:
        """How many bytes they are; None where they are not here."""
        return _size_at(self._at(digest))

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

    def read(self, digest: str, size: int) -> bytes:
        """All bytes of a small blob, which has so many. Raises OSError where it is gone or has others."""
        fd = os.open(self._at(digest), os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.read(fd, size + 1)
            while 0 < len(data) < size:
                if not (part := os.read(fd, size - len(data))):
                    break
                data += part
        finally:
            os.close(fd)
        if len(data) != size:
            raise OSError(f"the blob {digest} has {len(data)} bytes where it had {size}")
        return data

    def put(self, digest: str, read: Callable[[int], bytes]) -> int:
        """Take in what `read(size)` gives, up to its end. Returns the number of bytes.

        Raises Refused when they do not have that digest; then, and on any other failure, nothing is kept.
        """

        def fill(buffer: memoryview) -> int:
            part = read(len(buffer))
            buffer[: len(part)] = part
            return len(part)

        with self._fresh() as arriving:
            return self._take(digest, arriving, fill)

    def arrived(self, digest: str, sender: int) -> int:
        """How many bytes are left of an upload of this sender that broke off: from there it may go on."""
        with suppress(OSError), closing(Arriving.resting(self._left(digest, sender))) as arriving:
            return arriving.size
        return 0

    def receive(self, digest: str, fill: Fill, *, sender: int, offset: int = 0) -> int:
        """Take in what `fill` gives, to follow the first `offset` bytes of what has come before. The number of all.

        Raises Conflict where less has come before, Refused when they do not have that digest; then nothing is kept. Of
        an upload that breaks off what has come stays.
        """
        self._tidy()
        with self._going_on(digest, sender, offset) as arriving:
            size = self._take(digest, arriving, fill)
        _remove_resting(self._left(digest, sender))  # of a request that broke off while this one went on
        return size

    def put_many(self, blobs: Mapping[str, bytes]) -> None:
        """Take in small blobs, all of them on the disk when this returns. Raises Refused for one of another digest."""
        for digest, data in blobs.items():
            _check(digest, hashlib.sha256(data).hexdigest(), len(data))
        new = {digest: data for digest, data in blobs.items() if _size_at(self._at(digest)) != len(data)}
        prefix = f"{self._incoming}/{secrets.token_hex(16)}"
        arriving = {digest: f"{prefix}.{number}" for number, digest in enumerate(new)}
        left = set(arriving.values())
        try:
            for digest, path in arriving.items():
                _write(path, new[digest])
            sync_everything(self._folder, arriving.values())
            for digest, path in arriving.items():
                _rename(path, self._at(digest))
                left.remove(path)
            folders = {above for digest in blobs for above in _above(digest, self._folder)}
            sync_everything(self._folder, folders)
        finally:
            for path in left:
                with suppress(FileNotFoundError):
                    os.unlink(path)

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

    def _at(self, digest: str) -> str:
        """The place as a string: of thousands of blobs at once, a Path costs more than what is done with it."""
        return f"{self._folder}/{digest[:2]}/{digest[2:4]}/{digest}"

    def _left(self, digest: str, sender: int) -> Path:
        return self._incoming / f"{digest}.{sender}"

    def _take(self, digest: str, arriving: Arriving, fill: Fill) -> int:
        buffer = memoryview(bytearray(PART_BYTES))
        with arriving.checked() as checked:
            while size := fill(buffer):
                arriving.write(buffer[:size])
            found = checked.digest()
        _check(digest, found, arriving.size)
        arriving.sync()
        place = self._place(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        arriving.path.replace(place)
        _sync_folders(place.parent, self._folder)
        return arriving.size

    @contextmanager
    def _fresh(self) -> Iterator[Arriving]:
        """A file that is gone at the end, unless it has got its final name."""
        arriving = Arriving.made(self._incoming / secrets.token_hex(16))
        try:
            yield arriving
        finally:
            arriving.remove()
            arriving.close()

    @contextmanager
    def _going_on(self, digest: str, sender: int, offset: int) -> Iterator[Arriving]:
        """The file of this upload, cut to `offset`; a fresh one where another request is at the same."""
        arriving = Arriving.locked(self._left(digest, sender))
        come = 0 if arriving is None else arriving.size
        if offset > come:
            if arriving is not None:
                _leave(arriving)
            raise Conflict(
                "other_offset",
                f"{come} bytes of {digest} have come, not {offset}; go on from there",
                arrived_bytes=come,
            )
        if arriving is None:
            with self._fresh() as fresh:
                yield fresh
            return
        try:
            arriving.cut(offset)
            yield arriving
        except (Stalled, ConnectionError):
            _leave(arriving)
            raise
        except BaseException:
            arriving.remove()
            raise
        finally:
            arriving.close()

    def _tidy(self) -> None:
        """Remove what nobody goes on with any more, and the oldest beyond the limit."""
        now_s = time.time()
        if now_s - self._tidied_s < TIDIED_EVERY_S and self._left_bytes() <= self._max_left_bytes:
            return
        self._tidied_s = now_s
        left_bytes = 0
        for path, status in sorted(_files(self._incoming), key=lambda found: -found[1].st_mtime):
            left_bytes += status.st_size
            if left_bytes > self._max_left_bytes or status.st_mtime < now_s - ABANDONED_AFTER_S:
                _remove_resting(path)

    def _left_bytes(self) -> int:
        return sum(status.st_size for _, status in _files(self._incoming))


def _check(digest: str, found: str, size: int) -> None:
    if found != digest:
        raise Refused(
            "digest_mismatch",
            f"the {size} bytes that came have the sha256 {found}, not {digest}; send them again, they changed "
            "or were damaged on the way",
        )


def _leave(arriving: Arriving) -> None:
    """Let go of an upload that broke off; its first few bytes are not worth keeping."""
    if arriving.size < KEPT_FROM_BYTES:
        arriving.remove()
    arriving.close()


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another server process does the same
            yield path, path.stat()


def _remove_resting(path: Path) -> None:
    """Remove a file of an upload, unless a request is at it."""
    with suppress(OSError), closing(Arriving.resting(path)):
        path.unlink(missing_ok=True)


def _size_at(place: str) -> int | None:
    try:
        return os.stat(place).st_size
    except FileNotFoundError:
        return None


def _write(path: str, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        written = os.write(fd, data)
        while written < len(data):
            written += os.write(fd, data[written:])
    finally:
        os.close(fd)


def _rename(path: str, place: str) -> None:
    """Give a file its final name; the folder of that is made where there is none."""
    try:
        os.replace(path, place)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.replace(path, place)


def _above(digest: str, top: Path) -> tuple[str, str, str]:
    return f"{top}/{digest[:2]}/{digest[2:4]}", f"{top}/{digest[:2]}", str(top)


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
