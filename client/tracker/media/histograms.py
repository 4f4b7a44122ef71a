"""Histograms of arrays, or of bins that are there already.

What always holds: NaN and the infinities are counted by themselves and take part in no bin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tracker import kinds
from tracker.media.arrays import Held, hold, words
from tracker.media.piece import Encoded, Keep, Media

if TYPE_CHECKING:
    from tracker.media.arrays import Array


class Histogram(Media):
    """How often values lie where: of an array or tensor of any shape, in `bins` equal bins between its extremes.

    Or `counts` and their `edges`, one more, as `numpy.histogram` gives them. `range` cuts off what is outside.
    """

    def __init__(
        self,
        values: Any = None,
        caption: str = "",
        *,
        bins: int = 64,
        range: tuple[float, float] | None = None,
        counts: Sequence[float] | None = None,
        edges: Sequence[float] | None = None,
    ) -> None:
        super().__init__(caption)
        self._held: Held | None = None
        self._details: kinds.Histogram | None = None
        if (values is None) == (counts is None) or (counts is None) != (edges is None):
            raise ValueError("a histogram is made of values, or of counts=… and edges=…, one edge more than counts")
        if counts is not None:
            self._details = _given(counts, edges)
            return
        if isinstance(bins, bool) or not hasattr(bins, "__index__") or not 1 <= bins.__index__() <= kinds.MAX_BINS:
            raise ValueError(f"a histogram has 1 to {kinds.MAX_BINS} bins, got {bins!r:.80}")
        self._bins = int(bins.__index__())
        self._range = _checked_range(range)
        self._held = hold(values, "a histogram")
        if not all(self._held.shape):
            raise ValueError(f"a histogram is of at least one value, got the shape {words(self._held.shape)}")
        self.size_bytes = self._held.size_bytes

    def encode(self, keep: Keep) -> Encoded:
        if self._details is None:
            assert self._held is not None
            self._details = histogram_of(self._held.read(), self._bins, self._range)
        return Encoded("histogram", self._details)


def histogram_of(values: Array, bins: int, limits: tuple[float, float] | None = None) -> kinds.Histogram:
    """The histogram of an array."""
    import numpy

    values = values.ravel()
    if values.dtype.kind == "f":
        values = values.astype(numpy.float64, copy=False)
        is_finite = numpy.isfinite(values)
        nan_count = int(numpy.isnan(values).sum())
        infinite_count = int(len(values) - is_finite.sum()) - nan_count
        values = values if nan_count + infinite_count == 0 else values[is_finite]
    else:
        nan_count = infinite_count = 0
        values = values.astype(numpy.float64)
    if limits is None and len(values):
        low, high = float(values.min()), float(values.max())
        limits = _widened(low, high)
        if math.isinf(high - low):
            values = values.clip(*limits)
    counts, edges = numpy.histogram(values, bins=bins, range=limits or (0.0, 1.0))
    return kinds.Histogram(
        edges=tuple(edges.tolist()),
        counts=tuple(map(float, counts.tolist())),
        nan_count=nan_count,
        infinite_count=infinite_count,
    )


def _widened(low: float, high: float) -> tuple[float, float]:
    """Extremes that are apart, so that equal values have a bin to lie in."""
    if math.isinf(high - low):  # further apart than the greatest number: those at the ends count as nearer
        half = 1e308 / 2
        return max(low, -half), min(high, half)
    slack = max(abs(low), abs(high)) * 1e-6 or 0.5
    return (low, high) if high - low > slack * 1e-4 else (low - slack, high + slack)


def _checked_range(limits: object) -> tuple[float, float] | None:
    if limits is None:
        return None
    try:
        low, high = (float(end) for end in limits)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise TypeError(f"range is two numbers, (lowest, highest), got {limits!r:.80}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"range is two finite numbers, the lower one first, got {limits!r:.80}")
    return low, high


def _given(counts: Any, edges: Any) -> kinds.Histogram:
    numbers = _numbers(counts, "counts")
    borders = _numbers(edges, "edges")
    if not 1 <= len(numbers) <= kinds.MAX_BINS:
        raise ValueError(f"a histogram has 1 to {kinds.MAX_BINS} bins, got {len(numbers)} counts")
    if len(borders) != len(numbers) + 1:
        raise ValueError(f"{len(numbers)} counts lie between {len(numbers) + 1} edges, got {len(borders)}")
    if any(not math.isfinite(number) or number < 0 for number in numbers):
        raise ValueError("counts are finite and not negative, got one that is not")
    if not all(map(math.isfinite, borders)) or any(low >= high for low, high in pairwise(borders)):
        raise ValueError(f"edges are finite and rise from one to the next, got {list(borders)!r:.120}")
    return kinds.Histogram(edges=borders, counts=numbers)


def _numbers(values: Any, what: str) -> tuple[float, ...]:
    if hasattr(values, "tolist"):
        values = values.tolist()
    try:
        return tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise TypeError(f"{what} are a list of numbers, got {type(values).__name__}: {values!r:.80}") from None
