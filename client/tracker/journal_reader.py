"""Reading a journal: batches of whole frames, whatever happened to the file.

What always holds: every frame with a good checksum is read, in order, and nothing else is. A torn last frame ends the
reading without an error (its writer may still be at it, or died in it); after damaged bytes the reader goes on at the
next frame with a good checksum. `missing_count` is exact: the numbers of the frames say how many are not there.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from tracker.records import HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, DamagedFrame, Frame, read_frame, read_frames

BATCH_BYTES: Final = 4 * 1024 * 1024


class Batch(msgspec.Struct, frozen=True):
    """Frames that follow each other without a hole. `first_seq` up to, not including, `next_seq`."""

    first_seq: int
    next_seq: int
    data: bytes


class JournalReader:
    """A place in a journal file. The file may grow meanwhile. Raises OSError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._offset = 0
        self.next_seq = 0
        self.missing_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @property
    def tail_bytes(self) -> int:
        """Bytes behind the last whole frame that was read: a torn frame, or damage that runs to the end."""
        return max(0, os.fstat(self._fd).st_size - self._offset)

    def rewind(self, seq: int) -> None:
        """Go to the first frame whose number is at least `seq`. Reads the file from its start, O(bytes before it)."""
        self._offset = 0
        self.next_seq = 0
        self.missing_count = 0
        while self.next_seq < seq:
            start, seq_before, missing_before = self._offset, self.next_seq, self.missing_count
            batch = self.read()
            if batch is None:
                return
            if batch.next_seq <= seq:
                continue
            self._offset -= len(batch.data)
            self.next_seq = batch.first_seq
            if batch.first_seq > seq:  # the hole before this batch is to be met again, from where it starts
                self._offset, self.next_seq, self.missing_count = start, seq_before, missing_before
                return
            for frame in read_frames(batch.data):
                if frame.seq == seq:
                    return
                self._offset += HEADER_BYTES + len(frame.payload)
                self.next_seq = frame.seq + 1

    def read(self, max_bytes: int = BATCH_BYTES) -> Batch | None:
        """The next frames, about `max_bytes` of them and at least one; None when there is no whole frame more."""
        data = os.pread(self._fd, max_bytes, self._offset)
        batch = self._whole_frames(data)
        if batch is not None:
            return batch
        found = self._next_frame()
        if found is None:
            return None
        offset, frame = found
        self._skip_hole(frame.seq)
        self._offset = offset + HEADER_BYTES + len(frame.payload)
        self.next_seq = frame.seq + 1
        return Batch(frame.seq, self.next_seq, os.pread(self._fd, self._offset - offset, offset))

    def _whole_frames(self, data: bytes) -> Batch | None:
        """The run of good frames without a hole at the start of `data`; moves past it. None when there is none."""
        first, seq, end = -1, self.next_seq, 0
        try:
            while (found := read_frame(data, end)) is not None:
                if found.seq < seq or (found.seq > seq and first >= 0):
                    break  # a hole is the start of the next batch
                if first < 0:
                    first = found.seq
                seq, end = found.seq + 1, found.end
        except DamagedFrame:
            pass  # what is whole goes first; the next read starts at the damage and looks for what follows it
        if first < 0:
            return None
        self._skip_hole(first)
        self._offset += end
        self.next_seq = seq
        return Batch(first, seq, data[:end])

    def _skip_hole(self, seq: int) -> None:
        self.missing_count += max(0, seq - self.next_seq)

    def _next_frame(self) -> tuple[int, Frame] | None:
        """The next good frame and its offset: here, or behind whatever damage there is. None when none follows.

        A wrong length can claim bytes that are not there, so a frame that seems cut off by the end of the file is
        passed over when a good one follows.
        """
        offset = self._offset
        size = os.fstat(self._fd).st_size
        while offset < size:
            frame = self._frame_at(offset)
            if frame is not None and frame.seq >= self.next_seq:
                return offset, frame
            offset = self._next_magic(offset + 1, size)
        return None

    def _frame_at(self, offset: int) -> Frame | None:
        header = os.pread(self._fd, HEADER_BYTES, offset)
        length = int.from_bytes(header[12:16], "little")
        if len(header) < HEADER_BYTES or length > MAX_PAYLOAD_BYTES:
            return None
        try:
            return read_frame(os.pread(self._fd, HEADER_BYTES + length, offset))
        except DamagedFrame:
            return None

    def _next_magic(self, offset: int, size: int) -> int:
        """Where the magic number stands next, or the end of the file."""
        while offset < size:
            window = os.pread(self._fd, 1024 * 1024, offset)
            found = window.find(MAGIC)
            if found >= 0:
                return offset + found
            offset += max(1, len(window) - len(MAGIC) + 1)
        return size
