"""What the system keeps in its memory of the store's files: one large file shall not drive the database out of it.

Memory that is used again and again is also the fastest: on a virtual machine each page that is touched for the first
time may cost more than what is done with it.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from typing import Final

_WANTED_S: Final = 3600.0
_REMEMBERED: Final = 1_000


def forget(fd: int, start: int, end: int) -> None:
    """Have the system keep nothing of these bytes of an open file; of what is not on the disk yet it keeps all."""
    if hasattr(os, "posix_fadvise"):  # macOS has no such call
        os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)


class Wanted:
    """Which blobs were asked for in the last hour: what many machines fetch is worth keeping."""

    def __init__(self) -> None:
        self._asked_s: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, digest: str) -> bool:
        """It is asked for now; whether it was before."""
        now_s = time.monotonic()
        with self._lock:
            before_s = self._asked_s.pop(digest, None)
            self._asked_s[digest] = now_s
            if len(self._asked_s) > _REMEMBERED:
                self._asked_s.popitem(last=False)
        return before_s is not None and now_s - before_s < _WANTED_S
