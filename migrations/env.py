"""How Alembic runs here.

On the connection that the server gives it, or on `-x url=…` when a developer makes a revision.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from tracker_server.db import Database, Document, Words
from tracker_server.tables import metadata


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run_on(connection)
        return
    database = Database(context.get_x_argument(as_dictionary=True)["url"])
    with database.writing() as session:
        _run_on(session.connection())
        session.commit()


def _run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=_plain_type,
        compare_type=True,
    )
    context.run_migrations()


def _plain_type(kind: str, thing: Any, _context: object) -> str | Literal[False]:
    """Our own column types are text to the database: a migration must not change when they do."""
    return "sa.Text()" if kind == "type" and isinstance(thing, Words | Document) else False


_run()
