"""What happened to a run, in order: how it began and ended, what it told, what people did to it and its models."""

from __future__ import annotations

from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.auth.models import User
from tracker_server.corrections import Entry
from tracker_server.registry.models import AuditRow, RegisteredModel, RegisteredVersion
from tracker_server.runs.models import Alert, Writer
from tracker_server.runs.schema import RunEvent

MOST: Final = 200
"""Of each kind of which there may be very many."""


def of_run(session: Session, run: runs.Run) -> list[RunEvent]:
    """All of it, oldest first, in a constant number of statements."""
    newest_first = (_alerts(session, run), _corrections(session, run), _registry(session, run))
    found = [*_life(session, run), *(event for events in newest_first for event in reversed(events))]
    return sorted(found, key=lambda event: event.time_ms)


def _life(session: Session, run: runs.Run) -> list[RunEvent]:
    """A main writer that came after the first is a resumption."""
    of_main = sa.select(Writer.started_ms).where(Writer.run_id == run.id, Writer.label == "")
    again = sorted(session.scalars(of_main.where(Writer.started_ms > 0)))[1:]
    found = [RunEvent(time_ms=run.started_ms, kind="started", by=run.user_name)]
    found += [RunEvent(time_ms=started_ms, kind="resumed") for started_ms in again]
    if (stop := runs.stop_request(run)) is not None:
        found.append(RunEvent(time_ms=stop.time_ms, kind="stop", text=stop.reason, by=stop.by))
    if run.finished_ms is not None:
        found.append(RunEvent(time_ms=run.finished_ms, kind="ended", text=run.status))
    return found


def _alerts(session: Session, run: runs.Run) -> list[RunEvent]:
    newest = sa.select(Alert).where(Alert.run_id == run.id).order_by(Alert.id.desc()).limit(MOST)
    return [
        RunEvent(time_ms=one.time_ms, kind="alert", text=one.title, level=cast(Any, one.level))
        for one in session.scalars(newest)
    ]


def _corrections(session: Session, run: runs.Run) -> list[RunEvent]:
    newest = (
        sa.select(Entry, User.name)
        .join(User, User.id == Entry.actor_id)
        .where(Entry.run_id == run.id)
        .order_by(Entry.id.desc())
        .limit(MOST)
    )
    return [
        RunEvent(
            time_ms=entry.time_ms,
            kind="correction",
            text=entry.reason,
            by=by,
            action=entry.action,
            metric=entry.metric,
            shown_as=entry.shown_as,
        )
        for entry, by in session.execute(newest)
    ]


def _registry(session: Session, run: runs.Run) -> list[RunEvent]:
    """What was done with the model versions that came from this run."""
    statement = (
        sa.select(AuditRow, RegisteredModel.name, User.name)
        .join(RegisteredModel, RegisteredModel.id == AuditRow.model_id)
        .join(
            RegisteredVersion,
            sa.and_(RegisteredVersion.model_id == AuditRow.model_id, RegisteredVersion.version == AuditRow.to_version),
        )
        .join(User, User.id == AuditRow.actor_id)
        .where(RegisteredVersion.run_id == run.id)
        .order_by(AuditRow.id.desc())
        .limit(MOST)
    )
    return [
        RunEvent(
            time_ms=row.time_ms,
            kind="registry",
            text=row.reason,
            by=by,
            action=row.action,
            model=model,
            version=row.to_version,
            alias=row.alias,
        )
        for row, model, by in session.execute(statement)
    ]
