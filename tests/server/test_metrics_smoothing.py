"""Smoothing says of all points what a plain loop over them would say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_server.metrics.schema import Smoothing
from tracker_server.metrics.smoothing import smooth

Kind = Literal["time_ema", "ema", "mean", "gaussian"]
KINDS: tuple[Kind, ...] = ("time_ema", "ema", "mean", "gaussian")

heights = st.one_of(
    st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.7e308, -1.7e308, 5e-324])
)
weights = st.one_of(st.sampled_from([0.001, 0.6, 0.99, 0.9999]), st.floats(0.001, 0.9999))
widths = st.one_of(st.integers(1, 90).map(float), st.floats(0.01, 400))
amounts = {"time_ema": weights, "ema": weights, "mean": widths, "gaussian": widths}


@st.composite
def lines(draw: st.DrawFn, values: st.SearchStrategy[float] = heights) -> tuple[list[int], list[float]]:
    found = draw(st.lists(values, min_size=1, max_size=200))
    apart = st.just(1) if draw(st.booleans()) else st.integers(0, 40)
    gaps = draw(st.lists(apart, min_size=len(found), max_size=len(found)))
    return np.cumsum(np.array(gaps, np.int64)).tolist(), found


def smoothed(x: Sequence[float], values: Sequence[float], kind: Kind, amount: float) -> list[float]:
    found: list[float] = smooth(np.array(x), np.array(values, np.float64), Smoothing(kind, amount)).tolist()
    return found


def plain(x: Sequence[float], values: Sequence[float], kind: Kind, amount: float) -> list[float]:
    """The same, point by point."""
    if kind == "mean":
        reach = math.floor(amount / 2)
        return _around(values, reach, lambda _: 1.0)
    if kind == "gaussian":
        return _around(values, math.ceil(3 * amount), lambda distance: math.exp(-0.5 * (distance / amount) ** 2))
    at = list(x) if kind == "time_ema" and x[0] != x[-1] else list(range(len(x)))
    mean_distance = (at[-1] - at[0]) / max(1, len(at) - 1) or 1.0
    average = total = 0.0
    last: float | None = None
    made = []
    for place, value in zip(at, values, strict=True):
        if not math.isfinite(value):
            made.append(math.nan)
            continue
        kept = amount if last is None else amount ** ((place - last) / mean_distance)
        average, total = average * kept + value * (1 - kept), total * kept + (1 - kept)
        made.append(average / total)
        last = place
    return made


def _around(values: Sequence[float], reach: int, weight_at: object) -> list[float]:
    assert callable(weight_at)
    made = []
    for place, value in enumerate(values):
        near = range(max(0, place - reach), min(len(values), place + reach + 1))
        known = [(weight_at(other - place), values[other]) for other in near if math.isfinite(values[other])]
        total = math.fsum(weight for weight, _ in known)
        made.append(math.fsum(weight / total * one for weight, one in known) if math.isfinite(value) else math.nan)
    return made


def assert_near(made: Sequence[float], wanted: Sequence[float], values: Sequence[float], share: float) -> None:
    largest = max((abs(one) for one in values if math.isfinite(one)), default=0.0)
    np.testing.assert_allclose(made, wanted, rtol=share, atol=share * largest + 1e-300)


@pytest.mark.parametrize("kind", KINDS)
def test_a_smoothed_line_is_that_of_a_plain_loop(kind: Kind) -> None:
    @given(lines(), amounts[kind])
    def check(line: tuple[list[int], list[float]], amount: float) -> None:
        assert_near(smoothed(*line, kind, amount), plain(*line, kind, amount), line[1], 1e-9)

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_a_smoothed_line_stays_between_the_extremes(kind: Kind) -> None:
    @given(lines(), amounts[kind])
    def check(line: tuple[list[int], list[float]], amount: float) -> None:
        finite = [value for value in line[1] if math.isfinite(value)]
        made = smoothed(*line, kind, amount)
        assert [math.isnan(one) for one in made] == [not math.isfinite(value) for value in line[1]]
        assert all(min(finite) <= one <= max(finite) for one in made if not math.isnan(one))

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_amount_the_line_stays_as_it_is(kind: Kind) -> None:
    assert smoothed([0, 5, 5, 6], [1.0, 3.0, 2.0, 8.0], kind, 0.0) == [1.0, 3.0, 2.0, 8.0]


@pytest.mark.parametrize(("kind", "amount"), [("time_ema", 0.9), ("ema", 0.9), ("mean", 101), ("gaussian", 60)])
def test_one_huge_value_is_forgotten_beyond_its_reach(kind: Kind, amount: float) -> None:
    values = [1.0] * 100 + [1e30] + [1.0] * 20_000
    assert smoothed(range(len(values)), values, kind, amount)[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("deviation", [100.0, 777.7, 60_000.0])
def test_a_wide_bell_over_many_points_is_a_bell(deviation: float) -> None:
    chance = np.random.default_rng(7)
    values = np.cumsum(chance.normal(size=60_000))
    values[chance.integers(0, 60_000, 500)] = np.nan
    made = smooth(np.arange(60_000), values, Smoothing("gaussian", deviation))
    places = [0, 1, 59, 30_000, 41_234, 59_999]
    known = [place for place in places if math.isfinite(values[place])]
    wanted = []
    for place in known:
        bell = np.where(np.isfinite(values), np.exp(-0.5 * ((np.arange(60_000) - place) / deviation) ** 2), 0.0)
        bell[np.abs(np.arange(60_000) - place) > math.ceil(3 * deviation)] = 0.0
        wanted.append(float(np.nansum(bell * values) / bell.sum()))
    spread = float(np.nanmax(values) - np.nanmin(values))
    np.testing.assert_allclose(made[known], wanted, atol=0.003 * spread)


@given(lines(st.floats(-1e6, 1e6)), st.floats(0.001, 0.9999))
def test_an_average_over_even_distances_is_that_by_index(line: tuple[list[int], list[float]], weight: float) -> None:
    even = list(range(0, 7 * len(line[1]), 7))
    assert_near(smoothed(even, line[1], "time_ema", weight), smoothed(even, line[1], "ema", weight), line[1], 1e-9)


def test_a_weight_of_one_is_refused_with_what_it_means() -> None:
    with pytest.raises(msgspec.ValidationError, match="below 1, not 1"):
        msgspec.json.decode(b'{"kind": "ema", "amount": 1}', type=Smoothing)
