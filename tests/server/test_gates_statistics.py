"""Whether a difference is more than noise: how often the answer is wrong, measured on cases whose truth is known."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker_server.gates import statistics

TRIALS = 1000
RATE = 0.05

Noise = Callable[[np.random.Generator, int], NDArray[np.float64]]


def normal(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    return random.normal(0, 1, count)


def skewed(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    return 1 - random.exponential(1, count)


def heavy(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    return random.standard_t(3, count)


def passes(noise: Noise, seeds: tuple[int, int], *, better_by: float, threshold: float, trials: int = TRIALS) -> int:
    """How many of the trials show the candidate to be above the threshold."""
    random = np.random.default_rng(3)
    found = 0
    for _ in range(trials):
        candidate, holder = noise(random, seeds[0]) + better_by, noise(random, seeds[1])
        shown = statistics.two_samples(tuple(candidate), tuple(holder), threshold=threshold, error_rate=RATE)
        found += shown.is_above
    return found


def at_most(rate: float, trials: int = TRIALS) -> float:
    """So many of the trials, and no more but once in a thousand, if it happens at that rate."""
    return trials * rate + 3.1 * math.sqrt(trials * rate * (1 - rate))


@pytest.mark.parametrize(
    ("noise", "seeds"),
    [(normal, (3, 3)), (skewed, (3, 3)), (heavy, (3, 3)), (skewed, (5, 5)), (heavy, (8, 8)), (skewed, (3, 8))],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_two_equal_models_pass_no_more_often_than_the_stated_rate(noise: Noise, seeds: tuple[int, int]) -> None:
    assert passes(noise, seeds, better_by=0, threshold=0) <= at_most(RATE)


def test_a_model_that_is_worse_by_the_tolerance_passes_no_more_often_than_the_stated_rate() -> None:
    assert passes(normal, (5, 5), better_by=-0.5, threshold=-0.5) <= at_most(RATE)


@pytest.mark.parametrize("margin", [2.0, 4.0])
def test_a_model_better_by_the_tolerance_is_shown_to_be_with_the_stated_number_of_seeds(margin: float) -> None:
    seeds = statistics.seeds_needed(margin, 2.0, RATE)
    assert seeds is not None
    trials = 300
    passed = passes(normal, (seeds, seeds), better_by=margin, threshold=0, trials=trials)
    assert passed >= trials - at_most(1 - statistics.POWER, trials)


def pair_passes(
    draw: Callable[[np.random.Generator], NDArray[np.float64]], threshold: float, trials: int = TRIALS
) -> int:
    random = np.random.default_rng(4)
    compared = (statistics.pairs(draw(random), threshold=threshold, error_rate=RATE, reach=1.0) for _ in range(trials))
    return sum(shown.is_above for shown in compared)


def right_or_wrong(count: int, *, differ: float, better_by: float) -> Callable[..., NDArray[np.float64]]:
    """Two models of which so large a part of the examples is right in one and wrong in the other."""
    chances = [(differ - better_by) / 2, 1 - differ, (differ + better_by) / 2]
    return lambda random: random.choice([-1.0, 0.0, 1.0], p=chances, size=count)


@pytest.mark.parametrize(
    ("count", "differ", "worse_by"),
    [(50, 0.1, 0.0), (200, 0.1, 0.0), (1000, 0.1, 0.0), (1000, 0.1, 0.02), (1000, 0.01, 0.01), (200, 0.03, 0.03)],
)
def test_two_models_at_the_tolerance_pass_on_examples_no_more_often_than_the_stated_rate(
    count: int, differ: float, worse_by: float
) -> None:
    draw = right_or_wrong(count, differ=differ, better_by=-worse_by)
    assert pair_passes(draw, threshold=-worse_by) <= at_most(RATE)


def test_skewed_losses_pass_on_examples_no_more_often_than_the_stated_rate() -> None:
    trials = 100
    assert pair_passes(lambda random: skewed(random, 200) / 9, 0, trials) <= at_most(RATE, trials)


def test_as_many_examples_as_are_asked_for_show_the_difference() -> None:
    count = statistics.examples_needed(0.02, 0.1, 1.0, RATE)
    assert count is not None
    trials = 300
    passed = pair_passes(right_or_wrong(count, differ=0.1, better_by=0), -0.02, trials)
    assert passed >= trials - at_most(1 - statistics.POWER, trials)


def test_fifty_examples_without_a_difference_do_not_prove_that_there_is_none() -> None:
    none = np.zeros(50)
    assert not statistics.pairs(none, threshold=-0.005, error_rate=RATE, reach=1.0).is_above
    assert statistics.pairs(np.zeros(2000), threshold=-0.005, error_rate=RATE, reach=1.0).is_above


def test_equal_observations_give_equal_answers_in_any_order() -> None:
    first = statistics.two_samples((0.1, 0.4, 0.2), (0.3, 0.2, 0.0), threshold=0, error_rate=RATE)
    assert first == statistics.two_samples((0.4, 0.2, 0.1), (0.0, 0.3, 0.2), threshold=0, error_rate=RATE)
    some = np.random.default_rng(0).normal(0, 1, 5000)
    shown = [statistics.pairs(d, threshold=0, error_rate=RATE, reach=9) for d in (some, some[::-1])]
    assert shown[0] == shown[1]


def test_values_without_any_spread_are_compared_as_they_are() -> None:
    shown = statistics.two_samples((0.8,) * 3, (0.7,) * 3, threshold=0, error_rate=RATE)
    assert (shown.is_above, shown.low, shown.high) == (True, shown.difference, shown.difference)
    same = statistics.two_samples((0.8,) * 3, (0.8,) * 3, threshold=0, error_rate=RATE)
    assert (same.is_above, same.is_below, same.needed) == (False, False, None)


def test_two_seeds_never_show_anything() -> None:
    shown = statistics.two_samples((9.0, 9.1), (0.1, 0.2), threshold=0, error_rate=RATE)
    assert (shown.is_above, shown.needed) == (False, 3)


def test_a_difference_far_below_the_noise_asks_for_no_number_of_seeds() -> None:
    shown = statistics.two_samples((1.0, 0.0, 0.51), (1.0, 0.0, 0.5), threshold=0, error_rate=RATE)
    assert (shown.is_above, shown.needed) == (False, None)


def test_a_hundred_thousand_examples_are_compared_at_once() -> None:
    random = np.random.default_rng(0)
    for d in (random.normal(0, 0.1, 100_000), random.choice([-1.0, 0.0, 1.0], size=100_000)):
        before = time.process_time()
        statistics.pairs(d, threshold=0, error_rate=RATE, reach=1)
        assert time.process_time() - before < 0.5
