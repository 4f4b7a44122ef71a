"""Some values of very many runs, as columns.

What always holds: the number of statements does not depend on how many runs and columns there are, and what comes back
is some bytes for each value, not an object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import db, runs
from tracker_server.errors import Refused
from tracker_server.metrics import naming
from tracker_server.metrics.columns import Floats, Integers
from tracker_server.metrics.models import Series
from tracker_server.metrics.naming import Rules
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue
from tracker_server.search import fields, filters, language, matching
from tracker_server.search.run_columns_schema import RunColumn, RunColumns, RunColumnsRequest

CONFIG, METRICS = "config.", "metrics."
ATTRIBUTES = tuple(name for name, kind in fields.ATTRIBUTES.items() if kind != "any" and name not in ("id", "notes"))


@dataclass(frozen=True)
class Column:
    """One value a run: `numbers` are NaN and `codes`, which are places in `texts`, -1 where there is none."""

    key: str
    numbers: Floats
    codes: Integers
    texts: list[str]


@dataclass(frozen=True)
class Found:
    """The newest of the `matched` runs, by their rows, and their columns."""

    rows: Sequence[Any]
    columns: list[Column]
    matched: int


def read(session: Session, project: str, wanted: RunColumnsRequest, *, now_ms: int, lost_after_ms: int) -> Found:
    """Raises NotFound for an unknown project, Refused for a filter or column that is none."""
    owner = runs.project(session, project)
    rules = naming.of_project(session, owner.id)
    lost_before_ms = now_ms - lost_after_ms
    for key in wanted.columns:
        _check(key)
    attributes = [key for key in dict.fromkeys(wanted.columns) if key in ATTRIBUTES]
    decides = wanted.archived == "without" and language.speaks_of(wanted.filter, "archived")
    here = filters.listed(owner.id, "with" if decides else wanted.archived)
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    conditions += [] if wanted.runs is None else [Run.id.in_(wanted.runs)]
    conditions += language.conditions(
        wanted.filter, now_ms=now_ms, lost_before_ms=lost_before_ms, texts=fields.texts_of(session, here), rules=rules
    )
    matched = matching.of(session, here, conditions)
    rows = session.execute(_newest(matched, here, attributes, lost_before_ms, wanted.limit)).all()
    ids = [row.id for row in rows]
    values = _of_config(session, ids, wanted.columns) | _of_metrics(session, ids, wanted.columns, rules)
    values |= {key: _of_rows(rows, f"attribute_{place}") for place, key in enumerate(attributes)}
    places = {run_id: place for place, run_id in enumerate(ids)}
    columns = [_column(key, values.get(key, []), places) for key in wanted.columns]
    return Found(rows, columns, rows[0].matched if rows else 0)


def answer(session: Session, found: Found, *, as_bytes: bool) -> RunColumns:
    """What was found, with its columns as lists or as bytes."""
    ids = [row.id for row in found.rows]
    defined = runs.definitions(session, ids[:1])
    goals = defined[ids[0]] if ids else runs.Definitions()
    return RunColumns(
        ids=ids,
        names=[row.name for row in found.rows],
        hues=[row.hue for row in found.rows],
        statuses=[row.status for row in found.rows],
        columns=[_sent(column, goals, as_bytes=as_bytes) for column in found.columns],
        matched=found.matched,
    )


def split(key: str) -> tuple[str, str]:
    """The name and the statistic of a metric's column."""
    label = key.removeprefix(METRICS)
    name, _, statistic = label.rpartition(".")
    return (name, statistic) if name and statistic in fields.STATISTICS else (label, "last")


def _check(key: str) -> None:
    if key in ATTRIBUTES or any(key.startswith(start) and len(key) > len(start) for start in (CONFIG, METRICS)):
        return
    raise Refused(
        "unknown_column",
        f"there is no column {key!r}: a column is 'config.<key>', 'metrics.<name>' with or without one of "
        f"{', '.join('.' + name for name in fields.STATISTICS)}, or one of {', '.join(ATTRIBUTES)}",
        field="columns",
    )


def _newest(
    matched: sa.CTE, here: filters.Condition, attributes: Sequence[str], lost_before_ms: int, limit: int
) -> sa.Select[Any]:
    values = [fields.Attribute(name, lost_before_ms).values() for name in attributes]
    shown = [value.text if value.text is not None else value.number for value in values]
    columns: list[Any] = [
        Run.id,
        Run.name,
        Run.hue,
        fields.Attribute("status", lost_before_ms).values().text.label("status"),  # type: ignore[union-attr]
        sa.select(sa.func.count()).select_from(matched).scalar_subquery().label("matched"),
        *(value.label(f"attribute_{place}") for place, value in enumerate(shown) if value is not None),
    ]
    source = matching.with_runs(matched, here)
    return sa.select(*columns).select_from(source).order_by(Run.created_ms.desc(), Run.id.desc()).limit(limit)


Cell = tuple[str, Any]
"""A run and its value there: a number, a text or None."""


def _of_rows(rows: Sequence[Any], name: str) -> list[Cell]:
    return [(row.id, getattr(row, name)) for row in rows]


def _of_config(session: Session, ids: list[str], columns: Sequence[str]) -> dict[str, list[Cell]]:
    """A row has a text beside the number where it is a bool: the number is what counts."""
    keys = [key.removeprefix(CONFIG) for key in dict.fromkeys(columns) if key.startswith(CONFIG)]
    if not keys or not ids:
        return {}
    row, chosen = ConfigValue, _chosen(ids)
    statement = sa.select(row.key, row.run_id, row.number, row.text)
    statement = statement.where(row.key.in_(keys), row.run_id.in_(sa.select(chosen.c.id)))
    found: dict[str, list[Cell]] = {}
    for key, run_id, number, text in session.execute(statement):
        found.setdefault(CONFIG + key, []).append((run_id, text if number is None else number))
    return found


def _of_metrics(session: Session, ids: list[str], columns: Sequence[str], rules: Rules) -> dict[str, list[Cell]]:
    keys = [key for key in dict.fromkeys(columns) if key.startswith(METRICS)]
    if not keys or not ids:
        return {}
    chosen = _chosen(ids)
    statements = [_of_metric(place, fields.Metric(*split(key), rules), chosen) for place, key in enumerate(keys)]
    found: dict[str, list[Cell]] = {}
    for place, run_id, number in session.execute(sa.union_all(*statements)):
        found.setdefault(keys[place], []).append((run_id, number))
    return found


def _of_metric(place: int, metric: fields.Metric, chosen: sa.CTE) -> sa.Select[Any]:
    series = orm.aliased(Series)
    columns: list[Any] = [
        sa.literal(place, sa.Integer).label("place"),
        series.run_id,
        sa.cast(metric.value(series), sa.Double).label("number"),
    ]
    return sa.select(*columns).where(series.run_id.in_(sa.select(chosen.c.id)), metric.is_it(series))


def _chosen(ids: list[str]) -> sa.CTE:
    listed = db.listed(ids)
    return sa.select(listed.c.value.label("id")).cte("chosen").prefix_with("MATERIALIZED")


def _column(key: str, cells: Sequence[Cell], places: dict[str, int]) -> Column:
    numbers = np.full(len(places), np.nan)
    codes = np.full(len(places), -1, np.int64)
    known: dict[str, int] = {}
    for run_id, value in cells:
        if isinstance(value, str):
            codes[places[run_id]] = known.setdefault(value, len(known))
        elif value is not None:
            numbers[places[run_id]] = value
    texts = sorted(known)
    order = {known[text]: place for place, text in enumerate(texts)} | {-1: -1}
    return Column(key, numbers, np.array([order[code] for code in codes.tolist()], np.int64), texts)


def _sent(column: Column, goals: runs.Definitions, *, as_bytes: bool) -> RunColumn:
    numbers: Any = column.numbers.astype("<f8").tobytes() if as_bytes else _listed(column.numbers)
    codes: Any = column.codes.astype("<i4").tobytes() if as_bytes else column.codes.tolist()
    goal = goals.of(split(column.key)[0]).goal if column.key.startswith(METRICS) else None
    return RunColumn(column.key, numbers, codes, column.texts, goal)


def _listed(numbers: Floats) -> list[float | None]:
    return [None if np.isnan(number) else number for number in numbers.tolist()]
