"""Tags of many runs at once, and asking many to stop."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.runs.models import Project, Run, RunTag

AT_ONCE = 500


def tag_all(
    session: Session, project: Project, run_ids: Sequence[str], tag: str, *, is_added: bool, actor_id: int, now_ms: int
) -> list[str]:
    """Add a tag to the runs of the project, or take it away. The ids of those that were without it, or had it."""
    changed: list[str] = []
    for start in range(0, len(run_ids), AT_ONCE):
        portion = run_ids[start : start + AT_ONCE]
        has_it = sa.exists().where(RunTag.run_id == Run.id, RunTag.tag == tag)
        ids = _found(session, project, portion, ~has_it if is_added else has_it)
        if ids and is_added:
            session.execute(sa.insert(RunTag), [{"run_id": run_id, "tag": tag} for run_id in ids])
        elif ids:
            gone = sa.delete(RunTag).where(RunTag.run_id.in_(ids), RunTag.tag == tag)
            session.execute(gone, execution_options=_UNSEEN)
        _set(session, ids, {"changed_ms": now_ms, "changed_by": actor_id})
        changed += ids
    return changed


def stop_all(
    session: Session, project: Project, run_ids: Sequence[str], reason: str, *, actor: str, now_ms: int
) -> list[str]:
    """Ask those of the runs to stop that have not ended; their ids."""
    changed: list[str] = []
    request = {"stop_requested_ms": now_ms, "stop_requested_by": actor, "stop_reason": reason, "changed_ms": now_ms}
    for start in range(0, len(run_ids), AT_ONCE):
        portion = run_ids[start : start + AT_ONCE]
        ids = _found(session, project, portion, Run.status == "running")
        _set(session, ids, request)
        changed += ids
    return changed


_UNSEEN = {"synchronize_session": False}


def _found(session: Session, project: Project, run_ids: Sequence[str], where: sa.ColumnElement[bool]) -> list[str]:
    here = (Run.id.in_(run_ids), Run.project_id == project.id, Run.deleted_ms.is_(None), where)
    return list(session.scalars(sa.select(Run.id).where(*here).order_by(Run.id).with_for_update()))


def _set(session: Session, run_ids: Sequence[str], values: dict[str, object]) -> None:
    if run_ids:
        session.execute(sa.update(Run).where(Run.id.in_(run_ids)).values(**values), execution_options=_UNSEEN)
