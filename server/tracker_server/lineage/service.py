"""The graph around a version of a model, a run or an artifact version.

What always holds: a node that the session does not see is absent, with its edges and with what only it leads to; the
start is always there; besides the levels of the walk, a graph costs a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import artifacts, runs
from tracker_server.lineage.schema import LineageEdge, LineageGraph, LineageNode
from tracker_server.lineage.walk import Walk, both_ways
from tracker_server.registry.models import ModelAlias, RegisteredModel, RegisteredVersion

LIMIT: Final = 200
_ROOM_FOR_MODELS: Final = 60
"""How many of them versions and aliases may be, so that a model that is read by many still shows what it is."""


class _Registered(NamedTuple):
    """Versions and aliases of the artifact versions in a graph."""

    nodes: list[LineageNode]
    edges: list[LineageEdge]
    by_artifact: dict[int, list[str]]
    is_cut: bool


def of_version(session: Session, model: RegisteredModel, version: RegisteredVersion) -> LineageGraph:
    """Around a version of a model."""
    artifact_id = version.artifact_version_id
    return _graph(session, _version_id(model.name, version.version), artifact_id, version)


def of_run(session: Session, run: runs.Run) -> LineageGraph:
    """Around a run."""
    return _graph(session, _run_id(run.id), run.id)


def of_artifact(session: Session, version: artifacts.ArtifactVersion) -> LineageGraph:
    """Around an artifact version."""
    return _graph(session, _artifact_id(version.id), version.id)


def _graph(session: Session, start: str, at: str | int, version: RegisteredVersion | None = None) -> LineageGraph:
    walk = both_ways(session, at, limit=LIMIT - _ROOM_FOR_MODELS)
    registered = _registered(session, walk, version)
    nodes = [*_artifacts(session, walk), *_runs(session, walk), *registered.nodes]
    known = {node.id for node in nodes}
    edges = [edge for edge in (*_links(walk, registered), *registered.edges) if {edge.source, edge.target} <= known]
    return LineageGraph(
        start=start,
        nodes=sorted(nodes, key=lambda node: (abs(node.distance), -node.time_ms, node.id)),
        edges=sorted(edges, key=lambda edge: (-edge.time_ms, edge.source, edge.target)),
        is_cut=walk.is_cut or registered.is_cut,
        limit=LIMIT,
    )


def _links(walk: Walk, registered: _Registered) -> Iterable[LineageEdge]:
    """What was made and read. A run reads a version of a model where the files that it read are one."""
    for (run_id, version_id), time_ms in walk.made.items():
        yield LineageEdge(_run_id(run_id), _artifact_id(version_id), "made", time_ms)
    for (version_id, run_id), time_ms in walk.read.items():
        for source in registered.by_artifact.get(version_id) or [_artifact_id(version_id)]:
            yield LineageEdge(source, _run_id(run_id), "read", time_ms)


def _artifacts(session: Session, walk: Walk) -> list[LineageNode]:
    version, artifact = artifacts.ArtifactVersion, artifacts.Artifact
    ids = [node for node in walk.distances if isinstance(node, int)]
    statement = (
        sa.select(version, artifact, runs.Project.name, runs.Run.id)
        .join(artifact, artifact.id == version.artifact_id)
        .join(runs.Project, runs.Project.id == artifact.project_id)
        .outerjoin(runs.Run, sa.and_(runs.Run.id == version.run_id, runs.Run.deleted_ms.is_(None)))
        .where(version.id.in_(ids))
    )
    return [
        LineageNode(
            id=_artifact_id(found.id),
            kind="artifact",
            name=f"{of.name}:v{found.version}",
            project=project,
            detail=of.kind,
            distance=walk.distances[found.id],
            time_ms=found.created_ms,
            run=run,
            is_deleted=found.deleted_ms is not None,
            artifact_version_id=found.id,
        )
        for found, of, project, run in session.execute(statement)
    ]


def _runs(session: Session, walk: Walk) -> list[LineageNode]:
    ids = [node for node in walk.distances if isinstance(node, str)]
    statement = sa.select(runs.Run, runs.Project.name).join(runs.Project, runs.Project.id == runs.Run.project_id)
    return [
        LineageNode(
            id=_run_id(run.id),
            kind="run",
            name=run.name,
            project=project,
            detail=run.status,
            distance=walk.distances[run.id],
            time_ms=run.created_ms,
            run=run.id,
            hue=run.hue,
            is_deleted=run.deleted_ms is not None,
        )
        for run, project in session.execute(statement.where(runs.Run.id.in_(ids)))
    ]


def _registered(session: Session, walk: Walk, start: RegisteredVersion | None) -> _Registered:
    """The versions that the artifacts of a graph are, nearest first, each with the aliases that it holds."""
    ids = [node for node in walk.distances if isinstance(node, int)]
    version, model = RegisteredVersion, RegisteredModel
    first = start.id if start is not None else 0
    statement = (
        sa.select(version, model.name, runs.Project.name)
        .join(model, model.id == version.model_id)
        .join(runs.Project, runs.Project.id == model.project_id)
        .where(version.artifact_version_id.in_(ids))
        .order_by((version.id == first).desc(), version.id.desc())
        .limit(LIMIT)
    )
    rows = sorted(
        session.execute(statement).all(),
        key=lambda row: (row[0].id != first, abs(walk.distances[row[0].artifact_version_id]), -row[0].id),
    )
    aliases = _aliases(session, [row[0].id for row in rows[:_ROOM_FOR_MODELS]])
    found = _Registered([], [], {}, False)
    for registered, name, project in rows:
        held = aliases.get(registered.id, [])
        if len(found.nodes) + 1 + len(held) > _ROOM_FOR_MODELS and found.nodes:
            return found._replace(is_cut=True)
        _add(found, registered, name, project, held, walk.distances[registered.artifact_version_id])
    return found


def _add(
    found: _Registered,
    version: RegisteredVersion,
    model: str,
    project: str,
    aliases: list[ModelAlias],
    distance: int,
) -> None:
    node_id, source = _version_id(model, version.version), _artifact_id(version.artifact_version_id)
    node = LineageNode(
        id=node_id,
        kind="version",
        name=f"{model} v{version.version}",
        project=project,
        detail=version.state,
        distance=distance,
        time_ms=version.created_ms,
        model=model,
        version=version.version,
    )
    found.by_artifact.setdefault(version.artifact_version_id, []).append(node_id)
    found.nodes.append(node)
    found.edges.append(LineageEdge(source, node_id, "registered", version.created_ms))
    for alias in aliases:
        alias_id, held_ms = f"alias:{model}:{alias.alias}", alias.moved_ms
        changed = {"id": alias_id, "kind": "alias", "name": alias.alias, "detail": "", "time_ms": held_ms}
        found.nodes.append(msgspec.structs.replace(node, **changed))
        found.edges.append(LineageEdge(node_id, alias_id, "holds", held_ms))


def _aliases(session: Session, version_ids: list[int]) -> dict[int, list[ModelAlias]]:
    found: dict[int, list[ModelAlias]] = {}
    statement = sa.select(ModelAlias).where(ModelAlias.version_id.in_(version_ids)).order_by(ModelAlias.alias)
    for alias in session.scalars(statement):
        found.setdefault(alias.version_id, []).append(alias)
    return found


def _artifact_id(version_id: int) -> str:
    return f"artifact:{version_id}"


def _run_id(run_id: str) -> str:
    return f"run:{run_id}"


def _version_id(model: str, version: int) -> str:
    return f"version:{model}:{version}"
