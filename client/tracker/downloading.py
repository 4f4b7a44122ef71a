"""Fetching many blobs: small ones many to an answer, the others each alone, over several connections at once.

What always holds: what is handed on has the sha256 that it was asked for by, and is handed on as soon as it is here, so
that a download that breaks off has lost only what was on its way. The first failure ends it and is raised.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from tracker.errors import DamagedError, RefusedError, TransportError
from tracker.packs import PACKED_BYTES

if TYPE_CHECKING:
    from tracker.transport import Transport

SMALL_BYTES: Final = PACKED_BYTES
"""A larger blob comes alone, and goes on within it where it broke off."""

BULK_BYTES: Final = 4 * 1024 * 1024
BULK_COUNT: Final = 2_000
CONNECTIONS: Final = 8
PAUSE_S: Final = 0.5

Job = Callable[["Transport"], object]


def fetch_small(
    transport: Transport, lacking: dict[str, int], keep: Callable[[str, bytes], object], alone: Callable[[str], object]
) -> None:
    """Have `keep` given the bytes of each of these blobs, or `alone` its digest by a server that gives one at a time.

    What has been kept is taken out of `lacking`. Where it breaks off, the rest is asked for again, for as long as
    something comes.
    """
    while lacking:
        before = len(lacking)
        try:
            for digest, data in transport.download_blobs(lacking.copy()):
                keep(digest, data)
                del lacking[digest]
        except RefusedError as error:
            if not error.is_of_an_older_server:
                raise
            for digest in list(lacking):
                alone(digest)
                del lacking[digest]
        except TransportError as error:
            if isinstance(error, DamagedError) or len(lacking) == before:
                raise
            time.sleep(PAUSE_S)


def portions(sizes: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Small blobs as they are asked for at once."""
    portion: dict[str, int] = {}
    portion_bytes = 0
    for digest, size_bytes in sizes.items():
        if portion and (len(portion) == BULK_COUNT or portion_bytes + size_bytes > BULK_BYTES):
            yield portion
            portion, portion_bytes = {}, 0
        portion[digest] = size_bytes
        portion_bytes += size_bytes
    if portion:
        yield portion


def carry_out(transport: Transport, jobs: Sequence[Job]) -> None:
    """Do each of these, by several threads where they are several, each of which has a connection of its own."""
    if len(jobs) == 1:
        jobs[0](transport)
        return
    own = threading.local()
    opened: list[Transport] = []
    has_failed = threading.Event()

    def do(job: Job) -> None:
        if has_failed.is_set():
            return
        if not hasattr(own, "transport"):
            own.transport = transport.another()
            opened.append(own.transport)
        try:
            job(own.transport)
        except BaseException:
            has_failed.set()
            raise

    try:
        with ThreadPoolExecutor(CONNECTIONS, "tracker-fetch") as threads:
            begun = [threads.submit(do, job) for job in jobs]
        for each in begun:  # the one that failed is told of, not those that were not begun because of it
            if (error := each.exception()) is not None:
                raise error
    except BaseException:  # Ctrl-C among them, which the threads are not told of
        has_failed.set()
        raise
    finally:
        for one in opened:
            one.close()
