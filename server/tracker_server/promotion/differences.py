"""What is not the same between a holder and a candidate. Pure."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from tracker_server.gates import Seeds, summary_value
from tracker_server.promotion.schema import (
    Change,
    CodeState,
    ConfigChange,
    DataChange,
    Differences,
    MetricChange,
    PackageChange,
    Spread,
)
from tracker_server.registry import Evidence
from tracker_server.registry.schema import Code, UsedData
from tracker_server.runs.schema import Goal, MetricSummary


def metric_changes(
    holder: Mapping[str, MetricSummary],
    candidate: Mapping[str, MetricSummary],
    *,
    seeds: tuple[Seeds | None, Seeds],
    goal_of: Callable[[str], Goal | None],
    gated: Collection[str],
    main: str | None,
) -> list[MetricChange]:
    """Every metric of either: those that rules are about, then the model's main one, then by name.

    `seeds` are those of the holder and of the candidate.
    """
    changes = [
        _metric_change(
            name,
            holder.get(name),
            candidate.get(name),
            (_spread(seeds[0], name), _spread(seeds[1], name)),
            goal_of(name),
            is_gated=name in gated,
            is_main=name == main,
        )
        for name in holder.keys() | candidate.keys()
    ]
    return sorted(changes, key=lambda change: (not change.is_gated, not change.is_main, change.name))


def _metric_change(
    name: str,
    holder: MetricSummary | None,
    candidate: MetricSummary | None,
    spreads: tuple[Spread | None, Spread | None],
    goal: Goal | None,
    *,
    is_gated: bool,
    is_main: bool,
) -> MetricChange:
    before, after = summary_value(holder), summary_value(candidate)
    return MetricChange(
        name=name,
        holder=holder,
        candidate=candidate,
        holder_spread=spreads[0],
        candidate_spread=spreads[1],
        relative=_relative(before, after),
        goal=goal,
        change=_change(before, after, goal),
        is_gated=is_gated,
        is_main=is_main,
    )


def _spread(seeds: Seeds | None, metric: str) -> Spread | None:
    """None where there are not several values, or where they are too large to be added up."""
    values = seeds.values(metric) if seeds is not None else ()
    if len(values) < 2:
        return None
    try:
        return Spread(statistics.fmean(values), statistics.stdev(values), len(values))
    except OverflowError:
        return None


def _relative(before: float | None, after: float | None) -> float | None:
    """The change as a part of the holder's value; None where there is none, or where that is 0."""
    if before is None or after is None or before == 0:
        return None
    relative = (after - before) / abs(before)
    return relative if math.isfinite(relative) else None


def _change(before: float | None, after: float | None, goal: Goal | None) -> Change | None:
    if before is None or after is None:
        return None
    if before == after:
        return "same"
    if goal is None:
        return "changed"
    return "better" if (after > before) == (goal == "max") else "worse"


def differences(holder: Evidence, candidate: Evidence) -> Differences:
    """Everything but the metrics."""
    return Differences(
        config=_config_changes(holder.config, candidate.config),
        holder_code=_code_state(holder.code),
        candidate_code=_code_state(candidate.code),
        is_code_same=_is_code_same(holder.code, candidate.code),
        packages=_package_changes(holder.code, candidate.code),
        data=_data_changes(holder.data, candidate.data),
    )


def _code_state(code: Code | None) -> CodeState | None:
    if code is None or code.commit is None:
        return None
    return CodeState(commit=code.commit, branch=code.branch, is_dirty=code.is_dirty)


def _is_code_same(holder: Code | None, candidate: Code | None) -> bool | None:
    """Whether commit and uncommitted changes are; None where that is not known of both."""
    if holder is None or candidate is None or holder.commit is None or candidate.commit is None:
        return None
    return (holder.commit, holder.patch_digest) == (candidate.commit, candidate.patch_digest)


def _package_changes(holder: Code | None, candidate: Code | None) -> list[PackageChange]:
    """By name. Nothing where those of either were not captured."""
    before, after = _installed(holder), _installed(candidate)
    if not before or not after:
        return []
    return [
        PackageChange(name, before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _installed(code: Code | None) -> dict[str, str]:
    if code is None or code.packages is None:
        return {}
    return code.packages if code.python is None else {**code.packages, "python": code.python}


def _data_changes(holder: Sequence[UsedData], candidate: Sequence[UsedData]) -> list[DataChange]:
    """By name, with the project before it where a name is of several."""
    before, after = _newest(holder), _newest(candidate)
    found = sorted(before.keys() | after.keys(), key=lambda key: (key[1], key[0]))
    projects = Counter(name for _, name in found)
    return [
        DataChange(
            name if projects[name] == 1 else f"{project}/{name}",
            before.get((project, name)),
            after.get((project, name)),
        )
        for project, name in found
        if before.get((project, name)) != after.get((project, name))
    ]


def _newest(used: Sequence[UsedData]) -> dict[tuple[str, str], int]:
    """The newest version of each, by project and name."""
    found: dict[tuple[str, str], int] = {}
    for one in used:
        key = (one.project, one.name)
        found[key] = max(one.version, found.get(key, one.version))
    return found


def _config_changes(holder: dict[str, Any], candidate: dict[str, Any]) -> list[ConfigChange]:
    """Every key whose value differs, by key."""
    return [
        ConfigChange(key, holder.get(key), candidate.get(key), key in holder, key in candidate)
        for key in sorted(holder.keys() | candidate.keys())
        if (key in holder) != (key in candidate) or not _is_same(holder[key], candidate[key])
    ]


def _is_same(one: Any, other: Any) -> bool:
    """Equal, and not only as Python has it: true is not 1, and NaN is NaN."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other or (one != one and other != other))
