"""Copying bytes beside the journal, each file once, whatever its size: what was there when it was asked for is sent.

What always holds: the digest is that of the staged copy, so a file that changes afterwards cannot make the two differ;
and the copy is the file as it was at one moment: one that was written meanwhile is copied again, and is an error where
it does not come to rest. A disk that can share the blocks of two files copies nothing.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tracker.errors import TrackerError
from tracker.journal_files import make_private_folder
from tracker.names import new_writer_id
from tracker.records import ArtifactFile

_PART_BYTES: Final = 128 * 1024
_COPIED_BYTES: Final = 8 * 1024 * 1024
_SMALL_BYTES: Final = 1024 * 1024
_ATTEMPTS: Final = 3
_FICLONE: Final = 0x40049409
"""What asks Linux to have one file share the blocks of another (ioctl_ficlone(2))."""


class StagingError(TrackerError):
    """The copy could not be kept beside the journal: a full disk, a folder that cannot be written."""


class ChangingFileError(TrackerError):
    """A file was being written while it was copied, again and again."""


def stage_file(file: Path, inner: str, blobs: Path) -> ArtifactFile:
    """Copy a file into `blobs`; it has the path `inner` in its artifact.

    Raises OSError where it cannot be read, ChangingFileError where it changes all the time, StagingError.
    """
    for _ in range(_ATTEMPTS):
        with file.open("rb", buffering=0) as source:
            before = _state(source.fileno())
            staged = (_stage_small if before[0] <= _SMALL_BYTES else _stage_large)(source.fileno(), inner, blobs)
            is_whole = staged.size_bytes == before[0] or not before[0]  # some that the system makes up say 0
            if is_whole and _state(source.fileno()) == before:
                return staged
    raise ChangingFileError(
        f"{file} was written while it was copied, {_ATTEMPTS} times; finish writing it first, or log a copy of it"
    )


def stage_bytes(data: bytes, blobs: Path) -> ArtifactFile:
    """Keep some bytes as a blob. Its path in the manifest is empty. Raises StagingError."""
    import hashlib  # 5 ms that importing tracker shall not cost

    digest = hashlib.sha256(data).hexdigest()
    with _writing():
        place = blobs / digest
        if not _has(place, len(data)):
            make_private_folder(blobs)
            temporary = blobs / f".{new_writer_id()}"
            try:
                temporary.write_bytes(data)
                temporary.rename(place)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
    return ArtifactFile("", digest, len(data))


def _state(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_size, status.st_mtime_ns


def _has(place: Path, size_bytes: int) -> bool:
    """Whether these bytes are staged: they got their name when they were whole."""
    try:
        return place.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def _stage_small(source: int, inner: str, blobs: Path) -> ArtifactFile:
    parts = []
    while part := os.read(source, _SMALL_BYTES + 1):
        parts.append(part)
    staged = stage_bytes(b"".join(parts), blobs)
    return ArtifactFile(inner, staged.digest, staged.size_bytes)


def _stage_large(source: int, inner: str, blobs: Path) -> ArtifactFile:
    temporary = blobs / f".{new_writer_id()}"
    try:
        with _writing():
            make_private_folder(blobs)
            target = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            digest, size_bytes = _copied(source, target)
        finally:
            os.close(target)
        with _writing():
            temporary.rename(blobs / digest)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return ArtifactFile(inner, digest, size_bytes)


def _copied(source: int, target: int) -> tuple[str, int]:
    """Copy one open file to another; the sha256 of the copy, taken by a second thread, and its size."""
    digest = _Digest(target)
    size_bytes = 0
    try:
        if _shares_blocks(source, target):
            size_bytes = os.fstat(target).st_size
        else:
            while copied := _copy_part(source, target):
                size_bytes += copied
                digest.note(size_bytes)
    finally:
        digest.end(size_bytes)
    return digest.value(), size_bytes


def _shares_blocks(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:  # most file systems cannot
        return False
    return True


def _copy_part(source: int, target: int) -> int:
    """The next bytes, copied by the system where it can; 0 at the end."""
    try:
        return os.copy_file_range(source, target, _COPIED_BYTES)
    except AttributeError:  # a system that has no such call
        pass
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StagingError(_full(error)) from error
        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF):
            raise
    part = os.read(source, _PART_BYTES)
    with _writing():
        written = 0
        while written < len(part):
            written += os.write(target, part[written:])
    return len(part)


class _Digest:
    """The sha256 of a file that is written meanwhile, read behind its writer by a thread."""

    def __init__(self, fd: int) -> None:
        import hashlib  # 5 ms that importing tracker shall not cost

        self._fd = fd
        self._sha256 = hashlib.sha256()
        self._size_bytes = 0
        self._is_over = False
        self._has_more = threading.Condition()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._follow, name="tracker-staging", daemon=True)
        self._thread.start()

    def note(self, size_bytes: int) -> None:
        """The file has so many bytes now."""
        with self._has_more:
            self._size_bytes = size_bytes
            self._has_more.notify()

    def end(self, size_bytes: int) -> None:
        """It has so many, and gets no more. Waits for all of them to be read."""
        with self._has_more:
            self._size_bytes = size_bytes
            self._is_over = True
            self._has_more.notify()
        self._thread.join()

    def value(self) -> str:
        """The digest, after the end. Raises StagingError where the copy could not be read."""
        if self._failure is not None:
            raise StagingError(f"the copy cannot be read: {self._failure}") from self._failure
        return str(self._sha256.hexdigest())

    def _follow(self) -> None:
        buffer: Any = memoryview(bytearray(_PART_BYTES))
        position = end = 0
        try:
            while True:
                with self._has_more:
                    while end == self._size_bytes and not self._is_over:
                        self._has_more.wait()
                    end = self._size_bytes
                if position >= end:
                    return
                while position < end:
                    count = os.preadv(self._fd, [buffer[: end - position]], position)
                    if not count:
                        raise OSError(f"it ends after {position} of {end} bytes")
                    self._sha256.update(buffer[:count])
                    position += count
        except OSError as error:
            self._failure = error


@contextmanager
def _writing() -> Iterator[None]:
    """Tells a failure of our own file from one of the source, which is the caller's to hear of."""
    try:
        yield
    except OSError as error:
        raise StagingError(_full(error)) from error


def _full(error: OSError) -> str:
    return f"{error}; free some space, or set TRACKER_DIR to a folder that has it"
