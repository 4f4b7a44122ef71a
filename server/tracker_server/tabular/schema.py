"""What the API says of rows of tables; also what the process that reads them is asked and answers.

What always holds: it imports nothing heavy, as both sides do.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker.kinds import ColumnType
from tracker_server.bounds import Key, Line

Format = Literal["table", "json", "jsonl", "csv", "tsv", "parquet"]
"""`table` is `tracker.kinds.TableData`; `json` is one of those, or a list of objects."""

FilePath = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]
On = Annotated[list[Key], msgspec.Meta(min_length=1, max_length=8)]
Shown = Annotated[list[Key], msgspec.Meta(max_length=500)]
Side = Literal["both", "left", "right"]
Change = Literal["worse", "better"]
Goal = Literal["min", "max"]


class TableColumn(msgspec.Struct, frozen=True):
    """`time` is Unix milliseconds. A cell of type `json` is any value; one of type `media` is a `Cell` of
    `tracker.kinds` with its `content_url`, or null."""

    name: str
    type: ColumnType


class SortColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Missing values and NaN come last, whichever way."""

    column: Key
    descending: bool = False


class Aggregate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Called `mean(loss)` in the answer, and in a sort of it. `count` is that of values which are there."""

    column: Key
    of: Literal["mean", "min", "max", "sum", "count"]


class Grouping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row for each different value of the columns `by`, with the number of its rows as `count()`."""

    by: On
    values: Annotated[list[Aggregate], msgspec.Meta(max_length=50)] = []


class TableQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which rows of a table: those that fit the filter (docs/tables.md), put into groups, sorted, from `offset` on.

    `columns` are those to be sent; without them, the first hundred.
    """

    columns: Shown | None = None
    sort: Annotated[list[SortColumn], msgspec.Meta(max_length=8)] = []
    filter: Line = ""
    group: Grouping | None = None
    offset: Offset = 0
    limit: Limit = 100


class MediaTableQuery(TableQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`file` is one of the media's files that is a table, such as the examples of a confusion matrix."""

    file: FilePath | None = None


class FileTableQuery(TableQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    path: FilePath


class TablePage(msgspec.Struct, frozen=True):
    """`rows` are the values of `columns`; the table has the columns `available` (the first 2,000 are named).

    `row_count` rows have been read; `match_count` of them fit the filter, or so many groups are made of them.
    With `is_cut` the file has more than is read. NaN, infinities and whole numbers beyond 2^53 are texts in a column
    of numbers; what is long is cut, and says so. `notes` say what of the file was not as it should be.
    """

    columns: list[TableColumn]
    available: list[TableColumn]
    rows: list[list[Any]]
    row_count: int
    match_count: int
    is_cut: bool
    notes: list[str]


class JoinOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By how much a column of numbers got worse (or better) from left to right, most first. `goal` says what is good.
    A number that became NaN got worse than any other."""

    column: Key
    goal: Goal
    change: Change = "worse"


class JoinQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rows of two tables beside each other, by equal values in the columns `on`. Where several rows of a table have
    equal ones, the first goes with the other's first, the second with its second.

    `other` is the table to the right. `only` keeps those that are in both, in one, that differ, or (with `order_by`)
    that got worse or better.
    """

    other: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    on: On
    file: FilePath | None = None
    columns: Shown | None = None
    order_by: JoinOrder | None = None
    only: Literal["both", "left", "right", "changed", "worse", "better"] | None = None
    offset: Offset = 0
    limit: Limit = 100


class JoinedRow(msgspec.Struct, frozen=True):
    """`left` and `right` are the values of the page's columns, None where that table has no such row. `changes` are
    right minus left of numbers, None for all else; `differs` is whether the two are unequal."""

    side: Side
    key: list[Any]
    left: list[Any] | None
    right: list[Any] | None
    changes: list[float | None]
    differs: list[bool]


class JoinCounts(msgspec.Struct, frozen=True):
    """How many rows are in both tables or in one, and how many of those in both differ. `worse` and `better` are by the
    column of `order_by`, None without."""

    both: int
    left: int
    right: int
    changed: int
    worse: int | None
    better: int | None


class JoinPage(msgspec.Struct, frozen=True):
    """`columns` are those of the rows, of both tables or of one; `left_columns` and `right_columns` what each has."""

    on: list[TableColumn]
    columns: list[TableColumn]
    left_columns: list[str]
    right_columns: list[str]
    rows: list[JoinedRow]
    counts: JoinCounts
    match_count: int
    is_cut: bool
    notes: list[str]


class TableChangesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`since` is the version to compare with. With `on`, rows of equal keys are the same row, which may have changed;
    with `[]`, a row is its values, and one that is in both versions is the same. With null, the key is a column that is
    named like one (`id`, `name`, `image_id`) and has other values in each row of both versions, if there is one."""

    since: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    path: FilePath
    on: Annotated[list[Key], msgspec.Meta(max_length=8)] | None = None
    only: Literal["added", "removed", "changed"] | None = None
    offset: Offset = 0
    limit: Limit = 100


class ChangedRow(msgspec.Struct, frozen=True):
    """`before` and `after` are the values of the page's columns; `differs` says in which they differ."""

    kind: Literal["added", "removed", "changed"]
    before: list[Any] | None
    after: list[Any] | None
    differs: list[bool]


class TableChangesPage(msgspec.Struct, frozen=True):
    """What became of the rows of a file. Columns that only one version has are named, and not compared. `on` are the
    columns that a row is known by; none where it is all its values."""

    on: list[str]
    columns: list[TableColumn]
    added_columns: list[str]
    removed_columns: list[str]
    rows: list[ChangedRow]
    added: int
    removed: int
    changed: int
    unchanged: int
    match_count: int
    is_cut: bool
    notes: list[str]


class Source(msgspec.Struct, frozen=True):
    """Of which format a file is, and where media in its cells are to be had: an address to which the file's path is
    added; "" where there is none."""

    format: Format
    cells: str = ""


class PageQuestion(msgspec.Struct, frozen=True):
    source: Source
    query: TableQuery


class JoinQuestion(msgspec.Struct, frozen=True):
    left: Source
    right: Source
    query: JoinQuery


class ChangesQuestion(msgspec.Struct, frozen=True):
    before: Source
    after: Source
    query: TableChangesQuery
