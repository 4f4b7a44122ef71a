"""Long runs of records of the same metrics are read as columns, and hold the same as if each were decoded."""

from __future__ import annotations

import math
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.frames import START_MS, Journal
from tests.server.points import Model, assert_same
from tracker.records import Logged
from tracker_server import metrics
from tracker_server.db import Database

numbers = count()

rows = st.one_of(
    st.just({}),
    st.just({"loss": math.nan}),
    st.just({"acc": 1.0}),
    st.just({"loss": 1}),  # an integer, as another client may write it
    st.just({"loss": 0.5, "acc": -math.inf}),
    st.just({"ℓοσς": 0.25}),
)
firsts = st.sampled_from([-40, 0, 100, 250, 65_500, 2**32 - 40, 2**62])
oddities = st.dictionaries(st.integers(0, 199), st.one_of(rows, st.integers(-(2**63), 2**63 - 1)), max_size=6)


def written(first: int, kind: dict[str, float], odd: dict[int, dict[str, float] | int]) -> list[Logged]:
    """Two hundred records of one kind, but for the odd ones: with other values, or at another step."""
    made = []
    for place in range(200):
        step, values = first + place, {name: value + place for name, value in kind.items()}
        other = odd.get(place)
        if isinstance(other, int):
            step = other
        elif other is not None:
            values = other
        made.append(Logged(step, START_MS + place, values))
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(firsts, rows, oddities)
def test_a_long_run_is_stored_as_it_was_written(
    app: Flask, client: FlaskClient, first: int, kind: dict[str, float], odd: dict[int, dict[str, float] | int]
) -> None:
    records = written(first, kind, odd)
    journal = Journal(f"run{next(numbers)}").started().add(*records)
    assert journal.post(client).status_code == 200
    model = Model()
    model.add("", records)
    database: Database = app.extensions["tracker.database"]
    with database.reading() as session:
        found = metrics.read(session, [journal.run_id], ["loss", "acc", "ℓοσς"], metrics.View(points=1000))
    assert {one.metric for one in found} == {name for (_, name), points in model.series.items() if points}
    for one in found:
        assert_same(one, model.ordered("", one.metric))


@pytest.mark.parametrize("place", [0, 40, 99], ids=["first", "middle", "last"])
def test_a_time_beyond_64_bits_is_refused_in_a_long_run_too(client: FlaskClient, place: int) -> None:
    records = [Logged(300 + number, START_MS, {"loss": 1.0}) for number in range(100)]
    records[place] = Logged(300 + place, 2**63, {"loss": 1.0})
    answer = Journal().started().add(*records).post(client)
    assert answer.status_code == 422
    assert str(2**63) in answer.json["error"]["message"]
