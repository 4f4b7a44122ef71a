"""What the API says of the trash. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tracker_server.bounds import Id, NamePart

MAX_AT_ONCE = 200

VersionId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Reason = Annotated[str, msgspec.Meta(max_length=2000)]


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


class TrashedVersion(msgspec.Struct, frozen=True):
    """`by` is None for one that a policy put there. `kept_by` names the model versions that are made of it."""

    id: int
    name: str
    version: int
    deleted_ms: int
    by: str | None
    reason: str
    size_bytes: int
    kept_by: list[str]


class Trash(msgspec.Struct, frozen=True):
    """The newest of each; `run_count`, `metric_count` and `version_count` are how many there are in all."""

    runs: list[TrashedRun]
    metrics: list[TrashedMetric]
    versions: list[TrashedVersion]
    run_count: int
    metric_count: int
    version_count: int


class TrashQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 200


class PurgeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to delete for good: these runs, what these corrections took away, and these artifact versions; or all that
    has been in the trash for longer than so many days, as much as one request does. A reason is asked for."""

    reason: Annotated[str, msgspec.Meta(max_length=2000)]
    runs: Annotated[list[Id], msgspec.Meta(max_length=MAX_AT_ONCE)] = []
    metrics: Annotated[list[int], msgspec.Meta(max_length=MAX_AT_ONCE)] = []
    versions: Annotated[list[VersionId], msgspec.Meta(max_length=MAX_AT_ONCE)] = []
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
    """`artifact_bytes` is of all versions, what several have in common counted in each, and with the files that lie
    elsewhere, as far as their sizes are known: of `unsized_count` nobody knows them. `media_bytes` is of all media of
    its runs, those in the trash too."""

    name: str
    artifact_bytes: int
    unsized_count: int
    media_bytes: int


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """`file_bytes` is of the files of artifacts and media, each content once. `schema` is the database's version."""

    database: Literal["SQLite", "PostgreSQL"]
    schema: str
    database_bytes: int
    file_bytes: int
    projects: list[ProjectStorage]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which versions of an artifact stay by themselves; without any of it, all do.

    The best `keep_best` by `metric` stay, and the newest `keep_last`; the others go into the trash, with `ttl_days`
    when they are that old. A version's value of the metric is that in its metadata, else the best of its run. What has
    an alias, is registered, is the evaluation of a registered model's run or the data of a leaderboard, was read by a
    run or was taken out of the trash by hand stays, and so does the newest one and one that has no value to be judged
    by.
    """

    keep_best: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    metric: NamePart = ""
    goal: Literal["min", "max"] = "max"
    keep_last: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    ttl_days: Annotated[float, msgspec.Meta(ge=0, le=100_000)] | None = None


class Keeper(msgspec.Struct, frozen=True):
    """What keeps a version: an `alias`, a `model` version made of it ("digits:v3"), one for whose run it is the
    `evidence` by which rules judge, a model with a `rule` that names it, a `leaderboard` of its data, the `runs` that
    read it (how many), that it is the `newest`, or a person (`hand`) who took it out of the trash. The name is empty
    where one does not see what it is."""

    kind: Literal["alias", "model", "evidence", "rule", "leaderboard", "runs", "newest", "hand"]
    name: str


class VersionFate(msgspec.Struct, frozen=True, kw_only=True):
    """A version, and what becomes of it: it is `kept` by something, it `stays` by the policy or for want of one, it
    `expires` at `expires_ms`, or it `goes`. `reason` says why in words, `value` is that of the policy's metric. Of
    `unsized_count` of its files, which lie elsewhere, nobody knows the size."""

    id: int
    version: int
    created_ms: int
    size_bytes: int
    value: float | None
    keepers: list[Keeper]
    fate: Literal["kept", "stays", "expires", "goes"]
    reason: str
    expires_ms: int | None = None
    unsized_count: int = 0


class Fates(msgspec.Struct, frozen=True):
    """The newest versions of an artifact under a policy; the counts are of all."""

    policy: Policy
    versions: list[VersionFate]
    version_count: int
    going_count: int
    going_bytes: int


class VersionsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Artifact versions of one project. With `even_if_read` those go too that runs have read."""

    versions: Annotated[list[VersionId], msgspec.Meta(min_length=1, max_length=MAX_AT_ONCE)]
    reason: Reason = ""
    even_if_read: bool = False


class KeptVersion(msgspec.Struct, frozen=True):
    """A version that did not go, and what keeps it."""

    id: int
    name: str
    version: int
    keepers: list[Keeper]


class MovedVersions(msgspec.Struct, frozen=True):
    """How many versions went, or came back, and what stayed where it was."""

    count: int
    size_bytes: int
    kept: list[KeptVersion]


class ArtifactSpace(msgspec.Struct, frozen=True, kw_only=True):
    """`stored_bytes` is each content once, of all versions that are not in the trash; `own_bytes` of it is in no other
    artifact and no media. Of the versions `free_count` with `free_bytes` have nothing that keeps them. The sizes of
    versions are those of their files as far as they are known: of `free_unsized_count` and `trash_unsized_count`, which
    lie elsewhere, nobody knows them."""

    name: str
    kind: str
    version_count: int
    stored_bytes: int
    own_bytes: int
    free_count: int
    free_bytes: int
    free_unsized_count: int
    trash_count: int
    trash_bytes: int
    trash_unsized_count: int
    policy: Policy


class ProjectSpace(msgspec.Struct, frozen=True, kw_only=True):
    """What a project stores in files, the largest artifacts first."""

    artifacts: list[ArtifactSpace]
    media_count: int
    media_bytes: int
    trashed_run_count: int
