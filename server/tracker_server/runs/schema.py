"""What the API says of projects, runs, their config, console and summaries. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id, Line, Name, NamePart, Notes, Prose

Status = Literal["running", "finished", "failed", "stopped", "lost"]
"""`lost` is derived on reading: a running run whose writers have been silent for a minute. It comes back when they
speak."""

MOST_METRICS = 10_000
"""Of each kind in one answer, where a query says how many."""

Statuses = Annotated[list[Status], msgspec.Meta(max_length=20)]
Tags = Annotated[list[Name], msgspec.Meta(max_length=1000)]


class Project(msgspec.Struct, frozen=True):
    """`run_count` is without the `archived_count` runs that lists leave out."""

    name: str
    description: str
    created_ms: int
    run_count: int
    archived_count: int
    running_count: int
    last_activity_ms: int | None
    is_archived: bool
    runs_per_day: list[int]
    """How many runs were created on each of the last 30 days, UTC, oldest first."""


class ProjectList(msgspec.Struct, frozen=True):
    projects: list[Project]


class NewProject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    description: Prose = ""


SummaryWord = Literal["last", "min", "max", "mean"]
"""Which value of a metric stands for the run."""

Goal = Literal["min", "max"]
"""Which values of a metric are better: the small or the large ones."""


class Definition(msgspec.Struct, frozen=True):
    """How the metrics that `pattern` fits are to be read: a name, or the beginning of names and "*".

    `step_metric` is the metric that they are drawn over. None where the run has not said.
    """

    pattern: str
    step_metric: str | None = None
    summary: SummaryWord | None = None
    goal: Goal | None = None


class MetricSummary(msgspec.Struct, frozen=True):
    """A metric of a run in a few numbers. NaN and infinities count, but are neither min, max, mean nor last.

    `last` is the value at the highest step; all five are None while no finite value has come. `shown` is the one that
    stands for the run, which `summary` names: what the run has defined, else the last. Sorting and filtering by a
    metric without a statistic take the last all the same, since runs may differ in what they define.
    """

    count: int
    last: float | None
    last_step: int | None
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    mean: float | None
    kind: Literal["metric", "system"] = "metric"
    shown: float | None = None
    summary: SummaryWord = "last"
    goal: Goal | None = None

    @property
    def value(self) -> float | None:
        """The one that stands for the run: the last where it has not said which."""
        return self.shown if self.shown is not None else self.last


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a row of a table. `config` and `metrics` hold the columns asked for that this run has.

    `hue` is the index (0–9) of the run's colour in the palette: the server keeps it, and it changes by hand alone;
    `is_hue_chosen` says that it was.
    Config keys are dotted paths ("optim.lr"). `summary` holds values set by hand. `is_stopping` says that the run has
    been asked to stop and has not ended yet; `is_archived` that lists leave it out unless asked.
    `notes` is None unless they were asked for.
    """

    id: str
    project: str
    number: int
    name: str
    status: Status
    is_stopping: bool
    is_archived: bool
    hue: int
    is_hue_chosen: bool
    group: str | None
    job_type: str | None
    tags: list[str]
    created_ms: int
    started_ms: int
    finished_ms: int | None
    heartbeat_ms: int
    user: str | None
    config: dict[str, Any]
    metrics: dict[str, MetricSummary]
    summary: dict[str, Any]
    notes: str | None = None


class StopRequest(msgspec.Struct, frozen=True):
    """Who asked the run to stop, and why; "" where no reason was given."""

    time_ms: int
    by: str
    reason: str


class AlertCounts(msgspec.Struct, frozen=True):
    error: int
    warning: int
    info: int


class RunDetail(RunRow, frozen=True, kw_only=True):
    """A whole run: every config key, and every metric where the query does not say how many.

    `metric_count` is how many metrics there are, of which the query may have asked for the first ones alone.
    `environment` is what the client captured: `command`, `host`, `python`, `packages`, `git` {commit, branch, remote,
    is_dirty, patch}…; every part may be missing. `error` is the traceback of a failed run. `lost_records` counts the
    records that a damaged journal or a full disk has cost. `reproduces` is the run that this one repeats, and
    `reproduced_by` are the runs that repeat it, newest first, twenty at most. `stop` is the last request to stop since
    the run was started or resumed; it stays when the run has ended. `alerts` counts by level, `alert_count` all.
    """

    notes: str
    exit_code: int | None
    error: str | None
    lost_records: int
    parent: str | None
    fork_of: str | None
    fork_step: int | None
    reproduces: str | None
    reproduced_by: list[str]
    environment: dict[str, Any]
    config_tree: dict[str, Any]
    console_lines: int
    artifact_count: int
    media_count: int
    stop: StopRequest | None
    alert_count: int
    alerts: AlertCounts
    definitions: list[Definition]
    metric_count: int


class RunQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Metrics that were hidden come with `hidden` (1) alone.

    `metrics` asks for the first so many in order of name, and as many of the system's, where a run may have a hundred
    thousand; `having` for those whose names have this text in them, ten thousand at most. Without either, all come.
    """

    hidden: int = 0
    metrics: Annotated[int, msgspec.Meta(ge=0, le=MOST_METRICS)] | None = None
    having: NamePart = ""


class ChosenGoal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which values of a metric are better in the whole project; None leaves it to what the runs define."""

    metric: Name
    goal: Goal | None


class DefinedGoal(msgspec.Struct, frozen=True):
    """`pattern` is a metric's name, or ends in "*" and is meant for every name that begins with what stands before."""

    pattern: str
    goal: Goal


class ProjectGoals(msgspec.Struct, frozen=True):
    """Which values of metrics are better in a project. What a person has `chosen` for a name counts, else what its
    newest runs have `defined`: of the patterns that fit a name the name itself, then the longest.
    """

    chosen: dict[str, Goal]
    defined: list[DefinedGoal]


class RunBefore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stood in the fields that somebody began to change."""

    name: Line | msgspec.UnsetType = msgspec.UNSET
    notes: Notes | msgspec.UnsetType = msgspec.UNSET
    tags: Annotated[list[Line], msgspec.Meta(max_length=10_000)] | msgspec.UnsetType = msgspec.UNSET


class RunChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed of a run by hand; a field left out stays. The reason is kept with an archiving.

    `hue` is an index (0–9) of the palette; null is the way back to the one that the run was given.
    `before` is what the one who changes it has seen: where a field has become something else meanwhile, nothing is
    changed, and the answer (409) says what it is now.
    """

    name: Name | msgspec.UnsetType = msgspec.UNSET
    notes: Notes | msgspec.UnsetType = msgspec.UNSET
    tags: Tags | msgspec.UnsetType = msgspec.UNSET
    is_archived: bool | msgspec.UnsetType = msgspec.UNSET
    hue: Annotated[int, msgspec.Meta(ge=0, le=9)] | msgspec.UnsetType | None = msgspec.UNSET
    reason: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    before: RunBefore = RunBefore()


class ConsoleText(msgspec.Struct, frozen=True):
    """One printed line: its number in the run from 0, in order of arrival."""

    number: int
    time_ms: int
    stream: Literal["stdout", "stderr"]
    text: str
    label: str


class ConsolePage(msgspec.Struct, frozen=True):
    """`labels` are those of the run's processes, where there are several: "" is the main one."""

    lines: list[ConsoleText]
    total: int
    labels: list[str]


class ConsoleQuery(msgspec.Struct, frozen=True):
    """`start` is the first line's number; negative counts from the end. Of one stream or one process alone where named:
    then `limit` counts those.
    """

    start: int = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000
    stream: Literal["stdout", "stderr"] | None = None
    label: Id | None = None


class ConsoleSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines from number `start` on that have `q` in them, as it reads without its colours: a text in any case or, with
    `regex` (1), a regular expression (RE2). Of one stream or one process alone where named; an empty `q` is in all.
    """

    q: NamePart = ""
    regex: int = 0
    stream: Literal["stdout", "stderr"] | None = None
    label: Id | None = None
    start: Annotated[int, msgspec.Meta(ge=0)] = 0


class ConsoleFound(msgspec.Struct, frozen=True):
    """The numbers of the lines, in order. `next_start` is where the search goes on; `is_all` says that it need not
    before more is printed.
    """

    numbers: list[int]
    next_start: int
    is_all: bool


class NewStop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks a run to stop. The reason is told to the run and to who looks at it."""

    reason: NamePart = ""


class StopCommand(msgspec.Struct, frozen=True, tag_field="type", tag="stop"):
    """Asks a run's process to stop in order. It comes with every answer until the process has ended."""

    by: str
    reason: str


class AlertItem(msgspec.Struct, frozen=True):
    """Something a person should know. `kind` is "alert" for one that the program raised; "nan" for a metric that
    stopped being a finite number at `step`, and then `details` has `metric`, `value` and `last_good`, the steps and
    values that came before.
    """

    id: int
    time_ms: int
    level: Literal["info", "warning", "error"]
    title: str
    text: str
    kind: str
    step: int | None
    details: dict[str, Any]


class AlertList(msgspec.Struct, frozen=True):
    alerts: list[AlertItem]


class AlertQuery(msgspec.Struct, frozen=True):
    """`before` is the id of the last alert of the page before."""

    before: int | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class RunEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a run. `text` is in the words of whoever caused it: the title of an alert, the reason
    of an act; `by` is a person, None for the run itself.

    A resumed run has several beginnings. A correction says by `action` what it was ("run.archived"), and of which
    metric; what became of a model version of the run's files names model, version and alias.
    """

    time_ms: int
    kind: Literal["started", "resumed", "alert", "stop", "ended", "correction", "registry"]
    text: str = ""
    by: str | None = None
    level: Literal["info", "warning", "error"] | None = None
    action: str | None = None
    metric: str | None = None
    shown_as: str | None = None
    model: str | None = None
    version: int | None = None
    alias: str | None = None


class RunEvents(msgspec.Struct, frozen=True):
    """Oldest first; of very many alerts and corrections the newest."""

    events: list[RunEvent]
