"""The points of some metrics of a run, along one axis: every one, or thinned by the server.

What always holds: read without a limit, no point is missing, doubled or changed: x is a whole number, a value the same
float64 that was logged, NaN and the infinities included; all are of one moment of a live run. Points of equal x come in
order of time (along time: of step), then of arrival. What a resumed run has left behind is not among them.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from operator import itemgetter, lt
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote, quote_plus

from tracker.query.answers import SeriesAnswer, SeriesColumns
from tracker.query.connection import Connection
from tracker.query.stream import Part, floats, integers, parts

Axis = Literal["step", "time", "relative_time"]

MAX_POINTS: Final = 10_000
"""The most points to which the server thins a series."""

_POINTS_OF_ANSWER: Final = 200_000
_METRICS_OF_ANSWER: Final = 50
_NAMES_OF_REQUEST: Final = 3000
"""How long the names in the line of one request may be together; one alone has up to 6000, and a server takes 8190."""

_CURRENT: Final = 0
"""The segment that a run's history is in; what a resumed run has left behind is in others."""


class Line(NamedTuple):
    """One metric of one run by one writer's label, in order of x: two columns of one length."""

    metric: str
    label: str
    x: list[int]
    values: list[float]


@dataclass
class _Columns:
    """The points of a series as they have come so far, in order of arrival."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, part: Part) -> None:
        self.steps += integers(part.steps)
        self.times += integers(part.times)
        self.values += floats(part.values)


@dataclass(frozen=True)
class Reader:
    """Reads the points of one run along one axis; `started_ms` is where its relative time is zero.

    `label` is a pattern of the writers' labels. None is the main process, which has no label, or, where it has none of
    a metric, the first label.
    """

    connection: Connection
    run_id: str
    axis: Axis
    started_ms: int
    label: str | None

    def all(self, metrics: Iterable[str]) -> Iterator[Line]:
        """The lines of these metrics, every point of each."""
        path = f"/runs/{quote(self.run_id, safe='')}/series"
        for portion in _portions(metrics):
            parameters = {"metric": portion, "resolution": "full"}
            found = self.connection.stream(path, parameters, lambda pieces: self._gathered(parts(pieces)))
            for (metric, label), columns in found.items():
                if metric in portion:
                    yield self._line(metric, label, columns)

    def thinned(self, counts: dict[str, int], max_points: int) -> Iterator[Line]:
        """The lines of these metrics, given with about how many points each has, thinned to about `max_points`.

        Each keeps the first point, the last, and the extremes in between.
        """
        for metrics in _affordable(counts, max_points):
            body = {"runs": [self.run_id], "metrics": metrics, "x": self.axis, "points": max_points}
            answer = self.connection.ask("POST", "/series", SeriesAnswer, body=body)
            found = [one for one in answer.series if one.metric in metrics and one.segment == _CURRENT]
            mains: dict[str, str] = {}
            for one in found:
                if self._is_wanted(one.metric, one.label, mains):
                    yield Line(one.metric, one.label, *self._columns(one))

    def _is_wanted(self, metric: str, label: str, mains: dict[str, str]) -> bool:
        """Whether a series is read; `mains` are the labels that the metrics are read of, the first that came."""
        if self.label is not None:
            return fnmatchcase(label, self.label)
        return mains.setdefault(metric, label) == label

    def _gathered(self, found: Iterable[Part]) -> tuple[dict[tuple[str, str], _Columns], int]:
        """The columns of what is wanted, by metric and label, and how many points came in all."""
        gathered: dict[tuple[str, str], _Columns] = {}
        mains: dict[str, str] = {}
        count = 0
        for part in found:
            count += len(part.values) // 8
            if part.segment == _CURRENT and self._is_wanted(part.metric, part.label, mains):
                gathered.setdefault((part.metric, part.label), _Columns()).add(part)
        return gathered, count

    def _line(self, metric: str, label: str, columns: _Columns) -> Line:
        is_along_steps = self.axis == "step"
        x, second = (columns.steps, columns.times) if is_along_steps else (columns.times, columns.steps)
        zero = self.started_ms if self.axis == "relative_time" else 0
        places, values = x.tolist(), columns.values.tolist()
        if not all(map(lt, places, islice(places, 1, None))):
            order = sorted(range(len(places)), key=list(zip(x, second, strict=True)).__getitem__)
            places, values = [places[at] for at in order], [values[at] for at in order]
        return Line(metric, label, [place - zero for place in places] if zero else places, values)

    def _columns(self, answer: SeriesColumns) -> tuple[list[int], list[Any]]:
        """The points of an answer: those of its line, and its marks among them."""
        x = answer.steps if self.axis == "step" else [int(place) for place in answer.x]
        line = [(place, value) for place, value in zip(x, answer.values, strict=True) if value is not None]
        marks = [(int(mark.x), float(mark.kind)) for mark in answer.marks]
        points = list(heapq.merge(line, marks, key=itemgetter(0)))
        return [place for place, _ in points], [value for _, value in points]


def _portions(metrics: Iterable[str]) -> Iterator[list[str]]:
    """The metrics in portions that the line of a request has room for."""
    portion: list[str] = []
    size = 0
    for metric in metrics:
        cost = len(quote_plus(metric)) + len("metric=&")
        if portion and (len(portion) == _METRICS_OF_ANSWER or size + cost > _NAMES_OF_REQUEST):
            yield portion
            portion, size = [], 0
        portion.append(metric)
        size += cost
    if portion:
        yield portion


def _affordable(counts: dict[str, int], points: int) -> Iterator[Sequence[str]]:
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
