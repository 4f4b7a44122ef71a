"""Reading the logs as one, newest first.

What always holds: each log is read by its key alone, so that a page costs the same however long they are; a cursor says
how far each has been read, so that no act is left out or told twice while others are written.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.acts.schema import Act, ActFilter, ActPage, Area
from tracker_server.auth.models import AccountAct, User
from tracker_server.corrections.models import LogEntry
from tracker_server.errors import Refused
from tracker_server.registry.models import AuditRow, RegisteredModel
from tracker_server.runs import Project

LOGS: dict[Area, Any] = {"accounts": AccountAct, "runs": LogEntry, "models": AuditRow}
EXPORTED_AT_ONCE = 1000


@dataclass(frozen=True)
class Cursor:
    """How far each log was read: the id before which the next page goes on; None for one not begun."""

    before: dict[Area, int | None]

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor that a page gave out. Raises Refused for another text."""
        if text is None:
            return cls(dict.fromkeys(get_args(Area)))
        parts = text.split("-")
        if len(parts) != len(LOGS) or not all(part == "" or (part.isdecimal() and len(part) < 19) for part in parts):
            raise Refused("invalid", f"{text!r} is not a cursor that a page of acts gave out", field="before")
        return cls({area: int(part) if part else None for area, part in zip(LOGS, parts, strict=True)})

    def __str__(self) -> str:
        return "-".join("" if self.before[area] is None else str(self.before[area]) for area in LOGS)


def page(session: Session, wanted: ActFilter, before: str | None, limit: int) -> ActPage:
    """Acts that fit, older than the cursor. One statement a log. Raises Refused for a cursor that is none."""
    cursor = Cursor.read(before)
    logs = [_of(session, area, wanted, cursor.before[area], limit + 1) for area in LOGS]
    merged = list(heapq.merge(*logs, key=lambda act: -act.time_ms))
    told = merged[:limit]
    reached = {**cursor.before, **{act.area: act.id for act in told}}
    return ActPage(told, str(Cursor(reached)) if len(merged) > limit else None)


def every(session: Session, wanted: ActFilter) -> Iterator[Act]:
    """All acts that fit."""
    cursor: str | None = None
    while True:
        found = page(session, wanted, cursor, EXPORTED_AT_ONCE)
        yield from found.acts
        cursor = found.next_cursor
        if cursor is None:
            return


def _of(session: Session, area: Area, wanted: ActFilter, before: int | None, limit: int) -> list[Act]:
    log = LOGS[area]
    statement = (
        sa.select(log, User.name, Project.name, _model_name(area))
        .join(User, User.id == log.actor_id)
        .outerjoin(Project, Project.id == log.project_id)
        .order_by(log.id.desc())
        .limit(limit)
    )
    if area == "models":
        statement = statement.outerjoin(RegisteredModel, RegisteredModel.id == AuditRow.model_id)
    where = [log.id < before] if before is not None else []
    where += [User.name == wanted.actor] if wanted.actor is not None else []
    where += [Project.name == wanted.project] if wanted.project is not None else []
    if wanted.action is not None:
        where.append(sa.or_(log.action == wanted.action, log.action.startswith(f"{wanted.action}.", autoescape=True)))
    return [_act(area, *row) for row in session.execute(statement.where(*where))]


def _model_name(area: Area) -> Any:
    return RegisteredModel.name if area == "models" else sa.null()


def _act(area: Area, row: Any, actor: str, project: str | None, model: str | None) -> Act:
    subject, reason, more = _told(row, model)
    return Act(area, row.id, row.time_ms, actor, row.action, subject, project, reason, {**more, **row.details})


def _told(row: AccountAct | LogEntry | AuditRow, model: str | None) -> tuple[str, str, dict[str, Any]]:
    """What an act was done to, why, and what changed, where the log has columns for it."""
    if isinstance(row, AccountAct):
        return row.subject, "", {}
    if isinstance(row, LogEntry):
        named = {"run": row.run_id, "metric": row.metric, "shown_as": row.shown_as, "undoes": row.undoes}
        subject = row.metric if row.metric is not None else row.run_id
        return subject or "", row.reason, {key: value for key, value in named.items() if value is not None}
    moved = {"from": row.from_version, "to": row.to_version}
    subject = model or "" if row.alias is None else f"{model}@{row.alias}"
    return subject, row.reason, {key: f"v{value}" for key, value in moved.items() if value is not None}
