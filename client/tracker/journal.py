"""The journal of one writer: a file to which records are appended.

What always holds: once `append` has returned, the record is in the file by one `os.write` and survives the death of
the process, or it is counted as lost. `append` never raises because of the file: a full disk, a removed folder, the cap
on unsent journals cost exactly the records that are counted, a frame that was written in part is cut off again, and a
`RecordsLost` record says how many as soon as there is space. The first record, without which the others mean nothing to
a server, is written as soon as it can be. Only the process that made a journal writes to it; a forked child lets go of
it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tracker.journal_budget import DEFAULT_MAX_BYTES, Budget
from tracker.journal_files import draft_of, make_private_folder
from tracker.notices import notice
from tracker.records import HEADER_BYTES, MAGIC, Acknowledged, Record, RecordsLost, encode, frame

RECLAIM_BYTES: Final = 32 * 1024 * 1024
_LARGEST_COPY_BYTES: Final = 4 * 1024 * 1024
_PART_BYTES: Final = 128 * 1024
_NEW_FILE: Final = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
_REMEDY: Final = "Free some space, or set TRACKER_DIR to a folder that has it"


class Journal:
    """The writing end of a journal. Safe from any thread.

    All journals of the folder together may take `max_bytes`; see `journal_budget`. When records of `reclaim_bytes` are
    stored by the server, they leave the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        reclaim_bytes: int = RECLAIM_BYTES,
        on_notice: Callable[[str], None] = notice,
    ) -> None:
        self.path = path
        self._reclaim_bytes = reclaim_bytes
        self._on_notice = on_notice
        self._lock = threading.Lock()
        self._replacing = threading.Lock()
        self._next_seq = 0
        self._acked_seq = 0
        self._size = 0
        self._first: bytes | None = None  # the payload of the first record, until it is in the file
        self._lost_count = 0
        self._told_count = 0
        self._lost_reason = ""
        self._remedy = _REMEDY
        self._is_failing = False
        self._has_told_of_bytes = False
        self._has_told_of_removal = False
        self._is_closed = False
        self._budget = Budget(path, max_bytes, tend=self.tend, on_notice=on_notice)
        self._fd = self._open()
        self.has_file = self._fd >= 0
        self._budget.start()

    @property
    def next_seq(self) -> int:
        """The number that the next record will have, which is how many have been in the file."""
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
            if not is_kept and self._next_seq == 0:
                self._first = payload
            message = self._note_outcome(is_kept)
        if message:  # outside the lock, because a notice may be captured as console output and come back here
            self._on_notice(message)
        return is_kept

    def lose(self, what: str, reason: object) -> None:
        """Count a record that cannot be made, because the bytes that it would name cannot be kept. Told once."""
        with self._lock:
            if self._is_closed:
                return
            self._lost_count += 1
            self._lost_reason = str(reason)
            is_told, self._has_told_of_bytes = self._has_told_of_bytes, True
        if not is_told:
            self._on_notice(f"{what} was not kept: {reason}. Training goes on; more like it are counted, not told")

    def tend(self) -> None:
        """Do what the journal needs from time to time and is too slow for `append`. Called by a thread.

        A file that could not be made is tried again, one that somebody has removed is written again, the room that is
        left is measured, and what was lost is accounted for where nothing is appended that would do it.
        """
        if self._is_closed:
            return
        self._budget.look(self._size)
        if self._fd < 0:
            self._make_again()
        elif self._is_removed():
            self._restore()
        message = ""
        with self._lock:
            if self._lost_count and self._append_loss():
                message = self._note_outcome(True) if self._is_failing else ""
        if message:
            self._on_notice(message)

    def reclaim(self, seq: int, offset: int) -> bool:
        """Take in that the server has every record before `seq`, which begins at byte `offset`; whether room was made.

        Where these records take much room and little follows them, a file without them takes the place of this one.
        Appending waits for the renaming alone. Where it cannot be done (a full disk), the file stays as it is.
        """
        self._acked_seq = seq
        if offset < self._reclaim_bytes or self._size - offset > _LARGEST_COPY_BYTES:
            return False
        try:
            with self._replacing, self._second_fd() as source:
                head = self._head(source, seq, offset)
                return bool(head) and self._replace(source, head, offset)
        except OSError:
            return False

    def close(self) -> None:
        """Let go of the file, which ends the claim that its writer is alive. Records after this are dropped."""
        if self._acked_seq < self._next_seq and self._is_removed():
            self._restore()
        with self._lock:
            is_removed = self._is_removed()
            lost = self._lost_count + (self._next_seq - self._acked_seq if is_removed else 0)
            if self._lost_count and not is_removed:
                self._append_loss()
            self._is_closed = True
            self._release()
        self._budget.close()
        if lost:
            self._on_notice(f"{lost} records of this run were not kept ({self._lost_reason}): {self.path}")

    def leave_to_parent(self) -> None:
        """In a forked child: drop the parent's file without touching it, whatever its lock was doing at the fork."""
        self._lock = threading.Lock()
        self._is_closed = True
        self._size = 0
        self._release()

    def _open(self) -> int:
        try:
            fd = self._create()
        except OSError as error:
            self._lost_reason = str(error)
            return -1
        try:
            _claim(fd)
        except OSError as error:
            self._lost_reason = f"its file cannot be locked: {error}"
            os.close(fd)
            self.path.unlink(missing_ok=True)
            return -1
        return fd

    def _create(self) -> int:
        make_private_folder(self.path.parent)
        try:
            return os.open(self.path, _NEW_FILE, 0o600)
        except FileNotFoundError:  # another writer of the run has just ended and taken the empty folder with it
            make_private_folder(self.path.parent)
            return os.open(self.path, _NEW_FILE, 0o600)

    def _release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _write(self, data: bytes) -> bool:
        if self._size >= self._budget.mark and not self._budget.admits(self._size):
            self._lost_reason, self._remedy = self._budget.reason, self._budget.remedy
            return False
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
        self._remedy = _REMEDY
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
        """Write what is owed to the file: its first record, and how many others are lost."""
        if self._is_closed:
            return False
        if self._first is not None and self._next_seq == 0:
            if not self._write(frame(0, self._first)):
                return False
            self._first = None
            self._lost_count -= 1
        self._told_count = self._lost_count
        if not self._lost_count:
            return True
        record = RecordsLost(time.time_ns() // 1_000_000, self._lost_count, self._lost_reason)
        if not self._write(frame(self._next_seq, encode(record))):
            return False
        self._lost_count = 0
        return True

    def _note_outcome(self, is_kept: bool) -> str:
        """What to tell about a record whose fate differs from that of the one before; "" where nothing changed."""
        if is_kept:
            self._is_failing = False
            return f"the journal can be written again; {self._told_count} records were not kept, and the run says so"
        if self._is_closed:
            return ""
        self._lost_count += 1
        if self._is_failing:
            return ""
        self._is_failing = True
        return (
            f"records cannot be kept ({self._lost_reason}): {self.path}. Training goes on; they are counted. "
            f"{self._remedy}"
        )

    def _make_again(self) -> None:
        with self._lock:
            if not self._is_closed and self._fd < 0:
                self._fd = self._open()
                self.has_file = self._fd >= 0

    def _is_removed(self) -> bool:
        """Whether the file has lost its name: what is in it goes with this process."""
        try:
            return self._fd >= 0 and os.fstat(self._fd).st_nlink == 0
        except OSError:  # closed meanwhile
            return False

    def _restore(self) -> None:
        """Give a file that was removed its name again, by way of a copy."""
        try:
            make_private_folder(self.path.parent)
            with self._replacing, self._second_fd() as source:
                if self.path.exists():
                    raise FileExistsError(errno.EEXIST, "another file has its name", str(self.path))
                is_restored = self._replace(source, b"", 0)
        except OSError as error:
            self._note_removal(error)
            return
        if is_restored:
            self._has_told_of_removal = False
            self._on_notice(f"the journal {self.path} had been removed; all that was in it is written again")

    def _note_removal(self, error: OSError) -> None:
        if self._is_closed:
            return
        self._lost_reason = f"the journal was removed and cannot be made again: {error}"
        if not self._has_told_of_removal:
            self._has_told_of_removal = True
            self._on_notice(f"{self._lost_reason}. What is not sent by then is lost when this process ends. {_REMEDY}")

    @contextmanager
    def _second_fd(self) -> Iterator[int]:
        """The file to read from, which stays open whatever becomes of the first descriptor."""
        with self._lock:
            fd = os.dup(self._fd)
        try:
            yield fd
        finally:
            os.close(fd)

    def _head(self, source: int, seq: int, offset: int) -> bytes:
        """The first frame, and one that stands for those after it and before `seq`; "" unless `seq` is at `offset`."""
        found = os.pread(source, HEADER_BYTES, offset)
        is_at_end = (seq, offset) == (self._next_seq, self._size)
        begins_here = found[:12] == MAGIC + seq.to_bytes(8, "little") if found else is_at_end
        length = HEADER_BYTES + int.from_bytes(os.pread(source, HEADER_BYTES, 0)[12:16], "little")
        if not begins_here or seq < 2:
            return b""
        stored = Acknowledged(time.time_ns() // 1_000_000)
        return os.pread(source, length, 0) + frame(seq - 1, encode(stored))

    def _replace(self, source: int, head: bytes, offset: int) -> bool:
        """Put a file of `head` and the frames from `offset` on in the place of this one. False once it is closed.

        Whatever it is interrupted by, the file under the journal's name is whole and has the writer's lock on it.
        """
        draft = draft_of(self.path)
        draft.unlink(missing_ok=True)
        spare = os.open(draft, _NEW_FILE, 0o600)
        try:
            _claim(spare)
            _write_all(spare, head)
            copied_until = _copy(source, spare, offset, self._size)  # most of it, while appending goes on
            with self._lock:
                if self._is_closed:
                    return False
                _copy(source, spare, copied_until, self._size)
                os.rename(draft, self.path)
                spare, self._fd = self._fd, spare
                self._size += len(head) - offset
            return True
        finally:
            os.close(spare)
            draft.unlink(missing_ok=True)


def _claim(fd: int) -> None:
    """Take the lock that says that a file's writer is alive. Raises OSError."""
    for _ in range(100):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody is just looking whether its writer is alive
            time.sleep(0.001)
        else:
            return
    raise BlockingIOError(errno.EWOULDBLOCK, "another process has locked it")


def _copy(source: int, target: int, start: int, end: int) -> int:
    """Append the bytes from `start` to `end` of one file to another; `end`. Raises OSError when the disk is full."""
    while start < end:
        part = os.pread(source, min(_PART_BYTES, end - start), start)
        if not part:
            raise OSError(errno.EIO, "the file is shorter than what was written to it")
        _write_all(target, part)
        start += len(part)
    return end


def _write_all(target: int, data: bytes) -> None:
    if os.write(target, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
