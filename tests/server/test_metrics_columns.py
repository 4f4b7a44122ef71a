"""Records become columns, and columns the payload of a tail row, which stays readable for ever."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.server.points import Model, heights, names, steps
from tracker.records import Logged
from tracker_server.metrics import Arrivals
from tracker_server.metrics.columns import Block, by_series, pack

GOLDEN = bytes.fromhex(
    "0e000000"  # the header's length
    "920192929207090292" "91cd012c01"  # [1, [[[7, 9], 2], [[300], 1]]]
    "000000000000"  # up to a multiple of 8
    "0000000000000000" "0100000000000000"  # steps 0, 1
    "e803000000000000" "e903000000000000"  # times 1000, 1001
    "000000000000e03f" "000000000000d03f"  # series 7: 0.5, 0.25
    "000000000000f03f" "000000000000f87f"  # series 9: 1, NaN
    "ffffffffffffffff" "ea03000000000000" "0000000000000040"  # series 300: step -1, time 1002, value 2
)  # fmt: skip


def test_a_payload_that_was_written_once_is_read_for_ever() -> None:
    found = by_series([GOLDEN])
    assert {key: points.steps.tolist() for key, points in found.items()} == {7: [0, 1], 9: [0, 1], 300: [-1]}
    assert {key: points.times.tolist() for key, points in found.items()} == {
        7: [1000, 1001],
        9: [1000, 1001],
        300: [1002],
    }
    assert [found[7].values.tolist(), found[300].values.tolist()] == [[0.5, 0.25], [2.0]]
    np.testing.assert_array_equal(found[9].values, [1.0, np.nan])


def test_one_series_of_a_payload_can_be_read_alone() -> None:
    assert list(by_series([GOLDEN, GOLDEN], {300})) == [300]
    assert by_series([GOLDEN, GOLDEN], {300})[300].values.tolist() == [2.0, 2.0]


@given(st.lists(st.builds(Logged, steps, st.integers(0, 20), st.dictionaries(names, heights, max_size=4)), max_size=40))
def test_every_series_keeps_its_points_in_order_of_arrival(records: list[Logged]) -> None:
    model = Model()
    model.add("", records)
    blocks = Arrivals(records).blocks()
    ids = {name: number for number, name in enumerate(sorted({name for block in blocks for name in block.keys}))}
    numbered = [
        Block(tuple(ids[name] for name in block.keys), block.steps, block.times, block.values) for block in blocks
    ]
    found = by_series([pack(numbered)])
    assert len(found) == sum(len(block.keys) for block in blocks)
    for name, number in ids.items():
        expected = model.series["", name]
        points = found[number]
        assert points.steps.tolist() == [step for step, _, _ in expected]
        assert points.times.tolist() == [time_ms for _, time_ms, _ in expected]
        np.testing.assert_array_equal(points.values, [value for _, _, value in expected])


def test_records_of_the_same_names_share_their_steps() -> None:
    (block,) = Arrivals([Logged(step, step, {"a": 1.0, "b": 2.0}) for step in range(5)]).blocks()
    assert block.keys == ("a", "b")
    assert block.values.shape == (2, 5)
