"""The measurements as drawings: how cost grows, and how far each figure is from its goal.

Text stays text and the ground is transparent, in colours that can be read on white and on black.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from benchmarks import growth
from benchmarks.figures import Figure, Measurement

GREY = "#808890"
COLOURS = {"sqlite": "#2f81f7", "postgresql": "#d9822b"}
MARKERS = "osD^v"
LABEL_CHARACTERS = 52
PARTS = {"ingest": "s", "read": "ms", "runs": "ms"}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "tracker", "font.size": 9, "font.family": "sans-serif",
    "text.color": GREY, "axes.labelcolor": GREY, "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY,
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": GREY, "grid.alpha": 0.25,
    "legend.frameon": False, "legend.fontsize": 7,
}  # fmt: skip


def draw_growth(measurements: Sequence[Measurement], target: Path) -> None:
    """Median cost over size, a panel for each part that has curves; the legend below each states the slopes."""
    with mpl.rc_context(STYLE):
        drawing = Drawing(figsize=(11, 4.4), layout="constrained")
        for axes, (part, unit) in zip(drawing.subplots(1, len(PARTS)), PARTS.items(), strict=True):
            for measurement in measurements:
                if measurement.part == part:
                    _draw_curves(axes, measurement)
            axes.set(xscale="log", yscale="log", ylabel=unit, xlabel="runs" if part == "runs" else "points", title=part)
            axes.grid(True)
            if axes.lines:
                axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.16))
        _save(drawing, target)


def _draw_curves(axes: Axes, measurement: Measurement) -> None:
    for place, (name, points) in enumerate(growth.curves(measurement.figures).items()):
        axes.plot(
            [point.size for point in points], [point.median for point in points],
            marker=MARKERS[place % len(MARKERS)], markersize=4, color=COLOURS[measurement.backend],
            linestyle="-" if place == 0 else "--",
            label=textwrap.fill(
                f"slope {growth.slope(points):.2f}, {measurement.backend}: {name.rpartition(': ')[2]}", LABEL_CHARACTERS
            ),
        )  # fmt: skip


def draw_results(measurements: Sequence[Measurement], target: Path) -> None:
    """A bar for each figure that has a goal: what part of the allowance it takes; a bar beyond 1 misses it."""
    bars = [
        (one.backend, figure) for one in measurements for figure in one.figures if figure.goal and figure.median > 0
    ]
    with mpl.rc_context(STYLE):
        drawing = Drawing(figsize=(9, 1 + 0.17 * len(bars)), layout="constrained")
        axes = drawing.subplots()
        shares = [_share(figure) for _, figure in bars]
        axes.barh(range(len(bars)), shares, color=[COLOURS[backend] for backend, _ in bars], height=0.7)
        axes.set_yticks(range(len(bars)), [_label(backend, figure) for backend, figure in bars], fontsize=7)
        axes.set(xscale="log", xlabel="share of what the goal allows; 1 is the goal, less is better")
        axes.axvline(1.0, color=GREY)
        axes.invert_yaxis()
        axes.margins(y=0.005)
        _save(drawing, target)


def _share(figure: Figure) -> float:
    assert figure.goal is not None
    return figure.goal / figure.median if figure.is_rate else figure.median / figure.goal


def _label(backend: str, figure: Figure) -> str:
    return f"{figure.name}{' (postgresql)' if backend == 'postgresql' else ''}"


def _save(drawing: Drawing, target: Path) -> None:
    drawing.savefig(target, format="svg", transparent=True, metadata={"Date": None})
