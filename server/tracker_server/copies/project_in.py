"""What a project has besides its runs, from the records of its copy.

What always holds: taken in twice, a record changes nothing the second time; what the project has of its own stays as it
is, and what cannot be taken in for that is told, a sentence each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import (
    ArtifactCopied,
    Copied,
    CorrectionCopied,
    DamagedFrame,
    LeaderboardCopied,
    ModelCopied,
    ProjectCopied,
    ProjectEnded,
    ViewCopied,
    blobs_of,
    decode,
    read_frames,
)
from tracker_server import artifacts, bundles, corrections, leaderboards, registry, runs, saved_views
from tracker_server.errors import Conflict, Refused
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.runs.models import MetricGoal, Project, Run

KINDS: Final = (ProjectCopied, ArtifactCopied, ModelCopied, ViewCopied, LeaderboardCopied, CorrectionCopied,
               ProjectEnded)  # fmt: skip
IDS_AT_ONCE: Final = 5000
NAMED: Final = 5
"""How many runs a refusal names."""


def read(body: bytes) -> list[Copied]:
    """The records of a body. Raises Refused for what is no whole frame, or no record that this server knows."""
    try:
        found = list(read_frames(body))
    except DamagedFrame as error:
        raise Refused("bad_frame", f"{error}; nothing of this request was stored") from error
    if (found[-1].end if found else 0) != len(body):
        raise Refused("bad_frame", "the last frame is cut short; nothing of this request was stored")
    records: list[Copied] = []
    for frame in found:
        record = decode(frame.payload)
        if not isinstance(record, KINDS):
            raise Refused(
                "bad_record",
                f"record {frame.seq} is none of a project's copy that this server can read; where a newer server wrote "
                "it, upgrade this one",
            )
        records.append(record)
    return records


def take_in(session: Session, project: Project, records: Sequence[Copied], *, actor_id: int, now_ms: int) -> list[str]:
    """Store what these records say; what was left out. Raises Refused where a run is another project's here."""
    corrections.hold(session, project)
    _check_blobs(session, records, actor_id)
    told: list[str] = []
    for record in records:
        if isinstance(record, ProjectCopied):
            _put_project(session, project, record, actor_id, now_ms)
        elif isinstance(record, ArtifactCopied):
            here = _runs_of(session, project, {use.run for use in record.uses} | {record.run or ""})
            artifacts.put_back(session, project.id, record, here, actor_id=actor_id, now_ms=now_ms)
        elif isinstance(record, ModelCopied):
            told += registry.put_back(session, project.id, record, actor_id=actor_id, now_ms=now_ms)
            bundles.put_back(session, project.id, record, actor_id=actor_id, now_ms=now_ms)
        elif isinstance(record, ViewCopied):
            left_out = saved_views.put_back(session, project, record, actor_id=actor_id, now_ms=now_ms)
            told += [left_out] if left_out is not None else []
        elif isinstance(record, LeaderboardCopied):
            left_out = leaderboards.put_back(session, project, record, actor_id=actor_id, now_ms=now_ms)
            told += [left_out] if left_out is not None else []
    corrected = [record for record in records if isinstance(record, CorrectionCopied)]
    told += corrections.put_back(session, project, corrected, actor_id=actor_id, now_ms=now_ms)
    return told


def _check_blobs(session: Session, records: Sequence[Copied], actor_id: int) -> None:
    """Raises Conflict unless every blob that a record names is stored, and the actor's to name."""
    digests = sorted({digest for record in records for digest in blobs_of(record)})
    absent = artifacts.missing(session, digests, actor_id) if digests else []
    if absent:
        message = f"{len(absent)} blobs that these records name are not stored; upload them first, then send again"
        raise Conflict("missing_blobs", message, digests=absent)


def _put_project(session: Session, project: Project, record: ProjectCopied, actor_id: int, now_ms: int) -> None:
    elsewhere = [run for ids in _portions(record.runs) for run in _elsewhere(session, project, ids)]
    if elsewhere:
        named = ", ".join(elsewhere[:NAMED]) + (" …" if len(elsewhere) > NAMED else "")
        raise Refused(
            "run_elsewhere",
            f"{len(elsewhere)} of the runs belong to another project than {project.name!r} here ({named}), and a run "
            "is in one project; import the archive under the name of theirs, or into another server",
            field="runs",
        )
    is_new = session.scalar(sa.select(Run.id).where(Run.project_id == project.id).limit(1)) is None
    if is_new:
        project.archived_ms = record.archived_ms
    project.created_ms = min(project.created_ms, record.created_ms)
    project.description = project.description or record.description
    chosen = set(session.scalars(sa.select(MetricGoal.name).where(MetricGoal.project_id == project.id)))
    for metric, goal in record.goals.items():
        if metric not in chosen:
            runs.choose_goal(session, project, metric, goal, actor_id=actor_id, now_ms=now_ms)


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]


def _elsewhere(session: Session, project: Project, ids: Sequence[str]) -> Sequence[str]:
    statement = sa.select(Run.id).where(Run.id.in_(ids), Run.project_id != project.id)
    return session.scalars(statement.order_by(Run.id), execution_options=EVERY_PROJECT).all()


def _runs_of(session: Session, project: Project, ids: Collection[str]) -> set[str]:
    """Those of the runs that the project has."""
    found: set[str] = set()
    for portion in _portions(sorted(ids)):
        found |= set(session.scalars(sa.select(Run.id).where(Run.id.in_(portion), Run.project_id == project.id)))
    return found
