"""Whether a difference is more than noise.

What always holds: equal observations give equal answers, in whatever order they come, as chance is seeded with them;
work is bounded, whatever their number. Everything is turned so that more is better. `docs/gates.md` says what is
tested, why, and how often it was wrong in simulations.

Two samples: a bootstrap-t interval (Efron & Tibshirani 1993, ch. 12; Hall 1988) and a studentised permutation test
(Janssen 1997; Chung & Romano 2013; its p-value as by Phipson & Smyth 2010) have to agree. The interval by itself is
wrong too often where the numbers of observations differ and the noise is skewed, the test by itself gives no interval.

Pairs: a bootstrap-t interval of the mean difference, widened to that of a percentile bootstrap to which one pair was
added that is as bad as can be. Without it a sample in which nothing differs would prove that nothing ever does.
"""

from __future__ import annotations

import bisect
import functools
import hashlib
import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from tracker_server.gates.rules import FEWEST_EXAMPLES

Numbers = npt.NDArray[np.float64]

POWER: Final = 0.8
"""How often as many observations as are asked for would show a difference as large as the one that was seen."""

MOST_SEEDS: Final = 50
"""More than that is not asked for: the difference is smaller than the noise."""

MOST_EXAMPLES: Final = 1_000_000

_RESAMPLES: Final = 2000
_MOST_NUMBERS: Final = 4_000_000
"""So many numbers are drawn at most in one go."""

_MOST_SPLITS: Final = 20_000
"""Up to so many ways to split a sample in two are gone through, all of them; of more, some by chance."""

_MOST_DISTINCT: Final = 200
_BLOCKS: Final = 250


@dataclass(frozen=True)
class Compared:
    """What two sides show. The true difference is above `low` but for the error rate, and below `high` but for it; both
    None where so few observations say nothing. `is_above` and `is_below` say on which side of the threshold it is shown
    to lie. `needed` observations would show it; None: more than are asked for."""

    difference: float
    low: float | None
    high: float | None
    is_above: bool
    is_below: bool
    needed: int | None


@functools.lru_cache(maxsize=2048)
def two_samples(
    candidate: tuple[float, ...], holder: tuple[float, ...], *, threshold: float, error_rate: float
) -> Compared:
    """One value a run on each side, two runs at least. `needed` is for each side."""
    a, b = np.sort(np.array(candidate)), np.sort(np.array(holder))
    random = _random(a, b)
    low, high = _interval_of_two(a, b, error_rate, random)
    chance_above, chance_below = _permuted(a - threshold, b, random)
    difference = float(a.mean() - b.mean())
    return Compared(
        difference,
        _finite(low),
        _finite(high),
        is_above=bool(low > threshold) and chance_above <= error_rate,
        is_below=bool(high < threshold) and chance_below <= error_rate,
        needed=seeds_needed(difference - threshold, float(a.var(ddof=1) + b.var(ddof=1)), error_rate),
    )


def _interval_of_two(a: Numbers, b: Numbers, error_rate: float, random: np.random.Generator) -> tuple[float, float]:
    """By the bootstrap-t. A resample of equal values has no spread to be measured by: it counts against both ends."""
    count = _draws(len(a) + len(b))
    drawn_a, drawn_b = (side[random.integers(0, len(side), (count, len(side)))] for side in (a, b))
    difference, error = float(a.mean() - b.mean()), math.sqrt(_squared_error(a) + _squared_error(b))
    if error == 0:
        return difference, difference
    off = drawn_a.mean(axis=1) - drawn_b.mean(axis=1) - difference
    errors = np.sqrt(drawn_a.var(axis=1, ddof=1) / len(a) + drawn_b.var(axis=1, ddof=1) / len(b))
    return _studentised(difference, error, off, errors, error_rate)


def _studentised(
    estimate: float, error: float, off: Numbers, errors: Numbers, error_rate: float
) -> tuple[float, float]:
    """The interval whose resamples were so far `off`, each measured by its own error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = off / errors
    most = np.quantile(np.where(np.isnan(t), np.inf, t), 1 - error_rate, method="higher")
    least = np.quantile(np.where(np.isnan(t), -np.inf, t), error_rate, method="lower")
    return estimate - float(most) * error, estimate - float(least) * error


def _permuted(a: Numbers, b: Numbers, random: np.random.Generator) -> tuple[float, float]:
    """How often a split by chance is at least as far above, and at least as far below, as the one that there is."""
    pooled = np.concatenate([a, b])
    pooled = pooled - pooled.mean()
    size = len(a)
    is_exact = math.comb(len(pooled), size) <= _MOST_SPLITS
    if is_exact:
        chosen = pooled[_splits(len(pooled), size)]
    else:
        order = np.argsort(random.random((_draws(len(pooled)), len(pooled))), axis=1)
        chosen = pooled[order[:, :size]]
    t = _split_statistic(chosen, pooled)
    seen = float(_split_statistic(pooled[None, :size], pooled)[0])
    slack = 1e-9 * max(1.0, abs(seen)) if math.isfinite(seen) else 0.0
    above, below = int((t >= seen - slack).sum()), int((t <= seen + slack).sum())
    if is_exact:
        return above / len(t), below / len(t)
    return (above + 1) / (len(t) + 1), (below + 1) / (len(t) + 1)


@functools.lru_cache(maxsize=16)
def _splits(total: int, size: int) -> npt.NDArray[np.intp]:
    """Every way to choose `size` of `total`, a row each."""
    return np.array(list(itertools.combinations(range(total), size)), dtype=np.intp)


def _split_statistic(chosen: Numbers, pooled: Numbers) -> Numbers:
    """The studentised difference of means between the chosen and the others, a row each. `pooled` has the mean 0."""
    n, m = chosen.shape[1], len(pooled) - chosen.shape[1]
    total, squares = float(pooled.sum()), float((pooled**2).sum())
    chosen_sum, chosen_squares = chosen.sum(axis=1), (chosen**2).sum(axis=1)
    mean, other = chosen_sum / n, (total - chosen_sum) / m
    spread = (chosen_squares - n * mean**2) / (n - 1) / n
    spread += (squares - chosen_squares - m * other**2) / (m - 1) / m
    spread[spread < 1e-14 * squares] = 0  # what is left of equal values by rounding
    difference = mean - other
    difference[np.abs(difference) < 1e-12 * math.sqrt(squares)] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        t: Numbers = np.nan_to_num(difference / np.sqrt(spread), nan=0.0, posinf=np.inf, neginf=-np.inf)
    return t


def pairs(differences: Numbers, *, threshold: float, error_rate: float, reach: float) -> Compared:
    """One difference an example, candidate minus holder. `reach` is the largest that one could have."""
    d = np.sort(differences)
    random = _random(d)
    mean = float(d.mean())
    bad, good = _Resampled.of(np.append(d, -reach), random), _Resampled.of(np.append(d, reach), random)
    as_seen = _Resampled.of(d, random)
    error = math.sqrt(_squared_error(d))
    low = high = mean
    if error > 0:
        least = reach / len(d)  # the error where one pair differs; a resample in which none does would else have none
        errors = np.maximum(as_seen.errors, least)
        low, high = _studentised(mean, max(error, least), as_seen.means - mean, errors, error_rate)
    half = reach / (2 * len(d))  # means of few kinds of values go in steps: half of one is the usual correction
    low = min(low, float(np.quantile(bad.means, error_rate, method="lower")) - half)
    high = max(high, float(np.quantile(good.means, 1 - error_rate, method="higher")) + half)
    return Compared(
        mean,
        _finite(low),
        _finite(high),
        is_above=low > threshold,
        is_below=high < threshold,
        needed=examples_needed(abs(mean - threshold), float(d.var(ddof=1)), reach, error_rate),
    )


@dataclass(frozen=True)
class _Resampled:
    """The means of resamples, and the standard error that each has by itself."""

    means: Numbers
    errors: Numbers

    @classmethod
    def of(cls, values: Numbers, random: np.random.Generator) -> _Resampled:
        """Where few values are distinct only their numbers are drawn. Where there are many values, and of many kinds,
        the means of 250 groups of them are drawn: groups by chance are as independent as the values are."""
        distinct, counts = np.unique(values, return_counts=True)
        if len(distinct) <= _MOST_DISTINCT:
            parts = random.multinomial(len(values), counts / len(values), size=_RESAMPLES) / len(values)
            means = parts @ distinct
            variances = np.maximum(parts @ distinct**2 - means**2, 0) * len(values) / (len(values) - 1)
            return cls(means, np.sqrt(variances / len(values)))
        if len(values) > _BLOCKS:
            groups = np.array_split(random.permutation(values), _BLOCKS)
            values = np.array([group.mean() for group in groups])
        drawn = values[random.integers(0, len(values), (_draws(len(values)), len(values)))]
        return cls(drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / math.sqrt(len(values)))


def seeds_needed(margin: float, variances: float, error_rate: float) -> int | None:
    """How many runs each side takes to show a margin, where `variances` is the sum of both sides' (Guenther 1981).

    At least as many as can show anything: fewer splits than one in the error rate prove nothing.
    """
    fewest = next(n for n in itertools.count(2) if math.comb(2 * n, n) * error_rate >= 1 - 1e-9)
    if margin == 0:
        return None
    certain, strong = NormalDist().inv_cdf(1 - error_rate), NormalDist().inv_cdf(POWER)
    needed = (certain + strong) ** 2 * variances / margin**2 + certain**2 / 4
    return max(fewest, math.ceil(needed) + 1) if needed < MOST_SEEDS else None


def examples_needed(margin: float, variance: float, reach: float, error_rate: float) -> int | None:
    """The same for pairs. The pair that is added, and half a step, take their part of the margin."""
    strength = NormalDist().inv_cdf(1 - error_rate) + NormalDist().inv_cdf(POWER)

    def is_enough(count: int) -> bool:
        noise = strength * math.sqrt((variance + reach**2 / count) / count)
        return margin > 0 and margin - 1.5 * reach / count >= noise

    if not is_enough(MOST_EXAMPLES):
        return None
    return bisect.bisect_left(range(MOST_EXAMPLES), True, lo=FEWEST_EXAMPLES, key=is_enough)


def _random(*observed: Numbers) -> np.random.Generator:
    """Chance that depends on nothing but what was observed."""
    digest = hashlib.sha256(b"|".join(numbers.tobytes() for numbers in observed)).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


def _draws(numbers: int) -> int:
    return max(500, min(_RESAMPLES, _MOST_NUMBERS // numbers))


def _squared_error(values: Numbers) -> float:
    """Of their mean; 0 where all are equal but for rounding."""
    squared = float(values.var(ddof=1)) / len(values)
    return squared if squared > 1e-28 * float(np.abs(values).max()) ** 2 else 0.0


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
