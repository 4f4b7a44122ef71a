"""What the API says of models, their versions, aliases and their trail."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id, Key, Name, Prose
from tracker_server.corrections import Imported
from tracker_server.runs.schema import Goal, MetricSummary

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
    """`main_metric` is what its versions are judged by, where somebody has said it. `latest_version` is the newest
    that is not deleted, registered at `latest_ms`."""

    name: str
    project: str
    description: str
    tags: list[str]
    main_metric: str | None
    is_archived: bool
    created_ms: int
    created_by: str
    version_count: int
    latest_version: int | None
    latest_ms: int | None
    aliases: list[AliasHolder]


class ModelList(msgspec.Struct, frozen=True):
    models: list[Model]


VersionState = Literal["active", "deprecated", "archived"]


class UsedData(msgspec.Struct, frozen=True):
    """An artifact version that the run of a model version has read, or data that it has made.

    `artifact_version_id` is None where it is not on this server, or no longer.
    """

    artifact_version_id: int | None
    project: str
    name: str
    version: int
    kind: str
    digest: str


class Cost(msgspec.Struct, frozen=True):
    """What making a version took: the time of its run, and that time for each of its GPUs. None where not known."""

    duration_ms: int | None
    gpu_count: int | None
    gpu_ms: int | None


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a run: the commit, and by `patch_digest` (sha256) the changes that were not committed; the command,
    and the Python and packages (versions by name) that it ran with. None where it was not captured."""

    commit: str | None
    branch: str | None
    remote: str | None
    is_dirty: bool | None
    patch_digest: str | None
    command: str | None
    script: str | None
    python: str | None
    packages: dict[str, str] | None


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`metrics`, `data` and `cost` are those of the run at the moment of registration, and never change.

    `data` leaves out what is of a project that one does not see. `cost` is None where it was not recorded: nothing but
    an upload by hand stands behind the version, or a server of old registered it. `state_reason` is why it is
    deprecated or archived.
    """

    model: str
    version: int
    description: str
    tags: list[str]
    state: VersionState
    state_reason: str
    data: list[UsedData]
    cost: Cost | None
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
    """`code` is None where it was not recorded, as `cost` is. `card` is what people wrote for the model card, by
    field."""

    files: list[VersionFile]
    config: dict[str, Any]
    code: Code | None
    card: dict[str, Any]
    project: str


class ModelDetail(Model, frozen=True, kw_only=True):
    """`goal` is which values of the main metric are better, None where nobody has said it. `versions` newest first.
    `history` newest first: every entry of the trail about this model."""

    goal: Goal | None
    versions: list[ModelVersion]
    history: list[AuditEntry]


Action = Literal[
    "model.created",
    "model.changed",
    "version.registered",
    "version.changed",
    "version.deleted",
    "version.verified",
    "alias.moved",
    "alias.rolled_back",
    "alias.removed",
    "proposal.opened",
    "proposal.approved",
    "proposal.rejected",
    "proposal.withdrawn",
    "rules.changed",
]


class FieldChange(msgspec.Struct, frozen=True):
    """A field of a model or version that somebody changed; of long text the beginning."""

    field: str
    before: Any
    after: Any


class RuleOutcome(msgspec.Struct, frozen=True):
    """What came of a rule when an alias was moved: the rule by name and as a sentence, and what was found."""

    rule: str
    says: str
    verdict: Literal["pass", "fail", "not_enough_evidence"]
    found: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act, as it was recorded; entries are only ever added.

    One that is `imported` was done on another server: `actor` and `time_ms` are of the import. `digest` is that of the
    entry and of all before it. A promotion has what came of the rules (`gates`), whether it was made past them
    (`is_override`), and by whom it was approved; `proposal` is the number of the one that it was about. `changes`
    are those of `model.changed` and `version.changed`, which is about `to_version`; `outcome` is that of
    `version.verified`.
    """

    id: int
    time_ms: int
    actor: str
    action: Action
    model: str
    alias: str | None
    from_version: int | None
    to_version: int | None
    reason: str
    digest: str
    changes: list[FieldChange] = []
    imported: Imported | None = None
    gates: list[RuleOutcome] = []
    is_override: bool = False
    approved_by: list[str] = []
    proposal: int | None = None
    outcome: Literal["pass", "fail"] | None = None


class AuditPage(msgspec.Struct, frozen=True):
    entries: list[AuditEntry]
    next_cursor: int | None


class AuditFilter(msgspec.Struct, frozen=True):
    """`action` is one (`alias.moved`) or the beginning of some (`alias`)."""

    model: Id | None = None
    actor: Name | None = None
    action: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None


class AuditExportQuery(AuditFilter, frozen=True):
    format: Literal["csv", "jsonl"] = "csv"


class ChainBreak(msgspec.Struct, frozen=True):
    """The first entry that does not fit, or the last that there is where the end was cut off, and what is wrong."""

    entry: int
    message: str


class AuditVerification(msgspec.Struct, frozen=True):
    """How many entries fit, the digest of the last of them, and what is broken.

    The digest, kept elsewhere, proves later that what is there then has not been made anew.
    """

    entries: int
    digest: str
    broken: ChainBreak | None


class AuditQuery(AuditFilter, frozen=True):
    """`before` is the `next_cursor` of the page before."""

    before: int | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Tags = Annotated[list[Tag], msgspec.Meta(max_length=100)]


class NewVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Registers `artifact_version_id` as the next version of the model, which is made if it is new.

    An artifact version that the model already has is answered as it is, without a second version.
    """

    artifact_version_id: int
    description: Prose = ""
    tags: Tags = []


Why = Annotated[str, msgspec.Meta(max_length=2000)]


class TextBefore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stood in the fields that somebody began to change."""

    description: Prose | msgspec.UnsetType = msgspec.UNSET
    tags: Annotated[list[Name], msgspec.Meta(max_length=1000)] | msgspec.UnsetType = msgspec.UNSET


class ModelChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people say of a model; a field left out stays. `main_metric` null is the way back to none.

    `before` is what the one who changes it has seen: where a field has become something else meanwhile, nothing is
    changed, and the answer is 409 `changed_meanwhile`.
    """

    description: Prose | msgspec.UnsetType = msgspec.UNSET
    tags: Tags | msgspec.UnsetType = msgspec.UNSET
    main_metric: Key | msgspec.UnsetType | None = msgspec.UNSET
    before: TextBefore = TextBefore()


class ModelArchiving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    is_archived: bool
    reason: Why = ""


class VersionChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people say of a version; a field left out stays. `before` as of a model."""

    description: Prose | msgspec.UnsetType = msgspec.UNSET
    tags: Tags | msgspec.UnsetType = msgspec.UNSET
    before: TextBefore = TextBefore()


class VersionStateChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A deprecated version can be promoted, with a warning; an archived one cannot, and holds no alias (409
    `holds_alias`). The reason may be left out only for `active`."""

    state: VersionState
    reason: Why = ""


class VersionRemoval(msgspec.Struct, frozen=True):
    """Why a version is deleted."""

    reason: Reason


class ModelsQuery(msgspec.Struct, frozen=True):
    """`archived` (1) lists those too that were archived."""

    archived: int = 0


class AliasRemoval(msgspec.Struct, frozen=True):
    """Takes an alias away from `replaces`, the version that the caller saw holding it."""

    replaces: int
    reason: Reason


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

    ref: Id = "latest"
