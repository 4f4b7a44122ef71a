"""Measurements as people read them: a table of text for a terminal, or one of Markdown.

A figure that is only a point of a curve of growth is left out: the slope of its curve is a row, and the plot shows it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.figures import Figure, Measurement

HEAD = ("what", "median", "min – max", "n", "goal", "ceiling in the same run", "ratio")


def text(measurements: Sequence[Measurement]) -> str:
    """A block for each part, with what was noted below it."""
    return "\n\n".join(_block(measurement) for measurement in measurements)


def markdown(measurements: Sequence[Measurement]) -> str:
    """A table for each database, and below it how each part was measured."""
    backends = dict.fromkeys(measurement.backend for measurement in measurements)
    return "\n\n".join(_section([one for one in measurements if one.backend == backend]) for backend in backends)


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text below their head; the last cell of a row may be as long as it likes."""
    widths = [max(len(row[column]) for row in rows if column < len(row) - 1) for column in range(len(rows[0]) - 1)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=False)).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def in_markdown(rows: Sequence[Sequence[str]]) -> str:
    """The same rows as a table of Markdown."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "| " + " | ".join("---" for _ in rows[0]) + " |", *lines[1:]])


def number(value: float) -> str:
    """Three digits of it, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _block(measurement: Measurement) -> str:
    shown = [figure for figure in measurement.figures if _is_row(figure)]
    title = f"{measurement.part}, {measurement.backend}: {_how(measurement)}"
    return "\n".join([title, in_columns([HEAD, *map(_row, shown)]), *_notes(shown)])


def _section(measurements: Sequence[Measurement]) -> str:
    shown = [figure for measurement in measurements for figure in measurement.figures if _is_row(figure)]
    measured = [f"- {one.part}: {_how(one)}" for one in measurements]
    return "\n".join(
        [f"On {measurements[0].backend}, {measurements[0].machine}:", "", in_markdown([HEAD, *map(_row, shown)]), "",
         *_notes(shown), *measured]
    )  # fmt: skip


def _is_row(figure: Figure) -> bool:
    return not figure.curve or figure.goal is not None


def _how(measurement: Measurement) -> str:
    load = measurement.machine.load
    return f"`{measurement.command}`, {measurement.seconds:.0f} s, load {load} before it began"


def _notes(figures: Sequence[Figure]) -> list[str]:
    return [f"- {figure.name}: {figure.note}" for figure in figures if figure.note]


def _row(figure: Figure) -> tuple[str, ...]:
    bound = "≥" if figure.is_rate else "≤"
    verdict = {True: " ✓", False: " ✗", None: ""}[figure.is_reached]
    goal = f"{bound} {number(figure.goal)}{verdict}" if figure.goal is not None else ""
    bare = figure.ceiling
    return (
        figure.name,
        f"{number(figure.median)} {figure.unit}",
        f"{number(min(figure.values))} – {number(max(figure.values))}" if len(figure.values) > 1 else "",
        str(len(figure.values)),
        goal,
        f"{bare.name}: {number(statistics.median(bare.values))}" if bare else "",
        f"{figure.ratio:.1f}×" if figure.ratio is not None else "",
    )
