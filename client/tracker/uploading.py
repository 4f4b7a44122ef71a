"""Sending many blobs: small ones many to a request, large ones over several connections at once.

What always holds: when `upload` returns, the server has said of every blob that it keeps it; the first failure ends it
and is raised, and `on_stored` has been told of each that was stored before. Threads that are at it are daemons: a
process that ends does not wait for them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracker import turns
from tracker.errors import RefusedError
from tracker.packs import PACKED_BYTES, Staged

if TYPE_CHECKING:  # it brings requests, which must not burden import tracker
    from tracker.transport import Transport

SMALL_BYTES: Final = PACKED_BYTES
BULK_BYTES: Final = 4 * 1024 * 1024
BULK_COUNT: Final = 2_000
CONNECTIONS: Final = 4


class BytesGone(Exception):
    """The file that has the bytes of this digest is not there any more."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


def upload(
    transport: Transport,
    blobs: Sequence[Staged],
    *,
    on_stored: Callable[[Staged], object],
    on_bytes: Callable[[int, int], object],
) -> None:
    """Send blobs from where they lie. Raises BytesGone, OSError, TransportError and RefusedError.

    `on_bytes` is told of bytes and of blobs that have gone, `on_stored` of each blob that is stored.
    """
    jobs = list(_jobs(blobs))
    work = _Work(jobs, on_stored, on_bytes)
    threads = [
        threading.Thread(target=work.go_on, args=(transport.another(), True), name="tracker-upload", daemon=True)
        for _ in range(min(CONNECTIONS, len(jobs)) - 1)
    ]
    for thread in threads:
        thread.start()
    work.go_on(transport, False)
    for thread in threads:
        turns.join(thread)
    if work.failure is not None:
        raise work.failure


def _jobs(blobs: Sequence[Staged]) -> Iterator[list[Staged]]:
    """What goes at once: the large ones alone and first, the small ones together."""
    large = [blob for blob in blobs if blob.size_bytes > SMALL_BYTES]
    yield from ([blob] for blob in sorted(large, key=lambda blob: -blob.size_bytes))
    bulk: list[Staged] = []
    bulk_bytes = 0
    for blob in blobs:
        if blob.size_bytes > SMALL_BYTES:
            continue
        if bulk and (len(bulk) == BULK_COUNT or bulk_bytes + blob.size_bytes > BULK_BYTES):
            yield bulk
            bulk, bulk_bytes = [], 0
        bulk.append(blob)
        bulk_bytes += blob.size_bytes
    if bulk:
        yield bulk


class _Work:
    """What is left to send, taken by several threads."""

    def __init__(
        self,
        jobs: Sequence[list[Staged]],
        on_stored: Callable[[Staged], object],
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

    def _next(self) -> list[Staged] | None:
        with self._lock:
            return None if self.failure is not None else next(self._jobs, None)

    def _send(self, transport: Transport, job: list[Staged]) -> None:
        if len(job) == 1 and not job[0].is_packed:
            self._send_one(transport, job[0])
            return
        read = _read(job)
        try:
            transport.upload_blobs(read)
        except RefusedError as error:
            if not error.is_of_an_older_server:  # that takes each alone
                raise
            for blob in job:
                self._send_one(transport, blob)
            return
        self._on_bytes(sum(len(data) for data in read.values()), len(read))
        for blob in job:
            self._on_stored(blob)

    def _send_one(self, transport: Transport, blob: Staged) -> None:
        if blob.is_packed:
            data = _read([blob])[blob.digest]
            transport.upload_from(blob.digest, BytesIO(data), len(data))
            self._on_bytes(len(data), 0)
        else:
            try:
                transport.upload_blob(blob.digest, blob.path, lambda count: self._on_bytes(count, 0))
            except FileNotFoundError:
                raise BytesGone(blob.digest) from None
        self._on_bytes(0, 1)
        self._on_stored(blob)


def _read(blobs: Sequence[Staged]) -> dict[str, bytes]:
    """The bytes of blobs, by their digests. Each pack is opened once. Raises BytesGone and OSError."""
    found: dict[str, bytes] = {}
    opened: dict[Path, int] = {}
    with ExitStack() as stack:
        for blob in blobs:
            if not blob.is_packed:
                found[blob.digest] = _read_alone(blob)
                continue
            if blob.path not in opened:
                try:
                    opened[blob.path] = os.open(blob.path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    raise BytesGone(blob.digest) from None
                stack.callback(os.close, opened[blob.path])
            found[blob.digest] = os.pread(opened[blob.path], blob.size_bytes, blob.offset)
    return found


def _read_alone(blob: Staged) -> bytes:
    try:
        return blob.path.read_bytes()
    except FileNotFoundError:
        raise BytesGone(blob.digest) from None
