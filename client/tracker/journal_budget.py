"""How much all journals of the client's folder may take together, and the thread that watches over one of them.

What always holds: `append` waits for no measuring. The other journals are measured in the background (at the start,
whenever the own one has grown by another 64 MiB, and every minute), the own one is counted exactly by whoever writes
it, so it goes past the cap by less than one record. Staged bytes are not counted: they are not what the cap is for, and
a large artifact on its way shall not cost a record.

    mark    the size of the own journal at which `admits` is to be asked; below it nothing has to be looked up
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

DEFAULT_MAX_BYTES: Final = 10_000_000_000
VARIABLE: Final = "TRACKER_MAX_JOURNAL_BYTES"
_WARNED_SHARE: Final = 0.8
_STRIDE_BYTES: Final = 64 * 1024 * 1024
_MEASURE_S: Final = 60.0
_TEND_S: Final = 5.0
_FIRST_MEASURE_S: Final = 0.1  # lets init() return first


def measure(folder: Path, *, without: Path) -> int:
    """The bytes of the journals in the run folders of `folder`, but for the one at `without`."""
    total = 0
    for run in _entries(folder):
        if not run.is_dir(follow_symlinks=False):
            continue
        for file in _entries(run):
            is_own = file.name == without.name and run.name == without.parent.name
            if file.name.endswith(without.suffix) and not is_own:
                total += _size_of(file)
    return total


class Budget:
    """What is left for the journal at `path`, which lies in a run's folder in the folder of all journals.

    `tend` is called by the thread every few seconds; it does what the journal needs from time to time, `look` among it.
    `start` starts the thread, `close` ends it.
    """

    def __init__(
        self, path: Path, max_bytes: int, *, tend: Callable[[], None], on_notice: Callable[[str], None]
    ) -> None:
        self._path = path
        self._folder = path.parent.parent
        self._max_bytes = max_bytes
        self._tend = tend
        self._on_notice = on_notice
        self._limit = max_bytes
        self._weighed_at = float("-inf")
        self._has_warned = False
        self._is_closed = False
        self._is_asked = True
        self._wake = threading.Event()
        self.mark = min(max_bytes, _STRIDE_BYTES)

    @property
    def reason(self) -> str:
        """Why nothing more is admitted."""
        return f"the unsent journals have reached their cap of {_gigabytes(self._max_bytes)}"

    @property
    def remedy(self) -> str:
        """What helps against it."""
        return f"Send them with: tracker sync; or raise the cap with {VARIABLE}"

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._run, name="tracker-journal", daemon=True).start()

    def close(self) -> None:
        """End the watching; does not wait for it."""
        self._is_closed = True
        self._wake.set()

    def admits(self, own_bytes: int) -> bool:
        """Whether a journal that has this size now may grow. Cheap, and safe from any thread."""
        if own_bytes >= self._limit:
            return False
        self.mark = min(self._limit, own_bytes + _STRIDE_BYTES)
        self._is_asked = True
        self._wake.set()
        return True

    def look(self, own_bytes: int) -> None:
        """Weigh again if it is time to: when asked for, every minute, and always while nothing is admitted."""
        is_full = own_bytes >= self._limit
        if self._is_asked or is_full or time.monotonic() - self._weighed_at >= _MEASURE_S:
            self._is_asked = False
            self._weigh(own_bytes)
            self._weighed_at = time.monotonic()

    def _weigh(self, own_bytes: int) -> None:
        """Measure the others, decide how far the own journal may grow, and warn before it comes to that."""
        others_bytes = measure(self._folder, without=self._path)
        self._limit = self._max_bytes - others_bytes
        self._warn(others_bytes + own_bytes)
        mark = min(self._limit, own_bytes + _STRIDE_BYTES)
        if not self._has_warned:
            mark = min(mark, int(self._max_bytes * _WARNED_SHARE) - others_bytes)
        self.mark = mark

    def _run(self) -> None:
        self._wake.wait(_FIRST_MEASURE_S)
        while not self._is_closed:
            self._wake.clear()
            self._tend()
            self._wake.wait(_TEND_S)

    def _warn(self, total_bytes: int) -> None:
        if self._has_warned or total_bytes < self._max_bytes * _WARNED_SHARE:
            return
        self._has_warned = True
        self._on_notice(
            f"unsent journals take {_gigabytes(total_bytes)} of the {_gigabytes(self._max_bytes)} that they may take, "
            f"in {self._folder}. At the cap, records are no longer kept. {self.remedy}"
        )


def _entries(folder: Path | os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    """What is in a folder; nothing when it is not there or may not be read."""
    try:
        with os.scandir(folder) as found:
            yield from found
    except OSError:
        return


def _size_of(file: os.DirEntry[str]) -> int:
    try:
        return file.stat().st_size
    except OSError:  # stored and removed meanwhile
        return 0


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 100_000_000 else f"{size_bytes:,} bytes"
