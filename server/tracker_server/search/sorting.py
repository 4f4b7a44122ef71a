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
from sqlalchemy.orm import aliased, outerjoin

from tracker_server.errors import Refused
from tracker_server.metrics.models import Series
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue
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
"""The classes of a config value: ascending, numbers stand before text; what is missing stands last both ways."""

_NAN = sa.literal(float("nan"), sa.Double)


@dataclass(frozen=True)
class Term:
    """An expression that is never null, and the type of its values."""

    expression: Expression
    kind: type[Value]
    is_descending: bool

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
class Join:
    """A table that a sort key reads beside `runs`: at most one row of it for each run."""

    table: Any
    condition: Condition


@dataclass(frozen=True)
class Order:
    """A whole sort: what to join to `runs`, and the terms."""

    joins: list[Join]
    terms: list[Term]

    def from_runs(self) -> Any:
        """`runs` with everything that the terms read."""
        source: Any = Run
        for join in self.joins:
            source = outerjoin(source, join.table, join.condition)
        return source


def order(keys: Sequence[SortKey], *, lost_before_ms: int, collation: str) -> Order:
    """The order that the keys ask for, ties by the newest and then by id. Raises Refused for a key that is none.

    `collation` is the one that compares text by its bytes.
    """
    joins: list[Join] = []
    terms: list[Term] = []
    for key in (*keys, NEWEST_FIRST):
        added, more = _read_key(key, lost_before_ms, collation)
        joins += added
        terms += more
    return Order(joins, [*terms, Term(Run.id, str, False)])


def after(terms: Sequence[Term], values: Sequence[Value]) -> Condition:
    """Whether a run stands after the one with these values.

    The first term's bound is said twice, alone and within the whole, because an index can follow only the first.
    """
    beyond = terms[-1].is_beyond(values[-1])
    for term, value in reversed(list(zip(terms[:-1], values[:-1], strict=True))):
        beyond = sa.or_(term.is_beyond(value), sa.and_(term.expression == value, beyond))
    return sa.and_(terms[0].is_from(values[0]), beyond)


def _read_key(key: SortKey, lost_before_ms: int, collation: str) -> tuple[list[Join], list[Term]]:
    kind, _, name = key.key.partition(".")
    if key.key in ATTRIBUTES:
        return [], [_attribute(key, lost_before_ms, collation)]
    if kind == "config" and name:
        return _config(name, key.is_descending, collation)
    if kind == "metrics" and name:
        return _metric(name, key.is_descending)
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
        return Term(sa.func.lower(sa.collate(Run.name, collation)), str, key.is_descending)
    if key.key == "status":
        return Term(_status_rank(lost_before_ms), int, key.is_descending)
    ended_ms = sa.func.coalesce(Run.finished_ms, Run.heartbeat_ms)  # a run without an end lasts until it was last heard
    return Term(ended_ms - Run.started_ms, int, key.is_descending)


def _status_rank(lost_before_ms: int) -> Expression:
    is_lost = sa.and_(Run.status == "running", Run.heartbeat_ms < lost_before_ms)
    rank = {status: place for place, status in enumerate(STATUS_ORDER)}
    return sa.case((is_lost, rank["lost"]), *((Run.status == status, place) for status, place in rank.items()), else_=9)


def _metric(key: str, is_descending: bool) -> tuple[list[Join], list[Term]]:
    """The main writer's series, as the summaries of a run show it; else the first label's."""
    name, _, statistic = key.rpartition(".")
    if not name or statistic not in STATISTICS:
        name, statistic = key, "last"
    series, other = aliased(Series), aliased(Series)
    earlier = sa.exists().where(other.run_id == series.run_id, other.name == series.name, other.label < series.label)
    joined = sa.and_(
        series.run_id == Run.id, series.name == name, series.segment == 0, sa.or_(series.label == "", ~earlier)
    )
    value = (
        series.finite_sum / sa.func.nullif(series.finite_count, 0)
        if statistic == "mean"
        else getattr(series, statistic)
    )
    return [Join(series, joined)], _number_or_missing(value, is_descending)


def _number_or_missing(value: Expression, is_descending: bool) -> list[Term]:
    is_missing = sa.case((value.is_(None), 1), else_=0)
    return [Term(is_missing, int, False), Term(sa.func.coalesce(value, 0.0), float, is_descending)]


def _config(key: str, is_descending: bool, collation: str) -> tuple[list[Join], list[Term]]:
    """By class, then number, then text. A bool is a number (0, 1), null is missing, and so is NaN."""
    row = aliased(ConfigValue)
    number = sa.func.nullif(row.number, _NAN)
    numbers, texts = (TEXT, NUMBER) if is_descending else (NUMBER, TEXT)
    place = sa.case((number.is_not(None), numbers), (row.text.is_not(None), texts), else_=MISSING)
    text = sa.case((number.is_(None), sa.func.coalesce(row.text, "")), else_="")
    terms = [
        Term(place, int, False),
        Term(sa.func.coalesce(number, 0.0), float, is_descending),
        Term(sa.collate(text, collation), str, is_descending),
    ]
    return [Join(row, sa.and_(row.run_id == Run.id, row.key == key))], terms
