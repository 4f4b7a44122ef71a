"""The runs table grouped: how many runs have which values, and what their numbers come to, group by group.

What always holds: a value that a run does not have is a value of its own, so every run that matches is in a group; the
groups, their order and their aggregates are made in one statement, however many columns there are. Where runs are
grouped by all in which they differ but some keys, one statement more finds what that is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.errors import Refused
from tracker_server.metrics import naming
from tracker_server.metrics.models import Series
from tracker_server.metrics.naming import Rules
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue, RunTag
from tracker_server.search import fields, filters, language, matching
from tracker_server.search.filters import Condition
from tracker_server.search.run_groups_schema import Aggregate, GroupColumn, RunGroup, RunGroups, RunGroupsRequest
from tracker_server.search.sorting import MISSING, NUMBER, TEXT, bytewise

CONFIG, METRICS = "config.", "metrics."
KEYS = tuple(name for name, kind in fields.ATTRIBUTES.items() if kind == "text" and name != "notes")
NUMBERS = tuple(name for name, kind in fields.ATTRIBUTES.items() if kind in ("number", "time"))

MOST_DIFFERING = 12
"""By so many keys runs are grouped that differ in more than the keys left out: each is a join."""

AGGREGATES: dict[Aggregate, Any] = {
    "count": sa.func.count,
    "min": sa.func.min,
    "max": sa.func.max,
    "mean": sa.func.avg,
    "sum": sa.func.sum,
}

_NAN = sa.literal(float("nan"), sa.Double)


@dataclass(frozen=True)
class _Value:
    """What a run has under a key, as three columns that are never null: its kind, the number and the text."""

    kind: Any
    number: Any
    text: Any

    def named(self, place: int) -> list[sa.Label[Any]]:
        parts = (self.kind, self.number, self.text)
        return [part.label(name) for part, name in zip(parts, _names(place), strict=True)]


@dataclass(frozen=True)
class _Words:
    """What the keys and columns of one request are read with."""

    rules: Rules
    lost_before_ms: int
    collation: str


def group(session: Session, project: str, wanted: RunGroupsRequest, *, now_ms: int, lost_after_ms: int) -> RunGroups:
    """The first groups in the order asked for.

    Raises NotFound for an unknown project, Refused for a filter, key, column or order that is none, and where the runs
    differ in too many keys.
    """
    if bool(wanted.by) == (wanted.except_keys is not None):
        raise Refused(
            "unclear_grouping",
            "runs are grouped either by the keys of `by` or by all config keys but `except_keys`; send one of them",
            field="by" if wanted.except_keys is None else "except_keys",
        )
    owner = runs.project(session, project)
    lost_before_ms = now_ms - lost_after_ms
    words = _Words(naming.of_project(session, owner.id), lost_before_ms, bytewise(session))
    decides = wanted.archived == "without" and language.speaks_of(wanted.filter, "archived")
    here = filters.listed(owner.id, "with" if decides else wanted.archived)
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    conditions += language.conditions(
        wanted.filter,
        now_ms=now_ms,
        lost_before_ms=lost_before_ms,
        texts=fields.texts_of(session, here),
        rules=words.rules,
    )
    matched = matching.of(session, here, conditions)
    by = wanted.by if wanted.except_keys is None else _differing(session, matched, wanted.except_keys)
    valued = _valued(matched, here, by, words)
    page = _page(valued, matched, by, wanted, words)
    statement = _with_cells(page, valued, by, wanted, words)
    return _answer(session.execute(statement).all(), by, wanted)


def _differing(session: Session, matched: sa.CTE, left_out: Sequence[str]) -> list[str]:
    """The config keys of which the runs have different values, or only some of them one, but for those left out."""
    unknown = next((key for key in left_out if not (key.startswith(CONFIG) and len(key) > len(CONFIG))), None)
    if unknown is not None:
        raise Refused(
            "unknown_group_key",
            f"{unknown!r} cannot be left out: what is left out is a config key, 'config.<key>'",
            field="except_keys",
        )
    number, text = _parts(ConfigValue)
    different = sa.func.count(number.distinct()) + sa.func.count(text.distinct())
    present = sa.func.count(number) + sa.func.count(text)
    every = sa.select(sa.func.count()).select_from(matched).scalar_subquery()
    statement = (
        sa.select(ConfigValue.key)
        .where(ConfigValue.run_id.in_(sa.select(matched.c.id)))
        .where(*(~_is_or_below(key.removeprefix(CONFIG)) for key in left_out))
        .group_by(ConfigValue.key)
        .having(sa.or_(different > 1, sa.and_(different == 1, present < every)))
    )
    found = sorted(session.scalars(statement))
    if len(found) > MOST_DIFFERING:
        raise Refused(
            "too_many_keys",
            f"these runs differ in {len(found)} more config keys, and are grouped by at most {MOST_DIFFERING}: "
            f"{', '.join(found[:MOST_DIFFERING])} and others; leave out more of them, or filter the runs",
            field="except_keys",
        )
    return [CONFIG + key for key in found]


def _is_or_below(key: str) -> Condition:
    return sa.or_(ConfigValue.key == key, ConfigValue.key.startswith(f"{key}.", autoescape=True))


def _parts(row: type[ConfigValue]) -> tuple[Any, Any]:
    """The number and the text of a config value, of which at most one is not null."""
    return sa.func.nullif(row.number, _NAN), sa.case((row.number.is_(None), row.text))


def _names(place: int) -> tuple[str, str, str]:
    return f"kind_{place}", f"number_{place}", f"text_{place}"


def _valued(matched: sa.CTE, here: Condition, by: Sequence[str], words: _Words) -> sa.CTE:
    """The runs that match, each with its values of the keys; one with several tags comes once with each."""
    source = matching.with_runs(matched, here)
    values: list[sa.Label[Any]] = []
    for place, key in enumerate(by):
        source, value = _keyed(source, key, words)
        values += value.named(place)
    columns: list[Any] = [Run.id.label("id"), *values]
    return sa.select(*columns).select_from(source).cte("valued").prefix_with("MATERIALIZED")


def _keyed(source: Any, key: str, words: _Words) -> tuple[Any, _Value]:
    """What the runs are read from to know their values of a key, and these."""
    if key.startswith(CONFIG) and len(key) > len(CONFIG):
        row = orm.aliased(ConfigValue)
        joined = sa.and_(row.run_id == Run.id, row.key == key.removeprefix(CONFIG))
        number, text = _parts(row)
        return matching.with_values(source, row, joined, "ix_config_values_key"), _value(number, text, words)
    if key == "tag":
        tag = orm.aliased(RunTag)
        return orm.join(source, tag, tag.run_id == Run.id, isouter=True), _value(sa.null(), tag.tag, words)
    if key in KEYS:
        return source, _value(sa.null(), fields.Attribute(key, words.lost_before_ms).values().text, words)
    raise Refused(
        "unknown_group_key",
        f"runs cannot be grouped by {key!r}: a key is 'config.<key>', 'tag' or one of {', '.join(KEYS)}",
        field="by",
    )


def _value(number: Any, text: Any, words: _Words) -> _Value:
    return _Value(
        kind=sa.case((number.is_not(None), NUMBER), (text.is_not(None), TEXT), else_=MISSING),
        number=sa.func.coalesce(number, sa.literal(0.0, sa.Double)),
        text=sa.collate(sa.func.coalesce(text, ""), words.collation),
    )


def _page(valued: sa.CTE, matched: sa.CTE, by: Sequence[str], wanted: RunGroupsRequest, words: _Words) -> sa.CTE:
    """The groups to be sent: their values, how many runs each has, and `place`, which counts them in their order."""
    values = [valued.c[name] for place in range(len(by)) for name in _names(place)]
    count = sa.func.count()
    source: Any = valued
    if wanted.sort.aggregate is not None:
        source, number = _numbered(valued, wanted.sort.key, words, field="sort")
        aggregated = AGGREGATES[wanted.sort.aggregate](number)
        first = [aggregated.is_(None), _directed(aggregated, wanted.sort.is_descending)]
    elif wanted.sort.key == "count":
        first = [_directed(count, wanted.sort.is_descending)]
    elif wanted.sort.key in by:
        kind, number, text = (valued.c[name] for name in _names(by.index(wanted.sort.key)))
        is_missing = sa.case((kind == MISSING, 1), else_=0)
        first = [is_missing, *(_directed(part, wanted.sort.is_descending) for part in (kind, number, text))]
    else:
        raise Refused(
            "unknown_sort_key",
            f"cannot sort groups by {wanted.sort.key!r} without an aggregate: without one it is 'count' or a key of "
            f"`by`; with one of {', '.join(AGGREGATES)} any column",
            field="sort",
        )
    ordering = [*first, *values]
    columns: list[Any] = [
        *values,
        count.label("run_count"),
        sa.func.count().over().label("group_count"),
        sa.select(sa.func.count()).select_from(matched).scalar_subquery().label("matched"),
        sa.func.row_number().over(order_by=ordering).label("place"),
    ]
    grouped = sa.select(*columns).select_from(source).group_by(*values)
    # without a key all runs are one group, and of no runs there is none
    statement = grouped.having(count > 0).order_by(*ordering).limit(wanted.limit)
    return statement.cte("page").prefix_with("MATERIALIZED")


def _directed(expression: Any, is_descending: bool) -> Any:
    return expression.desc() if is_descending else expression.asc()


def _numbered(members: sa.CTE, key: str, words: _Words, *, field: str = "columns") -> tuple[Any, Any]:
    """What the runs of a query are read from to know a number of each, and that number, null where it is missing."""
    if key.startswith(CONFIG) and len(key) > len(CONFIG):
        row = orm.aliased(ConfigValue)
        joined = sa.and_(row.run_id == members.c.id, row.key == key.removeprefix(CONFIG))
        source = matching.with_values(members, row, joined, "ix_config_values_key")
        return source, sa.func.nullif(row.number, _NAN)
    if key.startswith(METRICS) and len(key) > len(METRICS):
        metric, series = _metric(key.removeprefix(METRICS), words.rules), orm.aliased(Series)
        joined = sa.and_(series.run_id == members.c.id, metric.is_it(series))
        return matching.with_values(members, series, joined, "ix_series_statistics"), metric.value(series)
    if key in NUMBERS:
        number = fields.Attribute(key, words.lost_before_ms).values().number
        return orm.join(members, sa.inspect(Run).selectable, Run.id == members.c.id), number
    raise Refused(
        "unknown_column",
        f"there is no column {key!r} to be aggregated: a column is 'config.<key>', 'metrics.<name>' with or without "
        f"one of {', '.join('.' + name for name in fields.STATISTICS)}, or one of {', '.join(NUMBERS)}",
        field=field,
    )


def _metric(key: str, rules: Rules) -> fields.Metric:
    name, _, statistic = key.rpartition(".")
    if not name or statistic not in fields.STATISTICS:
        name, statistic = key, "last"
    return fields.Metric(name, statistic, rules)


def _with_cells(
    page: sa.CTE, valued: sa.CTE, by: Sequence[str], wanted: RunGroupsRequest, words: _Words
) -> sa.Select[Any]:
    """The groups, each as often as there are columns, with the number of the column and what it comes to."""
    same = [page.c[name] == valued.c[name] for place in range(len(by)) for name in _names(place)]
    together = sa.select(page.c.place, valued.c.id).join_from(valued, page, sa.and_(sa.true(), *same))
    members = together.cte("members").prefix_with("MATERIALIZED")
    cells = [_cells(members, number, column, words) for number, column in enumerate(wanted.columns)]
    if not cells:
        nothing = (sa.null().label("number"), sa.null().label("value"))
        return sa.select(page, *nothing).order_by(page.c.place)
    every = sa.union_all(*cells).subquery("cells")
    statement = sa.select(page, every.c.number, every.c.value)
    return statement.join_from(page, every, every.c.place == page.c.place).order_by(page.c.place, every.c.number)


def _cells(members: sa.CTE, number: int, column: GroupColumn, words: _Words) -> sa.Select[Any]:
    source, value = _numbered(members, column.key, words)
    if column.aggregate == "std":
        return _variance(members, source, value, number)
    aggregated = sa.cast(AGGREGATES[column.aggregate](value), sa.Double)
    columns: list[Any] = [
        members.c.place, sa.literal(number, sa.Integer).label("number"), aggregated.label("value")
    ]  # fmt: skip
    return sa.select(*columns).select_from(source).group_by(members.c.place)


def _variance(members: sa.CTE, source: Any, value: Any, number: int) -> sa.Select[Any]:
    """The variance, since not every SQLite has a root: around the mean, so that large numbers keep their digits."""
    real = sa.cast(value, sa.Double)
    around = sa.func.avg(real).over(partition_by=members.c.place)
    apart = sa.select(members.c.place, real.label("value"), (real - around).label("apart")).select_from(source)
    rows = apart.subquery(f"apart_{number}")
    variance = sa.func.sum(rows.c.apart * rows.c.apart) / sa.func.nullif(sa.func.count(rows.c.value) - 1, 0)
    columns: list[Any] = [
        rows.c.place, sa.literal(number, sa.Integer).label("number"), sa.cast(variance, sa.Double).label("value")
    ]  # fmt: skip
    return sa.select(*columns).group_by(rows.c.place)


def _answer(rows: Sequence[Any], by: Sequence[str], wanted: RunGroupsRequest) -> RunGroups:
    found: dict[int, RunGroup] = {}
    is_squared = [column.aggregate == "std" for column in wanted.columns]
    for row in rows:
        if row.place not in found:
            values = [_told(*(getattr(row, name) for name in _names(place))) for place in range(len(by))]
            found[row.place] = RunGroup(values, row.run_count, [None] * len(wanted.columns))
        if row.number is not None:
            value = _finite(row.value)
            found[row.place].columns[row.number] = math.sqrt(value) if value and is_squared[row.number] else value
    return RunGroups(
        keys=list(by),
        groups=list(found.values()),
        group_count=rows[0].group_count if rows else 0,
        matched=rows[0].matched if rows else 0,
    )


def _told(kind: int, number: float, text: str) -> float | str | None:
    if kind == MISSING:
        return None
    return text if kind == TEXT else number


def _finite(value: float | None) -> float | None:
    """Infinities that cancel each other are nothing on one database and NaN on the other."""
    return value if value is not None and math.isfinite(value) else None
