"""A run made from the journal of its copy.

What always holds: a copy makes a run, and adds to none that it has not made; what it says of points, lines and writers
is stored as it is said, for this run alone. Its records are stored as all records are: each once, however often sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import (
    COPY,
    ConsoleLine,
    Copied,
    LinesCopied,
    PointsCopied,
    RecordKept,
    RunCopied,
    RunStarted,
    SegmentFacts,
    WritersCopied,
)
from tracker_server import db, metrics, runs
from tracker_server.errors import Conflict, Refused
from tracker_server.history.models import Segment
from tracker_server.runs.models import Project, Run, Writer

_COLUMN_BYTES = 8

Place = tuple[str, metrics.Kind, int]
"""A label, a kind and a segment: what series have in common that are appended together."""


def is_copy(writer: str) -> bool:
    """Whether a writer of that id makes a run from an archive."""
    return writer.startswith(COPY)


def refuse_existing(session: Session, record: RunStarted) -> None:
    """Raises Refused in another project, Conflict where the run is there and this copy has not made it."""
    found = session.execute(
        sa.select(Project.name, Run.deleted_ms)
        .join(Project, Project.id == Run.project_id)
        .where(Run.id == record.run_id)
    ).one_or_none()
    if found is None:
        return
    if found.name != record.project:
        raise Refused(
            "run_elsewhere",
            f"run {record.run_id!r} belongs to another project than {record.project!r}, and a run's id is its own "
            "everywhere; import the archive into a server that does not have the run",
            field="project",
        )
    where = (
        "in the trash; restore it, or delete it for good, then" if found.deleted_ms is not None else "there already:"
    )
    raise Conflict("run_exists", f"run {record.run_id!r} is {where} import it again to have the archive's instead")


def take_in(session: Session, run: Run, writer: Writer, records: Sequence[Copied], *, now_ms: int) -> None:
    """Store what these records say, in their order; points together. Raises Refused for what is no copy of a run."""
    if not is_copy(writer.name):
        raise Refused("bad_record", f"records of a copy come from a writer whose id begins with {COPY!r}")
    _put_points(session, run, [record for record in records if isinstance(record, PointsCopied)])
    for record in records:
        if isinstance(record, WritersCopied):
            _add_writers(session, run, record)
        elif isinstance(record, LinesCopied):
            lines = [ConsoleLine(*line) for line in record.lines]
            runs.append_console(session, run, _writer(session, run, record.writer), lines)
        elif isinstance(record, RecordKept):
            runs.keep_unknown(session, _writer(session, run, record.writer), record.number, record.payload)
        elif isinstance(record, RunCopied):
            _end(session, run, writer, record, now_ms)
        elif not isinstance(record, PointsCopied):
            raise Refused("bad_record", f"a record of type {type(record).__name__} is not about a run")


def _add_writers(session: Session, run: Run, record: WritersCopied) -> None:
    rows = [
        {
            "run_id": run.id,
            "name": facts.name,
            "label": facts.label,
            "next_seq": facts.next_seq,
            "lost_records": facts.lost_records,
            "heartbeat_ms": facts.heartbeat_ms,
            "finished_ms": facts.finished_ms,
            "first_step": facts.first_step,
            "started_ms": facts.started_ms,
        }
        for facts in record.writers
    ]
    if rows:
        statement = db.insert(session, Writer).on_conflict_do_nothing(index_elements=["run_id", "name"])
        session.execute(statement, rows)


def _writer(session: Session, run: Run, name: str) -> Writer:
    found = runs.writer(session, run.id, name)
    if found is None:
        raise Refused("bad_record", f"the copy of run {run.id!r} has no writer {name[:128]!r}")
    return found


def _put_points(session: Session, run: Run, records: Sequence[PointsCopied]) -> None:
    places: dict[Place, dict[str, list[metrics.Points]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        places[record.label, record.kind, record.segment][record.name].append(_points(record))
    for (label, kind, segment), found in places.items():
        points = {name: metrics.join(parts) for name, parts in found.items()}
        metrics.put_back(session, run.id, label, kind, segment, points)


def _points(record: PointsCopied) -> metrics.Points:
    sizes = {len(record.steps), len(record.times), len(record.values)}
    if len(sizes) != 1 or 0 in sizes or len(record.steps) % _COLUMN_BYTES:
        raise Refused(
            "bad_record",
            f"the columns of {record.name[:80]!r} have {len(record.steps)}, {len(record.times)} and "
            f"{len(record.values)} bytes; they have {_COLUMN_BYTES} for each point",
        )
    return metrics.Points(
        np.frombuffer(record.steps, "<i8"), np.frombuffer(record.times, "<i8"), np.frombuffer(record.values, "<f8")
    )


def _end(session: Session, run: Run, writer: Writer, record: RunCopied, now_ms: int) -> None:
    """The run is what it was; its number too where none has it here."""
    run.name, run.hue, run.given_hue = record.name, record.hue % 10, record.given_hue
    run.status, run.exit_code, run.error = record.status, record.exit_code, record.error
    run.user_name = record.user_name
    run.created_ms, run.started_ms, run.finished_ms = record.created_ms, record.started_ms, record.finished_ms
    run.heartbeat_ms, run.archived_ms = record.heartbeat_ms, record.archived_ms
    run.lost_records = record.lost_records
    run.fork_of, run.fork_step = record.fork_of, record.fork_step
    run.stop_requested_ms, run.stop_requested_by = record.stop_requested_ms, record.stop_requested_by
    run.stop_reason = record.stop_reason
    run.number = _number(session, run, record.number)
    session.add_all(_segment(run, facts) for facts in record.segments)
    writer.finished_ms = now_ms
    session.flush()
    metrics.seal(session, run.id)


def _number(session: Session, run: Run, wanted: int) -> int:
    owner = session.get(Project, run.project_id, with_for_update=True)
    assert owner is not None
    is_taken = sa.exists().where(Run.project_id == run.project_id, Run.number == wanted, Run.id != run.id)
    if session.scalar(sa.select(is_taken)):
        return run.number
    owner.next_run_number = max(owner.next_run_number, wanted + 1)
    return wanted


def _segment(run: Run, facts: SegmentFacts) -> Segment:
    return Segment(
        run_id=run.id,
        number=facts.number,
        label=facts.label,
        after_step=facts.after_step,
        from_ms=facts.from_ms,
        until_ms=facts.until_ms,
        superseded_ms=facts.superseded_ms,
    )
