"""Thinning keeps what a line must not lose: the ends, every bucket's extremes, and where there is no height."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracker_server.metrics.thinning import Drawn, thin

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
any_float = st.one_of(finite, st.sampled_from([math.nan, math.inf, -math.inf]))
points = st.integers(3, 60)


def axis(draw: st.DrawFn, count: int) -> NDArray[np.float64]:
    gaps = draw(st.lists(st.integers(0, 50), min_size=count, max_size=count))
    return np.cumsum(np.array(gaps, np.int64)).astype(np.float64) - 1000


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    heights = draw(st.lists(values, min_size=1, max_size=300))
    return axis(draw, len(heights)), np.array(heights, np.float64)


def buckets(x: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Which of `count` buckets of equal width each point lies in; -1 for one that lies on an edge between two."""
    width = (x[-1] - x[0]) / count
    if width == 0:
        return np.zeros(len(x), np.int64)
    place = (x - x[0]) / width
    number = np.minimum(np.floor(place).astype(np.int64), count - 1)
    is_on_edge = (np.abs(place - np.round(place)) < 1e-9) & (np.round(place) > 0) & (np.round(place) < count)
    return np.where(is_on_edge, -1, number)


@given(series(finite), points)
def test_the_ends_and_the_extremes_stay(line: tuple[NDArray[np.float64], NDArray[np.float64]], limit: int) -> None:
    x, values = line
    drawn = thin(x, values, limit)
    kept = values[drawn.chosen]
    assert drawn.chosen[0] == 0
    assert drawn.chosen[-1] == len(x) - 1
    assert kept.min() == values.min()
    assert kept.max() == values.max()


@given(series(finite), points)
def test_every_bucket_keeps_its_lowest_and_its_highest_point(
    line: tuple[NDArray[np.float64], NDArray[np.float64]], limit: int
) -> None:
    x, values = line
    drawn = thin(x, values, limit)
    number = buckets(x, max(1, (limit - 2) // 2))
    kept = np.zeros(len(x), bool)
    kept[drawn.chosen] = True
    for bucket in set(number[number >= 0].tolist()):
        inside, near = number == bucket, np.isin(number, (bucket, -1))
        # A point on an edge may be counted into either neighbour, and then stands for that one's extreme.
        assert values[kept & near].min() <= values[inside].min()
        assert values[kept & near].max() >= values[inside].max()


@given(series(any_float), points)
def test_points_keep_their_order_and_come_once(
    line: tuple[NDArray[np.float64], NDArray[np.float64]], limit: int
) -> None:
    drawn = thin(*line, limit)
    assert (np.diff(drawn.chosen) > 0).all()
    assert np.isfinite(line[1][drawn.chosen]).all()


@given(series(any_float), points)
def test_no_more_come_than_a_picture_can_show(
    line: tuple[NDArray[np.float64], NDArray[np.float64]], limit: int
) -> None:
    drawn = thin(*line, limit)
    assert len(drawn.chosen) <= max(limit, 4)
    assert len(drawn.marks) <= limit


@given(series(any_float), points)
def test_a_gap_stands_exactly_where_a_height_is_missing_between_two_points(
    line: tuple[NDArray[np.float64], NDArray[np.float64]], limit: int
) -> None:
    drawn = thin(*line, limit)
    broken = np.flatnonzero(~np.isfinite(line[1]))
    for left, right in zip(drawn.chosen, drawn.chosen[1:], strict=False):
        missing = broken[(broken > left) & (broken < right)]
        between = drawn.gaps[(drawn.gaps > left) & (drawn.gaps < right)]
        assert between.tolist() == missing[:1].tolist()


@given(series(any_float), points)
def test_an_exact_answer_has_every_point_and_every_mark(
    line: tuple[NDArray[np.float64], NDArray[np.float64]], limit: int
) -> None:
    drawn = thin(*line, limit)
    values = line[1]
    if drawn.is_exact:
        assert drawn.chosen.tolist() == np.flatnonzero(np.isfinite(values)).tolist()
        assert drawn.marks.tolist() == np.flatnonzero(~np.isfinite(values)).tolist()
    if len(values) <= limit:
        assert drawn.is_exact


@pytest.mark.parametrize(
    "x",
    [
        np.zeros(1000),
        np.repeat([0.0, 1.0], [999, 1]),
        np.linspace(-(2.0**63), 2.0**63, 1000),
        2.0**62 + np.arange(1000.0),
    ],
    ids=["one x", "almost one x", "all of 64 bits", "far from zero"],
)
@pytest.mark.parametrize("limit", [3, 4, 5, 6, 100])
def test_any_x_can_be_drawn(x: NDArray[np.float64], limit: int) -> None:
    values = np.sin(np.arange(1000.0))
    drawn: Drawn = thin(x, values, limit)
    assert values[drawn.chosen].max() == values.max()
    assert len(drawn.chosen) <= max(limit, 4)
