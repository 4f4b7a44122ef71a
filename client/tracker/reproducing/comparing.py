"""Whether the metrics of one run are those of another.

Two numbers are equal up to a relative tolerance t where |a - b| <= t * max(|a|, |b|), as `math.isclose` has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal

import msgspec

if TYPE_CHECKING:
    from tracker.query.answers import MetricSummary

Outcome = Literal["equal", "close", "differs", "missing", "new"]
STATISTICS: Final = ("count", "last", "min", "max", "mean", "last_step", "min_step", "max_step")
_ROUNDING: Final = 1e-12
"""The server adds up what arrives together, so the last digits of a mean depend on what did."""


class MetricVerdict(msgspec.Struct, frozen=True):
    """How a metric of the new run is to that of the old. Where it `differs`, `statistic` is the first that does, and
    `before` and `after` are its values."""

    metric: str
    outcome: Outcome
    statistic: str | None = None
    before: float | None = None
    after: float | None = None


class Comparison(msgspec.Struct, frozen=True):
    """All metrics that were compared, those that differ first; what was left out is in `ignored`."""

    metrics: tuple[MetricVerdict, ...]
    ignored: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether every metric is there, and none differs by more than the tolerance."""
        return all(verdict.outcome in ("equal", "close") for verdict in self.metrics)

    def count(self, outcome: Outcome) -> int:
        """How many metrics came out so."""
        return sum(verdict.outcome == outcome for verdict in self.metrics)


def compare(
    before: Mapping[str, MetricSummary],
    after: Mapping[str, MetricSummary],
    *,
    tolerance: float,
    ignore: Sequence[str] = (),
) -> Comparison:
    """Compare what was logged, not what was sampled of the machine. `ignore` has patterns such as "time/*"."""
    names = sorted({name for side in (before, after) for name, metric in side.items() if metric.kind == "metric"})
    ignored = [name for name in names if any(fnmatchcase(name, pattern) for pattern in ignore)]
    verdicts = [
        _verdict(name, before.get(name), after.get(name), tolerance) for name in names if name not in set(ignored)
    ]
    order = ("differs", "missing", "new", "close", "equal")
    return Comparison(tuple(sorted(verdicts, key=lambda each: order.index(each.outcome))), tuple(ignored))


def _verdict(name: str, before: MetricSummary | None, after: MetricSummary | None, tolerance: float) -> MetricVerdict:
    if before is None or after is None:
        return MetricVerdict(name, "missing" if after is None else "new")
    is_equal = True
    for statistic in STATISTICS:
        one, other = getattr(before, statistic), getattr(after, statistic)
        if one == other or (statistic == "mean" and _are_close(one, other, _ROUNDING)):
            continue
        is_step = statistic.endswith("step")
        if is_step and not is_equal:
            continue  # of values that are only close, another may be the least
        if statistic == "count" or is_step or not _are_close(one, other, tolerance):
            return MetricVerdict(name, "differs", statistic, one, other)
        is_equal = False
    return MetricVerdict(name, "equal" if is_equal else "close")


def _are_close(one: float | None, other: float | None, tolerance: float) -> bool:
    return one is not None and other is not None and math.isclose(one, other, rel_tol=tolerance)
