"""Rows of two tables beside each other: which are in both, which differ, and which got worse.

What always holds: no row is lost or made more by keys that are not unique: of equal keys the first row goes with the
first, the second with the second. Runs in the process that reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import polars as pl

from tracker_server.errors import Refused
from tracker_server.tabular import cells
from tracker_server.tabular.decoding import Table
from tracker_server.tabular.paging import check_column, chosen, load
from tracker_server.tabular.schema import (
    ChangedRow,
    ChangesQuestion,
    JoinCounts,
    JoinedRow,
    JoinOrder,
    JoinPage,
    JoinQuestion,
    TableChangesPage,
    TableColumn,
)
from tracker_server.tabular.warm import Warm

_LEFT: Final = "\0left"
_RIGHT: Final = "\0right"
_NTH: Final = "\0nth"
_DIFFERS: Final = "\0differs"
_GAIN: Final = "\0gain"

_KEYS: Final = (
    "id", "uuid", "guid", "key", "path", "file", "filename", "file_name", "filepath", "file_path", "url", "name",
)  # fmt: skip
"""Columns that usually say which row is which, the surest first."""

T = TypeVar("T")


@dataclass(frozen=True)
class _Matched:
    """`rows` has a row of numbers for each pair: of the row on the left, on the right (null where there is none), and
    whether they differ."""

    rows: pl.DataFrame
    repeated: int


_matches: Warm[_Matched] = Warm(64 * 1024 * 1024, lambda found: int(found.rows.estimated_size()))


def join(paths: tuple[Path, ...], question: JoinQuestion) -> JoinPage:
    """Rows of both tables. Raises Unreadable and Refused."""
    query = question.query
    left, right = load(paths[0], question.left), load(paths[1], question.right)
    on = list(dict.fromkeys(query.on))
    for name in on:
        check_column(left, name, "on", whose="the table to the left")
        check_column(right, name, "on", whose="the table to the right")
    matched = _matches.get((paths, tuple(on)), lambda: _matched(left, right, on, _shared(left, right, on)))
    rows = matched.rows
    gains = _gains(left, right, rows, query.order_by) if query.order_by is not None else None
    counts = _counts(rows, gains)
    if gains is not None and query.order_by is not None:
        rows = rows.with_columns(gains.alias(_GAIN))
    rows = _kept(rows, query.only, query.order_by)
    shown = rows.slice(query.offset, query.limit)
    names = _names(left, right, on, query.columns)
    return JoinPage(
        on=[TableColumn(name, left.types[name]) for name in on],
        columns=[TableColumn(name, (left if name in left.types else right).types[name]) for name in names],
        left_columns=[name for name in names if name in left.types],
        right_columns=[name for name in names if name in right.types],
        rows=_joined(left, right, shown, on, names, question),
        counts=counts,
        match_count=rows.height,
        is_cut=left.is_cut or right.is_cut,
        notes=[*_notes(left, right), *_repeated(matched.repeated)],
    )


def changes(paths: tuple[Path, ...], question: ChangesQuestion) -> TableChangesPage:
    """What became of the rows of the left table, which the right one is now. Raises Unreadable and Refused."""
    query = question.query
    before, after = load(paths[0], question.before), load(paths[1], question.after)
    common = [name for name in after.types if name in before.types]
    keys = _key_of(before, after, common) if query.on is None else list(dict.fromkeys(query.on))
    on = keys or common
    for name in keys:
        check_column(before, name, "on", whose="the file as it was")
        check_column(after, name, "on", whose="the file as it is now")
    if not on:
        raise Refused("nothing_in_common", "the two versions of the file have no column in common", field="path")
    matched = _matches.get((paths, tuple(on)), lambda: _matched(before, after, on, _shared(before, after, on)))
    rows = matched.rows.with_columns(_kind().alias("kind"))
    sizes = dict(rows.group_by("kind").len().iter_rows())
    wanted = [query.only] if query.only is not None else ["changed", "removed", "added"]
    rows = rows.filter(pl.col("kind").is_in(wanted))
    rows = rows.sort(pl.col("kind").replace_strict({"changed": 0, "removed": 1, "added": 2}), maintain_order=True)
    names = [*common, *(name for name in [*before.types, *after.types] if name not in common)][:100]
    return TableChangesPage(
        on=keys,
        columns=[TableColumn(name, (after if name in after.types else before).types[name]) for name in names],
        added_columns=[name for name in after.types if name not in before.types],
        removed_columns=[name for name in before.types if name not in after.types],
        rows=_changed(before, after, rows.slice(query.offset, query.limit), names, question),
        added=sizes.get("added", 0),
        removed=sizes.get("removed", 0),
        changed=sizes.get("changed", 0),
        unchanged=sizes.get("unchanged", 0),
        match_count=rows.height,
        is_cut=before.is_cut or after.is_cut,
        notes=[*_notes(before, after), *(_repeated(matched.repeated) if keys else [])],
    )


def _key_of(before: Table, after: Table, common: list[str]) -> list[str]:
    """The column that tells rows apart in both, by its name and its values; none where there is no such column."""
    named = {name: _rank(name) for name in common if name not in before.nested | after.nested}
    likely = sorted((rank, name) for name, rank in named.items() if rank is not None)
    return next(([name] for _, name in likely if _is_key(before, name) and _is_key(after, name)), [])


def _rank(name: str) -> int | None:
    """How likely a column of that name is a key, the likeliest first; None where it is not."""
    word = name.strip().lower()
    if word in _KEYS:
        return _KEYS.index(word)
    return len(_KEYS) if word.endswith(("_id", "_uuid", "_key")) else None


def _is_key(table: Table, name: str) -> bool:
    values = table.frame[name]
    return values.null_count() == 0 and values.n_unique() == values.len()


def _matched(left: Table, right: Table, on: list[str], compared: list[str]) -> _Matched:
    pairs = [_alike(left, right, name) for name in on]
    keys = [f"\0key{number}" for number in range(len(on))]
    ours = _keyed(left.frame, [pair[0] for pair in pairs], keys, _LEFT)
    theirs = _keyed(right.frame, [pair[1] for pair in pairs], keys, _RIGHT)
    repeated = max(ours.filter(pl.col(_NTH) > 0).height, theirs.filter(pl.col(_NTH) > 0).height)
    found = ours.join(theirs, on=[*keys, _NTH], how="full", coalesce=True, nulls_equal=True)
    found = found.select(_LEFT, _RIGHT).sort(_LEFT, _RIGHT, nulls_last=True)
    differs = pl.Series(_DIFFERS, [False], dtype=pl.Boolean).new_from_index(0, found.height)
    for name in compared:
        differs = differs | _unequal(left, right, found, name)
    is_both = found[_LEFT].is_not_null() & found[_RIGHT].is_not_null()
    return _Matched(found.with_columns((differs & is_both).alias(_DIFFERS)), repeated)


def _keyed(frame: pl.DataFrame, made: list[pl.Expr], keys: list[str], row: str) -> pl.DataFrame:
    """The keys, which of equal ones it is, and the number of the row."""
    found = frame.select([expression.alias(key) for expression, key in zip(made, keys, strict=True)])
    found = found.with_row_index(row)
    return found.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).over(keys).alias(_NTH))


def _alike(left: Table, right: Table, name: str) -> tuple[pl.Expr, pl.Expr]:
    """A column of both, so that equal values are equal: as numbers where both are numbers, else as texts."""
    ours, theirs = left.frame.schema[name], right.frame.schema[name]
    if ours == theirs and name not in left.nested:
        return pl.col(name), pl.col(name)
    if ours.is_numeric() and theirs.is_numeric():
        return pl.col(name).cast(pl.Float64), pl.col(name).cast(pl.Float64)
    return left.text(name), right.text(name)


def _unequal(left: Table, right: Table, rows: pl.DataFrame, name: str) -> pl.Series:
    ours, theirs = _alike(left, right, name)
    return _taken(left, ours, rows[_LEFT]).ne_missing(_taken(right, theirs, rows[_RIGHT]))


def _taken(table: Table, column: pl.Expr, rows: pl.Series) -> pl.Series:
    """A column's values at rows; null where there is none."""
    return table.frame.select(column.alias("value")).to_series().gather(rows)


def _shared(left: Table, right: Table, on: list[str]) -> list[str]:
    return [name for name in left.types if name in right.types and name not in on]


def _names(left: Table, right: Table, on: list[str], wanted: list[str] | None) -> list[str]:
    if wanted is None:
        ours = chosen(left, None, besides=on)
        return [*ours, *(name for name in chosen(right, None, besides=on) if name not in ours)][:100]
    for name in wanted:
        if name not in left.types:
            check_column(right, name, "columns", whose="neither table")
    return [name for name in dict.fromkeys(wanted) if name not in on]


def _gains(left: Table, right: Table, rows: pl.DataFrame, order: JoinOrder) -> pl.Series:
    """By how much each pair got better, by the goal; null where one of the two has no value."""
    for table, whose in ((left, "the table to the left"), (right, "the table to the right")):
        check_column(table, order.column, "order_by", whose=whose)
        if table.types[order.column] not in ("number", "boolean"):
            message = f"{order.column[:100]!r} is a column of type {table.types[order.column]}, not of numbers"
            raise Refused("not_a_number", message, field="order_by")
    number = pl.col(order.column).cast(pl.Float64)
    ours, theirs = _taken(left, number, rows[_LEFT]), _taken(right, number, rows[_RIGHT])
    sign = 1.0 if order.goal == "max" else -1.0
    was, now = pl.col("was"), pl.col("now")
    frame = pl.DataFrame({"was": ours, "now": theirs})
    gain = (
        pl.when(was.is_nan() & now.is_nan()).then(0.0)
        .when(now.is_nan()).then(float("-inf"))
        .when(was.is_nan()).then(float("inf"))
        .when(was == now).then(0.0)  # two infinities
        .otherwise((now - was) * sign)
    )  # fmt: skip
    return frame.select(pl.when(was.is_null() | now.is_null()).then(None).otherwise(gain)).to_series()


def _counts(rows: pl.DataFrame, gains: pl.Series | None) -> JoinCounts:
    left, right = rows[_LEFT].null_count(), rows[_RIGHT].null_count()
    return JoinCounts(
        both=rows.height - left - right,
        left=right,  # those that the right table has not
        right=left,
        changed=int(rows[_DIFFERS].sum()),
        worse=int((gains < 0).sum()) if gains is not None else None,
        better=int((gains > 0).sum()) if gains is not None else None,
    )


def _kept(rows: pl.DataFrame, only: str | None, order: JoinOrder | None) -> pl.DataFrame:
    left, right = pl.col(_LEFT), pl.col(_RIGHT)
    if only in ("worse", "better") and order is None:
        message = f"which rows got {only} is said by a column: give order_by, with its goal"
        raise Refused("no_order", message, field="only")
    conditions = {
        "both": left.is_not_null() & right.is_not_null(),
        "left": right.is_null(),
        "right": left.is_null(),
        "changed": pl.col(_DIFFERS),
        "worse": pl.col(_GAIN) < 0,
        "better": pl.col(_GAIN) > 0,
    }
    if only is not None:
        rows = rows.filter(conditions[only])
    if order is None:
        return rows
    return rows.sort(_GAIN, descending=order.change == "better", nulls_last=True, maintain_order=True)


def _kind() -> pl.Expr:
    return (
        pl.when(pl.col(_LEFT).is_null()).then(pl.lit("added"))
        .when(pl.col(_RIGHT).is_null()).then(pl.lit("removed"))
        .when(pl.col(_DIFFERS)).then(pl.lit("changed"))
        .otherwise(pl.lit("unchanged"))
    )  # fmt: skip


def _joined(
    left: Table, right: Table, rows: pl.DataFrame, on: list[str], names: list[str], question: JoinQuestion
) -> list[JoinedRow]:
    ours = _values(left, rows[_LEFT], [*on, *names], question.left.cells)
    theirs = _values(right, rows[_RIGHT], [*on, *names], question.right.cells)
    deltas = _differences(left, right, rows, names)
    unequal = _unequals(left, right, rows, names)
    found = []
    for number, (one, other) in enumerate(zip(rows[_LEFT].to_list(), rows[_RIGHT].to_list(), strict=True)):
        side: Literal["both", "left", "right"] = "left" if other is None else "right" if one is None else "both"
        found.append(
            JoinedRow(
                side=side,
                key=(theirs if one is None else ours)[number][: len(on)],
                left=None if one is None else ours[number][len(on) :],
                right=None if other is None else theirs[number][len(on) :],
                changes=deltas[number],
                differs=unequal[number],
            )
        )
    return found


def _changed(
    before: Table, after: Table, rows: pl.DataFrame, names: list[str], question: ChangesQuestion
) -> list[ChangedRow]:
    ours = _values(before, rows[_LEFT], names, question.before.cells)
    theirs = _values(after, rows[_RIGHT], names, question.after.cells)
    unequal = _unequals(before, after, rows, names)
    return [
        ChangedRow(
            kind=kind,
            before=None if kind == "added" else ours[number],
            after=None if kind == "removed" else theirs[number],
            differs=unequal[number],
        )
        for number, kind in enumerate(rows["kind"].to_list())
    ]


def _values(table: Table, rows: pl.Series, names: list[str], media: str) -> list[list[Any]]:
    """The values at each row, None where the table has no such column or there is no row."""
    there = [name for name in names if name in table.types]
    frame = table.frame.select(there)
    taken = frame.select(pl.all().gather(rows)) if there else frame
    columns = dict(zip(there, cells.values(table, taken, there, media), strict=True))
    nothing: list[Any] = [None] * len(rows)
    return [list(row) for row in zip(*(columns.get(name, nothing) for name in names), strict=True)] or [
        [] for _ in rows
    ]


def _differences(left: Table, right: Table, rows: pl.DataFrame, names: list[str]) -> list[list[float | None]]:
    columns: list[list[float | None]] = []
    for name in names:
        if left.types.get(name) == right.types.get(name) == "number":
            number = pl.col(name).cast(pl.Float64)
            delta = _taken(right, number, rows[_RIGHT]) - _taken(left, number, rows[_LEFT])
            columns.append([value if value is not None and abs(value) < float("inf") else None for value in delta])
        else:
            columns.append([None] * rows.height)
    return _rows(columns, rows.height)


def _unequals(left: Table, right: Table, rows: pl.DataFrame, names: list[str]) -> list[list[bool]]:
    is_both = rows[_LEFT].is_not_null() & rows[_RIGHT].is_not_null()
    columns = [
        (_unequal(left, right, rows, name) & is_both).to_list()
        if name in left.types and name in right.types
        else [False] * rows.height
        for name in names
    ]
    return _rows(columns, rows.height)


def _rows(columns: list[list[T]], height: int) -> list[list[T]]:
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(height)]


def _notes(left: Table, right: Table) -> list[str]:
    return list(dict.fromkeys([*left.notes, *right.notes]))


def _repeated(count: int) -> list[str]:
    if count == 0:
        return []
    return [f"{count:,} rows have keys that came before; the first of equal ones goes with the first, and so on"]
