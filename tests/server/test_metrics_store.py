"""What a page that is kept current is sent, against a plain model; `test_metrics_promise.py` has everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import BACKENDS, NOW_MS
from tests.server.logged import log_run
from tests.server.points import Point, assert_same, heights
from tracker.records import Logged
from tracker_server import metrics
from tracker_server.db import Database
from tracker_server.metrics.models import Chunk, Tail

TINY = metrics.Limits(tail_rows=3, tail_points=24, seal_points=5, least_points=2, chunk_points=8)
"""Limits that a handful of points goes past."""

EVERY = metrics.View(points=10_000)

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


def test_a_delta_completes_what_was_read_before(backend: str, make_database_url: Callable[[str], str]) -> None:
    rising = st.lists(st.lists(st.tuples(st.integers(0, 2), heights), min_size=1, max_size=9), min_size=2, max_size=8)

    @settings(max_examples=given_examples[backend], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rising, st.booleans())
    def check(batches: list[list[tuple[int, float]]], goes_back: bool) -> None:
        step = 0
        held: list[Point] = []
        arrived: list[Point] = []
        with database.writing() as session:
            run_id = log_run(session, f"run{next(_numbers)}").id
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


def test_of_chunks_that_end_equally_near_a_range_the_later_point_is_its_neighbour(session: Session) -> None:
    run_id = log_run(session).id
    both = [[Logged(0, NOW_MS, {"loss": float(number)}) for number in range(first, first + 8)] for first in (0, 8)]
    after = [Logged(1, NOW_MS + 1, {"loss": 16.0})]
    for records in (*both, after):
        metrics.append(session, run_id, "", "metric", records, limits=TINY)
        metrics.seal(session, run_id, limits=TINY)
    view = metrics.View(x="time", range=(NOW_MS + 0.5, NOW_MS + 2), points=10)
    (answer,) = metrics.read(session, [run_id], ["loss"], view)
    assert answer.values == [15.0, 16.0]


def test_a_large_batch_becomes_chunks_at_once_and_these_stay(session: Session) -> None:
    log_run(session, "large")
    metrics.append(session, "large", "", "metric", _records(range(30)), limits=TINY)
    rows = session.execute(sa.select(Tail.id).where(Tail.run_id == "large")).all()
    chunks = session.execute(sa.select(Chunk.id, Chunk.count)).all()
    assert (len(rows), [count for _, count in chunks]) == (0, [7, 8, 7, 8])
    metrics.append(session, "large", "", "metric", _records(range(30, 44)), limits=TINY)
    assert session.execute(sa.select(Chunk.id, Chunk.count)).all() == [*chunks, (5, 7), (6, 7)]


def test_what_stands_before_a_chunk_that_stays_is_not_reopened(session: Session) -> None:
    """A small one may stand there after the limits were others, in another version say."""
    run_id = log_run(session).id
    first = 0
    for points, chunk_points in ((3, 8), (8, 8), (9, 20)):
        metrics.append(session, run_id, "", "metric", _records(range(first, first + points)))
        metrics.seal(session, run_id, limits=metrics.Limits(seal_points=1, chunk_points=chunk_points))
        first += points
    assert list(metrics.problems(session, run_id)) == []
    statement = sa.select(Chunk.count).order_by(Chunk.first_ordinal)
    assert session.scalars(statement).all() == [3, 8, 9]


def test_runs_that_begin_together_are_tidied_at_different_moments(session: Session) -> None:
    begun = {f"sweep{number}" for number in range(8)}
    for run_id in begun:
        log_run(session, run_id)
    tidied: dict[str, int] = {}
    for step in range(metrics.Limits().tail_rows + 1):
        for run_id in begun - set(tidied):
            metrics.append(session, run_id, "", "metric", _records(range(step, step + 1)))
            if step and session.scalar(sa.select(sa.func.count()).where(Tail.run_id == run_id)) == 1:
                tidied[run_id] = step
    assert tidied.keys() == begun
    assert len(set(tidied.values())) > len(begun) // 2


def _records(steps: range) -> list[Logged]:
    return [Logged(step, 1000 + step, {"loss": step / 4}) for step in steps]
