"""What the API says of the runs that go on now. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tracker_server.bounds import Name


class RunningRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pinned` names a metric for some projects: of their runs that have it, it is told."""

    pinned: Annotated[dict[Name, Name], msgspec.Meta(max_length=1000)] = {}
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class RunningMetric(msgspec.Struct, frozen=True):
    """The last finite value of a metric."""

    name: str
    value: float | None
    step: int | None


class RunningRun(msgspec.Struct, frozen=True, kw_only=True):
    """`metric` is the one asked for, else the one that the run logged first last: its newest. `step_count` is how many
    steps the run is to have, where its config says so: a number called `max_steps`, `total_steps`, `num_steps`,
    `n_steps` or `steps`, at any depth."""

    id: str
    project: str
    name: str
    number: int
    hue: int
    is_stopping: bool
    started_ms: int
    heartbeat_ms: int
    metric: RunningMetric | None
    step_count: int | None


class Running(msgspec.Struct, frozen=True):
    """The one started last first. `total` counts also those beyond the limit."""

    runs: list[RunningRun]
    total: int
