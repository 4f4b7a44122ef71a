"""What belongs to a run, and what refers to a blob, read off the schema.

What always holds: a row whose foreign key to a run, or to a row of a run, cannot be null is part of the run and goes
with it; one whose key can be null outlives it and forgets it. So a table that comes later is covered by its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.artifacts.models import Blob
from tracker_server.db import Base
from tracker_server.runs.models import Run

RUNS = Base.metadata.tables[Run.__tablename__]
BLOBS = Base.metadata.tables[Blob.__tablename__]


def delete_runs(session: Session, run_ids: Sequence[str]) -> None:
    """Delete these runs with all that is part of them."""
    _delete(session, RUNS, RUNS.c.id.in_(run_ids))


def is_referred_to() -> sa.ColumnElement[bool]:
    """Whether anything refers to a row of `blobs`, as SQL."""
    return sa.or_(sa.false(), *(sa.exists().where(key.parent == BLOBS.c.digest) for key in _keys_to(BLOBS)))


def _delete(session: Session, table: sa.Table, which: sa.ColumnElement[bool]) -> None:
    for key in _keys_to(table):
        is_child = key.parent.in_(sa.select(key.column).where(which))
        if key.parent.nullable:
            _execute(session, sa.update(key.parent.table).where(is_child).values({key.parent.name: None}))
        else:
            _delete(session, key.parent.table, is_child)
    _execute(session, sa.delete(table).where(which))


def _execute(session: Session, statement: Any) -> None:
    session.execute(statement, execution_options={"synchronize_session": False})


def _keys_to(table: sa.Table) -> Iterator[sa.ForeignKey]:
    """The foreign keys that refer to the table."""
    for other in Base.metadata.sorted_tables:
        yield from sorted((key for key in other.foreign_keys if key.column.table is table), key=str)
