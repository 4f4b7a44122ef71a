"""Formulas over metrics: read from a text, and reckoned on columns of numbers.

What always holds: nothing of the text is ever evaluated as code, only matched, part by part, with what is known here;
all else is refused with the place where it stands. Where a number is undefined (the logarithm of what is not above 0,
a division by 0, a root of what is below 0) there is NaN, and never nothing. Signs bind as in Python.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from tracker_server.errors import Refused
from tracker_server.metrics.columns import Floats

PREFIX = "formula:"
"""Before a formula, where otherwise a metric is named."""

MAX_LENGTH = 500
MAX_DEPTH = 30
MAX_METRICS = 20

Number = Any
"""A column, or one number for all of it."""


@dataclass(frozen=True)
class _Fixed:
    value: float


@dataclass(frozen=True)
class _Metric:
    name: str


@dataclass(frozen=True)
class _Applied:
    """A function, or a sign between two parts, or a minus before one ("neg")."""

    what: str
    parts: tuple[_Node, ...]


_Node = _Fixed | _Metric | _Applied


@dataclass(frozen=True)
class Formula:
    """`metrics` are the names in it, each once, in the order in which they come first; there is at least one."""

    text: str
    metrics: tuple[str, ...]
    root: _Node

    def reckon(self, columns: Mapping[str, Floats]) -> Floats:
        """Its value in each row; `columns` has one of each metric, all of one length. O(n) for each part."""
        with np.errstate(all="ignore"):
            return np.asarray(_value(self.root, columns), np.float64)

    def python(self) -> str:
        """The same as Python for numpy (`np`), with the columns in a dict `m`."""
        return _python(self.root)


def is_formula(name: str) -> bool:
    """Whether a name that stands for a metric is a formula."""
    return name.startswith(PREFIX)


def read(text: str) -> Formula:
    """What a formula says. Raises Refused for a text that is none, with the place."""
    if len(text) > MAX_LENGTH:
        raise _refused(text, MAX_LENGTH, f"a formula has at most {MAX_LENGTH} characters, this one has {len(text):,}")
    reader = _Reader(text)
    root = reader.whole()
    if not reader.metrics:
        raise _refused(text, 0, 'a formula is of metrics: name one, as in log("train/loss")')
    return Formula(text, tuple(reader.metrics), root)


def _divided(left: Number, right: Number) -> Number:
    return np.where(right == 0, np.nan, np.divide(left, right))


def _raised(left: Number, right: Number) -> Number:
    return np.where((left == 0) & (right < 0), np.nan, np.power(left, right))


def _above_zero(function: Callable[[Number], Number]) -> Callable[[Number], Number]:
    return lambda number: np.where(number > 0, function(number), np.nan)


class _Known(NamedTuple):
    """How something is reckoned, how many parts it has (None: two or more), and its form in Python."""

    reckon: Callable[..., Number]
    part_count: int | None
    python: str


_FUNCTIONS: dict[str, _Known] = {
    "log": _Known(_above_zero(np.log), 1, "np.log({})"),
    "log10": _Known(_above_zero(np.log10), 1, "np.log10({})"),
    "exp": _Known(np.exp, 1, "np.exp({})"),
    "sqrt": _Known(np.sqrt, 1, "np.sqrt({})"),
    "abs": _Known(np.abs, 1, "np.abs({})"),
    "min": _Known(lambda *parts: reduce(np.minimum, parts), None, "np.minimum({}, {})"),
    "max": _Known(lambda *parts: reduce(np.maximum, parts), None, "np.maximum({}, {})"),
}
_SIGNS: dict[str, _Known] = {
    "+": _Known(np.add, 2, "({} + {})"),
    "-": _Known(np.subtract, 2, "({} - {})"),
    "*": _Known(np.multiply, 2, "({} * {})"),
    "/": _Known(_divided, 2, "({} / {})"),
    "**": _Known(_raised, 2, "({} ** {})"),
    "neg": _Known(np.negative, 1, "(-{})"),
}
_KNOWN = _FUNCTIONS | _SIGNS


def _value(node: _Node, columns: Mapping[str, Floats]) -> Number:
    if isinstance(node, _Fixed):
        return np.float64(node.value)
    if isinstance(node, _Metric):
        return columns[node.name]
    return _KNOWN[node.what].reckon(*(_value(part, columns) for part in node.parts))


def _python(node: _Node) -> str:
    if isinstance(node, _Fixed):
        return repr(node.value)
    if isinstance(node, _Metric):
        return f"m[{json.dumps(node.name)}]"
    form = _KNOWN[node.what].python
    first, *more = (_python(part) for part in node.parts)
    return reduce(form.format, more, first) if more else form.format(first)


class _Token(NamedTuple):
    """`kind` is "number", "name", "quoted", "sign" or "end"; `place` counts from 0."""

    kind: str
    text: str
    place: int


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*(?:\.\w+)*)"
    r"""|(?P<quoted>"[^"]*"|'[^']*'|`[^`]*`)"""
    r"|(?P<sign>\*\*|[-+*/(),])"
)


def _tokens(text: str) -> list[_Token]:
    found = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            raise _refused(text, place, _unreadable(text[place]))
        found.append(_Token(match.lastgroup or "", match.group(), place))
        place = match.end()
    return [*found, _Token("end", "", len(text))]


def _unreadable(character: str) -> str:
    if character in "\"'`":
        return "a name in quotes ends with the same quote"
    if character == "^":
        return "write ** for a power"
    return 'this is no part of a formula; a metric with such a sign in its name stands in quotes, as in "top-5"'


class _Reader:
    """Reads one text from left to right; `metrics` are the names found so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self.metrics: dict[str, None] = {}

    def whole(self) -> _Node:
        found = self._sum()
        if self._next.kind != "end":
            raise self._unexpected("a sign (+ - * / **) or the end")
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _takes(self, *signs: str) -> str | None:
        return self._take().text if self._next.kind == "sign" and self._next.text in signs else None

    def _sum(self) -> _Node:
        found = self._product()
        while sign := self._takes("+", "-"):
            found = _Applied(sign, (found, self._product()))
        return found

    def _product(self) -> _Node:
        found = self._signed()
        while sign := self._takes("*", "/"):
            found = _Applied(sign, (found, self._signed()))
        return found

    def _signed(self) -> _Node:
        """What may have a sign before it; every way deeper leads through here."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _refused(self._text, self._next.place, f"a formula is nested at most {MAX_DEPTH} deep")
        sign = self._takes("+", "-")
        if sign is None:
            found = self._single()
            if self._takes("**"):
                found = _Applied("**", (found, self._signed()))
        else:
            part = self._signed()
            found = part if sign == "+" else _Applied("neg", (part,))
        self._depth -= 1
        return found

    def _single(self) -> _Node:
        token = self._next
        if token.kind == "number":
            return self._number(self._take())
        if token.kind == "quoted":
            return self._metric(self._take(), token.text[1:-1])
        if token.kind == "name":
            self._take()
            return self._function(token) if self._takes("(") else self._metric(token, token.text)
        if self._takes("("):
            found = self._sum()
            self._close()
            return found
        raise self._unexpected("a number, a metric or a function")

    def _number(self, token: _Token) -> _Node:
        value = float(token.text)
        if not math.isfinite(value):
            raise _refused(self._text, token.place, "this number is too large")
        return _Fixed(value)

    def _metric(self, token: _Token, name: str) -> _Node:
        if not name or name.endswith("/*") or is_formula(name):
            raise _refused(self._text, token.place, "a formula names single metrics, and no pattern or other formula")
        self.metrics[name] = None
        if len(self.metrics) > MAX_METRICS:
            raise _refused(self._text, token.place, f"a formula is of at most {MAX_METRICS} metrics")
        return _Metric(name)

    def _function(self, token: _Token) -> _Node:
        known = _FUNCTIONS.get(token.text)
        if known is None:
            names = ", ".join(_FUNCTIONS)
            raise _refused(self._text, token.place, f"there is no function {token.text!r}; the functions are {names}")
        parts = [self._sum()]
        while self._takes(","):
            parts.append(self._sum())
        self._close()
        if len(parts) != known.part_count and (known.part_count is not None or len(parts) < 2):
            wanted = "one part" if known.part_count == 1 else "two parts or more"
            raise _refused(self._text, token.place, f"{token.text} is of {wanted}, and here it has {len(parts)}")
        return _Applied(token.text, tuple(parts))

    def _close(self) -> None:
        if not self._takes(")"):
            raise self._unexpected("a closing bracket")

    def _unexpected(self, wanted: str) -> Refused:
        return _refused(self._text, self._next.place, f"here {wanted} is missing")


def _refused(text: str, place: int, problem: str) -> Refused:
    found = text[place : place + 20].strip()
    where = f"at character {place + 1}, {found!r}" if found else f"at character {place + 1}, the end"
    message = f"the formula cannot be read {where}: {problem}"
    return Refused("bad_formula", message, field="formula", position=place + 1)


def split(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of metrics, and those that are formulas."""
    return [name for name in names if not is_formula(name)], [name for name in names if is_formula(name)]
