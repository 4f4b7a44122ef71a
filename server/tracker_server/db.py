"""The database: the declarative base, the column types that the domains share, engines and sessions.

What always holds: a writing session on SQLite takes the write lock when it begins, so it
never fails halfway for a lock, and in the order of asking, so that none starves; a commit on SQLite survives power loss
(WAL with synchronous=FULL); a session that was narrowed to some projects sees the rows of no other, whatever it asks.
"""

from __future__ import annotations

import functools
import json
import operator
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles

from tracker_server.checkpoints import LONGEST_LOG_PAGES, Checkpoints
from tracker_server.events import LISTENERS, NOTES, Listener
from tracker_server.narrowing import Session
from tracker_server.turns import Connection, Turns

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""An integer key: SQLite counts up only in a column of its INTEGER type."""

HAS_BYTES = {"has_bytes": True}
"""Execution options of a query that has much in columns of bytes: psycopg would ask PostgreSQL for them as hexadecimal
digits, which takes twice the room and four times the time."""

BUSY_TIMEOUT_MS = 10_000

CACHE_KIB = 16_384
"""Of each connection to SQLite, at most. What is not in it comes from the system's own cache, through `mmap_size`."""


class Base(orm.DeclarativeBase):
    """The base of every table. Constraint names follow from the tables, so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def as_stored(text: str) -> str:
    """A text as `Words` keep it, and the database gives it back."""
    return text.replace("\0", "\ufffd")


class Words(sa.types.TypeDecorator[str]):
    """Text from outside. NUL, which PostgreSQL's text cannot hold, becomes U+FFFD on every database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return as_stored(value) if value is not None else None


class BytewiseWords(Words):
    """Words that are compared, sorted and indexed by their bytes on every database."""

    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[str]:
        return dialect.type_descriptor(sa.Text(collation="C" if dialect.name == "postgresql" else None))


class Document(sa.types.TypeDecorator[Any]):
    """A JSON-like value as text, NaN and infinities included (which is why it is not the database's own JSON)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        return json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return json.loads(value) if value is not None else None


class each_text(sa.sql.functions.FunctionElement[str]):
    """A table of texts with a column `value`, of a JSON list: one parameter, however many they are."""

    inherit_cache = True


@compiles(each_text)
def _each_text_of_sqlite(element: each_text, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(each_text, "postgresql")
def _each_text_of_postgresql(element: each_text, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json))"


def listed(texts: list[str]) -> Any:
    """These texts as a table with a column `value`."""
    return each_text(sa.literal(json.dumps(texts), sa.Text)).table_valued(sa.column("value", sa.Text))


class each_row(sa.sql.functions.FunctionElement[str]):
    """A table of JSON lists with a column `value`, of a JSON list of them."""

    inherit_cache = True


@compiles(each_row)
def _each_row_of_sqlite(element: each_row, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(each_row, "postgresql")
def _each_row_of_postgresql(element: each_row, compiler: Any, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS json))"


class nth(sa.sql.functions.FunctionElement[str]):
    """One value of a JSON list: of the list and the value's place, counted from 0."""

    inherit_cache = True


@compiles(nth)
def _nth_of_sqlite(element: nth, compiler: Any, **options: Any) -> str:
    value, place = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({value}, '$[{place}]')"


@compiles(nth, "postgresql")
def _nth_of_postgresql(element: nth, compiler: Any, **options: Any) -> str:
    value, place = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({value} ->> {place})"


def listed_rows(rows: Sequence[Sequence[str | int]], columns: Sequence[orm.InstrumentedAttribute[Any]]) -> sa.Subquery:
    """These rows, which have plain texts and whole numbers, as a table with columns of those names and types.

    One parameter, however many they are; so the database takes them in without coming back to Python for each.
    """
    each = each_row(sa.literal(msgspec.json.encode(rows).decode(), sa.Text)).table_valued(sa.column("value", sa.Text))
    values = [
        sa.cast(nth(each.c.value, sa.literal_column(str(place))), _plain(column)).label(column.key)
        for place, column in enumerate(columns)
    ]
    return sa.select(*values).subquery()


def _plain(column: orm.InstrumentedAttribute[Any]) -> sa.types.TypeEngine[Any]:
    return sa.BigInteger() if isinstance(column.type, sa.Integer) else sa.Text()


_FULL = ("database or disk is full", "could not extend file", "No space left on device")
"""How SQLite and PostgreSQL say that there is no room."""


def says_full(error: BaseException) -> bool:
    """Whether a database failed for want of room. SQLite then ends the transaction, and what is done to end it again
    fails for another reason: so what led to the error counts too."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sa.exc.OperationalError) and any(sign in str(cause.orig) for sign in _FULL):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


class Database:
    """An engine and its two kinds of session. `listeners` hear of what is told in those that write."""

    def __init__(self, url: str) -> None:
        self.engine, self._checkpoints = _engine(url)
        self.listeners: list[Listener] = []
        self._reading = orm.sessionmaker(_of_one_state(self.engine), class_=Session, expire_on_commit=False)
        writing = self.engine.execution_options(is_writing=True)
        self._writing = orm.sessionmaker(writing, class_=Session, expire_on_commit=False)

    def reading(self) -> orm.Session:
        """A session that sees one state of the database and is not meant to write."""
        return self._reading()

    def writing(self) -> orm.Session:
        """A session that may write; on SQLite it waits for the other writer when it begins, at most ten seconds."""
        return self._writing(info={LISTENERS: self.listeners, NOTES: {}})

    def after_commit(self, done: Callable[[orm.Session], None]) -> None:
        """Have this called after every commit of a writing session, which may not be used for anything then."""
        sa.event.listen(self._writing, "after_commit", done)

    def close(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.stop()
        self.engine.dispose()


def _engine(url: str) -> tuple[sa.Engine, Checkpoints | None]:
    """The engine, and what keeps the log of its file short where it has both.

    Its errors tell no values (`hide_parameters`): they stand in the log, and values may be secrets.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            parsed,
            pool_size=32,
            max_overflow=32,
            pool_use_lifo=True,
            connect_args={"factory": Connection},
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        turns = Turns()
        checkpoints = Checkpoints(parsed.database, turns) if parsed.database else None
        sa.event.listen(engine, "begin", functools.partial(_begin_sqlite, turns, checkpoints))
        return engine, checkpoints
    engine = sa.create_engine(parsed, pool_size=16, max_overflow=48, pool_pre_ping=True, hide_parameters=True)
    if parsed.get_backend_name() == "postgresql":
        sa.event.listen(engine, "before_cursor_execute", _fetch_bytes_as_they_are)
    return engine, None


def _fetch_bytes_as_they_are(
    _connection: sa.Connection, cursor: Any, _text: str, _values: Any, context: Any, _is_many: bool
) -> None:
    if context is not None and context.execution_options.get("has_bytes", False):
        from psycopg.pq import Format  # a server on SQLite does without it

        cursor.format = Format.BINARY


def _of_one_state(engine: sa.Engine) -> sa.Engine:
    """The engine for who reads: by all statements of a transaction one state is seen, as SQLite does by itself."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        f"cache_size = -{CACHE_KIB}",
        "mmap_size = 268435456",
        "temp_store = MEMORY",
        f"wal_autocheckpoint = {LONGEST_LOG_PAGES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(turns: Turns, checkpoints: Checkpoints | None, connection: sa.Connection) -> None:
    if not connection.get_execution_options().get("is_writing", False):
        connection.exec_driver_sql("BEGIN")
        return
    if checkpoints is not None:
        checkpoints.note_write()
    driver = connection.connection.driver_connection
    assert isinstance(driver, Connection)
    try:
        driver.begin_writing(turns, BUSY_TIMEOUT_MS / 1000)
    except sqlite3.OperationalError as error:
        raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, error) from error


def insert(session: orm.Session, table: type[Base]) -> Any:
    """An INSERT of the session's dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # a server on SQLite does without it

        return postgresql.insert(table)
    return sqlite.insert(table)


def execute_many(connection: sa.Connection, statement: sa.UpdateBase, rows: Sequence[dict[str, Any]]) -> None:
    """The statement for each of the rows, whose values go to the driver as they are: plain numbers and texts alone.

    SQLAlchemy asks the type of every value, which costs as much as SQLite's own work. `statement` stays in memory.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(statement, rows)
        return
    text, values_of = _for_sqlite(statement, tuple(rows[0]))
    connection.exec_driver_sql(text, list(map(values_of, rows)))


@functools.cache
def _for_sqlite(statement: sa.UpdateBase, keys: tuple[str, ...]) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=list(keys))
    return compiled.string, operator.itemgetter(*cast(list[str], compiled.positiontup))
