"""What live runs send nearly always, stored for all of them at once: more points of known series, or a sign of life.

What always holds: a batch that is stored here is stored as `service.store` would have, under the same lock of its run's
row; one that is anything but plain is left to it. Eight statements, nine on PostgreSQL, however many batches there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import copies, db, history, metrics
from tracker_server.ingest.schema import Receipt
from tracker_server.ingest.service import Batch
from tracker_server.runs import Run, Writer

_RUNS = cast(sa.Table, Run.__table__)
_WRITERS = cast(sa.Table, Writer.__table__)

_LOCK = (
    sa.select(_RUNS.c.id)
    .where(_RUNS.c.id.in_(sa.bindparam("runs", expanding=True)))
    .order_by(_RUNS.c.id)
    .with_for_update(skip_locked=True)  # one that somebody holds is waited for alone, not by all
)
_WRITING = (
    sa.select(_WRITERS.c.run_id, _WRITERS.c.name, _WRITERS)
    .join(_RUNS, _RUNS.c.id == _WRITERS.c.run_id)
    .where(_RUNS.c.id.in_(sa.bindparam("runs", expanding=True)))
    .where(_WRITERS.c.name.in_(sa.bindparam("names", expanding=True)))
    .where(_RUNS.c.stop_requested_ms.is_(None), history.is_straight(_RUNS.c.id))
)
"""After `_LOCK`, not with it: PostgreSQL would read these rows as they were before it had the locks."""

_HEARD_RUNS = (
    sa.update(_RUNS)
    .where(_RUNS.c.id.in_(sa.bindparam("runs", expanding=True)))
    .values({column: sa.case((column < sa.bindparam("now_ms"), sa.bindparam("now_ms")), else_=column)
             for column in (_RUNS.c.heartbeat_ms, _RUNS.c.changed_ms)})
)  # fmt: skip
_HEARD_WRITERS = (
    sa.update(_WRITERS)
    .where(_WRITERS.c.id == sa.bindparam("writer_id"))
    .values(next_seq=sa.bindparam("reached"), heartbeat_ms=sa.bindparam("now_ms"))
)


def store_plain(session: Session, batches: Sequence[Batch]) -> list[Receipt | None]:
    """Store the plain ones; of each batch its receipt, None where nothing of it is stored.

    Raises what the database raises, and then nothing is stored.
    """
    places = _first_of_each_run(batches)
    held = _held(session, [batches[place].run_id for place in places])
    places = [place for place in places if batches[place].run_id in held]
    writers = _writers(session, [batches[place] for place in places])
    pairs = [(place, writers.get((batches[place].run_id, batches[place].writer))) for place in places]
    silent = {place: writer for place, writer in pairs if writer is not None and _is_silent(batches[place], writer)}
    speaking = {place: writer for place, writer in pairs if writer is not None and _is_plain(batches[place], writer)}
    stored = _append(session, batches, speaking)
    _hear(session, batches, {**silent, **stored})
    answers = {place: Receipt(writer.next_seq) for place, writer in silent.items()}
    answers |= {place: Receipt(batches[place].frames.numbers[-1] + 1) for place in stored}
    return [answers.get(place) for place in range(len(batches))]


def _first_of_each_run(batches: Sequence[Batch]) -> list[int]:
    """The places of the batches that come first of their run: a second one would not know of the first."""
    firsts: dict[str, int] = {}
    for place, batch in enumerate(batches):
        firsts.setdefault(batch.run_id, place)
    return list(firsts.values())


def _held(session: Session, run_ids: Sequence[str]) -> set[str]:
    """Those of the runs that nobody else holds, held until the commit."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # which has one writer, and that is this one
        return set(run_ids)
    return set(connection.scalars(_LOCK, {"runs": run_ids}).all())


def _writers(session: Session, batches: Sequence[Batch]) -> dict[tuple[str, str], Any]:
    """The rows of the writers that are known and whose runs have nothing special about them."""
    given = {"runs": [batch.run_id for batch in batches], "names": sorted({batch.writer for batch in batches})}
    rows = session.connection().execute(_WRITING, given).all() if batches else ()
    return {(row.run_id, row.name): row for row in rows}


def _is_silent(batch: Batch, writer: Any) -> bool:
    """Whether it is a sign of life and nothing else; of a copy that is made it would be none."""
    return not batch.frames.numbers and not copies.is_copy(writer.name)


def _is_plain(batch: Batch, writer: Any) -> bool:
    """Whether it is the next records of its writer, without a hole, and points alone."""
    numbers = batch.frames.numbers
    if not numbers or not batch.has_points_alone():
        return False
    return numbers[0] == writer.next_seq and numbers[-1] - numbers[0] + 1 == len(numbers)


def _append(session: Session, batches: Sequence[Batch], speaking: dict[int, Any]) -> dict[int, Any]:
    """Append the points of these batches; the writers of those that were stored."""
    appended = [
        metrics.Appended(batches[place].run_id, writer.label, batches[place].series(writer.first_step))
        for place, writer in speaking.items()
    ]
    stored = metrics.append_together(session, appended)
    return {place: writer for (place, writer), is_stored in zip(speaking.items(), stored, strict=True) if is_stored}


def _hear(session: Session, batches: Sequence[Batch], writers: dict[int, Any]) -> None:
    """These writers are alive, and have come to the end of their batches."""
    if not writers:
        return
    connection = session.connection()
    heard = [batches[place] for place in writers]
    now_ms = max(batch.now_ms for batch in heard)
    connection.execute(_HEARD_RUNS, {"runs": [batch.run_id for batch in heard], "now_ms": now_ms})
    rows = [
        {
            "writer_id": writer.id,
            "reached": batches[place].frames.numbers[-1] + 1 if batches[place].frames.numbers else writer.next_seq,
            "now_ms": batches[place].now_ms,
        }
        for place, writer in writers.items()
    ]
    db.execute_many(connection, _HEARD_WRITERS, rows)
