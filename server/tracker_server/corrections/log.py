"""The log: every correction in order, who made it and why.

What always holds: an entry is written in the transaction of its act and never touched again (the database refuses it);
an entry is undone by at most one other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.auth.models import User
from tracker_server.corrections.models import LogEntry as Entry
from tracker_server.corrections.schema import Action, Correction, CorrectionPage, CorrectionQuery, Imported
from tracker_server.metrics.models import TrashedSeries
from tracker_server.runs.models import Run

__all__ = ["Action", "Entry", "described", "find", "imported", "page", "record", "undone_by"]

MAX_ID = 2**63 - 1
UNDOABLE: tuple[Action, ...] = ("metric.renamed", "metric.hidden", "metric.deleted", "run.archived", "run.deleted")


def record(
    session: Session,
    project_id: int,
    action: Action,
    *,
    actor_id: int,
    now_ms: int,
    reason: str = "",
    run_id: str | None = None,
    metric: str | None = None,
    shown_as: str | None = None,
    undoes: int | None = None,
    details: dict[str, Any] | None = None,
) -> Entry:
    """Add an entry about a run or a metric of a project."""
    entry = Entry(
        project_id=project_id,
        time_ms=now_ms,
        actor_id=actor_id,
        action=action,
        run_id=run_id,
        metric=metric,
        shown_as=shown_as,
        reason=reason.strip(),
        undoes=undoes,
        details=details or {},
    )
    session.add(entry)
    session.flush()
    return entry


def find(session: Session, project_id: int, entry_id: int) -> Entry | None:
    """The entry of that id, where it is one of the project."""
    entry = session.get(Entry, entry_id) if 0 < entry_id <= MAX_ID else None
    return entry if entry is not None and entry.project_id == project_id else None


def undone_by(session: Session, entry: Entry) -> int | None:
    """The id of the entry that took this one back."""
    return session.scalar(sa.select(Entry.id).where(Entry.undoes == entry.id))


def page(session: Session, project_id: int, wanted: CorrectionQuery) -> CorrectionPage:
    """Entries of a project, newest first."""
    where = [Entry.project_id == project_id]
    where += [Entry.id < min(wanted.before, MAX_ID)] if wanted.before is not None else []
    where += [Entry.run_id == wanted.run] if wanted.run is not None else []
    where += [sa.or_(Entry.metric == wanted.metric, Entry.shown_as == wanted.metric)] if wanted.metric else []
    if wanted.standing:
        later = orm.aliased(Entry)
        where += [Entry.undoes.is_(None), ~sa.exists().where(later.undoes == Entry.id)]
    found = _described(session, where, wanted.limit + 1)
    more = len(found) > wanted.limit
    return CorrectionPage(found[: wanted.limit], found[wanted.limit - 1].id if more else None)


def described(session: Session, entry: Entry) -> Correction:
    """An entry as the API tells of it."""
    (found,) = _described(session, [Entry.id == entry.id], 1)
    return found


def imported(details: dict[str, Any]) -> Imported | None:
    """Who did it and when on the server that an entry comes from; None for one of this server."""
    told = details.get("imported")
    return Imported(str(told["by"]), int(told["time_ms"])) if isinstance(told, dict) else None


def _described(session: Session, where: Sequence[sa.ColumnElement[bool]], limit: int) -> list[Correction]:
    """In one statement. `is_there` is whether what an entry took away can still be brought back, null for others."""
    undone = orm.aliased(Entry)
    has_points = sa.exists().where(TrashedSeries.entry_id == Entry.id)
    is_there = sa.case((Entry.action == "metric.deleted", has_points), (Entry.run_id.is_not(None), Run.id.is_not(None)))
    statement = (
        sa.select(Entry, User.name, Run.name, undone.id, is_there)
        .join(User, User.id == Entry.actor_id)
        .outerjoin(Run, Run.id == Entry.run_id)
        .outerjoin(undone, undone.undoes == Entry.id)
        .where(*where)
        .order_by(Entry.id.desc())
        .limit(limit)
    )
    return [_correction(*row) for row in session.execute(statement)]


def _correction(entry: Entry, by: str, run_name: str | None, undone: int | None, is_there: bool | None) -> Correction:
    details: dict[str, Any] = entry.details
    return Correction(
        id=entry.id,
        time_ms=entry.time_ms,
        by=by,
        action=cast(Action, entry.action),
        run=entry.run_id,
        run_name=run_name,
        metric=entry.metric,
        shown_as=entry.shown_as,
        reason=entry.reason,
        undoes=entry.undoes,
        undone_by=undone,
        can_undo=entry.action in UNDOABLE and undone is None and is_there is not False,
        details=details,
        imported=imported(details),
    )
