"""The config keys and metric names that the runs of a project have, kept current as they come.

What always holds: a key is in the table from the transaction on that stores it in a first run; it stays there while its
runs are in the trash. Who brings keys that are all known writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.runs.models import Project, ProjectKey, Run

KeyKind = Literal["config", "metric", "system"]


def note(session: Session, run_id: str, kind: KeyKind, names: Iterable[str]) -> None:
    """Have the project of this run know these keys. One statement, unless some of them are new to it."""
    missing = _missing(session, run_id, kind, sorted({db.as_stored(name) for name in names}))
    if not missing:
        return
    owner = sa.select(Project).join(Run, Run.project_id == Project.id).where(Run.id == run_id)
    # two transactions that bring the same new keys in different orders would wait for each other: one goes first
    project_id = session.execute(owner.with_only_columns(Project.id).with_for_update(key_share=True)).scalar_one()
    rows = [{"project_id": project_id, "kind": kind, "name": name} for name in missing]
    keys = ["project_id", "kind", "name"]
    session.execute(db.insert(session, ProjectKey).on_conflict_do_nothing(index_elements=keys), rows)


def _missing(session: Session, run_id: str, kind: KeyKind, names: list[str]) -> list[str]:
    """Those that the project does not have yet. However many there are, they are one parameter."""
    given = db.listed(names)
    project_id = sa.select(Run.project_id).where(Run.id == run_id).scalar_subquery()
    same = sa.and_(ProjectKey.project_id == project_id, ProjectKey.kind == kind, ProjectKey.name == given.c.value)
    statement = sa.select(given.c.value).where(~sa.exists().where(same))
    return list(session.scalars(statement))
