"""Roles in projects: who has which, giving them, and what one is oneself."""

from __future__ import annotations

from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import auth, db, runs
from tracker_server.accounts import people
from tracker_server.accounts.schema import Member, Members, Roles
from tracker_server.auth.models import Membership, OpenProject, User
from tracker_server.errors import NotFound
from tracker_server.rights import ROLES, Level, Rights, Role


def own(session: Session, rights: Rights) -> Roles:
    """What these rights make of somebody, in the projects that the session sees."""
    everywhere = min(rights.everywhere, rights.most)
    chosen = sa.select(runs.Project.id, runs.Project.name).where(runs.Project.id.in_(list(rights.levels)))
    named = {name: rights.level(project_id) for project_id, name in session.execute(chosen)}
    return Roles(
        everywhere=ROLES[everywhere] if everywhere > Level.NONE else None,
        projects={name: ROLES[level] for name, level in named.items() if level > Level.NONE},
        may_create=rights.may_create,
    )


def listed(session: Session, project: runs.Project) -> Members:
    """Who has a role in the project, by name."""
    statement = (
        sa.select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.project_id == project.id)
        .order_by(sa.func.lower(User.name))
    )
    members = [
        Member(user.name, "service" if user.kind == "service" else "person", cast(Role, role), user.is_active)
        for user, role in session.execute(statement)
    ]
    opened = session.get(OpenProject, project.id)
    return Members(cast(Role, opened.role) if opened is not None else None, members)


def give(session: Session, project: runs.Project, name: str, role: Role, *, actor_id: int, now_ms: int) -> None:
    """Give somebody a role, in place of the one they have. Raises NotFound for nobody."""
    user = people.get(session, name)
    before = session.get(Membership, (project.id, user.id))
    if before is not None and before.role == role:
        return
    was = before.role if before is not None else None
    row = db.insert(session, Membership).values(project_id=project.id, user_id=user.id, role=role)
    session.execute(row.on_conflict_do_update(index_elements=["project_id", "user_id"], set_={"role": role}))
    _note(session, project, "role.given", user.name, actor_id, now_ms, role=role, before=was)


def take(session: Session, project: runs.Project, name: str, *, actor_id: int, now_ms: int) -> None:
    """Take somebody's role away. Raises NotFound where they have none."""
    user = people.get(session, name)
    row = session.get(Membership, (project.id, user.id))
    if row is None:
        raise NotFound("no_member", f"{name!r} has no role of their own in the project {project.name!r}", field="name")
    session.delete(row)
    _note(session, project, "role.taken", user.name, actor_id, now_ms, before=row.role)


def open_to_everyone(session: Session, project: runs.Project, role: Role | None, *, actor_id: int, now_ms: int) -> None:
    """Give whoever is signed in a role in the project, or none."""
    row = session.get(OpenProject, project.id)
    before = row.role if row is not None else None
    if before == role:
        return
    if role is None:
        session.execute(sa.delete(OpenProject).where(OpenProject.project_id == project.id))
    else:
        opened = db.insert(session, OpenProject).values(project_id=project.id, role=role)
        session.execute(opened.on_conflict_do_update(index_elements=["project_id"], set_={"role": role}))
    _note(session, project, "role.of_everyone", project.name, actor_id, now_ms, role=role, before=before)


def _note(
    session: Session, project: runs.Project, action: str, subject: str, actor_id: int, now_ms: int, **details: object
) -> None:
    auth.record(
        session, action, subject, actor_id=actor_id, now_ms=now_ms, project_id=project.id, project=project.name,
        **details,
    )  # fmt: skip
