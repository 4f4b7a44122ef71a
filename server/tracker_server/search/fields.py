"""What a filter can name of a run, as SQL.

What always holds: a condition made here is true or false of every run and never null, so that `not` means what it says,
and both databases find the same runs. A value that is missing, null or NaN is none: it equals nothing, and nothing is
above or below it. A bool is the number 1 or 0; a list in a config is its JSON text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.metrics.models import Series
from tracker_server.metrics.naming import Rules
from tracker_server.runs import Run
from tracker_server.runs.config import MAX_INDEXED
from tracker_server.runs.models import ConfigValue, MetricDefinition, MetricGoal, RunTag, SummaryValue
from tracker_server.search.filters import Condition
from tracker_server.search.sorting import is_it

Expression = Any
"""A column, or a function, case or subquery with a type."""

Kind = Literal["text", "number", "time", "any"]
Sign = Literal["<", "<=", ">", ">=", "==", "!="]
Part = Literal["contains", "startswith", "endswith"]

SIGNS: dict[Sign, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
ORDERING: tuple[Sign, ...] = ("<", "<=", ">", ">=")
STATISTICS = ("last", "min", "max", "mean", "best", "count", "last_step", "min_step", "max_step", "best_step")
ATTRIBUTES: dict[str, Kind] = {
    "id": "text",
    "name": "text",
    "number": "number",
    "status": "text",
    "group": "text",
    "job_type": "text",
    "parent": "text",
    "user": "text",
    "notes": "text",
    "created": "time",
    "started": "time",
    "finished": "time",
    "heartbeat": "time",
    "duration": "number",
    "archived": "any",
}
"""Names of what every run has beside its tags, config, metrics and summary. Times are Unix milliseconds; `archived` is
1 or 0, and a condition by itself."""

INTEGERS = range(-(2**63), 2**63)

_COLUMNS = {
    "group": "group_name",
    "parent": "parent_id",
    "user": "user_name",
    **{name: f"{name}_ms" for name, kind in ATTRIBUTES.items() if kind == "time"},
}

_NAN = sa.literal(float("nan"), sa.Double)


@dataclass(frozen=True)
class Values:
    """What stands under a name: a number or a text. One that the field never has is None here, one that this run has
    not is null or fails its condition."""

    number: Expression | None = None
    text: Expression | None = None
    is_number: Condition = field(default_factory=sa.true)
    is_text: Condition = field(default_factory=sa.true)


Test = Callable[[Values], Condition]


class Field(Protocol):
    """One thing of a run. `text_limit` is where its text is cut, if it is."""

    @property
    def kind(self) -> Kind: ...

    @property
    def text_limit(self) -> int | None: ...

    def holds(self, test: Test) -> Condition:
        """Whether the run has a value that passes the test, which may be null for a value that does not."""

    def values(self) -> Values:
        """The values of the run at hand, to be set beside those of another field."""

    def texts(self, here: Condition) -> sa.Select[Any]:
        """A query for the different texts that the runs here have."""


@dataclass(frozen=True)
class Attribute:
    """A column of `runs`, or what follows from its columns. `lost_before_ms` tells a lost run from a running one."""

    name: str
    lost_before_ms: int
    text_limit: int | None = None

    @property
    def kind(self) -> Kind:
        return ATTRIBUTES[self.name]

    def holds(self, test: Test) -> Condition:
        value = self._value()
        return sa.and_(value.is_not(None), test(self.values()))

    def values(self) -> Values:
        return Values(text=self._value()) if self.kind == "text" else Values(number=self._value())

    def texts(self, here: Condition) -> sa.Select[Any]:
        value = self._value()
        return sa.select(value).where(here, value.is_not(None)).distinct()

    def _value(self) -> Expression:
        if self.name == "status":
            is_lost = sa.and_(Run.status == "running", Run.heartbeat_ms < self.lost_before_ms)
            return sa.case((is_lost, "lost"), else_=Run.status)
        if self.name == "duration":
            ended_ms = sa.func.coalesce(Run.finished_ms, Run.heartbeat_ms)
            return sa.cast(ended_ms - Run.started_ms, sa.Double) / sa.literal(1000.0, sa.Double)
        if self.name == "archived":
            return sa.case((Run.archived_ms.is_not(None), 1), else_=0)
        return getattr(Run, _COLUMNS.get(self.name, self.name))


@dataclass(frozen=True)
class Keyed:
    """A value of the config, or one of the summary that was set by hand."""

    table: type[ConfigValue | SummaryValue]
    key: str
    kind: Kind = "any"
    text_limit: int | None = MAX_INDEXED

    def holds(self, test: Test) -> Condition:
        row = orm.aliased(self.table)
        return _with(row, row.key == self.key, test(_typed(row)))

    def values(self) -> Values:
        row = orm.aliased(self.table)
        number, text = sa.func.nullif(row.number, _NAN), sa.case((row.number.is_(None), row.text))
        found = [_of_run(row, value, row.key == self.key) for value in (number, text)]
        return Values(number=found[0], text=found[1])

    def texts(self, here: Condition) -> sa.Select[Any]:
        row = orm.aliased(self.table)
        is_text = (row.key == self.key, row.number.is_(None), row.text.is_not(None))
        return sa.select(row.text).where(*is_text, row.run_id.in_(sa.select(Run.id).where(here))).distinct()


@dataclass(frozen=True)
class Metric:
    """A statistic of the series that the runs table shows under this name."""

    name: str
    statistic: str
    rules: Rules
    kind: Kind = "number"
    text_limit: int | None = None

    def holds(self, test: Test) -> Condition:
        series = orm.aliased(Series)
        value = self.value(series)
        return _with(series, self.is_it(series), value.is_not(None), test(Values(number=value)))

    def values(self) -> Values:
        series = orm.aliased(Series)
        return Values(number=_of_run(series, self.value(series), self.is_it(series)))

    def texts(self, here: Condition) -> sa.Select[Any]:
        raise NotImplementedError("a metric has no texts, and the language asks for none")

    def is_it(self, series: type[Series]) -> Condition:
        return is_it(series, self.name, self.rules)

    def value(self, series: type[Series]) -> Expression:
        if self.statistic in ("best", "best_step"):
            return _best(series, self.name, self.statistic.removeprefix("best"))
        if self.statistic != "mean":
            return getattr(series, self.statistic)
        return sa.func.nullif(series.finite_sum / sa.func.nullif(series.finite_count, 0), _NAN)


def _best(series: type[Series], name: str, end: str) -> Expression:
    """The minimum or the maximum, whichever is good: as the project says, else its run; null where neither does."""
    row = orm.aliased(MetricDefinition)
    patterns = [name, *(f"{name[:length]}*" for length in range(len(name) + 1))]
    is_beginning = sa.case((row.pattern.endswith("*"), 1), else_=0)
    goal: Expression = (
        sa.select(row.goal)
        .where(row.run_id == series.run_id, row.pattern.in_(patterns), row.goal.is_not(None))
        .order_by(is_beginning, sa.func.length(row.pattern).desc())
        .limit(1)
        .correlate(series)
        .scalar_subquery()
    )
    owner = orm.aliased(Run)
    chosen = (
        sa.select(MetricGoal.goal)
        .join(owner, owner.project_id == MetricGoal.project_id)
        .where(owner.id == series.run_id, MetricGoal.name == name)
        .correlate(series)
        .scalar_subquery()
    )
    goal = sa.func.coalesce(chosen, goal)
    return sa.case((goal == "min", getattr(series, f"min{end}")), (goal == "max", getattr(series, f"max{end}")))


def compared(field: Field, sign: Sign, value: float | str) -> Condition:
    """Whether the run's value compares so with a fixed one; a text and a number are never equal, above or below."""
    if sign == "!=":
        return ~compared(field, "==", value)
    return field.holds(lambda values: _passes(values, SIGNS[sign], sign in ORDERING, value, field.text_limit))


def among(field: Field, choices: Sequence[float | str]) -> Condition:
    """Whether the run's value is one of these."""
    numbers = [choice for choice in choices if not isinstance(choice, str)]
    texts = [choice[: field.text_limit] for choice in choices if isinstance(choice, str)]

    def test(values: Values) -> Condition:
        found: list[Condition] = []
        if numbers and values.number is not None:
            found.append(sa.and_(values.number.in_([_bound(values.number, number) for number in numbers])))
        if texts and values.text is not None:
            found.append(sa.and_(values.text.in_(texts), values.is_text))
        return sa.or_(sa.false(), *found)

    return field.holds(test)


def related(left: Field, sign: Sign, right: Field) -> Condition:
    """Whether two values of the run compare so; a run that lacks one of them has two that are not equal."""
    if sign == "!=":
        return ~related(left, "==", right)
    compare, ours, theirs = SIGNS[sign], left.values(), right.values()
    found: list[Condition] = []
    if ours.number is not None and theirs.number is not None:
        found.append(compare(ours.number, theirs.number))
    if ours.text is not None and theirs.text is not None:
        found.append(compare(_bytewise(ours.text), _bytewise(theirs.text)))
    return sa.func.coalesce(sa.or_(sa.false(), *found), sa.false())


def is_present(field: Field) -> Condition:
    """Whether the run has a value there."""
    return field.holds(lambda values: sa.or_(*_present(values)))


def is_true(field: Field) -> Condition:
    """Whether the value is a number other than 0 or a text that is not empty."""

    def test(values: Values) -> Condition:
        found: list[Condition] = []
        if values.number is not None:
            found.append(sa.and_(values.number != 0, values.is_number))
        if values.text is not None:
            found.append(sa.and_(values.text != "", values.is_text))
        return sa.or_(*found)

    return field.holds(test)


def has_part(field: Field, part: Part, text: str) -> Condition:
    """Whether the value is a text with this text in it, at its start or at its end; upper and lower case differ."""

    def test(values: Values) -> Condition:
        if values.text is None:
            return sa.false()
        return sa.and_(_has_part(values.text, part, text), values.is_text)

    return field.holds(test)


def has_text_of(field: Field, texts: list[str]) -> Condition:
    """Whether the value is one of these texts, of which there may be very many."""

    def test(values: Values) -> Condition:
        chosen = db.listed(texts)
        assert values.text is not None
        return sa.and_(values.text.in_(sa.select(chosen.c.value)), values.is_text)

    return field.holds(test)


def is_tagged_with_one_of(tags: list[str]) -> Condition:
    chosen = db.listed(tags)
    return _with(RunTag, RunTag.tag.in_(sa.select(chosen.c.value)))


def texts_of(session: Session, here: Condition) -> Callable[[Field | None], Iterator[str]]:
    """Reads the different texts that the runs here have in a field, or (None) as tags: one statement each."""
    tags = sa.select(RunTag.tag).where(RunTag.run_id.in_(sa.select(Run.id).where(here))).distinct()

    def read(field: Field | None) -> Iterator[str]:
        yield from session.scalars(tags if field is None else field.texts(here)).yield_per(10_000)

    return read


def is_tagged(tag: str) -> Condition:
    return _with(RunTag, RunTag.tag == tag)


def has_tags() -> Condition:
    return _with(RunTag)


def _with(row: Any, *conditions: Condition) -> Condition:
    return Run.id.in_(sa.select(row.run_id).where(*conditions))


def _of_run(row: Any, value: Expression, *conditions: Condition) -> Expression:
    return sa.select(value).where(row.run_id == Run.id, *conditions).correlate(Run).scalar_subquery()


def _typed(row: Any) -> Values:
    """A NaN is no number. SQLite keeps it as null, PostgreSQL above all others."""
    is_number = sa.func.nullif(row.number, _NAN).is_not(None)
    return Values(number=row.number, text=row.text, is_number=is_number, is_text=row.number.is_(None))


def _present(values: Values) -> list[Condition]:
    found: list[Condition] = []
    if values.number is not None:
        found.append(sa.and_(values.number.is_not(None), values.is_number))
    if values.text is not None:
        found.append(sa.and_(values.text.is_not(None), values.is_text))
    return found


def _passes(
    values: Values, compare: Callable[[Any, Any], Any], is_ordering: bool, value: float | str, limit: int | None
) -> Condition:
    if isinstance(value, str):
        if values.text is None:
            return sa.false()
        text = _bytewise(values.text) if is_ordering else values.text
        return sa.and_(compare(text, sa.literal(value[:limit], sa.Text)), values.is_text)
    if values.number is None:
        return sa.false()
    return sa.and_(compare(values.number, _bound(values.number, value)), values.is_number)


def _bound(number: Expression, value: float) -> Any:
    """The value in the type of the column, where it has one, so that an index is followed."""
    is_whole = isinstance(number.type, sa.Integer) and float(value).is_integer() and int(value) in INTEGERS
    return sa.literal(int(value), sa.BigInteger) if is_whole else sa.literal(float(value), sa.Double)


def _has_part(text: Expression, part: Part, wanted: str) -> Condition:
    if part == "contains":
        return _position(text, sa.literal(wanted, sa.Text)) > 0
    if part == "startswith":
        return sa.func.substr(text, 1, len(wanted)) == wanted
    length = sa.func.length(text)
    return sa.and_(length >= len(wanted), sa.func.substr(text, length - len(wanted) + 1) == wanted)


class _position(sa.sql.functions.FunctionElement[int]):
    """Where a text begins in another, from 1; 0 where it is not."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_position)
def _position_in_sqlite(element: _position, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_position, "postgresql")
def _position_in_postgresql(element: _position, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


class _bytewise(sa.sql.functions.FunctionElement[str]):
    """A text that compares by its bytes, which is by its code points."""

    type = sa.Text()
    inherit_cache = True


@compiles(_bytewise)
def _bytewise_in_sqlite(element: _bytewise, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} COLLATE BINARY)"


@compiles(_bytewise, "postgresql")
def _bytewise_in_postgresql(element: _bytewise, compiler: Any, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'
