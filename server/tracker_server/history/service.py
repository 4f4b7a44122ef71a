"""Resuming, restoring and forking runs.

What always holds: which segment a point is in depends on its step, its label and when its process began, not on when it
arrived; so an old journal that comes late goes where it would have gone in time. A fork has what its parent had up to a
step, also what comes to the parent later.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker.records import RunStarted
from tracker_server import metrics, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.history.models import Segment
from tracker_server.history.schema import SegmentFacts
from tracker_server.metrics.models import Series
from tracker_server.runs.models import Project, Run, Writer

MAX_STEP = 2**63 - 1
MAX_GENERATIONS = 100
"""How far a point is passed on from fork to fork."""


def project_of_fork(session: Session, record: RunStarted) -> str:
    """The project that a first record names; a fork that names none is in its parent's. Raises Refused without one."""
    if record.project or record.fork_of is None:
        return record.project
    statement = sa.select(Project.name).join(Run, Run.project_id == Project.id).where(Run.id == record.fork_of)
    name = session.scalar(statement)
    if name is None:
        raise Refused(
            "unknown_parent",
            f"there is no run {record.fork_of!r} to fork from; send its journal first, or name the project of the fork",
            field="fork_of",
        )
    return name


def begin(
    session: Session, run: Run, writer: Writer, record: RunStarted, *, allows_any: bool = False, now_ms: int
) -> None:
    """Take in how a new writer goes on: with a copy of another run, from a checkpoint, or after the last step.

    Raises Refused where the run may not be there already, or has to be, unless `allows_any`.
    """
    others = set(session.scalars(sa.select(Writer.label).where(Writer.run_id == run.id, Writer.id != writer.id)))
    if not allows_any:
        _check(record, others)
    writer.started_ms = record.time_ms
    if record.fork_of is not None and record.fork_step is not None:
        if not others:
            _inherit(session, run, record.fork_of, record.fork_step)
    elif record.resume_from_step is not None:
        _resume(session, run, record, now_ms)
    elif record.is_resumed and others:
        last = metrics.highest_step(session, run.id, record.label)
        writer.first_step = 0 if last is None else min(last, MAX_STEP - 1) + 1


def _check(record: RunStarted, others: set[str]) -> None:
    """`others` are the labels of the writers that the run has besides."""
    way_out = "to send it all the same: tracker sync --resume allow PATH"
    if record.resume == "must" and not others:
        raise Refused("run_missing", f"run {record.run_id!r} must be there to be resumed, and is not; {way_out}")
    if record.resume == "never" and record.label == "" and "" in others:
        raise Refused("run_exists", f"run {record.run_id!r} must not be there yet, and is; {way_out}")


def cuts(session: Session, run: Run, writer: Writer) -> list[metrics.Cut]:
    """What of this writer's points was superseded before it came."""
    statement = (
        sa.select(Segment.after_step, Segment.number)
        .where(Segment.run_id == run.id, Segment.label == writer.label)
        .where(Segment.from_ms <= writer.started_ms, Segment.until_ms > writer.started_ms)
        .order_by(Segment.until_ms, Segment.number)
    )
    return [metrics.Cut(after, number) for after, number in session.execute(statement)]


def is_straight(run_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a run has neither superseded history nor forks: what comes to it belongs to it alone, and counts."""
    fork = orm.aliased(Run)
    return ~sa.or_(
        sa.exists().where(Segment.run_id == run_id),
        sa.exists().where(fork.fork_of == run_id),
    )


def heirs(session: Session, run: Run) -> list[metrics.Heir]:
    """The forks of the run and theirs, each with the step up to which it has what this run has; they are locked."""
    found: dict[str, metrics.Heir] = {}
    parents = {run.id: MAX_STEP}
    for _ in range(MAX_GENERATIONS):
        statement = sa.select(Run.id, Run.fork_of, Run.fork_step).where(Run.fork_of.in_(parents)).order_by(Run.id)
        children = {
            run_id: min(parents[parent], step)
            for run_id, parent, step in session.execute(statement.with_for_update())
            if parent is not None and step is not None and run_id not in found and run_id != run.id
        }
        if not children:
            break
        found |= {run_id: metrics.Heir(run_id, step) for run_id, step in children.items()}
        parents = children
    return list(found.values())


def segments(session: Session, run: Run) -> list[SegmentFacts]:
    """The segments of the run that have points, the one superseded last first."""
    count, points, last = sa.func.count(), sa.func.sum(Series.count), sa.func.max(Series.last_step)
    statement = (
        sa.select(Segment, count, points, last)
        .join(Series, sa.and_(Series.run_id == Segment.run_id, Series.segment == Segment.number))
        .where(Segment.run_id == run.id, Series.count > 0)
        .group_by(Segment.run_id, Segment.number)
        .order_by(Segment.superseded_ms.desc(), Segment.number.desc())
    )
    return [
        SegmentFacts(
            one.number, one.label, one.after_step, last_step, one.superseded_ms, series_count, int(point_count)
        )
        for one, series_count, point_count, last_step in session.execute(statement)
    ]


def restore(session: Session, run: Run, number: int, *, now_ms: int) -> None:
    """Have a segment count again; what stands in its place becomes a segment. Raises NotFound.

    Processes that resumed before now and still write go on in what they wrote, which is superseded by this.
    """
    held = runs.locked(session, run.id)
    segment = session.get(Segment, (run.id, number))
    if held is None or segment is None:
        raise NotFound("unknown_segment", f"run {run.id!r} has no superseded segment {number}")
    label, after = segment.label, segment.after_step
    parts = _parts(session, segment)
    *earlier, last = _left_by(parts, until_ms=max(now_ms, segment.until_ms))
    replaced = _new_segment(session, run, label, after, now_ms=now_ms)
    replaced.from_ms, replaced.until_ms = last
    for from_ms, until_ms in reversed(earlier):
        part = _new_segment(session, run, label, after, now_ms=now_ms)
        part.from_ms, part.until_ms = from_ms, until_ms
    metrics.supersede(session, run.id, label, replaced.number, after=after)
    metrics.restore(session, run.id, label, number)
    for one in parts:
        one.until_ms = one.from_ms  # it takes nothing any more; its number stays taken
    run.changed_ms = max(run.changed_ms, now_ms)


def _parts(session: Session, segment: Segment) -> list[Segment]:
    """A segment, with those that were made with it as its processes began in several spans of time."""
    statement = sa.select(Segment).where(
        Segment.run_id == segment.run_id,
        Segment.label == segment.label,
        Segment.after_step == segment.after_step,
        Segment.superseded_ms == segment.superseded_ms,
        Segment.number > segment.number,
        Segment.until_ms <= segment.from_ms,
    )
    return [segment, *session.scalars(statement)]


def _left_by(parts: list[Segment], *, until_ms: int) -> list[tuple[int, int]]:
    """The spans from 0 to `until_ms` that no part covers, in order; the last one may be empty."""
    found, start = [], 0
    for part in sorted(parts, key=lambda one: one.from_ms):
        if part.until_ms > part.from_ms:
            found.append((start, part.from_ms))
            start = max(start, part.until_ms)
    return [(first, last) for first, last in found if last > first] + [(start, max(start, until_ms))]


def _resume(session: Session, run: Run, record: RunStarted, now_ms: int) -> None:
    """Supersede what came before this process at later steps.

    Where a process that began later has arrived first, its points are told from those by the time at which they were
    logged: points do not say who logged them.
    """
    assert record.resume_from_step is not None
    segment = _new_segment(session, run, record.label, record.resume_from_step, now_ms=now_ms)
    segment.until_ms = record.time_ms
    session.flush()
    is_later = (Writer.run_id == run.id, Writer.label == record.label, Writer.started_ms > record.time_ms)
    is_late = session.scalar(sa.select(Writer.id).where(*is_later).limit(1)) is not None
    before_ms = record.time_ms if is_late else None
    metrics.supersede(session, run.id, record.label, segment.number, after=record.resume_from_step, before_ms=before_ms)


def _new_segment(session: Session, run: Run, label: str, after: int, *, now_ms: int) -> Segment:
    highest = session.scalar(sa.select(sa.func.max(Segment.number)).where(Segment.run_id == run.id))
    made = Segment(
        run_id=run.id, number=(highest or 0) + 1, label=label, after_step=after, from_ms=0, until_ms=0,
        superseded_ms=now_ms,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _inherit(session: Session, run: Run, parent_id: str, step: int) -> None:
    """Begin a fork: with its parent's config, and its points as far as they are there yet."""
    run.fork_of, run.fork_step = parent_id, step
    session.flush()
    parent = runs.locked(session, parent_id)
    if parent is None:
        return
    runs.set_config(session, run, parent.config)
    metrics.copy(session, parent_id, run.id, up_to=step)
