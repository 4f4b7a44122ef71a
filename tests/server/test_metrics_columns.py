"""Records become columns, and columns the payload of a tail row."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.server.points import Model, heights, names, steps
from tracker.records import Logged
from tracker_server.metrics import Arrivals
from tracker_server.metrics.columns import Block, by_series, pack


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


def test_one_series_of_a_payload_can_be_read_alone() -> None:
    steps = np.array([3])
    payload = pack(
        [Block((7, 9), steps, steps, np.array([[0.5], [0.25]])), Block((300,), steps, steps, np.ones((1, 1)))]
    )
    found = by_series([payload, payload], {9})
    assert {key: points.values.tolist() for key, points in found.items()} == {9: [0.25, 0.25]}
