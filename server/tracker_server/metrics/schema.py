"""What the API says of series: points as columns, thinned to the pixels that were asked for."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker_server.bounds import Id, Key, Line

METRIC_AXIS = "metric:"

POINTS = 400
"""How many points a series is thinned to unless told."""

Axis = Annotated[str, msgspec.Meta(pattern=rf"^(step|time|relative_time|{METRIC_AXIS}[\s\S]+)$", max_length=520)]
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

    A metric may end in `/*` and then stands for all metrics with that prefix. `formula:<formula>` is a formula over
    metrics, reckoned from all points of them, as in `formula:log("train/loss") - log(loss)`: numbers, metrics (in
    quotes where they are more than letters, digits, `_` and `.`), `+ - * / **`, brackets, and the functions log, log10,
    exp, sqrt, abs, min and max. It has a point at each step that all of its metrics have; where its value is undefined
    that is NaN. What has grown of it comes whole. `points` is about the width in pixels.
    `smoothing` adds the column `smoothed`; `band` adds `low` and `high`.
    """

    runs: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=200)]
    metrics: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=200)]
    x: Axis = "step"
    range: tuple[float, float] | None = None
    points: Annotated[int, msgspec.Meta(ge=3, le=10_000)] = POINTS
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


class RunSeriesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which series of a run, and how: as in `SeriesRequest`, each in one word of a query string."""

    metric: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=600)]],
        msgspec.Meta(
            min_length=1,
            max_length=200,
            description="A metric, all with a prefix: `val/*`, or `formula:<formula>`. May be given several times.",
        ),
    ]
    x: Axis = "step"
    low: Annotated[float | None, msgspec.Meta(description="The lowest x; the nearest point below comes along.")] = (
        msgspec.field(name="from", default=None)
    )
    high: Annotated[float | None, msgspec.Meta(description="The highest x; the nearest point above comes along.")] = (
        msgspec.field(name="to", default=None)
    )
    max_points: Annotated[
        Annotated[int, msgspec.Meta(ge=3, le=10_000)] | None,
        msgspec.Meta(description=f"About how many points to thin each series to; {POINTS} unless told."),
    ] = None
    smoothing: Annotated[
        Annotated[str, msgspec.Meta(pattern=r"^(time_ema|ema|mean|gaussian):[0-9][0-9.eE+-]*$", max_length=40)] | None,
        msgspec.Meta(description="`<kind>:<amount>`, as in `ema:0.6` or `mean:25`."),
    ] = None
    band: Annotated[bool, msgspec.Meta(description="Whether `low` and `high` come.")] = False
    since: Annotated[
        Line | None, msgspec.Meta(description="The `cursor` of an answer to the same question: only what is new comes.")
    ] = None
    resolution: Annotated[
        Literal["thinned", "full"],
        msgspec.Meta(
            description="`full` streams every point in order of arrival, as a sequence of `SeriesPart`: a line of JSON "
            "each, or MessagePack maps one after the other. Only `metric` goes with it."
        ),
    ] = "thinned"


class FormulaRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A formula as it stands behind `formula:`."""

    formula: Line


class FormulaFacts(msgspec.Struct, frozen=True):
    """The metrics that a formula names, and the same in Python for numpy (`np`), with their columns in a dict `m`."""

    metrics: list[str]
    python: str


class RunSeriesAnswer(msgspec.Struct, frozen=True):
    """Series of one run. With `is_delta`, what has changed since the cursor that was given: a series that is itself a
    delta goes on where it ended, any other takes the place of the one with its id, and what is not here is as it was.
    Else these are all, and nothing else is there any more.

    `cursor` stands for what the reader has now; None where the series are too many for one.
    """

    series: list[SeriesColumns]
    is_delta: bool
    cursor: str | None


class SeriesPart(msgspec.Struct, frozen=True):
    """Points of a series, in order of arrival, after the `first` ones of `count`; times are Unix milliseconds.

    In MessagePack the three columns are binary: little-endian int64, `values` float64.
    """

    id: int
    metric: str
    label: str
    segment: int
    count: int
    first: int
    steps: list[int]
    times: list[int]
    values: list[float | Literal["nan", "inf", "-inf"]]
