"""Sending many blobs: small ones many to a request, large ones over several connections at once.

What always holds: when `upload` returns, the server has said of every blob that it keeps it; the first failure ends it
and is raised, and `on_stored` has been told of each that was stored before. Threads that are at it are daemons: a
process that ends does not wait for them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracker.errors import RefusedError

if TYPE_CHECKING:  # it brings requests, which must not burden import tracker
    from tracker.transport import Transport

SMALL_BYTES: Final = 256 * 1024
BULK_BYTES: Final = 4 * 1024 * 1024
BULK_COUNT: Final = 2_000
CONNECTIONS: Final = 4

_Blob = tuple[str, Path, int]


class BytesGone(Exception):
    """The file that has the bytes of this digest is not there any more."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


def upload(
    transport: Transport,
    blobs: Sequence[tuple[str, Path]],
    *,
    on_stored: Callable[[Path], object],
    on_bytes: Callable[[int, int], object],
) -> None:
    """Send blobs, each by its digest and its file. Raises BytesGone, OSError, TransportError and RefusedError.

    `on_bytes` is told of bytes and of blobs that have gone, `on_stored` of each file that is stored.
    """
    jobs = list(_jobs([(digest, path, _size(digest, path)) for digest, path in blobs]))
    work = _Work(jobs, on_stored, on_bytes)
    threads = [
        threading.Thread(target=work.go_on, args=(transport.another(), True), name="tracker-upload", daemon=True)
        for _ in range(min(CONNECTIONS, len(jobs)) - 1)
    ]
    for thread in threads:
        thread.start()
    work.go_on(transport, False)
    for thread in threads:
        thread.join()
    if work.failure is not None:
        raise work.failure


def _size(digest: str, path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise BytesGone(digest) from None


def _jobs(blobs: Sequence[_Blob]) -> Iterator[list[_Blob]]:
    """What goes at once: the large ones alone and first, the small ones together."""
    yield from ([blob] for blob in sorted(blobs, key=lambda blob: -blob[2]) if blob[2] > SMALL_BYTES)
    bulk: list[_Blob] = []
    bulk_bytes = 0
    for blob in blobs:
        if blob[2] > SMALL_BYTES:
            continue
        if bulk and (len(bulk) == BULK_COUNT or bulk_bytes + blob[2] > BULK_BYTES):
            yield bulk
            bulk, bulk_bytes = [], 0
        bulk.append(blob)
        bulk_bytes += blob[2]
    if bulk:
        yield bulk


class _Work:
    """What is left to send, taken by several threads."""

    def __init__(
        self,
        jobs: Sequence[list[_Blob]],
        on_stored: Callable[[Path], object],
        on_bytes: Callable[[int, int], object],
    ) -> None:
        self._jobs = iter(jobs)
        self._on_stored = on_stored
        self._on_bytes = on_bytes
        self._lock = threading.Lock()
        self.failure: Exception | None = None

    def go_on(self, transport: Transport, is_own: bool) -> None:
        """Send until nothing is left, or something fails."""
        try:
            while (job := self._next()) is not None:
                self._send(transport, job)
        except Exception as error:  # the edge of a thread: the one that waits for all of them raises it
            with self._lock:
                self.failure = self.failure or error
        finally:
            if is_own:
                transport.close()

    def _next(self) -> list[_Blob] | None:
        with self._lock:
            return None if self.failure is not None else next(self._jobs, None)

    def _send(self, transport: Transport, job: list[_Blob]) -> None:
        if len(job) == 1:
            self._send_one(transport, job[0])
            return
        read = {digest: (path, _read(digest, path)) for digest, path, _ in job}
        try:
            transport.upload_blobs({digest: data for digest, (_, data) in read.items()})
        except RefusedError as error:
            if error.code != "not_found":  # a server of an earlier version takes each alone
                raise
            for blob in job:
                self._send_one(transport, blob)
            return
        self._on_bytes(sum(len(data) for _, data in read.values()), len(read))
        for path, _ in read.values():
            self._on_stored(path)

    def _send_one(self, transport: Transport, blob: _Blob) -> None:
        digest, path, _ = blob
        try:
            transport.upload_blob(digest, path, lambda count: self._on_bytes(count, 0))
        except FileNotFoundError:
            raise BytesGone(digest) from None
        self._on_bytes(0, 1)
        self._on_stored(path)


def _read(digest: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BytesGone(digest) from None
