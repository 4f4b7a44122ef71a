"""Cursors of pages: where a page ended, as a text that clients pass back and never read.

A cursor holds the sort it was made for and the sorted values of the last run shown. The next page starts after these
values, so runs that come or go meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec

from tracker_server.errors import Refused

Value = int | float | str
Sort = tuple[tuple[str, bool], ...]
"""The keys of a sort, each with whether it descends."""


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    sort: Sort
    values: tuple[Value, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Cursor).decode


def write(sort: Sort, values: Sequence[Value]) -> str:
    """The cursor of a page that ended with a run of these values."""
    return base64.urlsafe_b64encode(_encode(_Cursor(sort, tuple(values)))).decode().rstrip("=")


def read(text: str, sort: Sort, kinds: Sequence[type[Value]]) -> list[Value]:
    """The values in a cursor, one for each of `kinds`. Raises Refused where it was made for another sort."""
    cursor = _decoded(text)
    if cursor.sort != sort:
        raise Refused(
            "bad_cursor",
            "the cursor belongs to a search sorted otherwise; leave the cursor out to start at the first page",
            field="cursor",
        )
    try:
        return list(msgspec.convert(cursor.values, tuple[tuple(kinds)], strict=True))  # type: ignore[misc]
    except msgspec.ValidationError as error:
        raise _not_ours() from error


def _decoded(text: str) -> _Cursor:
    try:
        return _decode(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, msgspec.DecodeError) as error:
        raise _not_ours() from error


def _not_ours() -> Refused:
    return Refused(
        "bad_cursor",
        "the cursor is not one that this server made; pass `next_cursor` of the page before as it is, or leave it out",
        field="cursor",
    )
