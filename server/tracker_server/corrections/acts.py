"""Acts on whole runs and projects, each with its entry in the log: archiving, deleting into the trash, restoring."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.auth.models import User
from tracker_server.corrections import log
from tracker_server.corrections.log import Action, Entry
from tracker_server.errors import Gone
from tracker_server.runs import Project, Run


def archive(session: Session, run: Run, *, is_archived: bool, reason: str, actor_id: int, now_ms: int) -> None:
    """Have lists leave the run out, or not. One that is so already is left alone."""
    if is_archived == (run.archived_ms is not None):
        return
    runs.archive(session, run, is_archived=is_archived, actor_id=actor_id, now_ms=now_ms)
    if is_archived:
        _record(session, run, "run.archived", reason, actor_id, now_ms)
    else:
        undoes = _standing(session, run, "run.archived")
        _record(session, run, "run.unarchived", reason, actor_id, now_ms, undoes)


def archive_project(
    session: Session, project: Project, *, is_archived: bool, reason: str, actor_id: int, now_ms: int
) -> None:
    """Have the list of projects leave it out, or not; its runs go on. One that is so already is left alone."""
    session.refresh(project, ["archived_ms"], with_for_update=True)
    if is_archived == (project.archived_ms is not None):
        return
    project.archived_ms = now_ms if is_archived else None
    undoes = None if is_archived else _last(session, Entry.project_id == project.id, "project.archived")
    action: Action = "project.archived" if is_archived else "project.unarchived"
    log.record(session, project.id, action, actor_id=actor_id, now_ms=now_ms, reason=reason, undoes=undoes)


def delete(session: Session, run_id: str, *, reason: str, actor_id: int, now_ms: int) -> None:
    """Put a run into the trash. Raises NotFound."""
    run = runs.get(session, run_id)
    runs.delete(session, run_id, actor_id=actor_id, now_ms=now_ms)
    _record(session, run, "run.deleted", reason, actor_id, now_ms)


def restore(session: Session, run_id: str, *, reason: str = "", actor_id: int, now_ms: int) -> Run:
    """Take a run out of the trash; nothing for one that is not in it. Raises NotFound."""
    found = session.get(Run, run_id)
    was_deleted = found is not None and found.deleted_ms is not None
    run = runs.restore(session, run_id, actor_id=actor_id, now_ms=now_ms)
    if was_deleted:
        undoes = _standing(session, run, "run.deleted")
        _record(session, run, "run.restored", reason, actor_id, now_ms, undoes)
    return run


def undo(session: Session, entry: Entry, reason: str, *, actor_id: int, now_ms: int) -> Entry:
    """Take back an archiving or a deletion, which stands; the entry of that."""
    assert entry.run_id is not None
    if entry.action == "run.deleted":
        run = runs.restore(session, entry.run_id, actor_id=actor_id, now_ms=now_ms)
        return _record(session, run, "run.restored", reason, actor_id, now_ms, entry.id)
    run = runs.get(session, entry.run_id)
    runs.archive(session, run, is_archived=False, actor_id=actor_id, now_ms=now_ms)
    return _record(session, run, "run.unarchived", reason, actor_id, now_ms, entry.id)


def refuse_purged(session: Session, run_id: str, *, allows_any: bool, actor_id: int, now_ms: int) -> None:
    """Raises Gone for a run that was deleted for good; where it is wanted all the same, the log says so."""
    acts = (Entry.run_id == run_id, Entry.action.in_(("run.purged", "run.returned")))
    last = session.scalar(sa.select(Entry).where(*acts).order_by(Entry.id.desc()).limit(1))
    if last is None or last.action == "run.returned":
        return
    if not allows_any:
        by = session.scalar(sa.select(User.name).where(User.id == last.actor_id))
        raise Gone(
            "run_purged",
            f"run {run_id!r} was deleted for good by {by} ({last.reason}), and is not stored again unasked; to send it "
            "all the same: tracker sync --resume allow PATH",
        )
    log.record(session, last.project_id, "run.returned", run_id=run_id, actor_id=actor_id, now_ms=now_ms)


def _standing(session: Session, run: Run, action: Action) -> int | None:
    return _last(session, Entry.run_id == run.id, action)


def _last(session: Session, about: sa.ColumnElement[bool], action: Action) -> int | None:
    """The last entry of this act on the run or project, unless it was undone."""
    later = orm.aliased(Entry)
    is_undone = sa.exists().where(later.undoes == Entry.id)
    statement = sa.select(Entry.id).where(about, Entry.action == action, ~is_undone)
    return session.scalar(statement.order_by(Entry.id.desc()).limit(1))


def _record(
    session: Session, run: Run, action: Action, reason: str, actor_id: int, now_ms: int, undoes: int | None = None
) -> Entry:
    return log.record(
        session,
        run.project_id,
        action,
        actor_id=actor_id,
        now_ms=now_ms,
        reason=reason,
        run_id=run.id,
        undoes=undoes,
        details={"name": run.name, "number": run.number},
    )
