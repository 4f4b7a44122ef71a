"""Many small blobs in one body: for each, its sha256 (32 bytes), its length (4 bytes, little endian), its bytes.

What always holds: a body is taken whole or refused whole.
"""

from __future__ import annotations

import struct
from typing import Final

from tracker_server.errors import Refused

MAX_BULK_BYTES: Final = 16 * 1024 * 1024
MAX_BLOBS: Final = 10_000

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


def _broken(number: int, why: str) -> Refused:
    return Refused("bad_bulk", f"blob {number} of the body is broken: {why}; send the body again")
