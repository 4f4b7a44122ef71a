"""What the API says of runs as columns: some values of very many runs, for charts of whole projects."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker_server.bounds import Id, Line
from tracker_server.runs.schema import Goal, Status, Statuses
from tracker_server.search.schema import Archived

MOST_RUNS = 5000

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]


class RunColumnsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which runs is said as in a runs search, or by naming them in `runs`; the newest `limit` that fit come.

    A column is "config.<key>", "metrics.<name>.<statistic>" ("metrics.<name>" alone means last), or one of "duration",
    "number", "created", "started", "finished", "heartbeat", "status", "group", "job_type", "user", "name", "parent".
    """

    columns: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=100)]
    runs: Annotated[list[Id], msgspec.Meta(max_length=200)] | None = None
    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_RUNS)] = MOST_RUNS


class RunColumn(msgspec.Struct, frozen=True):
    """One value a run, in the order of the runs: a number, a text, or neither where the run has none.

    `codes` says which of `texts` it is, -1 where it is no text. As in a filter, a bool of a config is the number 1 or
    0, and of a text the first 300 characters count. `goal` says which values of a metric are good, as the newest of
    the runs has defined it. In a MessagePack answer both columns are binary: little-endian float64 with NaN in place
    of None, and int32.
    """

    key: str
    numbers: list[float | None]
    codes: list[int]
    texts: list[str]
    goal: Goal | None = None


class RunColumns(msgspec.Struct, frozen=True):
    """The newest runs of the `matched` that fit, with the columns in the order asked for."""

    ids: list[str]
    names: list[str]
    hues: list[int]
    statuses: list[Status]
    columns: list[RunColumn]
    matched: int


Statistic = Literal["last", "min", "max", "mean", "best"]


class ImportanceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which runs is said as in a runs search, or by naming them. `keys` are of the config; without them, all are."""

    metric: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    statistic: Statistic = "last"
    keys: Annotated[list[Key], msgspec.Meta(min_length=1, max_length=60)] | None = None
    runs: Annotated[list[Id], msgspec.Meta(max_length=200)] | None = None
    text: Line = ""
    status: Statuses = []
    filter: Line = ""
    archived: Archived = "without"


class KeyImportance(msgspec.Struct, frozen=True):
    """How much worse the metric is foretold when the values of a config key are shuffled among the runs.

    `importance` is the loss of R², the mean over the shufflings, and `spread` their standard deviation. `direction` is
    the rank correlation of the key's numbers with the metric, -1 to 1; None for texts. `run_count` of the runs have
    the key, with `value_count` different values.
    """

    key: str
    importance: float
    spread: float
    direction: float | None
    run_count: int
    value_count: int


Caution = Literal["few_runs", "too_few_runs", "explains_nothing", "same_everywhere", "keys_left_out"]


class Importance(msgspec.Struct, frozen=True):
    """The config keys that differ, the most important first.

    `run_count` runs had a finite value of the metric and were used, of the newest `read_count` of the `matched` that
    fit. `r2` says how much of the metric's variance the forest foretells in runs that it has not seen; None where
    nothing could be fitted. `constant_keys` keys are the same in all these runs and were left out; `left_out_keys` were
    not looked at because there are too many.
    """

    keys: list[KeyImportance]
    r2: float | None
    run_count: int
    read_count: int
    matched: int
    constant_keys: int
    left_out_keys: int
    warnings: list[Caution]
    trees: int
    repeats: int
