"""Groups of runs, each with the curves that stand for it: what the server reckons from every point of every run.

What always holds: every run that matches is in one group, and of each x it is said how many runs count there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from tracker.query.connection import Connection

Statistic = Literal["mean", "median"]
Band = Literal["none", "min_max", "std", "stderr", "ci95"]
Align = Literal["exact", "interpolate"]

FEWEST_POINTS: Final = 3
MOST_POINTS: Final = 10_000


class Curve(msgspec.Struct, frozen=True):
    """One metric of one group as columns of one length, in order of x.

    `center` is the mean or median of the `n` runs with a finite value at x, None without one. `low` and `high` are the
    ends of the band: None where fewer than two runs cannot have it, and empty without a band. `is_exact` says that
    every x is there; `is_interpolated` that runs count at x where they have no point. `run_count` runs have the metric.
    """

    metric: str
    run_count: int
    is_exact: bool
    is_interpolated: bool
    x: list[float]
    center: list[float | None]
    low: list[float | None]
    high: list[float | None]
    n: list[int]


class RunGroup(msgspec.Struct, frozen=True):
    """Runs that belong together: `values` are what they have in common, `run_ids` the ids of the first hundred."""

    values: dict[str, Any]
    run_count: int
    run_ids: list[str]
    curves: dict[str, Curve]


class _Group(msgspec.Struct, frozen=True):
    values: list[Any]
    run_count: int
    runs: list[str]
    curves: list[Curve]


class _Answer(msgspec.Struct, frozen=True):
    keys: list[str]
    groups: list[_Group]


def read(
    connection: Connection,
    project: str,
    metrics: str | Iterable[str],
    *,
    by: str | Iterable[str],
    all_but: str | Iterable[str] | None,
    points: int,
    **view: Any,
) -> list[RunGroup]:
    """The groups in the server's order. Raises ValueError for what cannot be grouped or drawn so."""
    if isinstance(points, bool) or not isinstance(points, int) or not FEWEST_POINTS <= points <= MOST_POINTS:
        raise ValueError(f"points must be from {FEWEST_POINTS} to {MOST_POINTS}, got {points!r}")
    names = _listed("metrics", metrics)
    if not names:
        raise ValueError("metrics must name at least one metric to draw, got none")
    body = {"project": project, "metrics": names, "group_by": _listed("by", by), "points": points, **view}
    body |= {} if all_but is None else {"except_keys": _listed("all_but", all_but)}
    answer = connection.ask("POST", "/groups/series", _Answer, body=body)
    return [
        RunGroup(
            dict(zip(answer.keys, group.values, strict=True)),
            group.run_count,
            group.runs,
            {curve.metric: curve for curve in group.curves},
        )
        for group in answer.groups
    ]


def _listed(what: str, given: str | Iterable[str]) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if not isinstance(name, str) or not name:
            raise TypeError(f"{what} must be a text or a list of texts, got {name!r} in it")
    return names
