"""What the API says of leaderboards and of who stands where on one. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Key, Line, Name
from tracker_server.runs.schema import Goal

BoardName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Task = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=520)]
Revision = Annotated[int, msgspec.Meta(ge=1)]

Value = Literal["shown", "last", "min", "max", "mean", "best"]
Rows = Literal["family", "model"]
RefusalCode = Literal[
    "other_data", "no_data", "no_evaluation", "no_score", "not_finished", "repeated_seed", "run_deleted"
]


class BoardDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is ranked, by what and on which data.

    `data` is an artifact version of the project (`digits-val:v3`) that the runs' evaluations have to be made on; None
    asks nothing of them. `value` is the number of the metric that is the score: `shown` is the one that stands for the
    run, `best` its best. `goal` says which scores are better; one that is sent without takes the project's goal for
    the metric, and is refused where there is none. `filter` says which runs are looked at, in the filter language.

    `rows` is a row for every `family`, the runs that differ by their seed alone, or for every version of a registered
    `model`. `seed` is the config key that is the seed, None for every key whose last part is `seed`. `size_metric` and
    `time_metric` are metrics whose last values are shown beside the score.
    """

    task: Task
    metric: Name
    data: Reference | None = None
    value: Value = "shown"
    goal: Goal | None = None
    filter: Line = ""
    rows: Rows = "family"
    seed: Key | None = None
    size_metric: Name | None = None
    time_metric: Name | None = None


class NewLeaderboard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: BoardName
    definition: BoardDefinition


class LeaderboardChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field left out stays; the definition is sent whole. `revision` is the one that was read: a leaderboard that has
    another by now is not changed."""

    revision: Revision
    name: BoardName | msgspec.UnsetType = msgspec.UNSET
    definition: BoardDefinition | msgspec.UnsetType = msgspec.UNSET


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    """The `goal` of its definition is always one of the two."""

    id: int
    project: str
    name: str
    definition: BoardDefinition
    revision: int
    created_ms: int
    created_by: str
    changed_ms: int


class LeaderboardList(msgspec.Struct, frozen=True):
    """Those of a project, by name."""

    leaderboards: list[Leaderboard]


class BoardRun(msgspec.Struct, frozen=True):
    """A run that counts in a row, with its own score."""

    id: str
    name: str
    number: int
    score: float
    ended_ms: int


class BoardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One family, or one version of a model.

    `score` is the mean over `run_count` runs for a family, the version's own value for a model; `spread` is the sample
    standard deviation (n - 1) of the runs' scores, None where there is but one. Rows of equal scores have one `rank`.
    `best` is the best score of a single run. `runs` are the first of those that count, the best first; `config` is what
    the family has that others of this answer have not, a few keys of it.

    `duration_ms` is the mean over the runs; `gpu_ms` is that times the GPUs of the best run. `size_bytes` is that of
    the version's files, or of the newest artifact of the kind `model` that the best run has made. `size` and `time` are
    means of the metrics that the definition names. `time_ms` is when the newest run that counts has ended, or when the
    version was registered.
    """

    rank: int
    label: str
    score: float
    spread: float | None
    run_count: int
    best: float
    runs: list[BoardRun]
    config: dict[str, Any]
    model: str | None
    version: int | None
    aliases: list[str]
    duration_ms: int | None
    gpu_ms: int | None
    size_bytes: int | None
    size: float | None
    time: float | None
    time_ms: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A run, or a version of a model, that does not count, and why, in words too."""

    code: RefusalCode
    reason: str
    label: str
    run: str | None
    model: str | None
    version: int | None
    time_ms: int


class RefusalCount(msgspec.Struct, frozen=True):
    code: RefusalCode
    count: int


class ProgressStep(msgspec.Struct, frozen=True, kw_only=True):
    """That a run, or version, was better than all before it when it ended, or was registered."""

    time_ms: int
    score: float
    label: str
    run: str | None
    model: str | None
    version: int | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands where, as the runs are now.

    `rows` are the first of `row_count`, the best first; `refused` the first of `refused_count`, the newest first, which
    `refusals` count by code. `progress` is the best score of a single run, or version, over time.
    """

    goal: Goal
    rows: list[BoardRow]
    row_count: int
    refused: list[Refusal]
    refused_count: int
    refusals: list[RefusalCount]
    progress: list[ProgressStep]


class LeaderboardExport(msgspec.Struct, frozen=True, kw_only=True):
    """A leaderboard to keep: what it asks and who stood where at a time. `format` is the version of this layout."""

    format: int
    exported_ms: int
    leaderboard: Leaderboard
    standing: Standing


class ExportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`html` is a page that stands by itself, `json` a `LeaderboardExport`."""

    format: Literal["html", "json"] = "json"
