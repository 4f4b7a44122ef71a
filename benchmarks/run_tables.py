"""The runs table at its full size, and how its pages grow with the number of runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks import searching
from benchmarks.figures import Figure
from benchmarks.processes import Backend

FEWEST = 100
DRAWN = list(searching.PAGES)[:2]
"""The pages whose growth is shown."""


def figures(*, repetitions: int, most: int, backend: Backend) -> list[Figure]:
    """Every page at `most` runs; of every power of ten below, the pages whose growth is shown."""
    runs, found = FEWEST, []
    while runs < most:
        small = searching.figures(repetitions=repetitions, backend=backend, runs=runs)
        found += [replace(figure, goal=None) for figure in _on_curves(small, runs) if figure.curve]
        runs *= 10
    return found + list(_on_curves(searching.figures(repetitions=repetitions, backend=backend, runs=most), most))


def _on_curves(measured: list[Figure], runs: int) -> Iterator[Figure]:
    for figure in measured:
        page = figure.name.partition(": ")[2]
        yield replace(figure, curve=f"the runs table: {page}", size=runs) if page in DRAWN else figure
