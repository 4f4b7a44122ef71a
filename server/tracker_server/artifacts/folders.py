"""The folders of a version, counted once as it is made, since its files never change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tracker.records import ArtifactFile

Row = tuple[str, str, int, int, int]
"""The folder's parent, its name in that, the files below it and those in it itself, and the bytes of all below it."""


def rows(files: Iterable[ArtifactFile]) -> list[Row]:
    """A row for each folder that a file lies in, and for the one at the top. O(files + folders × depth)."""
    own: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for file in files:
        found = own[file.path.rpartition("/")[0]]
        found[0] += 1
        found[1] += file.size_bytes
    below: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for folder, (count, size_bytes) in own.items():
        for above in _with_those_above(folder):
            found = below[above]
            found[0] += count
            found[1] += size_bytes
    return [
        (*_split(folder), count, own[folder][0] if folder in own else 0, size_bytes)
        for folder, (count, size_bytes) in below.items()
    ]


def _with_those_above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _split(folder: str) -> tuple[str, str]:
    parent, _, name = folder.rpartition("/")
    return parent, name
