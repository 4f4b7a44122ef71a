"""A page of one table: filtered, put into groups, sorted. Runs in the process that reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from tracker.kinds import ColumnType
from tracker_server.errors import Refused
from tracker_server.tabular import cells, language
from tracker_server.tabular.decoding import Table, decode
from tracker_server.tabular.schema import (
    Aggregate,
    Grouping,
    PageQuestion,
    SortColumn,
    Source,
    TableColumn,
    TablePage,
    TableQuery,
)
from tracker_server.tabular.warm import MAX_BYTES, Warm

DEFAULT_COLUMNS: Final = 100
MAX_AVAILABLE: Final = 2000

_tables: Warm[Table] = Warm(MAX_BYTES, lambda table: table.size_bytes)
_groups: Warm[Table] = Warm(MAX_BYTES // 8, lambda table: table.size_bytes)
_orders: Warm[pl.Series] = Warm(MAX_BYTES // 8, lambda rows: int(rows.estimated_size()))


def load(path: Path, source: Source) -> Table:
    """The table of a file, read or kept."""
    return _tables.get((str(path), source.format), lambda: decode(path, source.format))


def page(paths: tuple[Path, ...], question: PageQuestion) -> TablePage:
    """The rows that are asked for. Raises Unreadable and Refused."""
    query, source = question.query, question.source
    whole = load(paths[0], source)
    table, key = whole, msgspec.json.encode([str(paths[0]), source.format, query.filter, query.group])
    if query.group is not None:
        grouping = query.group
        table = _groups.get(key, lambda: _grouped(whole, query.filter, grouping))
    names = chosen(table, query.columns)
    order = _orders.get((key, msgspec.json.encode(query.sort)), lambda: _ordered(table, query))
    rows = table.frame.select(names)[order.slice(query.offset, query.limit)]
    columns = cells.values(table, rows, names, source.cells)
    return TablePage(
        columns=[TableColumn(name, table.types[name]) for name in names],
        available=[TableColumn(name, kind) for name, kind in list(whole.types.items())[:MAX_AVAILABLE]],
        rows=[list(row) for row in zip(*columns, strict=True)],
        row_count=whole.frame.height,
        match_count=len(order),
        is_cut=whole.is_cut,
        notes=list(whole.notes),
    )


def chosen(table: Table, names: list[str] | None, *, besides: Iterable[str] = ()) -> list[str]:
    """The columns that are asked for, else the first ones. Raises Refused."""
    if names is None:
        left_out = set(besides)
        return [name for name in table.types if name not in left_out][:DEFAULT_COLUMNS]
    for name in names:
        check_column(table, name, "columns")
    return list(dict.fromkeys(names))


def check_column(table: Table, name: str, field: str, *, whose: str = "the table") -> None:
    """Raises Refused where the table has no such column."""
    if name not in table.types:
        known = ", ".join(list(table.types)[:30]) or "none"
        message = f"{whose} has no column {name[:100]!r}; it has {known}"
        raise Refused("unknown_column", message, field=field)


def comparable(table: Table, name: str) -> pl.Expr:
    """A column's values as they are sorted and grouped: what is nested, as its JSON."""
    return table.text(name) if name in table.nested else pl.col(name)


def _ordered(table: Table, query: TableQuery) -> pl.Series:
    """The numbers of the rows, from 0, that fit, in their order."""
    lazy = table.frame.lazy().with_row_index("\0row")
    if query.group is None:
        condition = _condition(table, query.filter)
        lazy = lazy.filter(condition) if condition is not None else lazy
    for key in query.sort:
        check_column(table, key.column, "sort")
    if query.sort:
        lazy = lazy.sort(
            [_sort_key(table, key) for key in query.sort],
            descending=[key.descending for key in query.sort],
            nulls_last=True,
            maintain_order=True,
        )
    return lazy.select("\0row").collect().to_series()


def _sort_key(table: Table, key: SortColumn) -> pl.Expr:
    column = comparable(table, key.column)
    return column.fill_nan(None) if table.frame.schema[key.column].is_float() else column


def _condition(table: Table, text: str) -> pl.Expr | None:
    return language.condition(text, table)


def _grouped(table: Table, text: str, group: Grouping) -> Table:
    for name in group.by:
        check_column(table, name, "group")
    made: list[pl.Expr] = [pl.len().alias("count()")]
    types: dict[str, ColumnType] = {name: table.types[name] for name in group.by}
    types["count()"] = "number"
    for value in group.values:
        check_column(table, value.column, "group")
        name = f"{value.of}({value.column})"
        if name not in types:
            made.append(_aggregate(table, value).alias(name))
            types[name] = _type_of(table, value)
    condition = _condition(table, text)
    lazy = table.frame.lazy()
    lazy = lazy.filter(condition) if condition is not None else lazy
    by = [comparable(table, name).alias(name) for name in dict.fromkeys(group.by)]
    frame = lazy.group_by(by, maintain_order=True).agg(made).collect()
    return Table(frame, types, size_bytes=int(frame.estimated_size()))


def _aggregate(table: Table, value: Aggregate) -> pl.Expr:
    column, kind = pl.col(value.column), table.types[value.column]
    if value.of == "count":
        return column.count()
    if value.of in ("mean", "sum") and kind not in ("number", "boolean"):
        message = f"{value.column[:100]!r} is a column of type {kind}, of which there is no {value.of}"
        raise Refused("bad_group", message, field="group")
    if kind in ("json", "media"):
        message = f"{value.column[:100]!r} is a column of type {kind}, which has no order"
        raise Refused("bad_group", message, field="group")
    aggregates: dict[str, Any] = {"mean": column.mean, "sum": column.sum, "min": column.min, "max": column.max}
    found: pl.Expr = aggregates[value.of]()
    return found


def _type_of(table: Table, value: Aggregate) -> ColumnType:
    return table.types[value.column] if value.of in ("min", "max") else "number"
