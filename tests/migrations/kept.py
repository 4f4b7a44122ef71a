"""What earlier versions of tracker wrote, by its schema; `keep_schema.py` says how a file is made."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tracker_server.db import Database

SCHEMAS = Path(__file__).with_name("schemas")

STEPS = 20_000
"""As many as the longer of the two runs has, so that a part of its points was sealed."""

WEIGHTS = b"weights of the model"
"""The bytes of the artifact that each of them has: files lie beside the database, and are not in these files."""


def schemas() -> list[str]:
    return sorted(path.name.removesuffix(".sql.gz") for path in SCHEMAS.glob("*.sql.gz"))


def statements(schema: str) -> str:
    """The SQL that makes the database again, for SQLite."""
    return gzip.decompress((SCHEMAS / f"{schema}.sql.gz").read_bytes()).decode()


def make_sqlite(schema: str, path: Path) -> str:
    """The database as a SQLite file; its address."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements(schema))
    return f"sqlite:///{path}"


def make_postgres(schema: str, url: str, source: Path) -> str:
    """The same rows in tables that the migrations up to that schema build on PostgreSQL, in place of what is there."""
    make_sqlite(schema, source)
    database = Database(url)
    with database.writing() as session:
        session.execute(sa.text("DROP SCHEMA public CASCADE"))
        session.execute(sa.text("CREATE SCHEMA public"))
        connection = session.connection()
        build(connection, schema)
        tables = sa.MetaData()
        tables.reflect(connection)
        with closing(sqlite3.connect(source)) as rows:
            rows.row_factory = sqlite3.Row
            for table in tables.sorted_tables:
                if table.name != "alembic_version":
                    _copy(rows, connection, table)
        session.commit()
    database.close()
    return url


def build(connection: sa.Connection, schema: str) -> None:
    """Empty tables of that schema, as the migrations make them."""
    config = Config()
    config.set_main_option("script_location", str(files("tracker_server.migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, schema)


def _copy(rows: sqlite3.Connection, target: sa.Connection, table: sa.Table) -> None:
    found = [dict(row) for row in rows.execute(f'SELECT * FROM "{table.name}"')]
    if not found:
        return
    booleans = [column.name for column in table.columns if isinstance(column.type, sa.Boolean)]
    target.execute(table.insert(), [row | {name: bool(row[name]) for name in booleans} for row in found])
    for column in sa.inspect(target).get_columns(table.name):
        if column["autoincrement"]:
            last = max(row[column["name"]] for row in found)
            sequence = sa.func.pg_get_serial_sequence(table.name, column["name"])
            target.execute(sa.select(sa.func.setval(sequence, last)))
