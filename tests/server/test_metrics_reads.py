"""What a chart is sent of many points, on every axis, against a plain model: thinned, smoothed, with bands."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import BACKENDS
from tests.frames import Journal
from tests.server.histories import over_metric, over_steps, over_times, within
from tests.server.logged import log_run
from tests.server.points import Drawn, Point
from tests.server.test_metrics_smoothing import plain
from tests.server.test_search_table import statements
from tracker.records import Logged
from tracker_server import metrics
from tracker_server.db import Database
from tracker_server.metrics import reading, stored
from tracker_server.metrics.schema import SeriesColumns, Smoothing

TINY = metrics.Limits(tail_rows=3, tail_points=120, seal_points=10, least_points=2, chunk_points=32)
EVERY = metrics.View(points=10_000)
START_MS = 40
EXAMPLES = {"sqlite": 150, "postgres": 25}

heights = st.one_of(st.integers(-9, 9).map(float), st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf]))
records = st.tuples(st.integers(-2, 300), st.integers(0, 500), heights, st.none() | st.integers(0, 50))
batches = st.lists(st.lists(records, min_size=1, max_size=60), min_size=1, max_size=6)
axes = st.sampled_from(["step", "time", "relative_time", "metric:acc"])
ranges = st.none() | st.tuples(st.integers(-10, 400), st.integers(0, 200)).map(lambda one: (one[0], one[0] + one[1]))
averages = st.builds(Smoothing, kind=st.sampled_from(["time_ema", "ema"]), amount=st.sampled_from([0.3, 0.9]))
windows = st.builds(Smoothing, kind=st.sampled_from(["mean", "gaussian"]), amount=st.sampled_from([1.0, 5.0, 20.0]))

packs = st.sampled_from([1, 100, reading.POINTS_AT_ONCE])

_numbers = count()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_chart_of_many_points_says_nothing_that_is_not_so(
    backend: str, make_database_url: Callable[[str], str]
) -> None:
    @settings(max_examples=EXAMPLES[backend], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(batches, axes, ranges, st.integers(3, 40), st.none() | averages | windows, st.booleans(), packs)
    def check(
        logged: list[list[tuple[int, int, float, int | None]]],
        x: str,
        range: tuple[float, float] | None,
        points: int,
        smoothing: Smoothing | None,
        is_sorted: bool,
        points_at_once: int,
    ) -> None:
        if is_sorted:
            logged = _in_order(logged)
        run_id = f"run{next(_numbers)}"
        view = metrics.View(x, range, points, {run_id: START_MS}, smoothing, band=True, points_at_once=points_at_once)
        with database.writing() as session:
            log_run(session, run_id)
            for batch in logged:
                metrics.append(session, run_id, "", "metric", [_record(*one) for one in batch], limits=TINY)
            answers = metrics.read(session, [run_id], ["loss", "loss/again"], view)
        line = _line([one for batch in logged for one in batch], x)
        assert [answer.metric for answer in answers] == ([] if line is None else ["loss", "loss/again"])
        for answer in answers:
            assert line is not None
            _assert_true(answer, line, view)

    database = Database(make_database_url(backend))
    check()
    database.close()


def _in_order(logged: list[list[tuple[int, int, float, int | None]]]) -> list[list[tuple[int, int, float, int | None]]]:
    steps = iter(sorted(step for batch in logged for step, *_ in batch))
    times = iter(sorted(time_ms for batch in logged for _, time_ms, *_ in batch))
    return [[(next(steps), next(times), loss, acc) for _, _, loss, acc in batch] for batch in logged]


def _record(step: int, time_ms: int, loss: float, acc: int | None) -> Logged:
    losses = {"loss": loss, "loss/again": loss}
    return Logged(step, time_ms, losses if acc is None else {**losses, "acc": float(acc)})


def _line(logged: Sequence[tuple[int, int, float, int | None]], x: str) -> list[Drawn] | None:
    """All points in order of x; None where nothing is logged that could be x."""
    losses: list[Point] = [(step, time_ms, loss) for step, time_ms, loss, _ in logged]
    if x == "step":
        return over_steps(losses)
    if x != "metric:acc":
        return over_times(losses, zero_ms=START_MS if x == "relative_time" else 0)
    accuracies = [(step, time_ms, float(acc)) for step, time_ms, _, acc in logged if acc is not None]
    return over_metric(losses, accuracies) if accuracies else None


def _assert_true(answer: SeriesColumns, line: list[Drawn], view: metrics.View) -> None:
    shown = list(within(line, *view.range or (-math.inf, math.inf)))
    finite = [one for one in shown if math.isfinite(one[2])]
    heights = [y for _, _, y in finite]
    chosen = [place for place, value in enumerate(answer.values) if value is not None]
    columns: tuple[Any, ...] = (answer.x, answer.steps, answer.values, answer.low, answer.high)
    drawn = [tuple(column[place] for column in columns) for place in chosen]
    assert answer.points_in_range == len(shown)
    assert answer.is_exact == (len(drawn) == len(finite) and len(answer.marks) == len(shown) - len(finite))
    assert answer.x == sorted(answer.x)
    assert len(drawn) <= max(view.points, 4)
    assert not Counter(one[:3] for one in drawn) - Counter(finite)
    if finite:
        assert (drawn[0][:3], drawn[-1][:3]) == (finite[0], finite[-1])
        assert (min(one[2] for one in drawn), max(one[2] for one in drawn)) == (min(heights), max(heights))
        assert all(low <= y <= high and {low, high} <= set(heights) for _, _, y, low, high in drawn)
        assert all(any(low <= y <= high for *_, low, high in drawn) for y in heights)
    if view.smoothing is not None:
        smoothed = _smoothed(line, view.smoothing)
        for place, point in zip(chosen, drawn, strict=True):
            assert any(answer.smoothed[place] == pytest.approx(one, 1e-6, 1e-3) for one in smoothed[point[:3]])
    else:
        assert answer.smoothed == []


def _smoothed(line: list[Drawn], smoothing: Smoothing) -> dict[Drawn, list[float]]:
    """The smoothed values of all points, by the point; of equal points each."""
    made = plain([x for x, _, _ in line], [y for _, _, y in line], smoothing.kind, smoothing.amount)
    found = defaultdict(list)
    for point, value in zip(line, made, strict=True):
        found[point].append(value)
    return found


def test_many_series_take_as_few_statements_as_one(database: Database, session: Session) -> None:
    runs = [f"run{number}" for number in range(20)]
    for run_id in runs:
        log_run(session, run_id)
        for first in (0, 40, 80):
            records = [Logged(step, step, {"loss": 1.0, "acc": 2.0}) for step in range(first, first + 40)]
            metrics.append(session, run_id, "", "metric", records, limits=TINY)
    session.flush()
    with statements(database) as few:
        metrics.read(session, runs[:1], ["loss"], EVERY)
    with statements(database) as many:
        answers = metrics.read(session, runs, ["loss", "acc"], EVERY)
    assert {answer.points_in_range for answer in answers} == {120}
    assert len(few) <= 6
    assert len(many) <= len(few) + 20 * 2 * 120 // TINY.kept_points // stored.CHUNKS_AT_ONCE


def test_what_is_new_is_found_among_what_other_series_have_logged(
    client: FlaskClient, journal: Callable[..., Journal]
) -> None:
    written = journal().started()
    written.add(*(Logged(step, step, {"loss": float(step)}) for step in range(50)))
    assert written.post(client).status_code == 200
    page = {"runs": ["run1"], "metrics": ["loss"]}
    first = client.post("/api/v1/projects/digits/live", json=page).json
    assert first is not None
    counts = {str(series["id"]): series["count"] for series in first["series"]}
    for step in range(50, 60):  # each batch is a row, and most of its points are of another series
        written.add(Logged(step, step, {"loss": float(step)}), *(Logged(one, one, {"busy": 1.0}) for one in range(200)))
        assert written.post(client).status_code == 200
    for steps in (list(range(50, 60)), []):
        answer = client.post("/api/v1/projects/digits/live", json={**page, "counts": counts}).json
        assert answer is not None
        assert [(series["is_delta"], series["steps"]) for series in answer["series"]] == (
            [(True, steps)] if steps else []
        )
        counts |= {str(series["id"]): series["count"] for series in answer["series"]}


def test_a_late_point_has_the_series_sent_anew_to_each_page(
    client: FlaskClient, journal: Callable[..., Journal]
) -> None:
    written = journal().started()
    held: list[dict[str, int]] = [{}, {}]
    for step in (5, 7, 6, 8):
        written.add(Logged(step, step, {"loss": float(step)}))
        assert written.post(client).status_code == 200
        for page, counts in enumerate(held):
            if page == 1 and step == 7:
                continue  # this one asks again only when the late point is there
            body = {"runs": ["run1"], "metrics": ["loss"], "counts": counts}
            answer = client.post("/api/v1/projects/digits/live", json=body).json
            assert answer is not None
            (series,) = answer["series"]
            assert series["is_delta"] == (step == 8 or (step, page) == (7, 0))
            assert series["steps"] == ([step] if series["is_delta"] else sorted({5, 7, 6} if step == 6 else {5}))
            counts[str(series["id"])] = series["count"]
