"""Asking a run to stop: the request, and how it reaches the run's processes.

What always holds: a request changes nothing but itself. The run goes on until its processes end it, and they say how it
ended. The request is told to each of them at every answer until it has ended; it stands until the run is resumed.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import RunStarted
from tracker_server.errors import Conflict
from tracker_server.runs.models import Run, Writer
from tracker_server.runs.schema import StopCommand, StopRequest


def request(run: Run, reason: str, *, actor: str, now_ms: int) -> None:
    """Ask the run's processes to stop; asked again, the later request stands. Raises Conflict for one that has ended.

    A run that nobody hears of can be asked too: it is told when it speaks again.
    """
    if run.status != "running":
        raise Conflict("not_running", f"run {run.name!r} is {run.status}, so there is nothing to stop")
    run.stop_requested_ms, run.stop_requested_by, run.stop_reason = now_ms, actor, reason
    run.changed_ms = max(run.changed_ms, now_ms)


def forget_if_resumed(run: Run, record: RunStarted) -> None:
    """The request was for the processes before; a rank that joins, or an old journal that comes late, is none."""
    is_again = record.is_resumed or (run.finished_ms is not None and record.time_ms > run.finished_ms)
    if record.label == "" and is_again:
        run.stop_requested_ms = run.stop_requested_by = run.stop_reason = None


def is_stopping(run: Run) -> bool:
    """Whether it has been asked to stop and has not ended yet."""
    return run.status == "running" and run.stop_requested_ms is not None


def described(run: Run) -> StopRequest | None:
    """Who asked the run to stop, if anybody has since it was started or resumed."""
    if run.stop_requested_ms is None:
        return None
    return StopRequest(run.stop_requested_ms, run.stop_requested_by or "", run.stop_reason or "")


def commands(session: Session, run_id: str, writer: str) -> list[StopCommand]:
    """What the answer to a writer asks of its process, in one small statement."""
    statement = (
        sa.select(Run.stop_requested_by, Run.stop_reason)
        .join(Writer, Writer.run_id == Run.id)
        .where(Run.id == run_id, Run.stop_requested_ms.is_not(None))
        .where(Writer.name == writer, Writer.finished_ms.is_(None))
    )
    return [StopCommand(by=by or "", reason=reason or "") for by, reason in session.execute(statement)]
