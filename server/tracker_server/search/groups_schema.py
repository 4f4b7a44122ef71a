"""What the API says of groups of runs: which runs, how they are grouped, and their curves as columns."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from tracker_server.bounds import Id, Key, Line, Name
from tracker_server.metrics.schema import Axis, Smoothing
from tracker_server.metrics.statistics import Band, Statistic
from tracker_server.runs.schema import Statuses
from tracker_server.search.schema import Archived

Align = Annotated[str, msgspec.Meta(pattern="^(exact|interpolate)$", max_length=20)]

GroupFilters = Annotated[list[Annotated[Line, msgspec.Meta(min_length=1)]], msgspec.Meta(max_length=100)]
GroupKeys = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=500)]], msgspec.Meta(max_length=50)]


class GroupsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The curves of groups of runs: every one of `metrics` in every group.

    The runs are those of `runs` that are in the project, or all for None, that fit `text`, `status` and `filter` as in
    a runs search; `archived` counts where `runs` is None. They are grouped by the values of the keys in `group_by`:
    "config.<key>", "group", "job_type", "user", "status", "name", "id", "parent" or "tags". Or they are grouped by
    everything in their configs but `except_keys`, each with all that stands below it: `except_keys` ["config.seed"]
    makes a group of the runs that differ in nothing but the seed. Or each filter of `groups` makes one, in their order,
    of those runs that fit it, too; a run may then be in several. With none of these, all runs are one group. `newest`
    leaves of each of `groups` only so many of its newest runs: without it, more than 2,000 runs are refused.

    `x`, `metrics` and `points` are as for series; `range` is of x, inclusive, and nothing outside of it comes.
    `statistic` is the line; `band` reaches from the smallest to the largest value ("min_max"), one standard deviation
    ("std") or standard error ("stderr") to each side of the mean, or over the 95 % interval of the line by bootstrap
    ("ci95").

    With `smoothing` comes the line `smoothed` as well, of all x, those outside of the range included, and the band is
    smoothed like it; but "ci95" is not.

    With `align` "exact" a run counts at the x where it has a finite point, and nowhere else. With "interpolate" it
    counts at every x of its group between its first and its last point, by the straight line between its neighbours.
    """

    project: Name
    metrics: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=200)]
    runs: Annotated[list[Id], msgspec.Meta(max_length=2000)] | None = None
    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"
    group_by: GroupKeys = []
    except_keys: GroupKeys | None = None
    groups: GroupFilters | None = None
    newest: Annotated[int, msgspec.Meta(ge=1, le=2000)] | None = None
    x: Axis = "step"
    range: tuple[float, float] | None = None
    points: Annotated[int, msgspec.Meta(ge=3, le=10_000)] = 400
    statistic: Statistic = "mean"
    band: Band = "none"
    align: Align = "exact"
    smoothing: Smoothing | None = None


class CurveColumns(msgspec.Struct, frozen=True):
    """One metric of one group as parallel columns, ordered by x.

    `center` is the mean, median, least or greatest of the `n` runs that have a finite value at x, and None where none
    of those that have a point there has one. `low` and `high` are the ends of the band: None where fewer than two runs
    cannot have it, and empty where none was asked for. `smoothed` is the line smoothed, empty where that was not asked.

    `x_count` is how many x the answer stands for; `is_exact` says that it has all of them. `is_interpolated` says that
    a run counts at an x where it has no point. `run_count` runs of the group have the metric. In a MessagePack answer
    the columns are binary: little-endian float64, `n` int64, and NaN in place of None.
    """

    metric: str
    run_count: int
    x_count: int
    is_exact: bool
    is_interpolated: bool
    x: list[float]
    center: list[float | None]
    low: list[float | None]
    high: list[float | None]
    n: list[int]
    smoothed: list[float | None] = []


class Group(msgspec.Struct, frozen=True):
    """`values` are those of the answer's keys; one that is missing, null or NaN is None. Of `run_count` runs the ids of
    the first hundred by id are in `runs`; `matched` are in the group, more where only the newest were wanted."""

    values: list[Any]
    run_count: int
    matched: int
    runs: list[str]
    curves: list[CurveColumns]


class GroupsAnswer(msgspec.Struct, frozen=True):
    """The groups in order of their values: numbers, then texts, then lists, None last; or those of `groups`, without
    values. Each has its curves, by metric.

    `keys` are those of `group_by`, or the config keys in which the groups differ. `resamples` is how many the bootstrap
    drew, 0 where it was not asked for.
    """

    keys: list[str]
    groups: list[Group]
    resamples: int
