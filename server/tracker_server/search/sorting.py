"""The order of runs, as terms of SQL that are never null.

What always holds: the terms of a sort give every two runs an order, in both databases the same one; a value that is
missing stands last whichever way its column is sorted; a run's place can be written down as the plain values of its
terms, which is what a cursor does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.errors import Refused
from tracker_server.metrics.models import Series
from tracker_server.metrics.naming import Rules, named
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue
from tracker_server.search import matching
from tracker_server.search.cursors import Value
from tracker_server.search.schema import SortKey

Expression = sa.SQLColumnExpression[Any]
Condition = sa.ColumnElement[bool]

STATISTICS = ("last", "min", "max", "mean", "count")
ATTRIBUTES = ("created", "name", "status", "duration")
STATUS_ORDER = ("running", "lost", "failed", "stopped", "finished")
"""What wants attention first."""

NEWEST_FIRST = SortKey("created", is_descending=True)
NUMBER, TEXT, MISSING = 0, 1, 2
"""Places of kinds of values: ascending, numbers stand before text; what is missing stands last both ways."""

IN_USE = sa.literal(0, literal_execute=True)
"""The segment in use, not superseded. It stands in the SQL itself, so that the index of its series is known to fit."""

_NAN = sa.literal(float("nan"), sa.Double)


@dataclass(frozen=True)
class Term:
    """An expression that is never null, and the type of its values."""

    expression: Expression
    kind: type[Value]
    is_descending: bool = False

    @property
    def ordering(self) -> sa.UnaryExpression[Any]:
        return self.expression.desc() if self.is_descending else self.expression.asc()

    def is_beyond(self, value: Value) -> Condition:
        """Whether it stands after the value in this order."""
        return self.expression < value if self.is_descending else self.expression > value

    def is_from(self, value: Value) -> Condition:
        """Whether it stands at the value or after it."""
        return self.expression <= value if self.is_descending else self.expression >= value


@dataclass(frozen=True)
class Table:
    """What a sort key reads beside `runs`: at most one row for each run, by an index that holds all of it."""

    entity: Any
    joined: Condition
    index: str


@dataclass(frozen=True)
class Column:
    """A sort key as SQL."""

    terms: list[Term]
    table: Table | None = None


@dataclass(frozen=True)
class Order:
    """A whole sort."""

    columns: list[Column]

    @property
    def terms(self) -> list[Term]:
        return [term for column in self.columns for term in column.terms]

    def source(self, runs_from: Any | None) -> Any:
        """What `runs_from` has (None: all runs), with everything that the terms read beside."""
        found = sa.inspect(Run).selectable if runs_from is None else runs_from
        for column in self.columns:
            if column.table is not None:
                found = matching.with_values(found, column.table.entity, column.table.joined, column.table.index)
        return found


def order(keys: Sequence[SortKey], *, rules: Rules, lost_before_ms: int, collation: str) -> Order:
    """The order that the keys ask for, ties by the newest and then by id. Raises Refused for a key that is none.

    `rules` say what metrics are called, `collation` is the one that compares text by its bytes.
    """
    columns = [_column(key, rules, lost_before_ms, collation) for key in (*keys, NEWEST_FIRST)]
    return Order([*columns, Column([Term(Run.id, str)])])


def bytewise(session: Session) -> str:
    """The collation in which the session's database compares text by its bytes."""
    return "C" if session.get_bind().dialect.name == "postgresql" else "BINARY"


def after(terms: Sequence[Term], values: Sequence[Value]) -> Condition:
    """Whether a run stands after the one with these values.

    The first term's bound is said twice, alone and within the whole: most runs are told by it alone, and where it is
    a column, an index can follow it.
    """
    beyond = terms[-1].is_beyond(values[-1])
    for term, value in reversed(list(zip(terms[:-1], values[:-1], strict=True))):
        beyond = sa.or_(term.is_beyond(value), sa.and_(term.expression == value, beyond))
    return sa.and_(terms[0].is_from(values[0]), beyond)


def _column(key: SortKey, rules: Rules, lost_before_ms: int, collation: str) -> Column:
    kind, _, name = key.key.partition(".")
    if key.key in ATTRIBUTES:
        return Column([_attribute(key, lost_before_ms, collation)])
    if kind == "config" and name:
        return _config(name, key.is_descending, collation)
    if kind == "metrics" and name:
        return _metric(name, rules, key.is_descending)
    raise Refused(
        "unknown_sort_key",
        f"cannot sort by {key.key!r}: a sort key is one of {', '.join(ATTRIBUTES)}, 'config.<key>', or "
        f"'metrics.<name>' with or without one of {', '.join('.' + name for name in STATISTICS)}",
        field="sort",
    )


def _attribute(key: SortKey, lost_before_ms: int, collation: str) -> Term:
    if key.key == "created":
        return Term(Run.created_ms, int, key.is_descending)
    if key.key == "name":
        return Term(sa.func.lower(_compared(Run.name, collation)), str, key.is_descending)
    if key.key == "status":
        return Term(_status_rank(lost_before_ms), int, key.is_descending)
    ended_ms = sa.func.coalesce(Run.finished_ms, Run.heartbeat_ms)  # a run without an end lasts until it was last heard
    return Term(ended_ms - Run.started_ms, int, key.is_descending)


def _compared(text: Any, collation: str) -> Expression:
    return sa.collate(text, collation)


def _status_rank(lost_before_ms: int) -> Expression:
    is_lost = sa.and_(Run.status == "running", Run.heartbeat_ms < lost_before_ms)
    rank = {status: place for place, status in enumerate(STATUS_ORDER)}
    return sa.case((is_lost, rank["lost"]), *((Run.status == status, place) for status, place in rank.items()), else_=9)


def _metric(key: str, rules: Rules, is_descending: bool) -> Column:
    """The main writer's series, as the summaries of a run show it; else the first label's."""
    name, _, statistic = key.rpartition(".")
    if not name or statistic not in STATISTICS:
        name, statistic = key, "last"
    series = orm.aliased(Series)
    value = _mean(series) if statistic == "mean" else getattr(series, statistic)
    terms = [
        Term(sa.case((value.is_(None), MISSING), else_=NUMBER), int),
        Term(sa.func.coalesce(value, 0.0), float, is_descending),
    ]
    joined = sa.and_(series.run_id == Run.id, is_it(series, name, rules))
    return Column(terms, Table(series, joined, "ix_series_statistics"))


def _mean(series: type[Series]) -> Expression:
    return series.finite_sum / sa.func.nullif(series.finite_count, 0)


def is_it(series: type[Series], name: str, rules: Rules) -> Condition:
    """Whether a series is the one that a run's summaries show by this name: the main writer's, else the first label's.

    Those that are not the first are a list, not a question about each series: PostgreSQL takes such a question for so
    dear that it would rather look every single series up.
    """
    later, first = orm.aliased(Series), orm.aliased(Series)
    namesake = sa.and_(first.run_id == later.run_id, first.name == later.name, first.segment == IN_USE)
    is_later = sa.exists().where(namesake, first.label < later.label)
    others = sa.select(later.run_id, later.label).where(
        named(later, name, rules), later.segment == IN_USE, later.label > "", is_later
    )
    is_first = sa.or_(series.label == "", sa.tuple_(series.run_id, series.label).not_in(others))
    return sa.and_(named(series, name, rules), series.segment == IN_USE, is_first)


def _config(key: str, is_descending: bool, collation: str) -> Column:
    """By class, then number, then text. A bool is a number (0, 1), null is missing, and so is NaN."""
    row = orm.aliased(ConfigValue)
    number = sa.func.nullif(row.number, _NAN)
    is_number, is_text = number.is_not(None), sa.and_(number.is_(None), row.text >= "")
    numbers, texts = (TEXT, NUMBER) if is_descending else (NUMBER, TEXT)
    text = sa.case((is_text, row.text), else_="")
    terms = [
        Term(sa.case((is_number, numbers), (is_text, texts), else_=MISSING), int),
        Term(sa.func.coalesce(number, 0.0), float, is_descending),
        Term(_compared(text, collation), str, is_descending),
    ]
    return Column(terms, Table(row, sa.and_(row.run_id == Run.id, row.key == key), "ix_config_values_key"))
