"""Reading a journal as a test wants it: all at once."""

from __future__ import annotations

from pathlib import Path

from tracker.journal_reader import JournalReader
from tracker.records import decode, read_frames


def read_all(path: Path) -> list:
    """The records of every whole frame."""
    return [record for _, record in read_numbered(path)]


def read_numbered(path: Path, max_bytes: int = 4096) -> list[tuple[int, object]]:
    """The numbers and records of every whole frame, read in small batches so that their borders are met too."""
    with JournalReader(path) as reader:
        found = []
        while (batch := reader.read(max_bytes)) is not None:
            found += [(frame.seq, decode(frame.payload)) for frame in read_frames(batch.data)]
        return found
