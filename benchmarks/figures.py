"""Figures: numbers that were measured, beside a goal and a ceiling, and where and how they were taken."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

WARM_UP = 2


@dataclass(frozen=True)
class Ceiling:
    """What the bare parts take, measured in the same run and the same unit as the figure."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True)
class Figure:
    """`goal` is a bound: at most so much, or at least so much where `is_rate`. Each repetition is one of `values`.

    Figures of one `curve` are the same work at different sizes (of points, or of runs): growth is fitted to them.
    """

    name: str
    unit: str
    values: Sequence[float]
    goal: float | None = None
    is_rate: bool = False
    ceiling: Ceiling | None = None
    note: str = ""
    curve: str = ""
    size: int = 0

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
            "is_rate": self.is_rate,
            "is_reached": self.is_reached,
            "ceiling": ceiling,
            "ratio": self.ratio,
            "note": self.note,
            "curve": self.curve,
            "size": self.size,
        }


@dataclass(frozen=True)
class Machine:
    """Where it was measured. `load` is that of the last minute, by whatever else ran."""

    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    python: str = field(default_factory=platform.python_version)
    system: str = field(default_factory=platform.platform)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 2))

    def __str__(self) -> str:
        return f"{self.cores} cores, Python {self.python}, {self.system}, load {self.load} before it began"


@dataclass(frozen=True)
class Measurement:
    """One part of the table, measured in one go: by which command, in how many seconds, and on what machine."""

    part: str
    backend: str
    command: str
    seconds: float
    machine: Machine
    figures: Sequence[Figure]

    def document(self) -> dict[str, Any]:
        """The measurement as it stands in results.json."""
        return {
            "part": self.part,
            "backend": self.backend,
            "command": self.command,
            "seconds": round(self.seconds, 1),
            "machine": vars(self.machine),
            "figures": [figure.document() for figure in self.figures],
        }


def milliseconds(repetitions: int, ask: Callable[[], None]) -> list[float]:
    """What each repetition takes, after the first few, which are not counted."""
    costs = []
    for _ in range(WARM_UP + repetitions):
        begun = time.perf_counter()
        ask()
        costs.append(1000 * (time.perf_counter() - begun))
    return costs[WARM_UP:]
