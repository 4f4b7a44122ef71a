"""The thread that turns logged media into bytes beside the journal and a record in it.

What always holds: pieces that wait take no more than `max_bytes` of memory. Where there is no room, `add` waits for it
for at most `patience_s`, and then gives the piece up, which is counted and told. It waits because a piece is encoded in
milliseconds, so that a loop that makes them faster goes on at the pace of the thread and loses none; it does not wait
for long because a thread that makes no room in that time is stuck, on a disk that hangs say, and training is not to
stand still for that. Having given up once it gives up at once, until there is progress again.

A record is appended when its bytes are on the disk. What still waits when the process is killed is lost, and so it is
when `close` has waited for as long as it may; that is counted. In a forked child there is no thread and `add` encodes:
such a process mostly ends by `os._exit`, which waits for nobody. A fork waits for the piece that is being encoded, for
5 s at most: a child made in the middle of it would have modules half imported, by a thread that it does not have.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tracker import turns
from tracker.forking import Undivided
from tracker.journal import Journal
from tracker.records import ArtifactFile, Record
from tracker.staging import StagingError, stage_bytes

MAX_BYTES: Final = 256 * 1024 * 1024
PATIENCE_S: Final = 5.0
_LEAST_BYTES: Final = 1024  # that any piece takes, whatever it holds

Work = Callable[[], Record]

_encoding = Undivided()


def keep(blobs: Path, data: bytes, path: str = "") -> ArtifactFile:
    """Have bytes lie in the folder under their digest, once. Raises StagingError."""
    kept = stage_bytes(data, blobs)
    return ArtifactFile(path, kept.digest, kept.size_bytes)


class Encoder:
    """What waits to be encoded, and the thread that does it, started when there is something. Safe from any thread."""

    def __init__(
        self, journal: Journal, *, is_threaded: bool = True, max_bytes: int = MAX_BYTES, patience_s: float = PATIENCE_S
    ) -> None:
        self._journal = journal
        self._is_threaded = is_threaded
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._changed = threading.Condition()  # guards what follows, and tells of every change of it
        self._waiting: deque[tuple[str, int, Work]] = deque()
        self._held_bytes = 0
        self._thread: threading.Thread | None = None
        self._is_stuck = False
        self._is_over = False

    def add(self, what: str, size_bytes: int, work: Work) -> None:
        """Have `work` make a record, soon. `what` is for the notice where it cannot be made."""
        if not self._is_threaded:
            self._append(what, work)
            return
        size_bytes = max(size_bytes, _LEAST_BYTES)
        with self._changed:
            has_room = self._await_room(size_bytes)
            if has_room:
                self._waiting.append((what, size_bytes, work))
                self._held_bytes += size_bytes
                self._changed.notify_all()
        if not has_room:
            self._journal.lose(
                what, f"{self._max_bytes // 2**20} MiB of media wait to be encoded already, and none is done; log fewer"
            )
        elif not self._start():
            self._encode_all()

    def settle(self, timeout_s: float) -> bool:
        """Wait until nothing waits to be encoded; False when that took longer."""
        with self._changed:
            return turns.wait_for(self._changed, lambda: not self._held_bytes, timeout_s)

    def close(self, timeout_s: float) -> None:
        """Encode what waits, for no longer than this; what is left is counted as lost, and nothing more is appended."""
        try:
            self.settle(timeout_s)
        finally:  # also when Ctrl-C ends the waiting
            with self._changed:
                self._is_over = True
                given_up = list(self._waiting)
                self._waiting.clear()
                self._changed.notify_all()
            for what, _, _ in given_up:
                self._journal.lose(
                    what, "the run ended before it was encoded; a larger finish_timeout_s waits for more"
                )

    def _await_room(self, size_bytes: int) -> bool:
        """Whether there is room, waiting for it where there is progress. Called with the lock."""

        def has_room() -> bool:
            return self._is_over or self._held_bytes == 0 or self._held_bytes + size_bytes <= self._max_bytes

        if not self._changed.wait_for(has_room, 0.0 if self._is_stuck else self._patience_s):
            self._is_stuck = True
        return not self._is_over and has_room()

    def _start(self) -> bool:
        """Have a thread that encodes; False where none can be started any more, since the interpreter ends."""
        with self._changed:
            if self._thread is not None:
                return True
            self._thread = threading.Thread(target=self._run, name="tracker-encoding", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                self._thread = None
                self._is_threaded = False
            return self._thread is not None

    def _run(self) -> None:
        while self._encode_next():
            pass

    def _encode_all(self) -> None:
        while self._waiting:
            self._encode_next()

    def _encode_next(self) -> bool:
        """Encode one piece, waiting for it; False once it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            if self._is_over:
                return False
            what, size_bytes, work = self._waiting.popleft()
        try:
            self._append(what, work)
        finally:
            del work  # and with it the piece
            with self._changed:
                self._held_bytes -= size_bytes
                self._is_stuck = False
                self._changed.notify_all()
        return True

    def _append(self, what: str, work: Work) -> None:
        try:
            with _encoding.work():
                record = work()
        except StagingError as error:
            self._journal.lose(what, error)
        except OSError as error:
            self._journal.lose(what, f"{error}; free some space, or set TRACKER_DIR to a folder that has it")
        except Exception as error:  # the edge of the thread: one that cannot be encoded must not end those after it
            self._journal.lose(what, error if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
        else:
            if not self._is_over:
                self._journal.append(record)
            else:
                self._journal.lose(what, "the run ended before it was encoded")
