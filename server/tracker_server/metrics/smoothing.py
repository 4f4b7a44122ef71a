"""Smoothed lines: of all points of a series, before any is left out for want of pixels.

What always holds: a smoothed value lies between the smallest and the largest finite value; a point without height (NaN
or an infinity) has none, and counts for no other. The formulas, with their sources, are in `docs/design/reading.md`.
"""

from __future__ import annotations

import math

import numpy as np

from tracker_server.metrics.columns import Floats, Integers, Mask
from tracker_server.metrics.schema import Smoothing

LARGEST_SUMMED = 1e290
"""Sums of values beyond it could leave the floats: these are made smaller for the time."""

SHRUNK = 2.0**-64
NARROW_WINDOW = 32
"""A window up to this wide is summed place by place."""

NARROW_BELL = 49
"""A bell curve of up to so many weights is applied as it is, however many points there are."""

BELL_PRODUCTS = 4_000_000
"""With more multiplications than these, a wide bell curve is applied to the sums of blocks of points."""

REACH = 3
"""A bell curve ends at so many standard deviations."""


def smooth(x: Floats | Integers, values: Floats, smoothing: Smoothing) -> Floats:
    """The smoothed values of points in order of x; NaN where a value is not finite. O(n), about 20 ns a point."""
    is_finite = np.isfinite(values)
    smoothed = np.full(len(values), np.nan)
    if not is_finite.any():
        return smoothed
    known = values[is_finite]
    low, high = float(known.min()), float(known.max())
    if smoothing.amount == 0:
        made = known
    elif smoothing.kind in ("mean", "gaussian"):
        made = _around(values, is_finite, smoothing)[is_finite]
    else:
        along = x if smoothing.kind == "time_ema" else np.arange(len(values))
        made = _average(_distances(along)[is_finite], known, smoothing.amount)
    smoothed[is_finite] = np.clip(made, low, high)
    return smoothed


def _distances(x: Floats | Integers) -> Floats:
    """How far each point lies from the first, in mean distances between neighbours; by index where all x are one."""
    far: Floats = x.astype(np.float64) / 4  # so that no two are further apart than the largest float
    far -= far[0]
    if far[-1] == 0:
        return np.arange(len(x), dtype=np.float64)
    far /= far[-1]
    far *= len(x) - 1
    return far


def _average(at: Floats, values: Floats, weight: float) -> Floats:
    """The exponential average that keeps `weight` of the past over a distance of 1, corrected for its start at 0."""
    decay = math.log(weight)
    apart = np.diff(at)
    if len(apart) == 0 or (apart == apart[0]).all():
        exponent = decay * float(apart[0]) if len(apart) else decay
        kept: Floats | float = math.exp(exponent)
        taken = values * -math.expm1(exponent)
        taken[0] = values[0] * (1 - weight)
    else:
        exponents = np.concatenate([[decay], decay * apart])
        kept = np.exp(exponents)
        taken = values * -np.expm1(exponents)
    # What the weights of all points so far add up to, in closed form: 1 - weight ** (distance + 1).
    total: Floats = -np.expm1(decay * (at - at[0] + 1))
    return _recur(kept, taken) / total


def _recur(kept: Floats | float, taken: Floats) -> Floats:
    """m[i] = kept[i] * m[i-1] + taken[i], from 0.

    The points are cut into many rows of one length, and all rows go forward together; then each row receives what the
    one before it ended with.
    """
    count = len(taken)
    length = max(8, math.isqrt(count) // 8)
    table = _table(taken, length, 0.0)
    left = np.full(length, kept) if isinstance(kept, float) else _table(kept, length, 0.0)
    for place in range(1, length):
        table[place] += left[place] * table[place - 1]
        left[place] *= left[place - 1]
    ends, through = table[-1].tolist(), np.broadcast_to(left[-1], table[-1].shape).tolist()
    received = [0.0]
    for end, passed in zip(ends[:-1], through[:-1], strict=True):
        received.append(end + passed * received[-1])
    carried = np.array(received)
    for place in range(length):
        table[place] += left[place] * carried
    return np.ascontiguousarray(table.T).reshape(-1)[:count]


def _table(column: Floats, length: int, filling: float) -> Floats:
    """The column cut into rows of this length, a row a column of the table."""
    rows = -(-len(column) // length)
    padded = np.full(rows * length, filling)
    padded[: len(column)] = column
    return np.ascontiguousarray(padded.reshape(rows, length).T)


def _around(values: Floats, is_finite: Mask, smoothing: Smoothing) -> Floats:
    """The weighted mean of each point and its neighbours, as far as there are any on each side."""
    known = np.where(is_finite, values, 0.0)
    scale = SHRUNK if max(known.max(), -known.min()) > LARGEST_SUMMED else 1.0
    sums = _window_sums if smoothing.kind == "mean" else _bell_sums
    weights = sums(is_finite.astype(np.float64), smoothing.amount)
    with np.errstate(invalid="ignore", over="ignore"):  # a window without a finite value, which nobody asks for
        made: Floats = sums(known * scale, smoothing.amount) / weights / scale
    return made


def _window_sums(column: Floats, width: float) -> Floats:
    """The sum of each number and its neighbours, `width` of them in all, rounded to an odd number.

    Nothing is ever subtracted: a running sum would carry the rounding of one huge number to all that follow.
    """
    count = len(column)
    reach = min(math.floor(width / 2), count - 1)
    if 2 * reach + 1 <= NARROW_WINDOW:
        near = column.copy()
        for distance in range(1, reach + 1):
            near[distance:] += column[:-distance]
            near[:-distance] += column[distance:]
        return near
    # Blocks as wide as the window: it begins in one and ends in the next, so that it is an end of the one, summed from
    # behind, and a beginning of the other (van Herk 1992, there for extremes).
    size = 2 * reach + 1
    blocks = -(-(count + 2 * reach) // size)
    table = np.zeros((blocks, size))
    table.reshape(-1)[reach : reach + count] = column
    behind = np.zeros_like(table)
    behind[:, 1:] = np.cumsum(table[:, :0:-1], axis=1)[:, ::-1]
    before = np.cumsum(table, axis=1)
    sums: Floats = behind.reshape(-1)[:count] + before.reshape(-1)[size - 1 : size - 1 + count]
    return sums


def _bell_sums(column: Floats, deviation: float) -> Floats:
    """The sum of each number and its neighbours, weighted by a bell curve of this standard deviation in places."""
    reach = min(math.ceil(REACH * deviation), len(column) - 1)
    if 2 * reach + 1 <= NARROW_BELL or (2 * reach + 1) * len(column) <= BELL_PRODUCTS:
        return _convolved(column, deviation, reach)
    return _blockwise_bell_sums(column, deviation)


def _convolved(column: Floats, deviation: float, reach: int) -> Floats:
    with np.errstate(over="ignore"):  # of a deviation next to nothing, which leaves the numbers as they are
        bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    sums: Floats = np.convolve(column, bell)[reach : reach + len(column)]
    return sums


def _blockwise_bell_sums(column: Floats, deviation: float) -> Floats:
    """The same, up to a factor, with a curve that is that of blocks of points, joined by straight lines.

    Its variance is the same: the deviation over the blocks is less by what summing blocks and joining them adds. Blocks
    are a quarter of the deviation wide, and a weight is then off by under a thousandth of the largest.
    """
    count = len(column)
    size = max(2, int(min(deviation, count) // 4))
    blocks = -(-count // size)
    padded = np.zeros(blocks * size)
    padded[:count] = column
    narrow = math.sqrt((deviation / size) ** 2 - 0.25)
    reach = min(math.ceil(REACH * narrow), blocks + 1)
    outside = np.zeros(1)  # a block on each side, towards whose centre the outermost points lie
    centres = _convolved(np.concatenate([outside, padded.reshape(blocks, size).sum(axis=1), outside]), narrow, reach)
    from_centre = (np.arange(size) + 0.5) / size - 0.5
    to_left, to_right = np.split(from_centre, [size // 2])
    sums = np.empty((blocks, size))
    here = centres[1:-1, np.newaxis]
    sums[:, : size // 2] = here + (here - centres[:-2, np.newaxis]) * to_left
    sums[:, size // 2 :] = here + (centres[2:, np.newaxis] - here) * to_right
    return sums.reshape(-1)[:count]
