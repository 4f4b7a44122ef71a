"""The filter language: a small part of Python's expressions, read into one SQL condition on `runs`.

What always holds: nothing of the text is ever evaluated, only matched, part by part, with what is known here; all else
is refused with the place where it stands; and reading costs no more for a hostile text than for a long one.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast, get_args

import sqlalchemy as sa

from tracker_server.db import as_stored
from tracker_server.errors import Refused
from tracker_server.metrics.naming import NO_RULES, Rules
from tracker_server.runs.models import ConfigValue, SummaryValue
from tracker_server.runs.schema import Status
from tracker_server.search import fields
from tracker_server.search.fields import Field, Part, Sign
from tracker_server.search.filters import Condition
from tracker_server.search.patterns import BadPattern, Pattern, TooManyTexts

MAX_LENGTH = 4000
MAX_COMPARISONS = 50
MAX_DEPTH = 30
MAX_PATTERNS = 5

TIMES_AGO_MS = {"days_ago": 86_400_000, "hours_ago": 3_600_000, "minutes_ago": 60_000}
FUNCTIONS = (*TIMES_AGO_MS, "date")
GROUPS = ("config", "metrics", "summary")
NAMES = (*fields.ATTRIBUTES, "tags", *GROUPS, *FUNCTIONS, "matches")
PARTS: tuple[Part, ...] = get_args(Part)
STATUSES: tuple[str, ...] = get_args(Status)

LONGEST_AGO_MS = 10**15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNS: dict[type[ast.cmpop], Sign] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_MIRRORED: dict[Sign, Sign] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_KINDS = {"text": "a text", "number": "a number", "time": "a time", "any": "a number or a text"}
_FOREIGN = {
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`, or `!=`",
    "=": "write `==` to compare",
    "~": "write `not`",
}
_FOREIGN_WORDS = {
    "true": "True",
    "false": "False",
    "none": "None",
    "null": "None",
    "and": "and",
    "or": "or",
    "not": "not",
    "in": "in",
    "is": "is",
}
_REFUSED: dict[type[ast.AST], str] = {
    ast.BinOp: "arithmetic is not part of a filter: write the number itself, `and` and `or` for & and |, and a "
    'key with signs in it as config["batch-size"] or metrics["val/acc"]',
    ast.UnaryOp: "a sign stands only before a number; `not` negates a condition",
    ast.JoinedStr: "an f-string is not part of a filter: write a plain text",
    ast.Lambda: "a function cannot be made in a filter",
    ast.IfExp: "`if` is not part of a filter: join conditions by `and` and `or`",
    ast.NamedExpr: "nothing is assigned in a filter: write `==` to compare",
    ast.Dict: "a dict is not part of a filter",
    ast.Set: "write a list of values in square brackets",
    **dict.fromkeys(
        (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
        'a comprehension is not part of a filter: list the values, name in ["a", "b"]',
    ),
}


@dataclass(frozen=True)
class Fixed:
    """A value that stands in the filter itself. A bool is a number."""

    value: float | str | None
    is_time: bool = False


@dataclass(frozen=True)
class Choices:
    """A list of values that stands in the filter itself."""

    values: list[tuple[Fixed, ast.expr]]


@dataclass(frozen=True)
class Tags:
    """The tags of a run."""


Operand = Fixed | Choices | Tags | Field


Texts = Callable[[Field | None], Iterable[str]]
"""The different texts that the runs which are searched have in a field, or (None) as tags."""


def conditions(
    text: str, *, now_ms: int, lost_before_ms: int, texts: Texts, rules: Rules = NO_RULES
) -> list[Condition]:
    """The conditions that a filter states, all of which have to be true; none for one without words.

    Times ago count from `now_ms`; a running run last heard of before `lost_before_ms` is lost; `rules` say what metrics
    are called; patterns are looked for in `texts`. Raises Refused for a text that is no filter.
    """
    if len(text) > MAX_LENGTH:
        message = f"a filter has at most {MAX_LENGTH:,} characters, this one has {len(text):,}; ask in several searches"
        raise Refused("bad_filter", message, field="filter")
    reader = _Reader(text, now_ms, lost_before_ms, rules, texts)
    return reader.conditions(reader.parsed(), 1) if text.strip() else []


def speaks_of(text: str, name: str) -> bool:
    """Whether a filter, which can be read, says something of what every run has under this name."""
    found = _Reader(text, 0, 0, NO_RULES, lambda _field: ()).parsed() if text.strip() else None
    return found is not None and any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(found))


class _Reader:
    """Reads one text. `_comparisons` counts those read so far, which bounds what the database is asked for."""

    def __init__(self, text: str, now_ms: int, lost_before_ms: int, rules: Rules, texts: Texts) -> None:
        self._text = text
        self._now_ms = now_ms
        self._lost_before_ms = lost_before_ms
        self._rules = rules
        self._texts = texts
        self._patterns = 0
        self._comparisons = 0
        self._start = len(text) - len(text.lstrip())

    def parsed(self) -> ast.expr:
        """The text as Python reads it, which evaluates nothing of it."""
        self._refuse_unspeakable()
        blank = str.maketrans("\n\r\t\f\v", "     ")  # a filter may go over lines: places stay what they are
        line = self._text.translate(blank)
        try:
            found = ast.parse(line.strip(), mode="eval").body
        except SyntaxError as error:
            raise self._unreadable(error) from None
        except (RecursionError, MemoryError, ValueError):
            raise self._refused(0, "the filter is nested too deep to be read") from None
        comment = line.find("#", self._end(found))
        if comment >= 0:
            raise self._refused(comment, "a filter has no comments; a # in a key or value stands in quotes")
        return found

    def conditions(self, node: ast.expr, depth: int) -> list[Condition]:
        """What is true of a run together, part by part as far as `and` joins them."""
        if depth <= MAX_DEPTH and isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            return [part for value in node.values for part in self.conditions(value, depth + 1)]
        if depth <= MAX_DEPTH and isinstance(node, ast.Compare):
            return self._comparisons_of(node)
        return [self.condition(node, depth)]

    def condition(self, node: ast.expr, depth: int) -> Condition:
        """What is true or false of a run."""
        if depth > MAX_DEPTH:
            raise self._refused(node, f"a filter is nested at most {MAX_DEPTH} deep")
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(value, depth + 1) for value in node.values]
            return sa.and_(*parts) if isinstance(node.op, ast.And) else sa.or_(*parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.condition(node.operand, depth + 1)
        if isinstance(node, ast.Compare):
            return sa.and_(*self._comparisons_of(node))
        self._count(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "matches":
            return self._matches(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return sa.true() if node.value else sa.false()
        return self._bare(node)

    def _count(self, node: ast.expr) -> None:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise self._refused(
                node, f"a filter has at most {MAX_COMPARISONS} comparisons; write name in [...] for many values"
            )

    def _bare(self, node: ast.expr) -> Condition:
        operand = self._operand(node)
        if isinstance(operand, Tags):
            return fields.has_tags()
        if isinstance(operand, Fixed | Choices):
            raise self._refused(node, "a value alone is no condition: compare it with something of the run")
        if operand.kind in ("number", "time"):
            raise self._refused(node, "a number alone is no condition: compare it, or write `is not None`")
        return fields.is_true(operand)

    def _comparisons_of(self, node: ast.Compare) -> list[Condition]:
        sides = [node.left, *node.comparators]
        pairs = zip(sides[:-1], node.ops, sides[1:], strict=True)
        return [self._pair(left, sign, right) for left, sign, right in pairs]

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Condition:
        self._count(left)
        ours, theirs = self._operand(left), self._operand(right)
        if isinstance(sign, ast.In | ast.NotIn):
            found = self._member(left, ours, right, theirs)
            return found if isinstance(sign, ast.In) else ~found
        if isinstance(sign, ast.Is | ast.IsNot):
            if theirs != Fixed(None):
                raise self._refused(right, "`is` stands only before None: write `==` to compare")
            return self._compared(left, ours, "==" if isinstance(sign, ast.Is) else "!=", right, theirs)
        return self._compared(left, ours, _SIGNS[type(sign)], right, theirs)

    def _compared(self, left: ast.expr, ours: Operand, sign: Sign, right: ast.expr, theirs: Operand) -> Condition:
        for node, operand in ((left, ours), (right, theirs)):
            if isinstance(operand, Choices):
                raise self._refused(node, "a list stands only to the right of `in`")
            if isinstance(operand, Tags):
                raise self._refused(node, 'tags are many: write "baseline" in tags, or `not tags` for none')
        if isinstance(ours, Fixed):
            if isinstance(theirs, Fixed):
                raise self._refused(left, "two fixed values are compared: one side has to be something of the run")
            return self._compared(right, theirs, _MIRRORED[sign], left, ours)
        field = cast(Field, ours)
        if isinstance(theirs, Fixed):
            return self._against_fixed(field, sign, right, theirs)
        other = cast(Field, theirs)
        if "any" not in (field.kind, other.kind) and (field.kind == "text") != (other.kind == "text"):
            raise self._refused(left, f"{_KINDS[field.kind]} and {_KINDS[other.kind]} cannot be compared")
        return fields.related(field, sign, other)

    def _against_fixed(self, field: Field, sign: Sign, node: ast.expr, fixed: Fixed) -> Condition:
        if fixed.value is None:
            if sign in fields.ORDERING:
                raise self._refused(node, "nothing is above or below None: write `is None` or `is not None`")
            is_present = fields.is_present(field)
            return ~is_present if sign == "==" else is_present
        return fields.compared(field, sign, self._fitting(field, node, fixed, is_exact=sign not in fields.ORDERING))

    def _member(self, left: ast.expr, ours: Operand, right: ast.expr, theirs: Operand) -> Condition:
        if isinstance(theirs, Choices) and not isinstance(ours, Fixed | Choices | Tags):
            return self._among(ours, theirs)
        if isinstance(theirs, Fixed | Choices):
            raise self._refused(right, 'write name in ["a", "b"], "a" in tags, or "part" in name')
        if not isinstance(ours, Fixed) or not isinstance(ours.value, str):
            raise self._refused(left, 'only a text can be looked for in tags or in a text: write "part" in name')
        if isinstance(theirs, Tags):
            return fields.is_tagged(ours.value)
        return self._has_part(right, theirs, "contains", ours.value)

    def _among(self, field: Field, choices: Choices) -> Condition:
        present = [(fixed, node) for fixed, node in choices.values if fixed.value is not None]
        found = fields.among(field, [self._fitting(field, node, fixed, is_exact=True) for fixed, node in present])
        return found if len(present) == len(choices.values) else sa.or_(found, ~fields.is_present(field))

    def _has_part(self, node: ast.expr, field: Field, part: Part, text: str) -> Condition:
        if field.kind not in ("text", "any"):
            raise self._refused(node, f"this is {_KINDS[field.kind]}, and only a text has parts")
        return fields.has_part(field, part, text)

    def _fitting(self, field: Field, node: ast.expr, fixed: Fixed, *, is_exact: bool) -> float | str:
        """A fixed value as the field has its values."""
        value = fixed.value
        assert value is not None
        if field.kind == "time":
            return self._date(node, value) if isinstance(value, str) else value
        if field.kind == "number" and (isinstance(value, str) or fixed.is_time):
            raise self._refused(
                node, "it is compared with a number, so write one, without quotes (a duration is in seconds)"
            )
        if field.kind == "text" and not isinstance(value, str):
            raise self._refused(node, "it is compared with a text, so write it in quotes")
        if is_exact and isinstance(field, fields.Attribute) and field.name == "status" and value not in STATUSES:
            known = ", ".join(STATUSES)
            raise self._refused(
                node, f"there is no such status{_nearest(str(value), STATUSES)}; a status is one of {known}"
            )
        return value

    def _method(self, node: ast.Call, function: ast.Attribute) -> Condition:
        if function.attr not in PARTS:
            raise self._refused(
                node, f"a text has no method {function.attr!r}{_nearest(function.attr, PARTS)}; it has {_all(PARTS)}"
            )
        operand = self._operand(function.value)
        if isinstance(operand, Tags):
            raise self._refused(node, 'tags are many: write "baseline" in tags')
        if isinstance(operand, Fixed | Choices):
            raise self._refused(node, f'a text of the run comes first: write name.{function.attr}("x")')
        wanted = self._argument(node)
        if not isinstance(wanted, str):
            raise self._refused(node, f'{function.attr} takes a text, as in name.{function.attr}("x")')
        return self._has_part(function.value, operand, function.attr, wanted)

    def _matches(self, node: ast.Call) -> Condition:
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            raise self._refused(node, f"a filter has at most {MAX_PATTERNS} patterns; join them by | in one")
        if len(node.args) != 2 or node.keywords:
            raise self._refused(node, 'matches takes a text of the run and a pattern, as in matches(name, "^sweep-")')
        operand = self._operand(node.args[0])
        if isinstance(operand, Fixed | Choices) or (
            not isinstance(operand, Tags) and operand.kind not in ("text", "any")
        ):
            raise self._refused(node.args[0], 'a text of the run comes first, as in matches(name, "^sweep-")')
        fixed = self._fixed(node.args[1])
        if not isinstance(fixed.value, str):
            raise self._refused(node.args[1], 'a pattern is a text in quotes, as in matches(name, "^sweep-")')
        try:
            pattern = Pattern(fixed.value)
        except BadPattern as error:
            raise self._refused(self._blamed(node.args[1], fixed.value, error.fragment), str(error)) from error
        try:
            if isinstance(operand, Tags):
                return fields.is_tagged_with_one_of(pattern.fitting(self._texts(None)))
            return fields.has_text_of(operand, pattern.fitting(self._texts(operand)))
        except TooManyTexts as error:
            raise self._refused(node.args[0], str(error)) from error

    def _blamed(self, node: ast.expr, pattern: str, fragment: str) -> ast.expr | int:
        """The place of a part of a pattern, where the filter has the pattern as it is: written without escapes."""
        start, end = self._place(node.col_offset), self._end(node)
        written = self._text[start:end].find(pattern)
        return start + written + pattern.find(fragment) if fragment in pattern and fragment and written >= 0 else node

    def _operand(self, node: ast.expr) -> Operand:
        if isinstance(node, ast.List | ast.Tuple):
            return Choices([(self._fixed(element), element) for element in node.elts])
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            return self._named(node)
        return self._fixed(node)

    def _fixed(self, node: ast.expr) -> Fixed:
        if isinstance(node, ast.Constant):
            return Fixed(self._constant(node))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            number = node.operand.value if isinstance(node.operand, ast.Constant) else None
            if isinstance(number, int | float) and not isinstance(number, bool):
                value = self._number(node, number)
                return Fixed(-value if isinstance(node.op, ast.USub) else value)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Compare | ast.BoolOp) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            raise self._refused(node, "a condition cannot be compared: join it to others by `and` and `or`")
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            raise self._refused(node, "a list holds only fixed values")
        raise self._refused(node, _REFUSED.get(type(node), "this is not part of the filter language"))

    def _constant(self, node: ast.Constant) -> float | str | None:
        value = node.value
        if value is None:
            return None
        if isinstance(value, str):
            if not _is_text(value):
                raise self._refused(node, "half of a surrogate pair is no text; write the character itself")
            return as_stored(value)
        if isinstance(value, int | float):
            return self._number(node, value)
        raise self._refused(node, "a value is a number, a text in quotes, True, False or None")

    def _number(self, node: ast.expr, value: float) -> float:
        try:
            float(value)
        except OverflowError:
            raise self._refused(node, "this number is too large; write 1e308 at most") from None
        return int(value) if isinstance(value, bool) else value

    def _call(self, node: ast.Call) -> Fixed:
        if not isinstance(node.func, ast.Name):
            raise self._refused(
                node, "a call that is a condition itself is not compared: join it to others by `and` and `or`"
            )
        name = node.func.id
        if name == "matches":
            raise self._refused(node, "matches is a condition itself: join it to others by `and` and `or`")
        if name not in FUNCTIONS:
            raise self._refused(
                node, f"there is no function {name!r}{_nearest(name, FUNCTIONS)}; there are {_all(FUNCTIONS)}"
            )
        argument = self._argument(node)
        if name == "date":
            if not isinstance(argument, str):
                raise self._refused(node, 'date takes a day or a time in quotes, as in date("2026-11-01")')
            return Fixed(self._date(node.args[0], argument), is_time=True)
        if argument is None or isinstance(argument, str) or not 0 <= argument * TIMES_AGO_MS[name] <= LONGEST_AGO_MS:
            raise self._refused(node, f"{name} takes how many, a number from 0 on, as in {name}(7)")
        return Fixed(self._now_ms - round(argument * TIMES_AGO_MS[name]), is_time=True)

    def _argument(self, node: ast.Call) -> float | str | None:
        if len(node.args) != 1 or node.keywords:
            raise self._refused(node, "one value stands in the brackets of a call")
        return self._fixed(node.args[0]).value

    def _date(self, node: ast.expr, text: str) -> int:
        """A day is its first moment; without a zone it is UTC."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._refused(
                node, 'this is no date: write "2026-11-01", "2026-11-01T09:30" or days_ago(7)'
            ) from None
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(milliseconds=1)

    def _named(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Tags | Field:
        root, path = self._path(node)
        if root.id not in GROUPS:
            return self._attribute(root, path)
        if not path:
            raise self._refused(
                node, f'{root.id} has many: write {root.id}.loss, or {root.id}["val/acc"] for a key with signs'
            )
        keys = [key for key, _ in path]
        if root.id == "metrics":
            return self._metric(path)
        return fields.Keyed(ConfigValue if root.id == "config" else SummaryValue, ".".join(keys))

    def _path(self, node: ast.expr) -> tuple[ast.Name, list[tuple[str, ast.expr]]]:
        """The name that a path begins with, and the keys below it."""
        path: list[tuple[str, ast.expr]] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                path.append((node.attr, node))
            elif isinstance(node, ast.Subscript):
                path.append((self._key(node), node))
            else:
                raise self._refused(node, f"only {_all(GROUPS)} have parts")
            node = node.value
        return node, path[::-1]

    def _key(self, node: ast.Subscript) -> str:
        key = self._constant(node.slice) if isinstance(node.slice, ast.Constant) else None
        if not isinstance(key, str):
            raise self._refused(node.slice, 'a key is a text in quotes, as in config["optim.lr"]')
        return key

    def _attribute(self, root: ast.Name, path: Sequence[tuple[str, ast.expr]]) -> Tags | Field:
        name = root.id
        if name not in fields.ATTRIBUTES and name != "tags":
            raise self._unknown_name(root)
        if path:
            key, node = path[0]
            raise self._refused(node, f"{name} has no part {key!r}; only {_all(GROUPS)} have parts")
        return Tags() if name == "tags" else fields.Attribute(name, self._lost_before_ms)

    def _metric(self, path: Sequence[tuple[str, ast.expr]]) -> Field:
        name = path[0][0]
        if len(path) == 1:
            return fields.Metric(name, "last", self._rules)
        statistic, node = path[1]
        if statistic not in fields.STATISTICS:
            known = f"{_nearest(statistic, fields.STATISTICS)}; there are {_all(fields.STATISTICS)}"
            whole = f"; a name with dots or signs stands in quotes, as in metrics[{f'{name}.{statistic}'!r}]"
            raise self._refused(node, f"a metric has no {statistic!r}{known}{whole}")
        if len(path) > 2:
            raise self._refused(path[2][1], f"{statistic} is a number and has no parts")
        return fields.Metric(name, statistic, self._rules)

    def _unknown_name(self, node: ast.Name) -> Refused:
        name = node.id
        if name.lower() in _FOREIGN_WORDS:
            return self._refused(node, f"write `{_FOREIGN_WORDS[name.lower()]}`")
        hint = _nearest(name, NAMES) or f"; a key of a run is written config.{name} or metrics.{name}, a text in quotes"
        return self._refused(node, f"there is no name {name!r}{hint}; the names are {_all(NAMES)}")

    def _unreadable(self, error: SyntaxError) -> Refused:
        place = self._start + error.offset - 1 if error.offset else len(self._text.rstrip())  # 0 stands for the end
        rest = self._text[place:]
        word = rest.split(maxsplit=1)[0] if rest.strip() else ""
        sign = next((sign for sign in _FOREIGN if rest.startswith(sign)), None)
        reason = error.msg.split(" (detected at line")[0]
        if word.lower() in _FOREIGN_WORDS and word != _FOREIGN_WORDS[word.lower()]:
            reason = f"write `{_FOREIGN_WORDS[word.lower()]}`"
        elif sign is not None and not rest.startswith("=="):
            reason = _FOREIGN[sign]
        elif "==" in reason:
            reason = "write `==` to compare"
        return self._refused(place, f"this cannot be read: {reason}")

    def _refuse_unspeakable(self) -> None:
        for place, character in enumerate(self._text):
            if character == "\0" or not _is_text(character):
                raise self._refused(place, f"a filter cannot hold the character {character!r}")

    def _refused(self, at: ast.expr | int, problem: str) -> Refused:
        place = at if isinstance(at, int) else self._place(at.col_offset)
        end = min(len(self._text), place + 20) if isinstance(at, int) else self._end(at)
        found = self._text[place:end].strip()
        shown = f"{found[:40]}…" if len(found) > 40 else found
        where = f"at character {place + 1}, {shown!r}" if shown else f"at character {place + 1}, the end"
        return Refused("bad_filter", f"{where}: {problem}", field="filter", position=place + 1)

    def _end(self, node: ast.expr) -> int:
        return self._place(node.end_col_offset or 0)

    def _place(self, offset: int) -> int:
        """Python counts the bytes of the line that it was given; this counts the characters of the text."""
        return self._start + len(self._text[self._start :].encode()[:offset].decode(errors="ignore"))


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _all(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
