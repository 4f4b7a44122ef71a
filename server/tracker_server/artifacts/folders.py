"""The folders of a version, counted once as it is made, since its files never change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.records import ArtifactFile


def rows(files: Iterable[ArtifactFile]) -> list[dict[str, Any]]:
    """A row for each folder that a file lies in, and for the one at the top, without the version. O(files × depth)."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        folder = file.path.rpartition("/")[0]
        _at(found, folder)["own_count"] += 1
        while True:
            counted = _at(found, folder)
            counted["file_count"] += 1
            counted["size_bytes"] += file.size_bytes
            if not folder:
                break
            folder = folder.rpartition("/")[0]
    return list(found.values())


def _at(found: dict[str, dict[str, Any]], folder: str) -> dict[str, Any]:
    if folder not in found:
        parent, _, name = folder.rpartition("/")
        found[folder] = {"parent": parent, "name": name, "file_count": 0, "own_count": 0, "size_bytes": 0}
    return found[folder]
