"""A plain model of runs that go on, are superseded, restored, forked, corrected and deleted: lists in order of arrival.

It says what must be read, and knows nothing of tails and chunks. See `docs/design/history.md` for the words.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.server.points import Drawn, Point
from tracker.records import Logged, SystemSampled
from tracker_server.metrics import Cut, Heir

Key = tuple[str, str, int]
"""Label, name and segment of a series."""

LOWEST, HIGHEST = -(2**63), 2**63 - 1


def is_metric(name: str) -> bool:
    return not name.startswith("system/")


@dataclass
class Fork:
    run: str
    parent: str
    up_to: int


@dataclass
class Discarded:
    """A series in the trash: where it was, and its points."""

    run: str
    key: Key
    points: list[Point]


@dataclass
class Histories:
    """The points of several runs by series, in order of arrival; `trash` by the number of the entry that made it."""

    runs: dict[str, dict[Key, list[Point]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    forks: list[Fork] = field(default_factory=list)
    trash: dict[int, list[Discarded]] = field(default_factory=dict)

    def series(self, run: str) -> dict[Key, list[Point]]:
        """The series of a run that have points."""
        return {key: points for key, points in self.runs[run].items() if points}

    def heirs(self, run: str) -> list[Heir]:
        """The forks of a run and theirs, each with the step up to which it has what the run has."""
        found = [(fork.run, fork.up_to) for fork in self.forks if fork.parent == run]
        later = [(heir.run_id, min(up_to, heir.up_to)) for child, up_to in found for heir in self.heirs(child)]
        return [Heir(*one) for one in found + later]

    def append(
        self,
        run: str,
        label: str,
        records: Iterable[Logged | SystemSampled],
        *,
        first_step: int = 0,
        cuts: Sequence[Cut] = (),
    ) -> None:
        for record in records:
            step = max(LOWEST, min(HIGHEST, record.step + first_step))
            segment = next((cut.segment for cut in cuts if step > cut.after), 0)
            for name, value in record.values.items():
                point = (step, record.time_ms, value)
                self.runs[run][label, name, segment].append(point)
                for heir in self.heirs(run) if segment == 0 and is_metric(name) else ():
                    if step <= heir.up_to:
                        self.runs[heir.run_id][label, name, 0].append(point)

    def supersede(self, run: str, label: str, segment: int, *, after: int, before_ms: int | None = None) -> None:
        for key in [key for key in self.runs[run] if key[0] == label and key[2] == 0]:
            points = self.runs[run].pop(key)
            for point in points:
                is_gone = point[0] > after and (before_ms is None or point[1] < before_ms)
                self.runs[run][label, key[1], segment if is_gone else 0].append(point)

    def restore(self, run: str, label: str, segment: int) -> None:
        for key in [key for key in self.runs[run] if key[0] == label and key[2] == segment]:
            self.runs[run][label, key[1], 0] += self.runs[run].pop(key)

    def fork(self, parent: str, run: str, up_to: int) -> None:
        self.forks.append(Fork(run, parent, up_to))
        for (label, name, segment), points in self.series(parent).items():
            if segment == 0 and is_metric(name):
                self.runs[run][label, name, 0] += [point for point in points if point[0] <= up_to]

    def delete(self, run: str) -> None:
        self.runs.pop(run, None)
        self.forks = [fork for fork in self.forks if run not in (fork.run, fork.parent)]
        for entry, kept in self.trash.items():
            self.trash[entry] = [one for one in kept if one.run != run]

    def discard(self, run: str, keys: Iterable[Key], entry: int) -> None:
        self.trash[entry] = [Discarded(run, key, self.runs[run].pop(key)) for key in keys]

    def bring_back(self, entry: int) -> None:
        for one in self.trash.pop(entry):
            self.runs[one.run][one.key] += one.points

    def highest_step(self, run: str, label: str) -> int | None:
        series = self.series(run).items()
        counted = [points for key, points in series if key[0] == label and key[2] == 0 and is_metric(key[1])]
        return max((step for points in counted for step, _, _ in points), default=None)


def by_step(points: Iterable[Point]) -> list[Point]:
    """In order of step, then time, then arrival."""
    return sorted(points, key=lambda point: point[:2])


def over_steps(points: Iterable[Point]) -> list[Drawn]:
    return [(float(step), step, value) for step, _, value in by_step(points)]


def over_times(points: Iterable[Point], *, zero_ms: int = 0) -> list[Drawn]:
    found = sorted(points, key=lambda point: (point[1], point[0]))
    return [(float(time_ms - zero_ms), step, value) for step, time_ms, value in found]


def over_metric(points: Iterable[Point], axis: Iterable[Point]) -> list[Drawn]:
    """Each point at the other metric's last finite value up to its own step; those before the first are left out."""
    known = [point for point in by_step(axis) if math.isfinite(point[2])]
    steps = [step for step, _, _ in known]
    places = [(bisect_right(steps, step) - 1, step, value) for step, _, value in by_step(points)]
    return sorted(
        ((known[place][2], step, value) for place, step, value in places if place >= 0), key=lambda drawn: drawn[0]
    )


def axis_of(key: Key, name: str, series: dict[Key, list[Point]]) -> list[Point] | None:
    """The points of the metric that a series is drawn over: its writer's own, else the main one's."""
    label, _, segment = key
    choices = ((label, name, segment), ("", name, segment), (label, name, 0), ("", name, 0))
    return next((series[choice] for choice in choices if choice in series), None)


def within(points: list[Drawn], low: float, high: float) -> Iterator[Drawn]:
    """What is in a range, inclusive, and the nearest on each side."""
    inside = [place for place, (x, _, _) in enumerate(points) if low <= x <= high]
    before = sum(x < low for x, _, _ in points)
    first, end = (inside[0], inside[-1] + 1) if inside else (before, before)
    return iter(points[max(0, first - 1) : end + 1])
