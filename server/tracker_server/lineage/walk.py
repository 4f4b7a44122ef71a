"""Following the links between runs and artifact versions, away from a start, a level at a time.

What always holds: one statement for each level and way, whatever the number of nodes; no more nodes than asked for, of
which the nearest come first, and of one level the newest; a run that made a version is not also a reader of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import artifacts, runs

Node = str | int
"""A run by its id, or an artifact version by its own."""


@dataclass
class Walk:
    """What was found: how far each node is from the start (below 0: before it), and the links between them."""

    limit: int
    distances: dict[Node, int] = field(default_factory=dict)
    made: dict[tuple[str, int], int] = field(default_factory=dict)
    read: dict[tuple[int, str], int] = field(default_factory=dict)
    is_cut: bool = False

    def add(self, node: Node, distance: int) -> bool:
        """Whether the node is in the graph, now or already."""
        if node not in self.distances and len(self.distances) >= self.limit:
            self.is_cut = True
            return False
        self.distances.setdefault(node, distance)
        return True


def both_ways(session: Session, start: Node, *, limit: int) -> Walk:
    """The nodes before and after `start`. A cycle, which equal files can make, is gone around once."""
    walk = Walk(limit)
    walk.add(start, 0)
    frontiers: dict[int, set[Node]] = {-1: {start}, 1: {start}}
    expanded: dict[int, set[Node]] = {-1: set(), 1: set()}
    distance = 0
    while any(frontiers.values()):
        distance += 1
        for way, frontier in frontiers.items():
            if not frontier:
                continue
            expanded[way] |= frontier
            frontiers[way] = _step(session, walk, frontier, way=way, distance=distance * way) - expanded[way]
    return walk


def _step(session: Session, walk: Walk, frontier: set[Node], *, way: int, distance: int) -> set[Node]:
    """The nodes one link further."""
    link = artifacts.RunArtifactLink
    near_runs = sorted(node for node in frontier if isinstance(node, str))
    near_versions = sorted(node for node in frontier if isinstance(node, int))
    from_runs, from_versions = ("input", "output") if way < 0 else ("output", "input")
    rows = session.execute(
        sa.select(link.run_id, link.version_id, link.direction, link.time_ms)
        .join(runs.Run, runs.Run.id == link.run_id)
        .join(artifacts.ArtifactVersion, artifacts.ArtifactVersion.id == link.version_id)
        .where(
            sa.or_(
                sa.and_(link.run_id.in_(near_runs), link.direction == from_runs),
                sa.and_(link.version_id.in_(near_versions), link.direction == from_versions),
            ),
            sa.not_(_is_own(link)),
        )
        .order_by(link.time_ms.desc(), link.run_id, link.version_id)
        .limit(walk.limit * 4)
    ).all()
    walk.is_cut |= len(rows) == walk.limit * 4
    found: set[Node] = set()
    for run_id, version_id, direction, time_ms in rows:
        further: Node = version_id if run_id in frontier else run_id
        if not walk.add(further, distance):
            continue
        found.add(further)
        if direction == "output":
            walk.made[run_id, version_id] = time_ms
        else:
            walk.read[version_id, run_id] = time_ms
    return found


def _is_own(link: type[artifacts.RunArtifactLink]) -> sa.ColumnElement[bool]:
    """Whether a run has read what it made itself."""
    made = orm.aliased(artifacts.RunArtifactLink)
    same = (made.run_id == link.run_id, made.version_id == link.version_id, made.direction == "output")
    return sa.and_(link.direction == "input", sa.exists().where(*same))
