"""Reading a journal: batches of whole frames, whatever happened to the file.

What always holds: every frame with a good checksum is read, in order, and nothing else is. A torn last frame ends the
reading without an error (its writer may still be at it, or died in it); after damaged bytes the reader goes on at the
next frame with a good checksum. `missing_count` is exact: the numbers of the frames say how many are not there. What
`Acknowledged` stands for is not missing: the server has it. When another file takes the place of this one, the reader
goes on in it, once it has read all that is in this one.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from tracker.records import (
    HEADER_BYTES,
    MAGIC,
    MAX_PAYLOAD_BYTES,
    Acknowledged,
    DamagedFrame,
    Frame,
    decode,
    read_frame,
    read_frames,
)

BATCH_BYTES: Final = 4 * 1024 * 1024


class Batch(msgspec.Struct, frozen=True):
    """Frames that follow each other without a hole. `first_seq` up to, not including, `next_seq`.

    With `is_stored`, the one frame of `Acknowledged`, which stands for records that are no longer in the file.
    """

    first_seq: int
    next_seq: int
    data: bytes
    is_stored: bool = False


class JournalReader:
    """A place in a journal file. The file may grow and be replaced meanwhile. Raises OSError where it cannot be read.

    `next_seq` is the number after the last record that was read, `offset` where its frame begins or will begin.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.offset = 0
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
        return max(0, os.fstat(self._fd).st_size - self.offset)

    def rewind(self, seq: int) -> None:
        """Go to the first frame whose number is at least `seq`. Reads the file from its start, O(bytes before it)."""
        self.offset = 0
        self.next_seq = 0
        self.missing_count = 0
        while self.next_seq < seq:
            start, seq_before, missing_before = self.offset, self.next_seq, self.missing_count
            batch = self._read_here(BATCH_BYTES)
            if batch is None:
                return
            if batch.next_seq <= seq:
                continue
            if batch.is_stored:  # whoever wants one of these records is to meet what stands for them
                self.offset, self.next_seq = start, seq_before
                return
            self.offset -= len(batch.data)
            self.next_seq = batch.first_seq
            if batch.first_seq > seq:  # the hole before this batch is to be met again, from where it starts
                self.offset, self.next_seq, self.missing_count = start, seq_before, missing_before
                return
            for frame in read_frames(batch.data):
                if frame.seq == seq:
                    return
                self.offset += HEADER_BYTES + len(frame.payload)
                self.next_seq = frame.seq + 1

    def read(self, max_bytes: int = BATCH_BYTES) -> Batch | None:
        """The next frames, about `max_bytes` of them and at least one; None when there is no whole frame more."""
        batch = self._read_here(max_bytes)
        if batch is not None or not self._is_replaced():
            return batch
        batch = self._read_here(max_bytes)  # its last frames may have come just before it was replaced
        if batch is not None or not self._go_to_replacement():
            return batch
        return self._read_here(max_bytes)

    def _is_replaced(self) -> bool:
        """Whether the journal's name belongs to another file by now, so that nothing more comes into this one."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self._fd))
        except OSError:  # removed: what is in this one is all there is
            return False

    def _go_to_replacement(self) -> bool:
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        os.close(self._fd)
        self._fd = fd
        missing_count, seq = self.missing_count, self.next_seq
        self.rewind(seq)
        self.missing_count = missing_count
        return True

    def _read_here(self, max_bytes: int) -> Batch | None:
        data = os.pread(self._fd, max_bytes, self.offset)
        batch = self._whole_frames(data)
        if batch is not None:
            return batch
        found = self._next_frame()
        if found is None:
            return None
        offset, frame = found
        self._skip_hole(frame.seq)
        self.offset = offset + HEADER_BYTES + len(frame.payload)
        self.next_seq = frame.seq + 1
        return Batch(frame.seq, self.next_seq, os.pread(self._fd, self.offset - offset, offset))

    def _whole_frames(self, data: bytes) -> Batch | None:
        """The run of good frames without a hole at the start of `data`; moves past it. None when there is none."""
        first, seq, end = -1, self.next_seq, 0
        try:
            while (found := read_frame(data, end)) is not None:
                if seq == 1 and isinstance(decode(found.payload), Acknowledged):
                    if first < 0:
                        return self._stored(found, data)
                    break  # it makes a batch of its own
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
        self.offset += end
        self.next_seq = seq
        return Batch(first, seq, data[:end])

    def _stored(self, frame: Frame, data: bytes) -> Batch:
        """Move past the frame, right behind the first one, that stands for records which are not in the file."""
        batch = Batch(self.next_seq, frame.seq + 1, data[: frame.end], is_stored=True)
        self.offset += frame.end
        self.next_seq = batch.next_seq
        return batch

    def _skip_hole(self, seq: int) -> None:
        self.missing_count += max(0, seq - self.next_seq)

    def _next_frame(self) -> tuple[int, Frame] | None:
        """The next good frame and its offset: here, or behind whatever damage there is. None when none follows.

        A wrong length can claim bytes that are not there, so a frame that seems cut off by the end of the file is
        passed over when a good one follows.
        """
        offset = self.offset
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
