"""What the API says of the trash. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker_server.bounds import Id

MAX_AT_ONCE = 200


class TrashedRun(msgspec.Struct, frozen=True):
    """`file_bytes` are those of the artifact versions that it made and of its media, which others may share.

    `kept_by` names the model versions ("digits:v3") that came from it: while there are any, it is not purged.
    """

    id: str
    number: int
    name: str
    deleted_ms: int
    by: str
    reason: str
    point_count: int
    file_bytes: int
    kept_by: list[str]


class RunHoldings(msgspec.Struct, frozen=True):
    """What goes with a run when it is deleted, and comes back with it. `metric_count` and `point_count` are without the
    machine's readings, of which there are `system_point_count`.

    `version_count` artifact versions with `file_bytes` were made by it. `kept_by` names the model versions
    ("digits:v3") that came from it: while there are any, it is not purged. `fork_count` runs began with its history
    and keep theirs.
    """

    metric_count: int
    point_count: int
    system_point_count: int
    console_line_count: int
    media_count: int
    version_count: int
    file_bytes: int
    fork_count: int
    kept_by: list[str]


class TrashedMetric(msgspec.Struct, frozen=True):
    """What one deletion of a metric took away: `correction` is its entry, which can be undone. `run` is None where it
    was deleted in the whole project."""

    correction: int
    metric: str
    run: str | None
    deleted_ms: int
    by: str
    reason: str
    run_count: int
    series_count: int
    point_count: int


class Trash(msgspec.Struct, frozen=True):
    """The newest of each; `run_count` and `metric_count` are how many there are in all."""

    runs: list[TrashedRun]
    metrics: list[TrashedMetric]
    run_count: int
    metric_count: int


class TrashQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class PurgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to delete for good: these runs, and what these corrections took away; or all that has been in the trash for
    longer than so many days, as much as one request does. A reason is asked for."""

    reason: Annotated[str, msgspec.Meta(max_length=2000)]
    runs: Annotated[list[Id], msgspec.Meta(max_length=MAX_AT_ONCE)] = []
    metrics: Annotated[list[int], msgspec.Meta(max_length=MAX_AT_ONCE)] = []
    older_than_days: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None


class KeptRun(msgspec.Struct, frozen=True):
    """A run that was not purged, for the model versions that came from it."""

    run: str
    kept_by: list[str]


class Purged(msgspec.Struct, frozen=True):
    """What has gone. `blob_count` blobs with `blob_bytes` bytes are free; younger ones that nothing refers to go with
    a later purge. `has_more` says that asking again purges more."""

    run_count: int
    series_count: int
    point_count: int
    version_count: int
    blob_count: int
    blob_bytes: int
    kept: list[KeptRun]
    has_more: bool


class ProjectStorage(msgspec.Struct, frozen=True):
    """`artifact_bytes` is of all versions, what several have in common counted in each."""

    name: str
    artifact_bytes: int


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """`file_bytes` is of the files of artifacts and media, each content once. `schema` is the database's version."""

    database: Literal["SQLite", "PostgreSQL"]
    schema: str
    database_bytes: int
    file_bytes: int
    projects: list[ProjectStorage]
