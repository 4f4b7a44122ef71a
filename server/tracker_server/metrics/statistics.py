"""Statistics across the runs of a group, at each x: a line, a band around it, and of how many runs they are.

A *table* has a row a run and a column an x, and NaN where the run has no value. What always holds: each column stands
for itself, and its numbers come from every value in it; a column without values has none; a spread that one value
alone cannot have, or that cannot be reckoned in float64, is NaN. The line lies between the extremes of the values.
`docs/design/reading.md` defines each number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracker_server.metrics.columns import Floats, Integers, Mask

Statistic = Literal["mean", "median", "min", "max"]
Band = Literal["none", "min_max", "std", "stderr", "ci95"]

RESAMPLES = 1000
SEED = 20_250_615
CELLS = 2**21
"""How many numbers an intermediate array of the bootstrap has at most, about."""

FEW = 6
"""Of more rows than these, a thousand resamples are hardly ever alike."""

_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Summary:
    """Parallel columns. `low` and `high` are NaN throughout for the band "none"; `n` counts values."""

    center: Floats
    low: Floats
    high: Floats
    n: Integers


def summarise(table: Floats, statistic: Statistic, band: Band) -> Summary:
    """The columns of a table of finite values and NaN, which has at least one row.

    "std" and "stderr" reach around the mean, whichever line is asked for. O(cells), with a sort for the median; "ci95"
    is `interval`, which costs some thousand times as much.
    """
    present = ~np.isnan(table)
    n = present.sum(axis=0)
    with np.errstate(all="ignore"):
        lowest, highest = np.fmin.reduce(table, axis=0), np.fmax.reduce(table, axis=0)
        mean = np.clip(_mean(table, present, n), lowest, highest)
        center = _center(table, n, mean, (lowest, highest), statistic)
        low, high = _band(table, present, n, mean, (lowest, highest), statistic, band)
    return Summary(center, low, high, n)


def _center(table: Floats, n: Integers, mean: Floats, extremes: tuple[Floats, Floats], statistic: Statistic) -> Floats:
    if statistic == "mean":
        return mean
    if statistic == "median":
        median: Floats = np.clip(_median(table, n), *extremes)
        return median
    return extremes[0] if statistic == "min" else extremes[1]


def _mean(table: Floats, present: Mask, n: Integers) -> Floats:
    values = np.where(present, table, 0.0)
    mean: Floats = values.sum(axis=0) / n
    beyond = ~np.isfinite(mean) & (n > 0)  # the sum left the floats, where the mean does not
    if beyond.any():
        mean[beyond] = (values[:, beyond] / n[beyond]).sum(axis=0)
    return mean


def _median(table: Floats, n: Integers) -> Floats:
    """Of an even number of values, the mean of the two in the middle."""
    ordered = np.sort(table.T, axis=1)  # NaN comes last
    upper = np.minimum(n // 2, len(table) - 1)[:, np.newaxis]
    lower = (np.maximum(n - 1, 0) // 2)[:, np.newaxis]
    first, second = np.take_along_axis(ordered, lower, 1), np.take_along_axis(ordered, upper, 1)
    median: Floats = np.where(lower == upper, first, first / 2 + second / 2)[:, 0]
    return median


def _band(
    table: Floats,
    present: Mask,
    n: Integers,
    mean: Floats,
    extremes: tuple[Floats, Floats],
    statistic: Statistic,
    band: Band,
) -> tuple[Floats, Floats]:
    if band == "none":
        return np.full(len(n), np.nan), np.full(len(n), np.nan)
    if band == "min_max":
        return extremes
    if band == "ci95":
        return interval(table, statistic)
    spread = _deviation(table, present, n, mean) / (np.sqrt(n) if band == "stderr" else 1.0)
    return _where_finite(mean - spread), _where_finite(mean + spread)


def _deviation(table: Floats, present: Mask, n: Integers, mean: Floats) -> Floats:
    """The standard deviation of a sample: the sum of squares is divided by n - 1."""
    apart = np.where(present, table - mean, 0.0)
    largest = np.abs(apart).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)  # squares of what is at most 1 neither overflow nor vanish together
    deviation: Floats = unit * np.sqrt(((apart / unit) ** 2).sum(axis=0) / np.where(n > 1, n - 1, np.nan))
    return deviation


def _where_finite(column: Floats) -> Floats:
    return np.where(np.isfinite(column), column, np.nan)


def interval(table: Floats, statistic: Statistic) -> tuple[Floats, Floats]:
    """The ends of the bootstrap 95 % interval of each column, by percentiles of `RESAMPLES` resamples of the rows.

    A resample draws as many rows as there are, and has at each x the statistic of those drawn rows that have a value
    there; one that has none does not count there. The draws depend on the number of rows alone.
    """
    weights, of_resample = _distinct(_draws(len(table)))
    low, high = np.full(table.shape[1], np.nan), np.full(table.shape[1], np.nan)
    known = np.flatnonzero((~np.isnan(table)).sum(axis=0) > 1)
    with np.errstate(all="ignore"):
        for places in _portions(known, RESAMPLES * (1 if statistic == "mean" else len(table))):
            columns = table[:, places]
            found = _resampled(columns, weights, statistic)
            ends = _percentiles(found[:, of_resample])
            lowest, highest = np.fmin.reduce(columns, axis=0), np.fmax.reduce(columns, axis=0)
            low[places], high[places] = (np.clip(end, lowest, highest) for end in ends)
    return low, high


def _draws(row_count: int) -> Floats:
    """How often each row is drawn in each resample: shape (resamples, rows)."""
    chance = np.random.default_rng((SEED, row_count))
    return chance.multinomial(row_count, np.full(row_count, 1 / row_count), RESAMPLES).astype(np.float64)


def _distinct(weights: Floats) -> tuple[Floats, Integers]:
    """The different resamples, and which of them each one is: of five rows there are only 126."""
    if weights.shape[1] > FEW:
        return weights, np.arange(len(weights))
    distinct, of_resample = np.unique(weights, axis=0, return_inverse=True)
    return distinct, of_resample.reshape(-1)


def _portions(places: Integers, cells_of_one: int) -> Iterator[Integers]:
    width = max(1, CELLS // cells_of_one)
    for start in range(0, len(places), width):
        yield places[start : start + width]


def _resampled(columns: Floats, weights: Floats, statistic: Statistic) -> Floats:
    """The statistic of each column in each resample: shape (columns, resamples)."""
    if statistic == "mean":
        return _means(columns, weights)
    return _medians(columns, weights) if statistic == "median" else _extremes(columns, weights, statistic)


def _means(columns: Floats, weights: Floats) -> Floats:
    """The mean of each column in each resample: shape (columns, resamples)."""
    present = ~np.isnan(columns)
    values = np.where(present, columns, 0.0)
    unit = np.maximum(np.abs(values).max(axis=0), np.finfo(np.float64).tiny)
    sums: Floats = (values / unit).T @ weights.T
    count = len(columns) if present.all() else present.T.astype(np.float64) @ weights.T
    means: Floats = sums / count * unit[:, np.newaxis]
    return means


def _medians(columns: Floats, weights: Floats) -> Floats:
    """The median of each column in each resample: shape (columns, resamples)."""
    order = np.argsort(columns.T, axis=1)  # NaN comes last
    ordered = np.take_along_axis(columns.T, order, 1)
    drawn = np.cumsum(np.where(np.isnan(ordered)[:, :, np.newaxis], 0.0, weights.T[order]), axis=1)
    total = drawn[:, -1, :]
    lower, upper = (total - 1) // 2, total // 2
    first, second = ((drawn <= place[:, np.newaxis, :]).sum(axis=1) for place in (lower, upper))
    last = len(columns) - 1
    middle = sum(np.take_along_axis(ordered, np.minimum(place, last), 1) / 2 for place in (first, second))
    return np.where(total > 0, middle, np.nan)


def _extremes(columns: Floats, weights: Floats, statistic: Statistic) -> Floats:
    """The least or the greatest of each column in each resample: the first that was drawn, from that end."""
    order = np.argsort(columns.T if statistic == "min" else -columns.T, axis=1)  # NaN comes last
    ordered = np.take_along_axis(columns.T, order, 1)
    is_drawn = ~np.isnan(ordered)[:, :, np.newaxis] & (weights.T[order] > 0)
    found = np.take_along_axis(ordered, is_drawn.argmax(axis=1), 1)
    return np.where(is_drawn.any(axis=1), found, np.nan)


def _percentiles(found: Floats) -> tuple[Floats, Floats]:
    """Of each row, between the two nearest by linear interpolation, NaN left out."""
    ordered = np.sort(found, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    ends = []
    for share in _TAILS:
        place = share * (count - 1)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, count - 1)
        rows = np.arange(len(ordered))
        part = place - below
        ends.append(ordered[rows, below] * (1 - part) + ordered[rows, above] * part)
    return ends[0], ends[1]
