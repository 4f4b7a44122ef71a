"""The metric store against a plain model: whatever is appended and sealed, every point is read once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import BACKENDS, NOW_MS
from tests.server.points import Model, Point, assert_same, assert_summary, heights, logs
from tracker.records import Logged, RunStarted
from tracker_server import auth, metrics, runs
from tracker_server.db import Database
from tracker_server.metrics.schema import SeriesColumns

TINY = metrics.Limits(tail_rows=3, tail_points=24, seal_points=5, least_points=2, chunk_points=8)
"""Limits that a handful of points goes past."""

EVERY = metrics.View(points=10_000)

batches = st.lists(st.tuples(st.sampled_from(["", "rank1"]), st.lists(logs, max_size=12)), max_size=14)
given_examples = {"sqlite": 150, "postgres": 25}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


_numbers = count()


def new_run(session: Session) -> str:
    actor = auth.ensure_operator(session, "ada", NOW_MS)
    record = RunStarted(NOW_MS, f"run{next(_numbers)}", "digits", "w0")
    return runs.start(session, record, actor_id=actor.id, now_ms=NOW_MS).id


def read(session: Session, run_id: str, *, view: metrics.View = EVERY) -> dict[tuple[str, str], SeriesColumns]:
    found = metrics.read(session, [run_id], ["loss", "acc", "val/*"], view)
    return {(one.label, one.metric): one for one in found}


def test_what_is_appended_is_read_whatever_was_sealed(backend: str, make_database_url: Callable[[str], str]) -> None:
    @settings(max_examples=given_examples[backend], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(batches, st.integers(0, 20))
    def check(batches: list[tuple[str, list[Logged]]], sealed_after: int) -> None:
        model = Model()
        with database.writing() as session:
            run_id = new_run(session)
            for number, (label, records) in enumerate(batches):
                metrics.append(session, run_id, label, "metric", records, limits=TINY)
                model.add(label, records)
                if number == sealed_after:
                    metrics.seal(session, run_id, limits=TINY)
            found = read(session, run_id)
            assert set(found) == {key for key, points in model.series.items() if points}
            for key, answer in found.items():
                assert_same(answer, model.ordered(*key))
                assert answer.count == len(model.series[key])
            for name, summary in metrics.last(session, [run_id])[run_id].items():
                label = "" if ("", name) in model.series else "rank1"
                assert_summary(summary, model.series[label, name])

    with opened(make_database_url(backend)) as database:
        check()


def test_a_delta_completes_what_was_read_before(backend: str, make_database_url: Callable[[str], str]) -> None:
    rising = st.lists(st.lists(st.tuples(st.integers(0, 2), heights), min_size=1, max_size=9), min_size=2, max_size=8)

    @settings(max_examples=given_examples[backend], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rising, st.booleans())
    def check(batches: list[list[tuple[int, float]]], goes_back: bool) -> None:
        step = 0
        held: list[Point] = []
        arrived: list[Point] = []
        with database.writing() as session:
            run_id = new_run(session)
            counts: dict[int, int] = {}
            for number, batch in enumerate(batches):
                if goes_back and number == len(batches) - 1:
                    step -= 3
                records = [Logged(step := step + rise, NOW_MS, {"loss": value}) for rise, value in batch]
                metrics.append(session, run_id, "", "metric", records, limits=TINY)
                new = [(record.step, NOW_MS, record.values["loss"]) for record in records]
                arrived += new
                (answer,) = metrics.read(session, [run_id], ["loss"], EVERY, counts)
                is_in_order = not held or new[0][0] >= held[-1][0]
                assert answer.is_delta == (number > 0 and is_in_order)
                held = held + new if answer.is_delta else sorted(arrived, key=lambda point: point[0])
                assert_same(answer, new if answer.is_delta else held)
                counts = {answer.id: answer.count}
            assert held == sorted(arrived, key=lambda point: point[0])
            assert metrics.read(session, [run_id], ["loss"], EVERY, counts) == []

    with opened(make_database_url(backend)) as database:
        check()


def test_a_range_has_its_points_and_one_more_on_each_side(
    backend: str, make_database_url: Callable[[str], str]
) -> None:
    @settings(max_examples=given_examples[backend], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.integers(-50, 50), min_size=1, max_size=60), st.tuples(st.integers(-60, 60), st.integers(0, 40)))
    def check(at_steps: list[int], chosen: tuple[int, int]) -> None:
        low, high = chosen[0], chosen[0] + chosen[1]
        with database.writing() as session:
            run_id = new_run(session)
            for start in range(0, len(at_steps), 7):
                records = [Logged(step, NOW_MS, {"loss": float(step)}) for step in at_steps[start : start + 7]]
                metrics.append(session, run_id, "", "metric", records, limits=TINY)
            (answer,) = metrics.read(session, [run_id], ["loss"], metrics.View(range=(low, high)))
        inside = sorted(step for step in at_steps if low <= step <= high)
        before = sorted(step for step in at_steps if step < low)[-1:]
        after = sorted(step for step in at_steps if step > high)[:1]
        assert answer.steps == before + inside + after

    with opened(make_database_url(backend)) as database:
        check()
