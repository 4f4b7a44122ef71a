"""Statistics across runs say at each x what Python's own `statistics` says of the values there."""

from __future__ import annotations

import math
import statistics as plain
from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_server.metrics.columns import Floats
from tracker_server.metrics.statistics import RESAMPLES, Statistic, Summary, interval, summarise

values = st.one_of(st.just(math.nan), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, 0.1, 1e150, -1e150, 5e-324]))
columns = st.integers(1, 9).flatmap(lambda runs: st.lists(st.lists(values, min_size=runs, max_size=runs), min_size=1))


def table(found: Sequence[Sequence[float]]) -> Floats:
    """A row a run from one list an x."""
    return np.array(found, np.float64).T


def known(column: Sequence[float]) -> list[float]:
    return [value for value in column if not math.isnan(value)]


def near(made: float, wanted: float, column: Sequence[float]) -> bool:
    scale = max((abs(value) for value in column), default=0.0)
    return math.isclose(made, wanted, rel_tol=1e-9, abs_tol=1e-9 * scale)


@given(columns)
def test_mean_median_and_extremes_are_those_of_the_values_there(found: list[list[float]]) -> None:
    mean, median, least, most = (summarise(table(found), statistic, "min_max") for statistic in get_args(Statistic))
    for place, column in enumerate(known(one) for one in found):
        assert mean.n[place] == median.n[place] == len(column)
        if not column:
            assert all(math.isnan(one[place]) for one in (mean.center, mean.low, mean.high, median.center))
            continue
        assert (mean.low[place], mean.high[place]) == (min(column), max(column))
        assert (least.center[place], most.center[place]) == (min(column), max(column))
        assert near(float(mean.center[place]), plain.fmean(column), column)
        assert near(float(median.center[place]), plain.median(column), column)
        assert min(column) <= mean.center[place] <= max(column)


@given(columns)
def test_deviation_is_that_of_a_sample_and_the_standard_error_follows_from_it(found: list[list[float]]) -> None:
    wide, narrow = (summarise(table(found), "mean", band) for band in ("std", "stderr"))
    for place, column in enumerate(known(one) for one in found):
        if len(column) < 2:
            assert math.isnan(wide.low[place])
            assert math.isnan(narrow.high[place])
            continue
        deviation, mean = plain.stdev(column), plain.fmean(column)
        assert near(float(wide.low[place]), mean - deviation, column)
        assert near(float(narrow.high[place]), mean + deviation / math.sqrt(len(column)), column)


def test_the_deviation_reaches_around_the_mean_when_the_median_is_drawn() -> None:
    made = summarise(table([[0.0, 0.0, 9.0]]), "median", "std")
    assert made.center.tolist() == [0.0]
    assert (made.low[0] + made.high[0]) / 2 == pytest.approx(3.0)


def test_the_largest_floats_have_a_mean_and_equal_ones_no_deviation() -> None:
    largest = 1.7e308
    made = summarise(table([[largest, largest, largest], [0.1, 0.1, 0.1]]), "mean", "std")
    assert made.center.tolist() == made.low.tolist() == made.high.tolist() == [largest, 0.1]


@pytest.mark.parametrize("statistic", get_args(Statistic))
def test_an_interval_is_the_same_whenever_it_is_asked_for(statistic: Statistic) -> None:
    found = table(np.random.default_rng(1).normal(size=(300, 7)).tolist())
    once, again, alone = (bounds(one, statistic) for one in (found, found, found[:, 123:124]))
    assert once == again
    assert [one[123] for one in once] == pytest.approx([one[0] for one in alone])


def bounds(found: Floats, statistic: Statistic) -> tuple[list[float], list[float]]:
    low, high = interval(found, statistic)
    return low.tolist(), high.tolist()


def test_an_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(2).normal(5.0, 2.0, size=(40, 2000))
    low, high = interval(drawn, "mean")
    assert 0.92 < ((low <= 5.0) & (high >= 5.0)).mean() < 0.97
    spread = summarise(drawn, "mean", "stderr")
    assert np.median((high - low) / (spread.high - spread.low)) == pytest.approx(1.96, rel=0.05)


def test_an_interval_of_the_median_covers_it_about_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(3).normal(5.0, 2.0, size=(41, 400))
    low, high = interval(drawn, "median")
    assert 0.90 < ((low <= 5.0) & (high >= 5.0)).mean() <= 0.99


@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_an_interval_of_gaps_is_near_that_of_the_values_alone(statistic: Statistic) -> None:
    drawn = np.random.default_rng(4).normal(5.0, 2.0, size=(30, 50))
    gaps = np.concatenate([drawn, np.full((30, 50), np.nan)])
    for alone, among in zip(bounds(drawn, statistic), bounds(gaps, statistic), strict=True):
        assert np.median(np.abs(np.subtract(alone, among))) < 0.15


@given(columns)
def test_an_interval_lies_between_the_extremes_of_two_values_or_more(found: list[list[float]]) -> None:
    for statistic in get_args(Statistic):
        for low, high, column in zip(*bounds(table(found), statistic), map(known, found), strict=True):
            if len(column) < 2:
                assert math.isnan(low)
                assert math.isnan(high)
            else:
                assert min(column) <= low <= high <= max(column)


def test_resamples_equal_those_of_a_plain_loop() -> None:
    """The interval of three runs, one absent, from the same draws."""
    column = [1.0, 5.0, math.nan, 2.0]
    weights = np.random.default_rng((20_250_615, 4)).multinomial(4, [0.25] * 4, RESAMPLES).tolist()
    drawn = [
        [value for value, times in zip(column, row, strict=True) for _ in range(times) if not math.isnan(value)]
        for row in weights
    ]
    for statistic, of in (("mean", plain.fmean), ("median", plain.median)):
        found = sorted(of(one) for one in drawn if one)
        low, high = bounds(table([column]), statistic)
        assert low[0] == pytest.approx(float(np.quantile(found, 0.025)))
        assert high[0] == pytest.approx(float(np.quantile(found, 0.975)))


def test_a_summary_has_columns_of_one_length() -> None:
    made: Summary = summarise(table([[1.0], [math.nan], [3.0]]), "mean", "none")
    assert made.n.tolist() == [1, 0, 1]
    assert np.isnan(made.low).all()
    assert np.isnan(made.high).all()
