"""Bringing runs onto one x axis without moving a point.

A *line* is one run's points, the *grid* of some lines is every x that one of them has, and a *table* has a row a line
and a column an x of the grid. What always holds: a value stands in a table at its own x, as it was logged. Elsewhere
there is NaN; or, where that is asked for, what lies on the straight line between the run's own neighbouring points,
and that never before its first point, after its last, or across a point that is no finite number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tracker_server.metrics.columns import Floats, Integers

CELLS = 2**20
"""How many values a table has at most, about: 8 MiB, however many runs there are and however long they are."""


@dataclass(frozen=True)
class Line:
    """`x` ascends and no x comes twice; a NaN among `values` is a point that is no finite number."""

    x: Floats | Integers
    values: Floats


def line(x: Floats | Integers, values: Floats) -> Line:
    """The line of points in order of arrival: of those at one x the last counts. O(n), or O(n log n) to sort."""
    if not (x[1:] > x[:-1]).all():
        order = np.argsort(x, kind="stable")
        x = x[order]
        is_last = np.append(x[1:] != x[:-1], True)
        x, values = x[is_last], values[order][is_last]
    return Line(x, np.where(np.isfinite(values), values, np.nan))


def grid(lines: Sequence[Line], low: float, high: float) -> Floats | Integers:
    """Every x of these lines, of which there is at least one, from `low` to `high`, ascending."""
    distinct = [lines[0].x]
    for one in lines[1:]:
        if not np.array_equal(one.x, distinct[-1]):
            distinct.append(one.x)
    inside = [x[_inside(x, low, high)] for x in distinct]
    x: Any = inside[0] if len(inside) == 1 else np.unique(np.concatenate(inside))
    return cast("Floats | Integers", x)


def tables(lines: Sequence[Line], x: Floats | Integers, *, interpolates: bool) -> Iterator[tuple[slice, Floats]]:
    """The table of these lines over x, which ascends, in parts of some columns each, and where each part is."""
    width = max(1, CELLS // len(lines))
    for start in range(0, len(x), width):
        part = slice(start, min(start + width, len(x)))
        yield part, np.stack([_row(one, x[part], interpolates=interpolates) for one in lines])


def own_count(lines: Sequence[Line], low: float, high: float) -> int:
    """How many finite points these lines have of their own from `low` to `high`."""
    return sum(int(np.isfinite(one.values[_inside(one.x, low, high)]).sum()) for one in lines)


def _inside(x: Floats | Integers, low: float, high: float) -> slice:
    return slice(int(np.searchsorted(x, low, "left")), int(np.searchsorted(x, high, "right")))


def _row(one: Line, x: Floats | Integers, *, interpolates: bool) -> Floats:
    part = slice(int(np.searchsorted(one.x, x[0], "left")), int(np.searchsorted(one.x, x[-1], "right")))
    own, values = one.x[part], one.values[part]
    if len(own) == len(x) and np.array_equal(own, x):
        return values
    if interpolates:
        return _interpolated(one, x)
    row = np.full(len(x), np.nan)
    at = np.minimum(np.searchsorted(x, own), len(x) - 1)
    is_there = x[at] == own  # a table may be asked for at some x of the grid only
    row[at[is_there]] = values[is_there]
    return row


def _interpolated(one: Line, x: Floats | Integers) -> Floats:
    """The line at these x. Near a NaN it is NaN, but at a neighbour's own x."""
    row = np.full(len(x), np.nan)
    if not len(one.x):
        return row
    inside = _inside(x, one.x[0], one.x[-1])
    at = x[inside]
    before = np.searchsorted(one.x, at, "right") - 1
    after = np.minimum(before + 1, len(one.x) - 1)
    with np.errstate(all="ignore"):
        # Halved, since the way between two floats may be longer than any float. Past 2^53 a step is the nearest one.
        start, end = one.x[before] / 2, one.x[after] / 2
        share = np.where(at == one.x[before], 0.0, (at / 2 - start) / (end - start))
        between = one.values[before] * (1 - share) + one.values[after] * share
    row[inside] = np.where(at == one.x[before], one.values[before], between)
    return row
