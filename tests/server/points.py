"""A plain model of stored points, for property tests: lists in order of arrival, and what must be read from them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tracker.records import Logged, SystemSampled
from tracker_server.metrics.schema import SeriesColumns
from tracker_server.runs.schema import MetricSummary

Point = tuple[int, int, float]
"""Step, time, value."""

Drawn = tuple[float, int, float]
"""Where a point stands on the x axis, its step, its value."""

heights = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, width=32),
    st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 5e-324]),
)
steps = st.one_of(st.integers(-3, 12), st.integers(-(2**63), 2**63 - 1))
names = st.sampled_from(["loss", "acc", "val/loss", "val/acc"])
logs = st.builds(Logged, steps, st.integers(0, 20), st.dictionaries(names, heights, max_size=4))


@dataclass
class Model:
    """The points of one run by (label, metric)."""

    series: dict[tuple[str, str], list[Point]] = field(default_factory=lambda: defaultdict(list))

    def add(self, label: str, records: Iterable[Logged | SystemSampled]) -> None:
        for record in records:
            for name, value in record.values.items():
                self.series[label, name].append((record.step, record.time_ms, value))

    def ordered(self, label: str, name: str) -> list[Point]:
        """By step, then time, then arrival."""
        return sorted(self.series[label, name], key=lambda point: point[:2])


def assert_same(answer: SeriesColumns, points: list[Point]) -> None:
    """An exact answer over steps holds these points, in order, and counts them."""
    assert_drawn(answer, [(float(step), step, value) for step, _, value in points])
    assert answer.points_in_range == len(points)


def assert_drawn(answer: SeriesColumns, drawn: list[Drawn]) -> None:
    """An exact answer holds what is drawn, in order; where that has no height, a gap and a mark."""
    heights = zip(answer.x, answer.steps, answer.values, strict=True)
    assert [one for one in heights if one[2] is not None] == [one for one in drawn if math.isfinite(one[2])]
    assert [(mark.x, mark.kind) for mark in answer.marks] == [
        (x, "nan" if math.isnan(y) else "inf" if y > 0 else "-inf") for x, _, y in drawn if not math.isfinite(y)
    ]
    assert answer.values.count(None) == _interruptions([value for _, _, value in drawn])
    assert answer.is_exact


def _interruptions(values: list[float]) -> int:
    """How many runs of heightless points lie between two points with a height."""
    is_drawn = "".join("x" if math.isfinite(value) else "." for value in values).strip(".")
    return sum(bool(part) for part in is_drawn.split("x"))


def assert_summary(summary: MetricSummary, points: list[Point]) -> None:
    """The summary says of these points, given in order of arrival, what is so."""
    finite = [point for point in points if math.isfinite(point[2])]
    assert summary.count == len(points)
    if not finite:
        assert (summary.last, summary.min, summary.max, summary.mean) == (None, None, None, None)
        return
    last = sorted(finite, key=lambda point: point[:2])[-1]
    low, high = min(y for _, _, y in finite), max(y for _, _, y in finite)
    assert (summary.last, summary.last_step) == (last[2], last[0])
    assert (summary.min, summary.max) == (low, high)
    assert summary.min_step == next(step for step, _, y in finite if y == low)
    assert summary.max_step == next(step for step, _, y in finite if y == high)
    assert summary.mean is not None
    scale = max(abs(y) for _, _, y in finite)
    if scale < 1e300:  # beyond, a sum may leave the floats on its way
        mean = math.fsum(y for _, _, y in finite) / len(finite)
        assert math.isclose(summary.mean, mean, rel_tol=1e-9, abs_tol=1e-9 * scale)
