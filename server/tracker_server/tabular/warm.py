"""What the process that reads keeps of what it has read, so that the next page of a table costs no reading.

What always holds: it is bounded in bytes, by what was used longest ago; a file of blobs never changes, so nothing of
this grows old.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

MAX_BYTES: Final = 384 * 1024 * 1024

T = TypeVar("T")


class Warm(Generic[T]):
    """Values by key, at most so many bytes of them; one that alone has more is not kept."""

    def __init__(self, max_bytes: int, size_bytes: Callable[[T], int]) -> None:
        self._max_bytes = max_bytes
        self._size_bytes = size_bytes
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of the key, made where it is not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = make()
        size = self._size_bytes(value) + 1000
        if size <= self._max_bytes:
            self._kept[key] = value
            self._bytes += size
            while self._bytes > self._max_bytes:
                _, old = self._kept.popitem(last=False)
                self._bytes -= self._size_bytes(old) + 1000
        return value
