"""Figures: numbers that were measured several times, beside a goal and a ceiling, and how they are shown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ceiling:
    """What the bare parts take, measured in the same run and the same unit as the figure."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Figure:
    """`goal` is a bound: at most so much, or at least so much where `is_rate`."""

    name: str
    unit: str
    values: Sequence[float]
    goal: float | None = None
    is_rate: bool = False
    ceiling: Ceiling | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_reached(self) -> bool | None:
        """Whether the median keeps the goal; None without a goal."""
        if self.goal is None:
            return None
        return self.median >= self.goal if self.is_rate else self.median <= self.goal

    @property
    def ratio(self) -> float | None:
        """How many times the ceiling's cost ours is; 1 would be nothing added."""
        if self.ceiling is None:
            return None
        bare = statistics.median(self.ceiling.values)
        return bare / self.median if self.is_rate else self.median / bare

    def document(self) -> dict[str, Any]:
        """The figure as it stands in results.json."""
        ceiling = self.ceiling and {
            "name": self.ceiling.name,
            "median": statistics.median(self.ceiling.values),
            "values": list(self.ceiling.values),
        }
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "values": list(self.values),
            "goal": self.goal,
            "is_reached": self.is_reached,
            "ceiling": ceiling,
            "ratio": self.ratio,
            "note": self.note,
        }


@dataclass(frozen=True)
class Machine:
    """Where it was measured. `load` is that of the last minute, by whatever else ran."""

    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    python: str = field(default_factory=platform.python_version)
    system: str = field(default_factory=platform.platform)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table of text."""
    head = ("what", "median", "min – max", "goal", "", "ceiling", "", "ratio")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def _row(figure: Figure) -> tuple[str, ...]:
    bound = "≥" if figure.is_rate else "≤"
    goal = f"{bound} {_number(figure.goal)}" if figure.goal is not None else ""
    verdict = {True: "✓", False: "✗", None: ""}[figure.is_reached]
    bare = figure.ceiling
    return (
        figure.name,
        f"{_number(figure.median)} {figure.unit}",
        f"{_number(min(figure.values))} – {_number(max(figure.values))}",
        goal,
        verdict,
        f"{_number(statistics.median(bare.values))} {figure.unit}" if bare else "",
        bare.name if bare else "",
        f"{figure.ratio:.1f}×" if figure.ratio is not None else "",
    )


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
