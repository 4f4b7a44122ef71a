"""Which keys explain a number, by a random forest; needs scikit-learn, which is imported only when asked for.

What always holds: the same input gives the same answer; the cost is bounded by how many runs and keys are handed in;
what a forest foretells is judged by trees that have not seen the run (out of bag), never by those that have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker_server.errors import Unavailable
from tracker_server.metrics.columns import Floats, Integers

TREES = 100
REPEATS = 10
MOST_SEEN = 1000
"""So many runs at most make one tree: other trees see others."""

MOST_JUDGED = 500
"""So many runs at most are foretold again with shuffled values: more would only narrow the spread."""

MOST_TEXTS = 12
"""Of a key with more different texts, the rarer ones are one value."""

LEAF = 2
SEED = 0


@dataclass(frozen=True)
class Values:
    """What the runs have of one key: a number, a text by its code, or neither (NaN and -1)."""

    numbers: Floats
    codes: Integers


@dataclass(frozen=True)
class Weight:
    importance: float
    spread: float


@dataclass(frozen=True)
class Explained:
    """`r2` is out of bag; the weights are in the order of the keys."""

    r2: float
    weights: list[Weight]


def explain(keys: Sequence[Values], target: Floats) -> Explained:
    """How much each key tells of the target, which is finite and not constant.

    A random forest (Breiman, "Random Forests", Machine Learning 45, 2001) is fitted; the importance of a key is what
    its R² loses, out of bag, when the key's values are permuted among the runs (section 10 there): mean and standard
    deviation over the permutations. Impurity measures are not used, as they favour keys with many values (Strobl et
    al., "Bias in random forest variable importance measures", BMC Bioinformatics 8, 2007). Keys that go together share
    what they tell, so that each of them can look less important than it is.

    Numbers enter by their rank, which changes no split. All columns of a key are permuted together. Raises Unavailable
    where scikit-learn is not installed.
    """
    parts = [_coded(values) for values in keys]
    table = np.concatenate(parts, axis=1).astype(np.float32)
    ends = np.cumsum([part.shape[1] for part in parts]).tolist()
    groups = [range(end - part.shape[1], end) for end, part in zip(ends, parts, strict=True)]
    scaled = _scaled(target)
    forest = _fitted(table, scaled)
    judged = np.linspace(0, len(scaled) - 1, min(len(scaled), MOST_JUDGED)).astype(np.int64)
    jury = _Jury(forest, table, scaled, judged)
    chance = np.random.default_rng(SEED)
    orders = [chance.permutation(len(judged)) for _ in range(REPEATS)]
    return Explained(jury.r2, [_weight(jury, group, orders) for group in groups])


def rank_correlation(one: Floats, other: Floats) -> float | None:
    """Spearman's, -1 to 1, over the places where both are finite; None where one of them does not vary or under three
    are left."""
    both = np.isfinite(one) & np.isfinite(other)
    first, second = _ranks(one[both]), _ranks(other[both])
    if len(first) < 3 or first.std() == 0 or second.std() == 0:
        return None
    return float(np.clip(np.corrcoef(first, second)[0, 1], -1, 1))


def _coded(values: Values) -> Floats:
    """The columns of a key: the ranks of its numbers, NaN where there is none, and a 0 or 1 for each text."""
    columns = []
    if np.isfinite(values.numbers).any() or np.isinf(values.numbers).any():
        columns.append(_dense_ranks(values.numbers))
    counts = np.bincount(values.codes[values.codes >= 0]) if (values.codes >= 0).any() else np.empty(0, np.int64)
    most = np.argsort(-counts, kind="stable")[:MOST_TEXTS]
    columns += [(values.codes == code).astype(np.float64) for code in most.tolist()]
    if len(counts) > MOST_TEXTS:
        columns.append(((values.codes >= 0) & ~np.isin(values.codes, most)).astype(np.float64))
    return np.stack(columns, axis=1)


def _dense_ranks(numbers: Floats) -> Floats:
    """0, 1, 2… in order, equal numbers having one rank; NaN stays."""
    ranks = np.full(len(numbers), np.nan)
    there = ~np.isnan(numbers)
    ranks[there] = np.unique(numbers[there], return_inverse=True)[1]
    return ranks


def _ranks(numbers: Floats) -> Floats:
    """From 0, equal numbers having the mean of their places."""
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - (counts + 1) / 2.0
    ranks: Floats = middles[inverse]
    return ranks


def _scaled(target: Floats) -> Floats:
    """Around 0 and of the size 1, so that no square of a diverged loss is beyond all numbers."""
    smaller: Floats = target / np.abs(target).max()
    scaled: Floats = (smaller - smaller.mean()) / smaller.std()
    return scaled


def _fitted(table: Any, target: Floats) -> Any:
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as error:
        raise Unavailable(
            "no_scikit_learn",
            'importance needs scikit-learn on the server; install it there with pip install "tracker-runs[importance]"',
        ) from error
    forest = RandomForestRegressor(
        TREES,
        min_samples_leaf=LEAF,
        max_features=1 / 3,
        max_samples=min(len(target), MOST_SEEN),
        n_jobs=1,
        random_state=SEED,
    )
    return forest.fit(table, target)


class _Jury:
    """The trees of a forest, each of which judges the runs that it has not seen."""

    def __init__(self, forest: Any, table: Any, target: Floats, judged: Integers) -> None:
        self.table = table[judged]
        self._trees = list(forest.estimators_)
        self._unseen = [
            np.flatnonzero(~np.isin(judged, np.unique(samples))) for samples in forest.estimators_samples_
        ]  # fmt: skip
        self._used = [frozenset(tree.tree_.feature.tolist()) for tree in self._trees]
        self._told = [self._of_tree(place, self.table[rows]) for place, rows in enumerate(self._unseen)]
        counts = np.zeros(len(judged))
        for rows in self._unseen:
            counts[rows] += 1
        self._judged = counts > 0  # by any tree at all, which few trees may leave out
        self._counts = np.maximum(counts, 1)
        self._target = target[judged]
        self.r2 = self._r2(self._sum(self._told))

    def r2_without(self, group: range, orders: Sequence[Integers]) -> Floats:
        """R² with the values of the columns in these orders, one after the other."""
        sums = np.zeros((len(orders), len(self.table)))
        for place, rows in enumerate(self._unseen):
            if self._used[place].isdisjoint(group) or not len(rows):
                sums[:, rows] += self._told[place]
                continue
            shuffled = np.tile(self.table[rows], (len(orders), 1))
            for repeat, order in enumerate(orders):
                part = slice(repeat * len(rows), (repeat + 1) * len(rows))
                shuffled[part, group.start : group.stop] = self.table[order[rows], group.start : group.stop]
            sums[:, rows] += self._of_tree(place, shuffled).reshape(len(orders), len(rows))
        return np.array([self._r2(one) for one in sums])

    def _of_tree(self, place: int, rows: Any) -> Floats:
        told: Floats = self._trees[place].predict(rows, check_input=False) if len(rows) else np.empty(0)
        return told

    def _sum(self, told: Sequence[Floats]) -> Floats:
        total = np.zeros(len(self.table))
        for rows, values in zip(self._unseen, told, strict=True):
            total[rows] += values
        return total

    def _r2(self, sums: Floats) -> float:
        target = self._target[self._judged]
        missed = target - (sums / self._counts)[self._judged]
        spread = float(((target - target.mean()) ** 2).sum())
        return 1 - float((missed**2).sum()) / spread if spread > 0 else 0.0


def _weight(jury: _Jury, group: range, orders: Sequence[Integers]) -> Weight:
    losses = jury.r2 - jury.r2_without(group, orders)
    return Weight(float(losses.mean()), float(losses.std()))
