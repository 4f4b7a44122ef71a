"""Copying bytes beside the journal, each file once, whatever its size: what was there when it was asked for is sent.

What always holds: the digest is that of the staged copy, so a file that changes afterwards cannot make the two differ;
and the copy is the file as it was at one moment: one that was written meanwhile is copied again, and is an error where
it does not come to rest. A disk that can share the blocks of two files copies nothing. The small files among many share
one; see `packs`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tracker.errors import TrackerError
from tracker.journal_files import make_private_folder
from tracker.names import new_writer_id
from tracker.packs import PACKED_BYTES, Pack
from tracker.records import ArtifactFile

_PART_BYTES: Final = 128 * 1024
_COPIED_BYTES: Final = 8 * 1024 * 1024
_SMALL_BYTES: Final = 1024 * 1024
_ATTEMPTS: Final = 3
_PACKED_FROM: Final = 64
"""Of so many files the small ones are packed: on some disks a file takes milliseconds to remove."""
_FICLONE: Final = 0x40049409
"""What asks Linux to have one file share the blocks of another (ioctl_ficlone(2))."""


class StagingError(TrackerError):
    """The copy could not be kept beside the journal: a full disk, a folder that cannot be written."""


class ChangingFileError(TrackerError):
    """A file was being written while it was copied, again and again."""


Keep = Callable[[bytes], ArtifactFile]
"""Has small bytes kept; what it says of them has no path yet."""


def stage_files(files: Mapping[str, Path], blobs: Path, on_staged: Callable[[int, int], object]) -> list[ArtifactFile]:
    """Copy files, each by its path in the artifact, into `blobs`; `on_staged` is told of bytes and files.

    Raises as `stage_file`.
    """
    staged = []
    with _keeping(blobs, is_packed=len(files) >= _PACKED_FROM) as keep:
        for inner, file in files.items():
            staged.append(stage_file(file, inner, blobs, keep=keep))
            on_staged(staged[-1].size_bytes, 1)
    return staged


def stage_file(file: Path, inner: str, blobs: Path, *, keep: Keep | None = None) -> ArtifactFile:
    """Copy a file into `blobs`; it has the path `inner` in its artifact.

    Raises OSError where it cannot be read, ChangingFileError where it changes all the time, StagingError.
    """
    for _ in range(_ATTEMPTS):
        source = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            before = _state(source)
            if before[0] > _SMALL_BYTES:
                staged = _stage_large(source, inner, blobs)
                if staged.size_bytes == before[0] and _state(source) == before:
                    return staged
                continue
            data = _read(source, before[0])
            is_whole = len(data) == before[0] or not before[0]  # some that the system makes up say 0
            if is_whole and _state(source) == before:
                kept = keep(data) if keep is not None and len(data) <= PACKED_BYTES else stage_bytes(data, blobs)
                return ArtifactFile(inner, kept.digest, kept.size_bytes)
        finally:
            os.close(source)
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


@contextmanager
def _keeping(blobs: Path, *, is_packed: bool) -> Iterator[Keep]:
    """What keeps the bytes of small files, which are all there at the end."""
    if not is_packed:
        yield lambda data: stage_bytes(data, blobs)
        return
    import hashlib  # 5 ms that importing tracker shall not cost

    pack = Pack(blobs)

    def keep(data: bytes) -> ArtifactFile:
        digest = hashlib.sha256(data).hexdigest()
        with _writing():
            pack.add(digest, data)
        return ArtifactFile("", digest, len(data))

    with _writing():
        pack.open()
    try:
        yield keep
    except BaseException:
        pack.drop()
        raise
    with _writing():
        pack.close()


def _state(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_size, status.st_mtime_ns


def _has(place: Path, size_bytes: int) -> bool:
    """Whether these bytes are staged: they got their name when they were whole."""
    try:
        return place.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def _read(source: int, size_bytes: int) -> bytes:
    """What a small file has, up to its end."""
    data = os.read(source, size_bytes + 1)
    if len(data) == size_bytes and size_bytes:
        return data
    parts = [data]
    while part := os.read(source, _SMALL_BYTES + 1):
        parts.append(part)
    return b"".join(parts)


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
