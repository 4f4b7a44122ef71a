"""What the API says of lineage."""

from __future__ import annotations

from typing import Literal

import msgspec


class LineageNode(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact version, a run, a version of a model, or an alias.

    `id` is unique in the graph. `distance` counts the artifacts and runs between it and the start: below 0 is what the
    start came from, above 0 what came of it. `detail` is an artifact's kind, a run's status, or a version's state.
    `run` is the run itself, or the one that made the artifact. `is_deleted` marks a run or an artifact in the trash.
    """

    id: str
    kind: Literal["artifact", "run", "version", "alias"]
    name: str
    project: str
    detail: str
    distance: int
    time_ms: int
    run: str | None = None
    hue: int | None = None
    is_deleted: bool = False
    artifact_version_id: int | None = None
    model: str | None = None
    version: int | None = None


class LineageEdge(msgspec.Struct, frozen=True):
    """From what was there to what came of it: a run `made` an artifact, which was `registered` as a version, which
    `holds` an alias; an artifact, or the version that it is, was `read` by a run."""

    source: str
    target: str
    kind: Literal["made", "registered", "holds", "read"]
    time_ms: int


class LineageGraph(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of where `start` came from and of what came of it, the nearest and newest first.

    Whether there was more than `limit` nodes is `is_cut`. What one may not see is absent, and counts nowhere.
    """

    start: str
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    is_cut: bool
    limit: int
