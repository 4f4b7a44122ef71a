"""The filter of a table's rows: comparisons as Python writes them, read into one polars expression.

What always holds: nothing of the text is ever evaluated, only matched, part by part, with what is known here; all else
is refused with the place where it stands. It is the language of docs/filter-language.md with columns for names.
"""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from tracker.kinds import ColumnType
from tracker_server.errors import Refused
from tracker_server.tabular.decoding import Table

MAX_LENGTH: Final = 4000
MAX_COMPARISONS: Final = 50
MAX_DEPTH: Final = 30
MAX_PATTERN: Final = 500

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_PARTS = ("contains", "startswith", "endswith")
_MIRRORED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_FOREIGN = {"&": "write `and`", "|": "write `or`", "!": "write `not`, or `!=`", "=": "write `==` to compare"}

Value = float | str | bool | None


@dataclass(frozen=True)
class Column:
    name: str
    type: ColumnType


def condition(text: str, table: Table) -> pl.Expr | None:
    """What a filter states of a row, true or false and never null; None for one without words.

    Texts of type `json` and `media` are their JSON. Raises Refused for a text that is no filter of these columns.
    """
    if len(text) > MAX_LENGTH:
        message = f"a filter has at most {MAX_LENGTH:,} characters, this one has {len(text):,}"
        raise Refused("bad_filter", message, field="filter")
    if not text.strip():
        return None
    reader = _Reader(text, table)
    return reader.condition(reader.parsed(), 1)


class _Reader:
    """Reads one text. `_comparisons` counts those read so far."""

    def __init__(self, text: str, table: Table) -> None:
        self._text = text
        self._table = table
        self._types = table.types
        self._comparisons = 0
        self._start = len(text) - len(text.lstrip())

    def parsed(self) -> ast.expr:
        """The text as Python reads it, which evaluates nothing of it."""
        for place, character in enumerate(self._text):
            if character == "\0" or 0xD800 <= ord(character) <= 0xDFFF:
                raise self._refused(place, f"a filter cannot hold the character {character!r}")
        line = self._text.translate(str.maketrans("\n\r\t\f\v", "     "))
        try:
            found = ast.parse(line.strip(), mode="eval").body
        except SyntaxError as error:
            place = self._start + error.offset - 1 if error.offset else len(self._text.rstrip())
            rest = self._text[place:]
            hint = next((word for sign, word in _FOREIGN.items() if rest.startswith(sign)), None)
            reason = hint or error.msg.split(" (detected at line")[0]
            raise self._refused(place, f"this cannot be read: {reason}") from None
        except (RecursionError, MemoryError, ValueError):
            raise self._refused(0, "the filter is nested too deep to be read") from None
        comment = line.find("#", self._place(found.end_col_offset or 0))
        if comment >= 0:
            raise self._refused(comment, "a filter has no comments; a # in a name or value stands in quotes")
        return found

    def condition(self, node: ast.expr, depth: int) -> pl.Expr:
        """What is true or false of a row."""
        if depth > MAX_DEPTH:
            raise self._refused(node, f"a filter is nested at most {MAX_DEPTH} deep")
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(value, depth + 1) for value in node.values]
            return pl.all_horizontal(parts) if isinstance(node.op, ast.And) else pl.any_horizontal(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.condition(node.operand, depth + 1)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = zip(sides[:-1], node.ops, sides[1:], strict=True)
            return pl.all_horizontal([self._pair(*pair) for pair in pairs])
        self._count(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return pl.lit(node.value)
        column = self._operand(node)
        if not isinstance(column, Column) or column.type != "boolean":
            raise self._refused(node, "this alone is no condition: compare it, or write `is not None`")
        return pl.col(column.name).fill_null(value=False)

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> pl.Expr:
        self._count(left)
        if isinstance(sign, ast.In | ast.NotIn):
            found = self._member(left, right)
            return found if isinstance(sign, ast.In) else ~found
        ours, theirs = self._operand(left), self._operand(right)
        if isinstance(sign, ast.Is | ast.IsNot):
            if theirs is not None or not isinstance(ours, Column):
                raise self._refused(right, "`is` stands only between a column and None: write `==` to compare")
            return _missing(ours) if isinstance(sign, ast.Is) else ~_missing(ours)
        if not isinstance(ours, Column):
            if not isinstance(theirs, Column):
                raise self._refused(left, "two fixed values are compared: one side has to be a column")
            return self._compared(theirs, _MIRRORED[type(sign)], left, ours)
        return self._compared(ours, type(sign), right, theirs)

    def _compared(self, column: Column, sign: type[ast.cmpop], node: ast.expr, other: Column | Value) -> pl.Expr:
        ordered = sign not in (ast.Eq, ast.NotEq)
        if other is None:
            if ordered:
                raise self._refused(node, "nothing is above or below None: write `is None` or `is not None`")
            return _missing(column) if sign is ast.Eq else ~_missing(column)
        ours = self._values(column)
        theirs = self._values(other) if isinstance(other, Column) else pl.lit(self._fitting(column, node, other))
        if isinstance(other, Column) and _group(column.type) != _group(other.type):
            raise self._refused(node, f"a column of {column.type} and one of {other.type} cannot be compared")
        if not ordered:
            equal = (ours == theirs).fill_null(value=False)
            return equal if sign is ast.Eq else ~equal
        if column.type == "boolean":
            raise self._refused(node, "True and False have no order: write `==`")
        found = {ast.Lt: ours < theirs, ast.LtE: ours <= theirs, ast.Gt: ours > theirs, ast.GtE: ours >= theirs}[sign]
        if column.type == "number":  # NaN is above nothing, as in Python
            found = found & ours.cast(pl.Float64, strict=False).is_not_nan()
        return found.fill_null(value=False)

    def _member(self, left: ast.expr, right: ast.expr) -> pl.Expr:
        if isinstance(right, ast.List | ast.Tuple):
            column = self._operand(left)
            if not isinstance(column, Column):
                raise self._refused(left, 'a column comes first, as in label in ["cat", "dog"]')
            values = [(self._fixed(element), element) for element in right.elts]
            found = [self._compared(column, ast.Eq, node, value) for value, node in values[:1000]]
            return pl.any_horizontal(found) if found else pl.lit(value=False)
        text, column = self._operand(left), self._operand(right)
        if not isinstance(text, str) or not isinstance(column, Column):
            raise self._refused(right, 'write label in ["a", "b"], or "part" in label')
        return self._part(right, column, "contains", text)

    def _call(self, node: ast.Call) -> pl.Expr:
        if isinstance(node.func, ast.Name) and node.func.id == "matches":
            return self._matches(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in _PARTS:
            raise self._refused(node, f'there is no such function; write label.{_PARTS[0]}("x") or matches(label, "x")')
        column = self._operand(node.func.value)
        wanted = self._fixed(node.args[0]) if len(node.args) == 1 and not node.keywords else None
        if not isinstance(column, Column) or not isinstance(wanted, str):
            raise self._refused(node, f'write it as label.{node.func.attr}("x"), with a column and a text')
        return self._part(node.func.value, column, node.func.attr, wanted)

    def _part(self, node: ast.expr, column: Column, part: str, text: str) -> pl.Expr:
        if _group(column.type) != "text":
            raise self._refused(node, f"{column.name} is a column of type {column.type}, and only texts have parts")
        ours = self._values(column)
        if part == "contains":
            found = ours.str.contains(text, literal=True)
        else:
            found = ours.str.starts_with(text) if part == "startswith" else ours.str.ends_with(text)
        return found.fill_null(value=False)

    def _matches(self, node: ast.Call) -> pl.Expr:
        column = self._operand(node.args[0]) if len(node.args) == 2 and not node.keywords else None
        pattern = self._fixed(node.args[1]) if column is not None else None
        if not isinstance(column, Column) or not isinstance(pattern, str) or _group(column.type) != "text":
            raise self._refused(node, 'matches takes a column of texts and a pattern, as in matches(label, "^cat")')
        if len(pattern) > MAX_PATTERN:
            raise self._refused(node.args[1], f"a pattern has at most {MAX_PATTERN} characters")
        try:
            pl.select(pl.lit("").str.contains(pattern))
        except pl.exceptions.PolarsError as error:
            raise self._refused(node.args[1], f"this is no regular expression: {_plainly(error)}") from None
        return self._values(column).str.contains(pattern).fill_null(value=False)

    def _count(self, node: ast.expr) -> None:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise self._refused(node, f"a filter has at most {MAX_COMPARISONS} comparisons")

    def _operand(self, node: ast.expr) -> Column | Value:
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return self._column(node)
        return self._fixed(node)

    def _column(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Column:
        if isinstance(node, ast.Subscript):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if not isinstance(node.value, ast.Name) or node.value.id != "column" or not isinstance(key, str):
                raise self._refused(node, 'a column whose name has signs in it is written column["val/acc"]')
            name = key
        else:
            name = ast.unparse(node)
        if name in self._types:
            return Column(name, self._types[name])
        close = difflib.get_close_matches(name, self._types, 1)
        hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(list(self._types)[:20])}"
        raise self._refused(node, f"there is no column {name[:100]!r}{hint}")

    def _values(self, column: Column) -> pl.Expr:
        return self._table.text(column.name) if _group(column.type) == "text" else pl.col(column.name)

    def _fixed(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | str)):
            return node.value
        sign, number = 1, node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign, number = (-1 if isinstance(node.op, ast.USub) else 1), node.operand
        if isinstance(number, ast.Constant) and isinstance(number.value, int | float) and abs(number.value) < 1e308:
            return sign * number.value
        if isinstance(node, ast.BinOp):
            raise self._refused(node, "there is no arithmetic in a filter: write `and` and `or` for & and |")
        raise self._refused(node, "here stands a column, a number, a text in quotes, True, False or None")

    def _fitting(self, column: Column, node: ast.expr, value: float | str | bool) -> float | str | bool:
        """A fixed value as the column has its values."""
        if column.type == "time" and isinstance(value, str):
            return self._date(node, value)
        if column.type == "number" and isinstance(value, str) and value in _NOT_FINITE:
            return _NOT_FINITE[value]
        wanted = {"number": (int, float), "time": (int, float), "boolean": (bool,)}.get(column.type, (str,))
        if not isinstance(value, wanted) or (isinstance(value, bool) and column.type != "boolean"):
            raise self._refused(node, f"{column.name} is a column of type {column.type}, and this is no such value")
        return value

    def _date(self, node: ast.expr, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._refused(node, 'this is no date: write "2026-11-01" or "2026-11-01T09:30"') from None
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(milliseconds=1)

    def _refused(self, at: ast.expr | int, problem: str) -> Refused:
        place = at if isinstance(at, int) else self._place(at.col_offset)
        end = min(len(self._text), place + 20) if isinstance(at, int) else self._place(at.end_col_offset or 0)
        found = self._text[place:end].strip()
        shown = f"{found[:40]}…" if len(found) > 40 else found
        where = f"at character {place + 1}, {shown!r}" if shown else f"at character {place + 1}, the end"
        return Refused("bad_filter", f"{where}: {problem}", field="filter", position=place + 1)

    def _place(self, offset: int) -> int:
        """Python counts the bytes of the line that it was given; this counts the characters of the text."""
        return self._start + len(self._text[self._start :].encode()[:offset].decode(errors="ignore"))


def _group(kind: ColumnType) -> str:
    return "text" if kind in ("text", "json", "media") else kind


def _missing(column: Column) -> pl.Expr:
    return pl.col(column.name).is_null()


def _plainly(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
