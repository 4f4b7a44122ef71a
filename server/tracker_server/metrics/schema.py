"""What the API says of series: points as columns, thinned to the pixels that were asked for."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

METRIC_AXIS = "metric:"

Axis = Annotated[str, msgspec.Meta(pattern=rf"^(step|time|relative_time|{METRIC_AXIS}.+)$", max_length=520)]
"""`time` is Unix milliseconds; `relative_time` milliseconds since the run's start.

"metric:<name>" is that metric of the same run and label: a point stands at its value at the same step, else at the last
one before. Points before the first finite value, and all of a run without that metric, are left out.
"""


class Smoothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a line is smoothed: from all points of the series in order of x, those outside of the range included.

    "time_ema" and "ema" keep `amount` (0 to below 1) of the past over one mean distance between points, along x or
    counted by index; "mean" is of `amount` points around each, rounded to an odd number; "gaussian" weighs the points
    around each by a bell curve of the standard deviation `amount`, in points. 0 does nothing.
    """

    kind: Literal["time_ema", "ema", "mean", "gaussian"]
    amount: Annotated[float, msgspec.Meta(ge=0, le=1e9)]

    def __post_init__(self) -> None:
        if self.kind in ("time_ema", "ema") and self.amount >= 1:
            raise ValueError(
                f"the amount of {self.kind} is how much of the past is kept, and so below 1, not {self.amount}; the "
                'width or deviation in points is for "mean" and "gaussian"'
            )


class SeriesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every series of `runs` × `metrics`. `range` is of x, inclusive; the nearest point outside comes along on each
    side.

    A metric may end in `/*` and then stands for all metrics with that prefix. `points` is about the width in pixels.
    `smoothing` adds the column `smoothed`; `band` adds `low` and `high`.
    """

    runs: Annotated[list[str], msgspec.Meta(min_length=1, max_length=200)]
    metrics: Annotated[list[str], msgspec.Meta(min_length=1, max_length=200)]
    x: Axis = "step"
    range: tuple[float, float] | None = None
    points: Annotated[int, msgspec.Meta(ge=3, le=10_000)] = 400
    smoothing: Smoothing | None = None
    band: bool = False


class Mark(msgspec.Struct, frozen=True):
    """A point that has no height: NaN or an infinity."""

    x: float
    kind: Literal["nan", "inf", "-inf"]


class SeriesColumns(msgspec.Struct, frozen=True):
    """One series as parallel columns, ordered by x. A None among `values` is a gap and has its mark in `marks`.

    `count` is the number of points stored in all: a cursor for what is newer. `points_in_range` is how many points the
    answer stands for; `is_exact` says that it has all of them. At most as many marks as points were asked for come.

    `smoothed` is the line smoothed, at each x; `low` and `high` are the extremes of the points that the one at that x
    stands for, as they were logged. All three are None at a gap, and empty where they were not asked for. In a
    MessagePack answer the six columns are binary: little-endian float64, `steps` int64, and NaN in place of None.
    """

    id: int
    run: str
    metric: str
    label: str
    segment: int
    count: int
    points_in_range: int
    is_exact: bool
    is_delta: bool
    x: list[float]
    steps: list[int]
    values: list[float | None]
    marks: list[Mark]
    smoothed: list[float | None] = []
    low: list[float | None] = []
    high: list[float | None] = []


class SeriesAnswer(msgspec.Struct, frozen=True):
    series: list[SeriesColumns]
