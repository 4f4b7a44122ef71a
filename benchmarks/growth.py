"""How cost grows with size: a straight line through the figures of each curve, both axes logarithmic.

A slope of 1 is a cost in proportion to the size, one of 0 a cost that does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.figures import Figure

FEWEST = 3


def curves(figures: Sequence[Figure]) -> dict[str, list[Figure]]:
    """The figures of each curve by size, of those that have at least three sizes."""
    named = dict.fromkeys(figure.curve for figure in figures if figure.curve)
    found = {name: sorted((one for one in figures if one.curve == name), key=lambda one: one.size) for name in named}
    return {name: points for name, points in found.items() if len({one.size for one in points}) >= FEWEST}


def slopes(figures: Sequence[Figure]) -> Iterator[Figure]:
    """A figure for each curve."""
    for name, points in curves(figures).items():
        first, last = points[0].size, points[-1].size
        fitted = slope(points)
        yield Figure(
            f"growth of {name}", "slope", [fitted],
            note=f"cost ~ size^{fitted:.2f} from {first:,} to {last:,}; between the last two sizes, "
            f"size^{slope(points[-2:]):.2f}",
        )  # fmt: skip


def slope(points: Sequence[Figure]) -> float:
    """Of the least-squares line through the logarithms of size and median."""
    sizes = np.log10([point.size for point in points])
    costs = np.log10([point.median for point in points])
    fitted, _ = np.polynomial.polynomial.polyfit(sizes, costs, 1)[::-1]
    return float(fitted)
