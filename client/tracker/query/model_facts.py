"""What the server answers about models, as far as the client reads it. Times are Unix milliseconds.

What always holds: as in `answers`, a field that a newer server adds is passed over. What an older server lacks has a
default here.
"""

from __future__ import annotations

import msgspec

from tracker.query.answers import MetricSummary


class HolderFacts(msgspec.Struct, frozen=True):
    """Which version holds an alias, since when, moved there by whom and why."""

    alias: str
    version: int
    since_ms: int
    moved_by: str
    reason: str


class VersionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a model."""

    model: str
    version: int
    description: str
    aliases: list[str]
    created_ms: int
    created_by: str
    run: str | None
    artifact_version_id: int
    artifact: str
    size_bytes: int
    metrics: dict[str, MetricSummary]
    tags: list[str] = []
    state: str = "active"
    state_reason: str = ""


class ActFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An act as the trail has it."""

    id: int
    time_ms: int
    actor: str
    action: str
    alias: str | None
    from_version: int | None
    to_version: int | None
    reason: str


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the list of them."""

    name: str
    project: str
    description: str
    created_ms: int
    created_by: str
    version_count: int
    latest_version: int | None
    aliases: list[HolderFacts]
    tags: list[str] = []
    main_metric: str | None = None
    is_archived: bool = False


class ModelWhole(ModelFacts, frozen=True, kw_only=True):
    """A model with its versions and its history, both newest first."""

    versions: list[VersionFacts]
    history: list[ActFacts]


class ModelsAnswer(msgspec.Struct, frozen=True):
    """Every model, by name."""

    models: list[ModelFacts]


class Resolved(msgspec.Struct, frozen=True):
    """The number of the version that a reference means."""

    version: int


class MovedFacts(msgspec.Struct, frozen=True):
    """What a promotion or a roll-back did."""

    model: str
    alias: str
    version: int
    replaced: int | None


class ProposalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal that a version holds an alias."""

    model: str
    number: int
    alias: str
    version: int
    reason: str
    state: str
    created_ms: int
    created_by: str
    approvals: int
    needed: int


class ProposalsAnswer(msgspec.Struct, frozen=True):
    """The proposals of a model, those that are open first."""

    proposals: list[ProposalFacts]


class CardAnswer(msgspec.Struct, frozen=True):
    """The card of a version, whole."""

    text: str


class LineageNode(msgspec.Struct, frozen=True, kw_only=True):
    """An "artifact", a "run", a "version" of a model, or an "alias".

    `distance` counts artifacts and runs from where the graph starts: below 0 for what that came from. `detail` is an
    artifact's kind, a run's status, or a version's state.
    """

    id: str
    kind: str
    name: str
    project: str
    detail: str
    distance: int
    run: str | None = None
    model: str | None = None
    version: int | None = None


class LineageEdge(msgspec.Struct, frozen=True):
    """From the node that was there to what came of it: "made", "registered", "holds" or "read"."""

    source: str
    target: str
    kind: str


class Lineage(msgspec.Struct, frozen=True):
    """Where `start` came from and what came of it; `is_cut` where there is more than the server gives at once."""

    start: str
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    is_cut: bool


class ArtifactAnswer(msgspec.Struct, frozen=True):
    """The version that a reference to an artifact means."""

    id: int
