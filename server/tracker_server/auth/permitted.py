"""Who of all people may do something in a project, for those who need somebody else to do it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.auth.models import Membership, OpenProject, User
from tracker_server.rights import LEVELS, Level

_IS_PERSON = (User.is_active, User.kind == "person")


def is_person(session: Session, user_id: int) -> bool:
    """Whether somebody is a person, and no service account."""
    return session.scalar(sa.select(User.id).where(User.id == user_id, *_IS_PERSON)) is not None


def has_several_people(session: Session) -> bool:
    """Whether more than one person has an account."""
    return len(session.scalars(sa.select(User.id).where(*_IS_PERSON).limit(2)).all()) > 1


def people_with(session: Session, project_id: int, level: Level, *, but: int, limit: int) -> list[str]:
    """The names of so many people, but for one, who may do so much in a project, by name. In one statement."""
    enough = [role for role, given in LEVELS.items() if given >= level]
    is_member = sa.exists().where(
        Membership.project_id == project_id, Membership.user_id == User.id, Membership.role.in_(enough)
    )
    is_open = sa.exists().where(OpenProject.project_id == project_id, OpenProject.role.in_(enough))
    statement = sa.select(User.name).where(*_IS_PERSON, User.id != but, sa.or_(User.is_admin, is_member, is_open))
    return list(session.scalars(statement.order_by(User.name).limit(limit)))
