"""Every point of some series, fetched by ranges of x.

The server's answer holds at most so many points of a series, and says whether these are all of the range. A range that
holds more is cut, at places where the answer shows points to be, until each part comes whole.

What always holds: of a range that was read whole no point is missing, doubled or changed: x is a whole number, a value
the same float64 that was logged, NaN and the infinities included. Points of equal x come in order of time, but that
those without a finite value stand behind the others. Of a live run, what arrives meanwhile may be there or not. (A step
beyond 2^53 is exact where the value is finite, else the nearest float64.)
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.query.answers import SeriesAnswer, SeriesColumns
from tracker.query.connection import Connection

Axis = Literal["step", "time", "relative_time"]

MAX_POINTS: Final = 10_000
"""The most points of one series that the server puts into one answer."""

_POINTS_OF_PART: Final = 8_000
_POINTS_OF_ANSWER: Final = 200_000
_METRICS_OF_ANSWER: Final = 50
_MAX_EXACT: Final = 2**53
_CURRENT: Final = 0
"""The segment that a run's history is in; what a resumed run has left behind is in others."""


class Line(NamedTuple):
    """One metric of one run by one writer's label, in order of x: two columns of one length."""

    metric: str
    label: str
    x: list[int]
    values: list[float]


class Reader:
    """Reads the points of one run along one axis."""

    def __init__(self, connection: Connection, run_id: str, axis: Axis) -> None:
        self._connection = connection
        self._run_id = run_id
        self._axis = axis
        self._crowds: dict[tuple[str, str], dict[int, list[float]]] = {}

    def read(self, counts: dict[str, int], max_points: int | None) -> Iterator[Line]:
        """The lines of these metrics, given with about how many points each has; every label of each.

        With `max_points` the server thins each line to about so many: the first, the last, and the extremes in between.
        """
        points = max_points or MAX_POINTS
        for metrics in _portions(counts, points):
            for found in self._ask(metrics, points):
                x, values = self._columns(found)
                if max_points is None and not found.is_exact:
                    x, values = self._within(*_around(x), found)
                yield Line(found.metric, found.label, x, values)

    def _within(self, low: int, high: int, shown: SeriesColumns) -> tuple[list[int], list[Any]]:
        """Every point of a series with low <= x < high, of which an answer has shown some."""
        places, _ = self._columns(shown)
        cuts = _cuts(low, high, places, shown.points_in_range)
        if not cuts:
            return self._crowd(low, shown)
        x: list[int] = []
        values: list[Any] = []
        for start, end in pairwise([low, *cuts, high]):
            part = self._range(start, end, shown)
            columns = _between(start, end, *self._columns(part)) if part.is_exact else self._within(start, end, part)
            x += columns[0]
            values += columns[1]
        return x, values

    def _crowd(self, x: int, shown: SeriesColumns) -> tuple[list[int], list[Any]]:
        """Every point at one step that has more of them than an answer holds: read in order of time instead."""
        marks = [float(mark.kind) for mark in shown.marks if int(mark.x) == x]
        if self._axis != "step" or len(shown.marks) >= MAX_POINTS:
            raise TrackerError(
                f"{shown.metric!r} has {shown.points_in_range} points at {self._axis} {x}, and the server gives "
                f"at most {MAX_POINTS} of them; give max_points to read a thinned history"
            )
        series = (shown.metric, shown.label)
        if series not in self._crowds:
            self._crowds[series] = _SteppedReader(self._connection, self._run_id, "time").by_step(shown)
        values = [*self._crowds[series].get(x, ()), *marks]
        return [x] * len(values), values

    def _range(self, start: int, end: int, shown: SeriesColumns) -> SeriesColumns:
        """What the server gives of start <= x < end, and some points around it."""
        last = end - 1 if end <= _MAX_EXACT else end  # beyond, the one before is no float64
        for found in self._ask([shown.metric], MAX_POINTS, (float(start), float(last))):
            if found.label == shown.label:
                return found
        raise TrackerError(f"{shown.metric!r} of run {self._run_id} was deleted while it was read")

    def _ask(
        self, metrics: Sequence[str], points: int, range: tuple[float, float] | None = None
    ) -> list[SeriesColumns]:
        body: dict[str, Any] = {
            "runs": [self._run_id], "metrics": metrics, "x": self._axis, "points": points, "range": range,
        }  # fmt: skip
        answer = self._connection.ask("POST", "/series", SeriesAnswer, body=body)
        return [found for found in answer.series if found.metric in metrics and found.segment == _CURRENT]

    def _columns(self, answer: SeriesColumns) -> tuple[list[int], list[Any]]:
        """The points of an answer: those of its line, and its marks among them."""
        x = answer.steps if self._axis == "step" else [int(place) for place in answer.x]
        line = [(place, value) for place, value in zip(x, answer.values, strict=True) if value is not None]
        if len(line) == len(x) and not answer.marks:
            return x, [value for _, value in line]
        marks = [(int(mark.x), float(mark.kind)) for mark in answer.marks]
        points = list(heapq.merge(line, marks, key=itemgetter(0)))
        return [place for place, _ in points], [value for _, value in points]


class _SteppedReader(Reader):
    """Reads finite points in order of time, each as its step and its value."""

    def by_step(self, series: SeriesColumns) -> dict[int, list[float]]:
        """The finite values of every step, in order of time."""
        (shown,) = (found for found in self._ask([series.metric], MAX_POINTS) if found.label == series.label)
        times, points = self._columns(shown)
        if not shown.is_exact:
            _, points = self._within(*_around(times), shown)
        found: dict[int, list[float]] = {}
        for step, value in points:
            found.setdefault(step, []).append(value)
        return found

    def _columns(self, answer: SeriesColumns) -> tuple[list[int], list[Any]]:
        rows = zip(answer.x, answer.steps, answer.values, strict=True)
        points = [(int(time), (step, value)) for time, step, value in rows if value is not None]
        return [time for time, _ in points], [point for _, point in points]


def _cuts(low: int, high: int, places: Sequence[int], count: int) -> list[int]:
    """Where to cut a range with so many points: between about equal numbers of those known, and in the middle.

    Empty where the range cannot be cut: all its points are at one x.
    """
    inside = places[bisect_left(places, low + 1) : bisect_left(places, high)]
    parts = max(2, math.ceil(count / _POINTS_OF_PART))
    chosen = [inside[len(inside) * part // parts] for part in range(1, parts)] if inside else []
    exact = {int(float(cut)) for cut in (*chosen, (low + high) // 2)}
    return sorted(cut for cut in exact if low < cut < high)


def _portions(counts: dict[str, int], points: int) -> Iterator[list[str]]:
    """The metrics in portions whose answers have a bearable size."""
    portion: list[str] = []
    size = 0
    for metric, count in counts.items():
        cost = min(count, points)
        if portion and (len(portion) == _METRICS_OF_ANSWER or size + cost > _POINTS_OF_ANSWER):
            yield portion
            portion, size = [], 0
        portion.append(metric)
        size += cost
    if portion:
        yield portion


def _around(x: Sequence[int]) -> tuple[int, int]:
    """A range, end excluded, that holds all of these and whose bounds are exact as float64."""
    low, high = x[0], x[-1] + 1
    if low < -_MAX_EXACT:
        low = int(math.nextafter(low, -math.inf))
    if high > _MAX_EXACT:
        high = int(math.nextafter(high, math.inf))
    return low, high


def _between(low: int, high: int, x: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """The points with low <= x < high."""
    start, end = bisect_left(x, low), bisect_left(x, high)
    return x[start:end], values[start:end]
