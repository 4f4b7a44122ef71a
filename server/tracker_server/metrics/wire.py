"""The columns of an answer, as they are drawn and as they are sent: lists for JSON, bytes for MessagePack.

What always holds: both say the same. In bytes, numbers are little-endian float64, steps int64, and a gap is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tracker_server.metrics.columns import Floats, Integers
from tracker_server.metrics.schema import Mark, SeriesColumns


def _none() -> Floats:
    return np.empty(0, np.float64)


class Shown(Protocol):
    """A series that is stored, or one that is reckoned from such."""

    @property
    def id(self) -> int: ...

    @property
    def run_id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def segment(self) -> int: ...

    @property
    def count(self) -> int: ...


@dataclass(frozen=True)
class Drawing:
    """What is drawn of a series: columns of one length, a NaN among `values` being a gap.

    `mark_x` and `mark_values` are the points without height. `smoothed`, `low` and `high` are empty where they were not
    asked for.
    """

    series: Shown
    points_in_range: int
    is_exact: bool
    is_delta: bool
    x: Floats
    steps: Integers
    values: Floats
    mark_x: Floats
    mark_values: Floats
    smoothed: Floats = field(default_factory=_none)
    low: Floats = field(default_factory=_none)
    high: Floats = field(default_factory=_none)


Form = Callable[[Drawing], SeriesColumns]
"""How a drawing is sent: `listed` or `packed`."""


def listed(drawing: Drawing) -> SeriesColumns:
    """The columns as lists, a gap being None."""
    return _sent(drawing, _numbers, _integers)


def packed(drawing: Drawing) -> SeriesColumns:
    """The columns as bytes: what no type says, since the struct describes the JSON."""
    return _sent(drawing, _bytes_of_floats, _bytes_of_integers)


def form(*, as_bytes: bool) -> Form:
    """Packed for whoever wants bytes."""
    return packed if as_bytes else listed


def _sent(drawing: Drawing, floats: Callable[[Floats], Any], integers: Callable[[Integers], Any]) -> SeriesColumns:
    series = drawing.series
    return SeriesColumns(
        id=series.id,
        run=series.run_id,
        metric=series.name,
        label=series.label,
        segment=series.segment,
        count=series.count,
        points_in_range=drawing.points_in_range,
        is_exact=drawing.is_exact,
        is_delta=drawing.is_delta,
        x=floats(drawing.x),
        steps=integers(drawing.steps),
        values=floats(drawing.values),
        marks=[_mark(*mark) for mark in zip(drawing.mark_x.tolist(), drawing.mark_values.tolist(), strict=True)],
        smoothed=floats(drawing.smoothed),
        low=floats(drawing.low),
        high=floats(drawing.high),
    )


def _numbers(column: Floats) -> list[float | None]:
    numbers: list[float | None] = column.tolist()
    for place in np.flatnonzero(np.isnan(column)).tolist():
        numbers[place] = None
    return numbers


def _integers(column: Integers) -> list[int]:
    integers: list[int] = column.tolist()
    return integers


def _bytes_of_floats(column: Floats) -> bytes:
    return column.astype("<f8", copy=False).tobytes()


def _bytes_of_integers(column: Integers) -> bytes:
    return column.astype("<i8", copy=False).tobytes()


def _mark(x: float, value: float) -> Mark:
    if math.isnan(value):
        return Mark(x, "nan")
    return Mark(x, "inf" if value > 0 else "-inf")
