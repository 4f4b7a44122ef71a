"""Many small blobs in one body: for each, its sha256 (32 bytes), its length (4 bytes, little endian), its bytes.

What always holds: a body is taken whole or refused whole; one that is sent has all that was asked for, in that order,
or ends before its length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

from tracker_server.artifacts.blobs import BlobStore
from tracker_server.errors import NotFound, Refused

MAX_BULK_BYTES: Final = 16 * 1024 * 1024
MAX_BLOBS: Final = 10_000
_PART_BYTES: Final = 128 * 1024

_HEAD: Final = struct.Struct("<32sI")


def parse(body: bytes) -> dict[str, bytes]:
    """The blobs of a body, by the digest that each is said to have. Raises Refused for a body that is none."""
    found: dict[str, bytes] = {}
    offset = 0
    while offset < len(body):
        start = offset + _HEAD.size
        if start > len(body):
            raise _broken(len(found), "its head is cut off")
        digest, length = _HEAD.unpack_from(body, offset)
        offset = start + length
        if offset > len(body):
            raise _broken(len(found), f"it is said to have {length} bytes, and {len(body) - start} follow")
        found[digest.hex()] = body[start:offset]
        if len(found) > MAX_BLOBS:
            raise Refused("too_many_blobs", f"a body has at most {MAX_BLOBS:,} blobs; send several")
    return found


def sizes(store: BlobStore, digests: Sequence[str]) -> dict[str, int]:
    """The blobs that a body is to have, with their sizes. Raises NotFound, and Refused where they are too much."""
    found: dict[str, int] = {}
    size_bytes = 0
    for digest in dict.fromkeys(digests):
        size = store.size(digest)
        if size is None:
            raise NotFound("unknown_blob", f"there is no blob {digest}")
        found[digest] = size
        size_bytes += size
        if size_bytes > MAX_BULK_BYTES:
            raise Refused(
                "too_many_bytes",
                f"these blobs have more than {MAX_BULK_BYTES:,} bytes; ask for fewer, or for each alone",
            )
    return found


def length(sizes: dict[str, int]) -> int:
    """How many bytes a body with these blobs has."""
    return sum(sizes.values()) + len(sizes) * _HEAD.size


def framed(store: BlobStore, sizes: dict[str, int]) -> Iterator[bytes]:
    """The body with these blobs, in parts; each blob is read when its turn comes. Raises OSError for one that went."""
    part = bytearray()
    for digest, size in sizes.items():
        part += _HEAD.pack(bytes.fromhex(digest), size)
        part += store.read(digest, size)
        if len(part) >= _PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def _broken(number: int, why: str) -> Refused:
    return Refused("bad_bulk", f"blob {number} of the body is broken: {why}; send the body again")
