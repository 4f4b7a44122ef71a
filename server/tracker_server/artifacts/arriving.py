"""A file that bytes arrive in: written by one thread, while a second reads it for its digest and a third syncs it.

What always holds: the digest is that of what lies in the file, those bytes that had come before among it. Whoever has
a file here open has it locked, so that no two requests write one, and nobody removes one that is written. The thread
that writes waits for neither of the others before the end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tracker_server.artifacts.system_cache import forget

READ_BYTES = 256 * 1024
SYNC_BYTES = 32 * 1024 * 1024
"""After how much what has come is sent to the disk, so that little is left to wait for at the end."""


class Arriving:
    """One open file. `size` is how much of it has come."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self.size = os.fstat(fd).st_size
        self._checked: Checked | None = None
        self._synced_size = 0
        self._syncing: Future[None] | None = None
        self._beside: ThreadPoolExecutor | None = None

    @classmethod
    def made(cls, path: Path) -> Arriving:
        """One that is new."""
        arriving = cls(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        fcntl.flock(arriving._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return arriving

    @classmethod
    def locked(cls, path: Path) -> Arriving | None:
        """The one of this path, made where there is none; None where somebody else has it."""
        while True:
            found = _lock(path, os.O_RDWR | os.O_CREAT)
            if found is None:
                return None
            if _is_at(path, found):
                return cls(path, found)
            os.close(found)  # it got its final name, or was removed, before it was ours

    @classmethod
    def resting(cls, path: Path) -> Arriving:
        """One that nobody is at. Raises OSError where there is none, or somebody is."""
        fd = _lock(path, os.O_RDWR)
        if fd is None:
            raise BlockingIOError(f"{path} is being written")
        return cls(path, fd)

    def cut(self, size: int) -> None:
        """Forget what came after the first `size` bytes."""
        os.ftruncate(self._fd, size)
        os.lseek(self._fd, size, os.SEEK_SET)
        self.size = size

    def write(self, part: memoryview) -> None:
        """Add what has come; see `checked`."""
        written = 0
        while written < len(part):
            written += os.write(self._fd, part[written:])
        self.size += written
        if self._checked is not None:
            self._checked.note(self.size)
        is_due = self.size - self._synced_size >= SYNC_BYTES and (self._syncing is None or self._syncing.done())
        if is_due and self._beside is not None:
            self._raise_of_syncing()
            self._synced_size = self.size
            self._syncing = self._beside.submit(self._settle, self.size)

    @contextmanager
    def checked(self) -> Iterator[Checked]:
        """What takes the digest of the file while it is written."""
        self._checked = Checked(self._fd, self.size)
        try:
            with ThreadPoolExecutor(1, "tracker-blob-sync") as self._beside:
                yield self._checked
            self._raise_of_syncing()
        finally:
            self._checked.end()
            self._checked = self._beside = self._syncing = None

    def sync(self) -> None:
        """Have all of it on the disk."""
        os.fsync(self._fd)

    def remove(self) -> None:
        """Remove the file, unless it has got its final name: what has this one now is another's."""
        if _is_at(self.path, self._fd):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _settle(self, size: int) -> None:
        """Have what came on the disk, and out of the system's memory as far as its digest is taken."""
        os.fsync(self._fd)
        if self._checked is not None:
            forget(self._fd, 0, min(size, self._checked.position))

    def _raise_of_syncing(self) -> None:
        if self._syncing is not None:
            self._syncing.result()


class Checked:
    """The sha256 of a file that grows, taken up to `position`. A small one needs no thread."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._sha256 = hashlib.sha256()
        self._buffer = memoryview(bytearray(READ_BYTES))
        self.position = 0
        self._has_more = threading.Condition()
        self._is_over = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def note(self, size: int) -> None:
        """The file has this many bytes now."""
        with self._has_more:
            self._size = size
            self._has_more.notify()
        if self._thread is None and size > READ_BYTES:
            self._thread = threading.Thread(target=self._follow, name="tracker-blob-digest", daemon=True)
            self._thread.start()

    def digest(self) -> str:
        """The sha256 of all that was noted, once it has been read."""
        self.end()
        if self._failure is not None:
            raise self._failure
        self._read_on()
        return self._sha256.hexdigest()

    def end(self) -> None:
        """Nothing more comes."""
        with self._has_more:
            self._is_over = True
            self._has_more.notify()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._is_over:
                with self._has_more:
                    self._has_more.wait_for(lambda: self.position < self._size or self._is_over)
                self._read_on()
        except BaseException as error:  # the edge of the thread: whoever asks for the digest is told
            self._failure = error

    def _read_on(self) -> None:
        while self.position < self._size:
            size = os.preadv(self._fd, [self._buffer[: self._size - self.position]], self.position)
            if not size:
                raise OSError(f"a blob that arrives ends after {self.position} of {self._size} bytes")
            self._sha256.update(self._buffer[:size])
            self.position += size


def _lock(path: Path, flags: int) -> int | None:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def _is_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False
