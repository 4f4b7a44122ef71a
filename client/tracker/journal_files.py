"""Where journals lie, and what is done with a journal as a whole: finding, telling whether it is alive, removing.

    <directory>/journals/<run id>/<writer>.journal     the frames; see `journal`
    <directory>/journals/<run id>/<writer>.draft       a file that is about to take the journal's place
    <directory>/journals/<run id>/<writer>.blobs/      bytes that records name by digest, until they are uploaded

What always holds: folders that are made here are readable by the user alone, and a journal that a process still writes
is locked by it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tracker.records import HEADER_BYTES, MAX_PAYLOAD_BYTES, DamagedFrame, RunStarted, decode, read_frame

SUFFIX: Final = ".journal"


def path_of(journals: Path, run_id: str, writer: str) -> Path:
    """Where the journal of a writer lies."""
    return journals / run_id / f"{writer}{SUFFIX}"


def blobs_of(journal: Path) -> Path:
    """The folder of the bytes that a journal's records name."""
    return journal.with_suffix(".blobs")


def draft_of(journal: Path) -> Path:
    """The file that is to take the journal's place."""
    return journal.with_suffix(".draft")


def find(folder: Path) -> Iterator[Path]:
    """Every journal in a folder or below it, oldest run first, and those of a run in the order in which they began."""
    runs: dict[Path, list[Path]] = {}
    for path in folder.rglob(f"*{SUFFIX}"):
        runs.setdefault(path.parent, []).append(path)
    for run in sorted(runs):
        journals = runs[run]
        yield from sorted(journals, key=lambda path: (_began_ms(path), path)) if len(journals) > 1 else journals


def _began_ms(path: Path) -> int:
    """When the writer of a journal began, by its first record; 0 where that cannot be read."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            length = min(int.from_bytes(header[12:16], "little"), MAX_PAYLOAD_BYTES)  # damaged, it may say anything
            first = read_frame(header + file.read(length))
    except (OSError, DamagedFrame):
        return 0
    record = decode(first.payload) if first is not None else None
    return record.time_ms if isinstance(record, RunStarted) else 0


def make_private_folder(path: Path) -> None:
    """Make a folder and its parents, those that are new readable by the user alone."""
    if path.is_dir():
        return
    make_private_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


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
    draft_of(path).unlink(missing_ok=True)  # its process may have died before it took the place
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
