"""The journal of one writer: a file to which records are appended, and where such files lie.

What always holds: once `append` has returned, the record is in the file by one `os.write` and survives the death of
the process, or it is counted as lost. `append` never raises because of the file: a full disk costs exactly the records
that are counted, a frame that was written in part is cut off again, and a `RecordsLost` record says how many as soon as
there is space. Only the process that made a journal writes to it; a forked child lets go of it.

    <directory>/journals/<run id>/<writer>.journal     the frames
    <directory>/journals/<run id>/<writer>.blobs/      bytes that records name by digest, until they are uploaded
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tracker.notices import notice
from tracker.records import Record, RecordsLost, encode, frame

SUFFIX: Final = ".journal"


def path_of(journals: Path, run_id: str, writer: str) -> Path:
    """Where the journal of a writer lies."""
    return journals / run_id / f"{writer}{SUFFIX}"


def blobs_of(journal: Path) -> Path:
    """The folder of the bytes that a journal's records name."""
    return journal.with_suffix(".blobs")


def find(folder: Path) -> Iterator[Path]:
    """Every journal in a folder or below it, oldest run first."""
    yield from sorted(folder.rglob(f"*{SUFFIX}"))


def make_private_folder(path: Path) -> None:
    """Make a folder and its parents, those that are new readable by the user alone."""
    if path.is_dir():
        return
    make_private_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


class Journal:
    """The writing end of a journal. Safe from any thread."""

    def __init__(self, path: Path, *, on_notice: Callable[[str], None] = notice) -> None:
        self.path = path
        self._on_notice = on_notice
        self._lock = threading.Lock()
        self._next_seq = 0
        self._size = 0
        self._lost_count = 0
        self._lost_reason = ""
        self._is_failing = False
        self._is_closed = False
        self._fd = self._open()
        self.has_file = self._fd >= 0

    @property
    def next_seq(self) -> int:
        """The number that the next record will have, which is how many are in the file."""
        return self._next_seq

    @property
    def lost_count(self) -> int:
        """How many records could not be kept and are not yet accounted for in the file."""
        return self._lost_count

    def append(self, record: Record) -> bool:
        """Write one record; False when it could not be kept. Raises TypeError for a value that cannot be encoded."""
        payload = encode(record)
        with self._lock:
            if self._lost_count and not self._append_loss():
                self._lost_count += 1
                return False
            is_kept = self._write(frame(self._next_seq, payload))
            if is_kept and not self._is_failing:
                return True
            message = self._note_outcome(is_kept)
        if message:  # outside the lock, because a notice may be captured as console output and come back here
            self._on_notice(message)
        return is_kept

    def close(self) -> None:
        """Let go of the file, which ends the claim that its writer is alive. Records after this are dropped."""
        with self._lock:
            self._is_closed = True
            lost = self._lost_count
            self._release()
        if lost:
            self._on_notice(f"{lost} records of this run were not kept ({self._lost_reason}): {self.path}")

    def leave_to_parent(self) -> None:
        """In a forked child: drop the parent's file without touching it, whatever its lock was doing at the fork."""
        self._lock = threading.Lock()
        self._is_closed = True
        self._release()

    def _open(self) -> int:
        try:
            fd = self._create()
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lost_reason = str(error)
            return -1
        return fd

    def _create(self) -> int:
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
        make_private_folder(self.path.parent)
        try:
            return os.open(self.path, flags, 0o600)
        except FileNotFoundError:  # another writer of the run has just ended and taken the empty folder with it
            make_private_folder(self.path.parent)
            return os.open(self.path, flags, 0o600)

    def _release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self, data: bytes) -> bool:
        try:
            written = os.write(self._fd, data)
            if written == len(data):
                self._size += written
                self._next_seq += 1
                return True
            self._lost_reason = "the disk or the file's size limit is full"
        except OSError as error:
            self._lost_reason = os.strerror(error.errno or 0) if self._fd >= 0 else self._lost_reason
        except BaseException:  # a signal's exception may come between the write and the counting of it
            self._settle(len(data))
            raise
        self._settle(len(data))
        return False

    def _settle(self, expected_bytes: int) -> None:
        """Make the numbers agree with the file: count a whole frame, cut off a part of one."""
        try:
            surplus = os.fstat(self._fd).st_size - self._size
            if surplus == expected_bytes:
                self._size += surplus
                self._next_seq += 1
            elif surplus > 0:
                os.ftruncate(self._fd, self._size)
        except OSError as error:
            self._lost_reason = str(error) if self._fd >= 0 else self._lost_reason

    def _append_loss(self) -> bool:
        if self._is_closed:
            return False
        record = RecordsLost(time.time_ns() // 1_000_000, self._lost_count, self._lost_reason)
        if not self._write(frame(self._next_seq, encode(record))):
            return False
        self._lost_count = 0
        return True

    def _note_outcome(self, is_kept: bool) -> str:
        """What to tell about a record whose fate differs from that of the one before; "" where nothing changed."""
        if is_kept:
            self._is_failing = False
            return "the journal can be written again; the run says how many records were not kept"
        if self._is_closed:
            return ""
        self._lost_count += 1
        if self._is_failing:
            return ""
        self._is_failing = True
        return (
            f"records cannot be kept ({self._lost_reason}): {self.path}. Training goes on; they are counted. "
            "Free some space, or set TRACKER_DIR to a folder that has it"
        )


def is_live(path: Path) -> bool:
    """Whether the process that writes this journal is still there."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


def remove(path: Path) -> None:
    """Delete a journal whose records are all stored, with its staged bytes and, when it is empty, the run's folder."""
    import shutil  # 5 ms, mostly for compression, that importing tracker shall not cost

    shutil.rmtree(blobs_of(path), ignore_errors=True)
    path.unlink(missing_ok=True)
    try:
        path.parent.rmdir()
    except OSError:
        return  # another writer of the run still has a journal there


def set_aside(path: Path) -> Path:
    """Rename a damaged journal, so that it is not sent again; where it is now."""
    damaged = path.with_suffix(".damaged")
    path.rename(damaged)
    return damaged
