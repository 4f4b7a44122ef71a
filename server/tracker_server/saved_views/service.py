"""Keeping views, changing them, and finding them again.

What always holds: who owns a view alone changes it, and only what they have seen; whoever has its id may look at it. Of
one owner's named views in a project no two have the same name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import ViewCopied
from tracker_server import db
from tracker_server.auth.models import User
from tracker_server.errors import Conflict, Forbidden, NotFound, Refused
from tracker_server.runs import Project
from tracker_server.saved_views.models import SavedViewRow
from tracker_server.saved_views.schema import (
    NewSavedView,
    Parameters,
    SavedView,
    SavedViewChanges,
    SavedViewFacts,
)

MAX_PARAMETERS_BYTES = 64 * 1024
MAX_NAME = 100
_ID = re.compile("[A-Za-z0-9_-]{1,64}")


def listed(session: Session, project: Project, actor_id: int) -> list[SavedViewFacts]:
    """The named views of the actor in the project, and those that others share, by name. One statement."""
    row = SavedViewRow
    statement = (
        sa.select(row, User.name)
        .join(User, User.id == row.owner_id)
        .where(row.project_id == project.id, row.name.is_not(None))
        .where(sa.or_(row.owner_id == actor_id, row.is_shared))
        .order_by(sa.func.lower(row.name), row.id)
    )
    return [
        SavedViewFacts(**_facts(found, project.name, owner, actor_id)) for found, owner in session.execute(statement)
    ]


def project_id_of(session: Session, view_id: str) -> int | None:
    """The project of a view, whoever asks."""
    return session.scalar(sa.select(SavedViewRow.project_id).where(SavedViewRow.id == view_id))


def get(session: Session, view_id: str, actor_id: int) -> SavedView:
    """The view of that id, named or not. Raises NotFound."""
    statement = (
        sa.select(SavedViewRow, Project.name, User.name)
        .join(Project, Project.id == SavedViewRow.project_id)
        .join(User, User.id == SavedViewRow.owner_id)
        .where(SavedViewRow.id == view_id)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound("unknown_view", f"there is no saved view {view_id!r}: it was deleted, or the link is mistyped")
    row, project, owner = found
    return SavedView(**_facts(row, project, owner, actor_id), parameters=row.parameters)


def create(
    session: Session, project: Project, new: NewSavedView, *, new_id: str, actor_id: int, now_ms: int
) -> SavedView:
    """Keep a view: a named one under `new_id`. Raises Refused beyond the limit, Conflict where the name is taken."""
    _check_size(new.parameters)
    view_id = _id_of(project, new.parameters) if new.name is None else new_id
    values = {
        "id": view_id,
        "project_id": project.id,
        "owner_id": actor_id,
        "name": new.name,
        "is_shared": new.is_shared,
        "parameters": new.parameters,
        "revision": 1,
        "created_ms": now_ms,
        "changed_ms": now_ms,
    }
    statement = db.insert(session, SavedViewRow).values(values).on_conflict_do_nothing()
    if session.execute(statement.returning(SavedViewRow.id)).scalar() is None and new.name is not None:
        raise _taken(new.name)
    return get(session, view_id, actor_id)


def put_back(session: Session, project: Project, record: ViewCopied, *, actor_id: int, now_ms: int) -> str | None:
    """Keep a view of another server under its own id, as one of the actor's; a sentence where that cannot be."""
    _check_size(record.parameters)
    if not _ID.fullmatch(record.id) or (record.name is not None and not 0 < len(record.name) <= MAX_NAME):
        raise Refused("bad_record", f"a saved view {record.id[:80]!r} named {record.name!r:.200} cannot be", field="id")
    values = {
        "id": record.id,
        "project_id": project.id,
        "owner_id": actor_id,
        "name": record.name,
        "is_shared": record.is_shared,
        "parameters": record.parameters,
        "revision": 1,
        "created_ms": record.created_ms,
        "changed_ms": now_ms,
    }
    session.execute(db.insert(session, SavedViewRow).values(values).on_conflict_do_nothing())
    found = session.get(SavedViewRow, record.id)
    if found is not None and found.project_id == project.id:
        return None
    return f"the saved view {record.name or record.id!r} was left out: its name or its address is taken here"


def change(session: Session, view_id: str, changes: SavedViewChanges, *, actor_id: int, now_ms: int) -> SavedView:
    """Change what is given of a view.

    Raises NotFound, Forbidden to who does not own it, Conflict where it has another revision or the name is taken,
    and Refused beyond the limit.
    """
    row = _own(session, view_id, actor_id)
    if row.revision != changes.revision:
        raise Conflict(
            "view_changed",
            f"the view {row.name!r} was changed meanwhile, in another tab or browser; open it again to see how, or "
            "save yours under another name",
            revision=row.revision,
        )
    if isinstance(changes.name, str) and changes.name != row.name:
        _check_free(session, row, changes.name)
        row.name = changes.name
    if isinstance(changes.is_shared, bool):
        row.is_shared = changes.is_shared
    if not isinstance(changes.parameters, msgspec.UnsetType):
        _check_size(changes.parameters)
        row.parameters = changes.parameters
    row.revision += 1
    row.changed_ms = now_ms
    session.flush()
    return get(session, view_id, actor_id)


def delete(session: Session, view_id: str, *, actor_id: int) -> None:
    """Delete a view for good. Raises NotFound, and Forbidden to who does not own it."""
    session.delete(_own(session, view_id, actor_id))


def _own(session: Session, view_id: str, actor_id: int) -> SavedViewRow:
    """The named view, locked for its owner; one without a name is nobody's to change."""
    row = session.get(SavedViewRow, view_id, with_for_update=True)
    if row is None or row.name is None:
        raise NotFound("unknown_view", f"there is no saved view {view_id!r} with a name")
    if row.owner_id != actor_id:
        raise Forbidden("not_your_view", f"the view {row.name!r} is somebody else's; save it as one of your own")
    return row


def _check_free(session: Session, row: SavedViewRow, name: str) -> None:
    # of two that take the name at once, the second waits here for the first
    session.execute(sa.select(Project.id).where(Project.id == row.project_id).with_for_update())
    of_owner = (SavedViewRow.project_id == row.project_id, SavedViewRow.owner_id == row.owner_id)
    if session.scalar(sa.select(SavedViewRow.id).where(*of_owner, SavedViewRow.name == name)) is not None:
        raise _taken(name)


def _taken(name: str) -> Conflict:
    return Conflict("view_exists", f"there is a view {name!r} of yours in this project already", field="name")


def _check_size(parameters: Parameters) -> None:
    size = len(json.dumps(parameters).encode())
    if size > MAX_PARAMETERS_BYTES:
        raise Refused(
            "view_too_large",
            f"the view has {size} bytes, the limit is {MAX_PARAMETERS_BYTES}; choose fewer runs or columns by hand",
            field="parameters",
        )


def _id_of(project: Project, parameters: Parameters) -> str:
    """120 bits of a digest: what has the same id says the same."""
    text = json.dumps([project.id, sorted(parameters.items())])
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:15]).decode()


def _facts(row: SavedViewRow, project: str, owner: str, actor_id: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "project": project,
        "name": row.name,
        "owner": owner,
        "is_own": row.owner_id == actor_id,
        "is_shared": row.is_shared,
        "revision": row.revision,
        "changed_ms": row.changed_ms,
    }
