"""What the API says of the runs table grouped: which runs, by which keys, and the aggregates of their numbers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker_server.bounds import Line
from tracker_server.runs.schema import Statuses
from tracker_server.search.schema import Archived

SortAggregate = Literal["count", "min", "max", "mean", "sum"]
Aggregate = Literal["count", "min", "max", "mean", "sum", "std"]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class GroupColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number a group: the `aggregate` of what its runs have under `key`.

    A key is "config.<key>", "metrics.<name>.<statistic>" ("metrics.<name>" alone means last), or "duration", "number"
    or a time of the run. Runs without a number there are left out; "count" says how many have one. "std" is the
    standard deviation of a sample, and None of fewer than two numbers.
    """

    key: Key
    aggregate: Aggregate = "mean"


class GroupSort(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without `aggregate`, `key` is "count" (of runs) or a key of `by`; with one, any column, shown or not.

    Groups without a number come last, whichever way; equal ones follow by their values.
    """

    key: Key = "count"
    aggregate: SortAggregate | None = None
    is_descending: bool = True


class RunGroupsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which runs is said as in a runs search. They are grouped by the values of the keys in `by`, each group having one
    value of each: "config.<key>", "group", "job_type", "user", "status", "name", "id", "parent", or "tag". Or, with
    `except_keys`, by every config key in which they differ but these, each with all that stands below it: without
    "config.seed", runs are together that differ in nothing but the seed.

    A run without a value counts in the group of null; one with several tags in the group of each. As in a filter, a
    bool of a config is the number 1 or 0, and of a text the first 300 characters count. The first `limit` groups of the
    order come: for others, filter the runs.
    """

    by: Annotated[list[Key], msgspec.Meta(max_length=5)] = []
    except_keys: Annotated[list[Key], msgspec.Meta(max_length=50)] | None = None
    columns: Annotated[list[GroupColumn], msgspec.Meta(max_length=50)] = []
    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"
    sort: GroupSort = GroupSort()
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class RunGroup(msgspec.Struct, frozen=True):
    """`values` are those of the keys, in their order; `columns` are the aggregates, in the order asked for: None where
    no run of the group has a number, or where infinities cancel each other."""

    values: list[float | str | None]
    run_count: int
    columns: list[float | None]


class RunGroups(msgspec.Struct, frozen=True):
    """The first groups, of `group_count`; `matched` runs fit the search and are in one of these. `keys` are those of
    `by`, or the ones in which the runs differ."""

    keys: list[str]
    groups: list[RunGroup]
    group_count: int
    matched: int
