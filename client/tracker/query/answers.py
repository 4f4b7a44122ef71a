"""What the server answers to those who read, as far as the client reads it. Times are Unix milliseconds.

What always holds: a field that a newer server adds is passed over; an answer without a field that is named here cannot
be understood, which counts as not having reached a tracker server.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time_ms: int) -> datetime:
    """That time, aware, in UTC. A time outside of the years 1 to 9999 becomes the nearest that a datetime can be."""
    try:
        return _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return (datetime.max if time_ms > 0 else datetime.min).replace(tzinfo=UTC)


def milliseconds(when: datetime) -> int:
    """The same time in Unix milliseconds."""
    return (when - _EPOCH) // timedelta(milliseconds=1)


class ServerFacts(msgspec.Struct, frozen=True):
    """The server itself."""

    version: str
    needs_key: bool


class Me(msgspec.Struct, frozen=True):
    """Who asks, as the server sees it."""

    name: str
    is_signed_in: bool


class ProjectFacts(msgspec.Struct, frozen=True):
    """A project in the list of them."""

    name: str
    description: str
    created_ms: int
    run_count: int
    running_count: int
    last_activity_ms: int | None


class ProjectList(msgspec.Struct, frozen=True):
    """Every project."""

    projects: list[ProjectFacts]


class MetricSummary(msgspec.Struct, frozen=True):
    """A metric of a run in a few numbers. NaN and infinities count, but are neither min, max, mean nor last.

    `last` is the value at the highest step; all five are None while no finite value has come. `kind` is "metric", or
    "system" for what was sampled of the machine. `shown` is the value that stands for the run, which `summary` names;
    `goal` is "min" or "max" where the run has said which values are better.
    """

    count: int
    last: float | None
    last_step: int | None
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    mean: float | None
    kind: str = "metric"
    shown: float | None = None
    summary: str = "last"
    goal: str | None = None


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a list shows it. Config keys are dotted paths; `summary` holds values set by hand."""

    id: str
    project: str
    number: int
    name: str
    status: str
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
    is_stopping: bool = False


class StopRequest(msgspec.Struct, frozen=True):
    """Who asked the run to stop, and why; "" where no reason was given."""

    time_ms: int
    by: str
    reason: str


class RunDetail(RunFacts, frozen=True, kw_only=True):
    """A run as its own page shows it."""

    notes: str
    exit_code: int | None
    error: str | None
    lost_records: int
    parent: str | None
    environment: dict[str, Any]
    config_tree: dict[str, Any]
    console_lines: int
    alert_count: int = 0
    stop: StopRequest | None = None
    reproduces: str | None = None
    reproduced_by: list[str] = []


class RunPage(msgspec.Struct, frozen=True):
    """A page of a list of runs; `matched` fit the search."""

    runs: list[RunFacts]
    next_cursor: str | None
    matched: int


class Mark(msgspec.Struct, frozen=True):
    """A point that JSON has no number for: `kind` is "nan", "inf" or "-inf"."""

    x: float
    kind: str


class SeriesColumns(msgspec.Struct, frozen=True):
    """One series in a range of x, ordered by x, with the nearest point outside on each side.

    A None among `values` is one of the marks. `is_exact` says that every point of the range is there.
    """

    metric: str
    label: str
    segment: int
    points_in_range: int
    is_exact: bool
    x: list[float]
    steps: list[int]
    values: list[float | None]
    marks: list[Mark]


class SeriesAnswer(msgspec.Struct, frozen=True):
    """Every series that was asked for."""

    series: list[SeriesColumns]


class ConsoleText(msgspec.Struct, frozen=True):
    """A line that a run printed."""

    number: int
    time_ms: int
    stream: str
    text: str
    label: str


class ConsolePage(msgspec.Struct, frozen=True):
    """Lines in order of their numbers, of `total`."""

    lines: list[ConsoleText]
    total: int


class AlertItem(msgspec.Struct, frozen=True):
    """Something that a run thought a person should know."""

    id: int
    time_ms: int
    level: str
    title: str
    text: str
    kind: str
    step: int | None
    details: dict[str, Any]


class AlertList(msgspec.Struct, frozen=True):
    """Alerts, the newest first."""

    alerts: list[AlertItem]


class FileEntry(msgspec.Struct, frozen=True):
    """A file of an artifact version. With a `reference` its bytes lie there, not on the server; then `digest` is ""
    where nobody has read them, and `etag` is what their place calls them."""

    path: str
    digest: str
    size_bytes: int
    reference: str = ""
    etag: str = ""


class ArtifactFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact version that a run made ("output") or read ("input")."""

    id: int
    name: str
    kind: str
    version: int
    aliases: list[str]
    size_bytes: int
    created_ms: int
    metadata: dict[str, Any]
    direction: str
    files: list[FileEntry]
    project: str = ""


class RunArtifacts(msgspec.Struct, frozen=True):
    """What a run made and read."""

    artifacts: list[ArtifactFacts]


class Nothing(msgspec.Struct, frozen=True):
    """An answer of which nothing is read."""
