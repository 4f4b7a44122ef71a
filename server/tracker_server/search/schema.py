"""What the API says of the runs table, of comparing, and of what is new."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id, Key, Line, NamePart
from tracker_server.metrics.schema import Axis, SeriesColumns, Smoothing
from tracker_server.runs.schema import Goal, MetricSummary, RunRow, Statuses

Archived = Literal["without", "with", "only"]
RunIds = Annotated[list[Id], msgspec.Meta(max_length=200)]
Columns = Annotated[list[Key], msgspec.Meta(max_length=2000)]
"""As many as a page can show with some sense, and more."""


class SortKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column to sort by: "created", "name", "status", "duration", "config.<key>" or "metrics.<name>.<statistic>".

    The statistic is one of last, min, max, mean, count; "metrics.<name>" alone means last. Missing values sort last,
    whichever way; among config values numbers stand before texts. Equal runs follow by the newest.
    """

    key: Key
    is_descending: bool = False


class RunSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`text` finds runs where each word of it is part of the name, id, group, notes, a tag or a config text, or is the
    number of a config value. At most ten words; upper and lower case are one.

    `filter` is a condition in the filter language (docs/filter-language.md), such as
    'metrics["val/acc"].max > 0.9 and config.lr < 1e-3 and "baseline" in tags and created > days_ago(7)'. Text, status
    and filter all have to fit.

    `columns` names the config keys ("config.lr") and metrics ("metrics.val/acc") to send, and "notes"; None sends all
    config and metrics.
    `archived` says whether archived runs are among those that are searched and counted; a filter that speaks of
    `archived` decides it by itself.
    """

    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"
    sort: Annotated[list[SortKey], msgspec.Meta(max_length=20)] = []
    columns: Columns | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    cursor: Line | None = None


class RunPage(msgspec.Struct, frozen=True):
    """`matched` runs fit the search, of `total` in the project; `next_cursor` is None on the last page."""

    runs: list[RunRow]
    next_cursor: str | None
    matched: int
    total: int


class KeysQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names that begin with `prefix`, the first `limit` of config and the first `limit` of metrics.

    `counts` says over which runs the keys are counted: over as many of the newest as are quickly read; over "all",
    which takes seconds in a project of a hundred thousand runs; or over "none". Metrics that were hidden come with
    `hidden` (1) alone.
    """

    prefix: NamePart = ""
    kind: Literal["config", "metric", "system"] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10_000
    counts: Literal["newest", "all", "none"] = "newest"
    hidden: int = 0


class ConfigKey(msgspec.Struct, frozen=True):
    """`run_count` of the counted runs have the key; `value_count` different values of it are among them."""

    key: str
    run_count: int
    value_count: int


class MetricKey(msgspec.Struct, frozen=True):
    """A metric by the name that it is shown by; `logged_as` are other names that read as it by a correction.

    `is_hidden` says that the project does not show it. `goal` says which values are better, where a person has said so
    for the project or its newest runs have.
    """

    name: str
    kind: Literal["metric", "system"]
    run_count: int
    is_hidden: bool = False
    logged_as: list[str] = []
    goal: Goal | None = None


class Keys(msgspec.Struct, frozen=True):
    """The config keys and metric names of a project, by name.

    Config keys were counted over the newest `counted_config_runs` runs, metrics over the newest `counted_metric_runs`.
    A key whose runs are all older, or in the trash, is counted 0. `has_more` says that `limit` left some out.
    """

    config: list[ConfigKey]
    metrics: list[MetricKey]
    counted_config_runs: int
    counted_metric_runs: int
    has_more: bool


class RunKeysRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The runs that match a search, as in `RunSearch`."""

    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"


class RunKeys(msgspec.Struct, frozen=True):
    """The config keys and metrics that runs of a search have, by name, each with how many of these have it.

    Of the `matched` runs keys were counted over the newest `counted_config_runs`, metrics over the newest
    `counted_metric_runs`: all of them, unless they are very many.
    """

    config: list[ConfigKey]
    metrics: list[MetricKey]
    matched: int
    counted_config_runs: int
    counted_metric_runs: int


class RunRangesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`columns` are of metrics, as in a search: "metrics.<name>" or "metrics.<name>.<statistic>"."""

    columns: Annotated[list[Key], msgspec.Meta(max_length=50)]
    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"


class ColumnRange(msgspec.Struct, frozen=True):
    """The least and the greatest value in the runs of a search; None where no run has one."""

    column: str
    low: float | None
    high: float | None


class RunRanges(msgspec.Struct, frozen=True):
    ranges: list[ColumnRange]


RunAction = Literal["tag", "untag", "archive", "unarchive", "delete", "restore", "stop"]


class RunsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change of many runs: of those in `runs`, or for None of all that match the search, ten thousand at most.

    `tag` is what is added or taken away. "restore" is for `runs` alone. A run that is so already is left alone.
    """

    action: RunAction
    runs: Annotated[list[Id], msgspec.Meta(max_length=10_000)] | None = None
    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"
    tag: NamePart = ""
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class RunsChanged(msgspec.Struct, frozen=True):
    """The ids of the runs that were not so before: the opposite change of these undoes it. `meant` is of how many."""

    runs: list[str]
    meant: int


class CompareRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`only` says whether rows that are equal for all runs come. Metrics differ where `statistic` does: "shown" is what
    the run has defined, else the last. At most `limit` rows of metrics come, of those with `having` in their names, the
    differing ones before others.
    """

    runs: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=100)]
    only: Literal["all", "differing"] = "all"
    statistic: Literal["shown", "last", "min", "max", "mean"] = "shown"
    having: NamePart = ""
    limit: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 1000


class AbsentRun(msgspec.Struct, frozen=True):
    """A run that cannot be compared: a deleted one has its name and project while it is in the trash."""

    id: str
    name: str | None
    project: str | None


class ValueRow(msgspec.Struct, frozen=True):
    """One key across the compared runs, in their order. `is_present` tells null from not logged."""

    key: str
    values: list[Any]
    is_present: list[bool]
    differs: bool


class MetricRow(msgspec.Struct, frozen=True):
    """One metric across the compared runs, in their order; None where a run has not logged it. `goal` says which values
    are better, where a person or a run has said so.
    """

    name: str
    values: list[MetricSummary | None]
    differs: bool
    goal: Goal | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """`runs` are those that are there, in the order asked for; their rows leave out config and metrics, which stand
    beside. `summary` is what was set by hand, `data` the artifacts that were read with version and digest, `system` the
    machine. Facts have dotted keys; of an uncommitted patch the digest and the number of lines.

    `equal_count` rows are equal for all runs, whether they come or not. `metrics_left_out` rows are beyond
    the limit.
    `metric_names` are the first names, up to the limit, of `metric_count` metrics of these runs;
    `shared_metric_count` of them were logged by all.
    """

    runs: list[RunRow]
    absent: list[AbsentRun]
    metrics: list[MetricRow]
    summary: list[ValueRow]
    config: list[ValueRow]
    environment: list[ValueRow]
    packages: list[ValueRow]
    data: list[ValueRow]
    system: list[ValueRow]
    equal_count: int
    metrics_left_out: int
    metric_names: list[str]
    metric_count: int
    shared_metric_count: int


class MetricNamesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks what the metrics of some runs are called, those with `having` in their names, in any case."""

    runs: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=100)]
    having: NamePart = ""
    limit: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 10_000


class MetricNames(msgspec.Struct, frozen=True):
    """The first names in order, and how many there are."""

    names: list[str]
    total: int


class LiveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page watches. `since_ms` is the `cursor_ms` of the last answer, 0 at first.

    `counts` has, for each series id that the page holds, the `count` it came with; only newer points come back for it.
    Series of `runs` × `metrics` that are not in `counts` come whole, thinned to `points`. Who sends `since_ms` 0 has
    searched just now, and gets what changed in the last minute. A smoothed series that has grown comes whole.
    """

    runs: RunIds = []
    metrics: Annotated[list[Key], msgspec.Meta(max_length=200)] = []
    counts: Annotated[dict[int, int], msgspec.Meta(max_length=40_000)] = {}
    points: Annotated[int, msgspec.Meta(ge=3, le=10_000)] = 400
    x: Axis = "step"
    range: tuple[float, float] | None = None
    columns: Columns | None = None
    since_ms: int = 0
    smoothing: Smoothing | None = None
    band: bool = False


class LiveAnswer(msgspec.Struct, frozen=True):
    """`changed` are the rows of runs that changed since then, new ones and those that became lost included; `removed`
    the ids of deleted runs. Both reach a few seconds further back, so that a change that was committed late is not
    missed: merge them by id. Of more than 500 changed runs the watched ones and the newest come.

    A series with `is_delta` carries only points after the count that was sent; without it, it replaces what the page
    has.
    """

    cursor_ms: int
    changed: list[RunRow]
    removed: list[str]
    series: list[SeriesColumns]
    total: int
