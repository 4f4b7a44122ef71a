"""Acts on many runs of a project at once, each run with an entry of its own in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.corrections.log import Action, Entry
from tracker_server.runs.models import Project, Run

AT_ONCE = 500

Name = Literal["archive", "unarchive", "delete", "restore"]


@dataclass(frozen=True)
class _Act:
    """`column` holds since when a run is so; the act sets or empties it."""

    entry: Action
    column: str
    is_set: bool
    takes_back: Action | None = None


_ACTS: dict[Name, _Act] = {
    "archive": _Act("run.archived", "archived_ms", is_set=True),
    "unarchive": _Act("run.unarchived", "archived_ms", is_set=False, takes_back="run.archived"),
    "delete": _Act("run.deleted", "deleted_ms", is_set=True),
    "restore": _Act("run.restored", "deleted_ms", is_set=False, takes_back="run.deleted"),
}


def act_on_all(
    session: Session, project: Project, run_ids: Sequence[str], name: Name, *, reason: str, actor_id: int, now_ms: int
) -> list[str]:
    """Those of the runs that were not so before; runs of other projects, and unknown ones, are left alone."""
    act = _ACTS[name]
    changed: list[str] = []
    for start in range(0, len(run_ids), AT_ONCE):
        portion = run_ids[start : start + AT_ONCE]
        found = _found(session, project, portion, act)
        if not found:
            continue
        ids = [row.id for row in found]
        values = {act.column: now_ms if act.is_set else None, "changed_ms": now_ms, "changed_by": actor_id}
        session.execute(
            sa.update(Run).where(Run.id.in_(ids)).values(**values), execution_options={"synchronize_session": False}
        )
        undoes = _standing(session, ids, act.takes_back) if act.takes_back is not None else {}
        same: dict[str, Any] = {"project_id": project.id, "time_ms": now_ms, "actor_id": actor_id, "action": act.entry}
        entries = [
            {**same, "reason": reason.strip(), "run_id": row.id, "undoes": undoes.get(row.id), "details": _named(row)}
            for row in found
        ]
        session.execute(sa.insert(Entry), entries)
        changed += ids
    session.expire_all()
    return changed


def _found(session: Session, project: Project, run_ids: Sequence[str], act: _Act) -> Sequence[Any]:
    column = getattr(Run, act.column)
    is_other = column.is_(None) if act.is_set else column.is_not(None)
    is_there = [] if act.column == "deleted_ms" else [Run.deleted_ms.is_(None)]
    statement = sa.select(Run.id, Run.name, Run.number).where(Run.id.in_(run_ids), Run.project_id == project.id)
    return session.execute(statement.where(is_other, *is_there).order_by(Run.id).with_for_update()).all()


def _named(row: Any) -> dict[str, Any]:
    return {"name": row.name, "number": row.number}


def _standing(session: Session, run_ids: Sequence[str], action: Action) -> dict[str, int]:
    """By run the last entry of this act that was not undone."""
    later = orm.aliased(Entry)
    is_undone = sa.exists().where(later.undoes == Entry.id)
    statement = sa.select(Entry.run_id, sa.func.max(Entry.id)).where(
        Entry.run_id.in_(run_ids), Entry.action == action, ~is_undone
    )
    return {str(run_id): entry for run_id, entry in session.execute(statement.group_by(Entry.run_id))}
