"""Every point of some series as the server streams them: MessagePack maps one after the other, each a part of a series.

What always holds: parts are taken apart as they arrive, so that memory holds what is kept of them and one of them more.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tracker.errors import TransportError


class Part(msgspec.Struct, frozen=True):
    """Points of a series, in order of arrival. The columns are little-endian: int64, and `values` float64."""

    metric: str
    label: str
    segment: int
    steps: bytes
    times: bytes
    values: bytes


def parts(pieces: Iterable[bytes]) -> Iterator[Part]:
    """The parts in these bytes, which are cut anywhere. Raises TransportError for what is none, or ends within one."""
    source = _Source(pieces)
    while source.has_more():
        try:
            yield msgspec.convert(_value(source), Part)
        except (msgspec.ValidationError, KeyError, UnicodeDecodeError) as error:
            raise TransportError(f"what the server sent is not a part of a series: {error}") from error


def integers(column: bytes) -> array[int]:
    """The numbers of a column of int64."""
    return _in_order(array("q", column))


def floats(column: bytes) -> array[float]:
    """The numbers of a column of float64."""
    return _in_order(array("d", column))


def _in_order(numbers: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


class _Source:
    """Bytes that arrive in pieces, given out in the sizes that are asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self._at = 0

    def has_more(self) -> bool:
        """Whether there is another byte; waits for it."""
        while self._at == len(self._held):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._held, self._at = piece, 0
        return True

    def take(self, size: int) -> bytes:
        """The next so many bytes."""
        end = self._at + size
        if end <= len(self._held):
            taken = self._held[self._at : end]
            self._at = end
            return taken
        found = [self._held[self._at :]]
        missing = end - len(self._held)
        self._at = len(self._held)
        while missing:
            if not self.has_more():
                raise TransportError("what the server sent ends within a part of a series")
            piece = self._held[:missing]
            self._at = len(piece)
            missing -= len(piece)
            found.append(piece)
        return b"".join(found)


_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""Of how many bytes the length of a binary or a text is, by its first byte; the texts begin with 0xD9 and above."""

_INTEGERS = {0xCC: (1, False), 0xCD: (2, False), 0xCE: (4, False), 0xCF: (8, False)}
_INTEGERS |= {0xD0: (1, True), 0xD1: (2, True), 0xD2: (4, True), 0xD3: (8, True)}
"""Size, and whether it has a sign, of an integer by its first byte."""


def _value(source: _Source) -> Any:
    """The next value: a map, a text, bytes or an integer; KeyError for anything else, which no part has.

    msgspec decodes a value whose end is known; here it is found on the way.
    """
    kind = source.take(1)[0]
    if kind <= 0x7F:
        return kind
    if kind <= 0x8F:
        return {_value(source): _value(source) for _ in range(kind & 0x0F)}
    if 0xA0 <= kind <= 0xBF:
        return source.take(kind & 0x1F).decode()
    if kind in _INTEGERS:
        size, is_signed = _INTEGERS[kind]
        return int.from_bytes(source.take(size), "big", signed=is_signed)
    content = source.take(int.from_bytes(source.take(_LENGTHS[kind]), "big"))
    return content.decode() if kind >= 0xD9 else content
