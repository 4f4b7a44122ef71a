"""Links as those who manage a project see them, and where one leads.

What always holds: a link expires; its secret is told once, in the answer that made it; one that was revoked stays
listed, so that it can be seen who made it.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import auth, runs
from tracker_server.auth.models import ShareLink, User
from tracker_server.auth.service import digest
from tracker_server.errors import NotFound
from tracker_server.narrowing import EVERY_PROJECT
from tracker_server.sharing.schema import Link, LinkOpened, NewLink

DAY_MS = 24 * 3600 * 1000
MAX_LINKS = 1000


def listed(session: Session, project: runs.Project) -> list[Link]:
    """The links to a project and to its runs, the newest first; at most a thousand."""
    return _described(session, ShareLink.project_id == project.id)


def create(session: Session, project: runs.Project, new: NewLink, *, actor_id: int, now_ms: int) -> tuple[Link, str]:
    """A link, and its secret. Raises NotFound for a run that is not of the project."""
    run = runs.get(session, new.run_id) if new.run_id is not None else None
    if run is not None and run.project_id != project.id:
        raise NotFound("unknown_run", f"there is no run {run.id} in the project {project.name!r}", field="run_id")
    secret = secrets.token_urlsafe(32)
    link = ShareLink(
        project_id=project.id,
        run_id=run.id if run is not None else None,
        note=new.note,
        digest=digest(secret),
        created_by=actor_id,
        created_ms=now_ms,
        expires_ms=now_ms + new.days * DAY_MS,
    )
    session.add(link)
    session.flush()
    _note(session, "link.created", project, link, actor_id, now_ms, expires_ms=link.expires_ms)
    return _one(session, link.id), secret


def revoke(session: Session, project: runs.Project, link_id: int, *, actor_id: int, now_ms: int) -> Link:
    """The link shows nothing from now on, also to who looks through it; once is enough. Raises NotFound."""
    link = session.get(ShareLink, link_id) if link_id < 2**63 else None
    if link is None or link.project_id != project.id:
        raise NotFound("unknown_link", f"there is no link {link_id} in the project {project.name!r}")
    if link.revoked_ms is None:
        link.revoked_ms = now_ms
        _note(session, "link.revoked", project, link, actor_id, now_ms)
    session.flush()
    return _one(session, link.id)


def destination(session: Session, link: ShareLink) -> LinkOpened:
    """What to show of a link first."""
    name = sa.select(runs.Project.name).where(runs.Project.id == link.project_id).execution_options(**EVERY_PROJECT)
    return LinkOpened(session.scalars(name).one(), link.run_id)


def _note(
    session: Session,
    action: str,
    project: runs.Project,
    link: ShareLink,
    actor_id: int,
    now_ms: int,
    **details: object,
) -> None:
    subject = f"project {project.name}" if link.run_id is None else f"run {link.run_id}"
    auth.record(
        session, action, subject, actor_id=actor_id, now_ms=now_ms, project_id=project.id, project=project.name,
        link=link.id, note=link.note, **details,
    )  # fmt: skip


def _one(session: Session, link_id: int) -> Link:
    (described,) = _described(session, ShareLink.id == link_id)
    return described


def _described(session: Session, where: sa.ColumnElement[bool]) -> list[Link]:
    statement = (
        sa.select(ShareLink, User.name, runs.Run.name)
        .join(User, User.id == ShareLink.created_by)
        .outerjoin(runs.Run, runs.Run.id == ShareLink.run_id)
        .where(where)
        .order_by(ShareLink.id.desc())
        .limit(MAX_LINKS)
    )
    return [
        Link(
            id=link.id,
            run_id=link.run_id,
            run_name=run_name,
            note=link.note,
            created_by=maker,
            created_ms=link.created_ms,
            expires_ms=link.expires_ms,
            last_used_ms=link.last_used_ms,
            revoked_ms=link.revoked_ms,
        )
        for link, maker, run_name in session.execute(statement)
    ]
