"""What the API says of models, their versions, aliases, promotion and its trail."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.runs.schema import MetricSummary

ModelName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class AliasHolder(msgspec.Struct, frozen=True):
    """Which version holds an alias, since when, moved there by whom and why."""

    alias: str
    version: int
    since_ms: int
    moved_by: str
    reason: str


class Model(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    project: str
    description: str
    created_ms: int
    created_by: str
    version_count: int
    latest_version: int | None
    aliases: list[AliasHolder]


class ModelList(msgspec.Struct, frozen=True):
    models: list[Model]


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`metrics` are those of the run at the moment of registration, and never change."""

    model: str
    version: int
    description: str
    aliases: list[str]
    created_ms: int
    created_by: str
    run: str | None
    run_name: str | None
    run_hue: int | None
    artifact_version_id: int
    artifact: str
    size_bytes: int
    metrics: dict[str, MetricSummary]


class VersionFile(msgspec.Struct, frozen=True):
    path: str
    digest: str
    size_bytes: int


class ModelVersionDetail(ModelVersion, frozen=True, kw_only=True):
    files: list[VersionFile]
    config: dict[str, Any]
    project: str


class ModelDetail(Model, frozen=True, kw_only=True):
    """`versions` newest first. `history` newest first: every entry of the trail about this model."""

    versions: list[ModelVersion]
    history: list[AuditEntry]


Action = Literal["model.created", "version.registered", "alias.moved", "alias.rolled_back", "alias.removed"]


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act, as it was recorded; entries are only ever added."""

    id: int
    time_ms: int
    actor: str
    action: Action
    model: str
    alias: str | None
    from_version: int | None
    to_version: int | None
    reason: str


class AuditPage(msgspec.Struct, frozen=True):
    entries: list[AuditEntry]
    next_cursor: int | None


class AuditQuery(msgspec.Struct, frozen=True):
    """`before` is the `next_cursor` of the page before."""

    model: str | None = None
    before: int | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class NewVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Registers `artifact_version_id` as the next version of the model, which is made if it is new.

    An artifact version that the model already has is answered as it is, without a second version.
    """

    artifact_version_id: int
    description: str = ""


class PromotionQuery(msgspec.Struct, frozen=True):
    """Either a `version` of the model or an `artifact_version_id` that would become its next one."""

    alias: str = "production"
    version: int | None = None
    artifact_version_id: int | None = None


class MetricChange(msgspec.Struct, frozen=True):
    """A metric of the holder and of the candidate, last values; `relative` is (candidate - holder) / |holder|.

    None where one has not logged it. Nothing here guesses which direction is better.
    """

    name: str
    holder: MetricSummary | None
    candidate: MetricSummary | None
    relative: float | None


class ConfigChange(msgspec.Struct, frozen=True):
    """A dotted config key whose value differs; `is_in_holder`/`is_in_candidate` tell null from absent."""

    key: str
    holder: Any
    candidate: Any
    is_in_holder: bool
    is_in_candidate: bool


class PromotionPreview(msgspec.Struct, frozen=True, kw_only=True):
    """All that the dialog shows. `holder` is None while nothing holds the alias.

    `candidate` is None where promoting will register it first; `next_version` is the number it would get. `metrics`
    and `config` are of everything that either has; without a holder, `config` is empty. `may_roll_back` says that
    the holder has a predecessor to return to.
    """

    model: str
    alias: str
    model_exists: bool
    next_version: int
    holder: ModelVersion | None
    holder_since: AliasHolder | None
    candidate: ModelVersion | None
    candidate_artifact: str
    candidate_size_bytes: int
    candidate_run: str | None
    candidate_run_name: str | None
    metrics: list[MetricChange]
    config: list[ConfigChange]
    may_roll_back: bool


class AliasMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Moves an alias to `version`, or registers `artifact_version_id` and moves it there, in one transaction.

    `replaces` is the version that the caller saw holding the alias, None for none: when it moved meanwhile, nothing
    happens and the answer is 409 `alias_moved`.
    """

    reason: Reason
    replaces: int | None
    version: int | None = None
    artifact_version_id: int | None = None


class RollBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Moves an alias back to a version that has held it before: `version`, or the one before the holder."""

    reason: Reason
    replaces: int
    version: int | None = None


class AliasRemoval(msgspec.Struct, frozen=True):
    """Takes an alias away from `replaces`, the version that the caller saw holding it."""

    replaces: int
    reason: Reason


class Moved(msgspec.Struct, frozen=True):
    """What a promotion or a roll-back did."""

    model: str
    alias: str
    version: int
    replaced: int | None
    entry: AuditEntry


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """The files behind `name@alias`, `name:v3` or `name@latest`."""

    model: str
    version: int
    ref: str
    aliases: list[str]
    artifact: str
    artifact_version_id: int
    run: str | None
    files: list[VersionFile]


class ResolveQuery(msgspec.Struct, frozen=True):
    """`ref` is an alias, `latest`, or a version as `v3`."""

    ref: str = "latest"
