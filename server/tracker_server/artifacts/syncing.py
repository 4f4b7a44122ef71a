"""Bringing many files to the disk at once: one call for all of a file system, where one for each would take minutes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


def sync_everything(folder: Path, changed: Iterable[str]) -> None:
    """Have what was `changed` below the folder on the disk. Raises OSError where it cannot get there.

    A system that has no such call for a whole file system syncs the files and folders that were changed, one by one.
    """
    if _syncfs is None:
        for path in changed:
            _sync(path)
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        if _syncfs(fd) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
        os.fsync(fd)  # syncfs of older systems is silent about a failure
    finally:
        os.close(fd)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
