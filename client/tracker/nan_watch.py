"""Watching metrics for the first value that is no finite number.

What always holds: each metric is reported once. Until then its last few finite values are kept, so that the report can
say what came before.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

KEPT: Final = 5


class Finding(msgspec.Struct, frozen=True):
    """A metric that stopped being a finite number at `step`. `last_good` are its values before, oldest first."""

    metric: str
    step: int
    value: float
    last_good: list[tuple[int, float]]

    @property
    def word(self) -> str:
        """What the value is: "nan", "inf" or "-inf"."""
        return repr(self.value)


class NanWatch:
    """Looks at what is logged to the metrics that match `patterns`: names, or all below one that ends in "*".

    Costs about 0.1 µs a value. Safe from any thread.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)
        self._good: dict[str, deque[tuple[int, float]]] = {}
        self._is_watched: dict[str, bool] = {}
        self._lock = threading.Lock()

    def look(self, step: int, values: dict[str, float]) -> list[Finding]:
        """What there is to report of one `log()`: nothing, mostly."""
        with self._lock:
            return list(self._look(step, values))

    def _look(self, step: int, values: dict[str, float]) -> Iterator[Finding]:
        for name, value in values.items():
            if not self._watches(name):
                continue
            good = self._good.get(name)
            if good is None:
                good = self._good[name] = deque(maxlen=KEPT)
            if math.isfinite(value):
                good.append((step, value))
            else:
                self._is_watched[name] = False
                yield Finding(name, step, value, list(self._good.pop(name)))

    def _watches(self, name: str) -> bool:
        known = self._is_watched.get(name)
        if known is None:
            known = self._is_watched[name] = any(matches(pattern, name) for pattern in self._patterns)
        return known


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern stands for a name: it is the name, or ends in "*" and begins it."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
