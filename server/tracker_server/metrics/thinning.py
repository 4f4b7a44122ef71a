"""As many points as a chart has pixels, chosen so that the drawn line never lies.

What always holds of the answer: the first and the last point of the input are in it, and the minimum and the maximum of
every bucket of equal width in x; points keep their order; wherever a point that has no height (NaN or an infinity) lay
between two that were kept, there is a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tsdownsample import MinMaxDownsampler

from tracker.records import MAX_EXACT_INTEGER
from tracker_server.metrics.columns import Floats, Integers

_buckets = MinMaxDownsampler()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Drawn:
    """What is drawn of a series, as indices into the input.

    `chosen` are points; `gaps` are points without height, one for each interruption of the line; `marks` are points
    without height, at most as many as points were asked for, the first and the last of them always.
    """

    chosen: Integers
    gaps: Integers
    marks: Integers
    is_exact: bool


def thin(x: Floats | Integers, values: Floats, points: int) -> Drawn:
    """Choose about `points` of the points, given in order of x. Cost: O(n), about 1 ns a point."""
    is_finite = np.isfinite(values)
    if is_finite.all():
        chosen = _extremes(x, values, points)
        return Drawn(chosen, np.empty(0, np.int64), np.empty(0, np.int64), len(chosen) == len(x))
    finite, broken = np.flatnonzero(is_finite), np.flatnonzero(~is_finite)
    chosen = finite[_extremes(x[finite], values[finite], points)]
    marks = broken if len(broken) <= points else broken[np.linspace(0, len(broken) - 1, points).astype(np.int64)]
    is_exact = len(chosen) == len(finite) and len(marks) == len(broken)
    return Drawn(chosen, _gaps(chosen, broken), marks, is_exact)


def extent(x: Floats | Integers, values: Floats, chosen: Integers, points: int) -> tuple[Floats, Floats]:
    """The smallest and the largest finite value of the bucket that each chosen point lies in.

    Where all finite points were chosen, each is a bucket of its own. O(n).
    """
    finite = np.flatnonzero(np.isfinite(values))
    if len(chosen) == len(finite):
        return values[chosen], values[chosen]
    along = _near_zero(x[finite])
    edges = np.linspace(float(along[0]), float(along[-1]), bucket_count(points) + 1)[1:-1]
    starts = np.concatenate([[0], np.searchsorted(along, edges)])
    is_filled = np.diff(starts, append=len(finite)) > 0
    starts = starts[is_filled]
    heights = values[finite]
    of = np.searchsorted(finite[starts], chosen, "right") - 1
    return np.minimum.reduceat(heights, starts)[of], np.maximum.reduceat(heights, starts)[of]


def bucket_count(points: int) -> int:
    """How many buckets of equal width there are for so many points: each gives two, and the ends one each."""
    return max(1, (points - 2) // 2)


def _extremes(x: Floats | Integers, values: Floats, points: int) -> Integers:
    """First, last, and each bucket's minimum and maximum; every index where there are no more than `points`."""
    count = len(values)
    if count <= points:
        return np.arange(count, dtype=np.int64)
    buckets = bucket_count(points)
    if buckets == 1 or x[0] == x[-1]:  # tsdownsample takes neither one bucket nor an x without width
        inner = np.array([values.argmin(), values.argmax()], np.int64)
    else:
        inner = _buckets.downsample(_near_zero(x), values, n_out=2 * buckets).astype(np.int64)
    places = np.sort(np.concatenate([[0], inner, [count - 1]]))
    chosen: Integers = places[np.append(True, places[1:] != places[:-1])]
    return chosen


def _near_zero(x: Floats | Integers) -> Floats | Integers:
    """The same x, or where it is so large that the edges of buckets would fall together, moved to start at zero."""
    if max(abs(int(x[0])), abs(int(x[-1]))) < MAX_EXACT_INTEGER:
        return x
    moved: Floats = x.astype(np.float64)
    moved -= moved[0]
    return moved


def _gaps(chosen: Integers, broken: Integers) -> Integers:
    """For each pair of neighbours with a broken point between them: the first such point."""
    first_after = np.searchsorted(broken, chosen)
    has_gap = np.diff(first_after) > 0
    return broken[first_after[:-1][has_gap]] if len(chosen) else np.empty(0, np.int64)
