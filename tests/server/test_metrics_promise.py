"""The metric store against a plain model: whatever happens to a run, what is read of it is what the model has.

Each history is a machine's random walk: batches of any order, sealing at any moment, ends, resuming from checkpoints,
restoring, forking, the trash, deletion. Limits are so small that a handful of points is merged, sealed and reopened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from tests.conftest import BACKENDS
from tests.server.histories import (
    HIGHEST,
    LOWEST,
    Histories,
    Key,
    axis_of,
    by_step,
    is_metric,
    over_metric,
    over_steps,
    over_times,
    within,
)
from tests.server.logged import log_run
from tests.server.points import Drawn, Point, assert_drawn, assert_same, assert_summary, heights, logs, names, steps
from tracker.records import Logged, SystemSampled
from tracker_server import metrics
from tracker_server.db import Database
from tracker_server.metrics import one_run, reading, streaming
from tracker_server.metrics.models import Series
from tracker_server.metrics.schema import RunSeriesAnswer, SeriesColumns

LABELS = ("", "rank1")
EVERYTHING = ["loss", "acc", "val/*", "system/*"]
EVERY = metrics.View(points=10_000)
START_MS = 7
MOST_RUNS = 4
HISTORIES = 500

limits = st.sampled_from(
    [
        metrics.Limits(tail_rows=3, tail_points=24, seal_points=5, least_points=2, chunk_points=8),
        metrics.Limits(tail_rows=2, tail_points=12, seal_points=1, least_points=1, chunk_points=3),
        metrics.Limits(tail_rows=1, tail_points=60, seal_points=40, least_points=4, chunk_points=64),
    ]
)
picks = st.integers(0, 11)
labels = st.sampled_from(LABELS)
batches = st.lists(logs, max_size=25)
samples = st.builds(SystemSampled, steps, st.integers(0, 20), st.dictionaries(names.map("system/{}".format), heights))
checkpoints = st.integers(-3, 12)
ranges = st.none() | st.tuples(st.integers(-6, 24), st.integers(0, 12)).map(
    lambda one: (one[0] / 2, one[0] / 2 + one[1])
)
axes = st.sampled_from(["step", "time", "relative_time", "metric:acc", "metric:val/loss"])

_numbers = count()


class Runs(RuleBasedStateMachine):
    """Some runs of one family: a first one, and its forks. What a rule does to the store it does to the model."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Histories()
        self.pages: dict[str, Page] = {}
        self.readers: dict[tuple[str, str, tuple[float, float] | None], Reader] = {}
        self.segments = count(1)
        self.superseded: list[tuple[str, str, int, int]] = []
        self.runs: list[str] = []
        with self.writing() as session:
            self.new_run(session)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.database.writing() as session:
            yield session
            session.commit()

    def new_run(self, session: Session) -> str:
        run = log_run(session, f"run{next(_numbers)}").id
        self.runs.append(run)
        return run

    def run(self, pick: int) -> str:
        return self.runs[pick % len(self.runs)]

    @rule(pick=picks, label=labels, records=batches, limits=limits)
    def a_batch_comes(self, pick: int, label: str, records: list[Logged], limits: metrics.Limits) -> None:
        run = self.run(pick)
        with self.writing() as session:
            heirs = self.model.heirs(run)
            metrics.append(session, run, label, "metric", records, heirs=heirs, limits=limits)
        self.model.append(run, label, records)

    @rule(pick=picks, name=names, first=steps, stride=st.integers(-1, 2), length=st.integers(20, 120), limits=limits)
    def a_long_batch_comes(
        self, pick: int, name: str, first: int, stride: int, length: int, limits: metrics.Limits
    ) -> None:
        counted = (min(max(first + stride * number, LOWEST), HIGHEST) for number in range(length))
        records = [Logged(step, number % 20, {name: float(number)}) for number, step in enumerate(counted)]
        self.a_batch_comes(pick, "", records, limits)

    @rule(pick=picks, label=labels, records=st.lists(samples, max_size=6), limits=limits)
    def samples_come(self, pick: int, label: str, records: list[SystemSampled], limits: metrics.Limits) -> None:
        run = self.run(pick)
        with self.writing() as session:
            heirs = self.model.heirs(run)
            metrics.append(session, run, label, "system", records, heirs=heirs, limits=limits)
        self.model.append(run, label, records)

    @precondition(lambda self: self.superseded)
    @rule(picks=st.lists(picks, min_size=1, max_size=2), records=batches, limits=limits)
    def a_batch_comes_late(self, picks: list[int], records: list[Logged], limits: metrics.Limits) -> None:
        chosen = [self.superseded[pick % len(self.superseded)] for pick in picks]
        run, label = chosen[0][:2]
        cuts = [metrics.Cut(after, segment) for its, of, segment, after in chosen if (its, of) == (run, label)]
        with self.writing() as session:
            heirs = self.model.heirs(run)
            metrics.append(session, run, label, "metric", records, cuts=cuts, heirs=heirs, limits=limits)
        self.model.append(run, label, records, cuts=cuts)

    @rule(pick=picks, label=labels, records=batches, limits=limits)
    def a_process_goes_on(self, pick: int, label: str, records: list[Logged], limits: metrics.Limits) -> None:
        run = self.run(pick)
        with self.writing() as session:
            highest = metrics.highest_step(session, run, label)
            assert highest == self.model.highest_step(run, label)
            first = 0 if highest is None else min(highest, 2**63 - 2) + 1
            heirs = self.model.heirs(run)
            metrics.append(session, run, label, "metric", records, first_step=first, heirs=heirs, limits=limits)
        self.model.append(run, label, records, first_step=first)

    @rule(pick=picks, limits=limits)
    def a_run_ends(self, pick: int, limits: metrics.Limits) -> None:
        with self.writing() as session:
            metrics.seal(session, self.run(pick), limits=limits)

    @rule(pick=picks, label=labels, after=checkpoints, before_ms=st.none() | st.integers(0, 20), limits=limits)
    def a_run_resumes(self, pick: int, label: str, after: int, before_ms: int | None, limits: metrics.Limits) -> None:
        run, segment = self.run(pick), next(self.segments)
        with self.writing() as session:
            metrics.supersede(session, run, label, segment, after=after, before_ms=before_ms, limits=limits)
        self.model.supersede(run, label, segment, after=after, before_ms=before_ms)
        self.superseded.append((run, label, segment, after))

    @precondition(lambda self: self.superseded)
    @rule(pick=picks, limits=limits)
    def a_segment_is_restored(self, pick: int, limits: metrics.Limits) -> None:
        run, label, segment, after = self.superseded.pop(pick % len(self.superseded))
        replaced = next(self.segments)
        with self.writing() as session:
            metrics.supersede(session, run, label, replaced, after=after, limits=limits)
            metrics.restore(session, run, label, segment, limits=limits)
        self.model.supersede(run, label, replaced, after=after)
        self.model.restore(run, label, segment)
        self.superseded.append((run, label, replaced, after))

    @precondition(lambda self: len(self.runs) < MOST_RUNS)
    @rule(pick=picks, up_to=steps, limits=limits)
    def a_run_forks(self, pick: int, up_to: int, limits: metrics.Limits) -> None:
        parent = self.run(pick)
        with self.writing() as session:
            run = self.new_run(session)
            metrics.copy(session, parent, run, up_to=up_to, limits=limits)
        self.model.fork(parent, run, up_to)

    @rule(pick=picks, chosen=st.lists(picks, min_size=1, max_size=3))
    def series_go_to_the_trash(self, pick: int, chosen: list[int]) -> None:
        run, entry = self.run(pick), next(_numbers)
        found = sorted(self.model.series(run))
        keys = {found[one % len(found)] for one in chosen} if found else set()
        with self.writing() as session:
            metrics.trash.discard(session, sorted(self.ids(session, run)[key] for key in keys), entry)
        self.model.discard(run, sorted(keys), entry)

    def ids(self, session: Session, run: str) -> dict[Key, int]:
        rows = session.execute(
            sa.select(Series.id, Series.label, Series.name, Series.segment).where(Series.run_id == run)
        )
        return {(label, name, segment): series_id for series_id, label, name, segment in rows}

    @precondition(lambda self: self.model.trash)
    @rule(pick=picks, is_purged=st.booleans(), limits=limits)
    def the_trash_is_emptied(self, pick: int, is_purged: bool, limits: metrics.Limits) -> None:
        entry = sorted(self.model.trash)[pick % len(self.model.trash)]
        with self.writing() as session:
            if is_purged:
                points = sum(len(one.points) for one in self.model.trash[entry])
                assert metrics.trash.purge(session, [entry]) == {entry: (len(self.model.trash.pop(entry)), points)}
            else:
                metrics.trash.bring_back(session, entry, limits=limits)
                self.model.bring_back(entry)

    @rule(pick=picks)
    def a_run_is_deleted(self, pick: int) -> None:
        run = self.run(pick)
        with self.writing() as session:
            metrics.delete(session, run)
        self.model.delete(run)
        self.pages.pop(run, None)
        self.superseded = [one for one in self.superseded if one[0] != run]

    @rule(pick=picks, axis=axes, range=ranges)
    def a_chart_is_drawn(self, pick: int, axis: str, range: tuple[float, float] | None) -> None:
        run = self.run(pick)
        view = metrics.View(x=axis, range=range, points=10_000, started_ms={run: START_MS})
        found = self.read(run, view)
        expected = {key: self.drawn(run, key, view) for key in self.model.series(run)}
        assert set(found) == {key for key, drawn in expected.items() if drawn is not None}
        for key, answer in found.items():
            drawn = expected[key]
            assert drawn is not None
            assert_drawn(answer, drawn if range is None else list(within(drawn, *range)))

    def drawn(self, run: str, key: Key, view: metrics.View) -> list[Drawn] | None:
        """The points of a series over the view's axis; None where it has no such axis."""
        series = self.model.series(run)
        if view.over is not None:
            axis = axis_of(key, view.over, series)
            return None if axis is None else over_metric(series[key], axis)
        if view.x == "step":
            return over_steps(series[key])
        return over_times(series[key], zero_ms=START_MS if view.x == "relative_time" else 0)

    def read(self, run: str, view: metrics.View, counts: dict[int, int] | None = None) -> dict[Key, SeriesColumns]:
        with self.database.reading() as session:
            found = metrics.read(session, [run], EVERYTHING, view, counts)
        return {(one.label, one.metric, one.segment): one for one in found}

    @rule(pick=picks)
    def a_page_asks_for_what_is_new(self, pick: int) -> None:
        run = self.run(pick)
        page = self.pages.setdefault(run, Page())
        for answer in self.read(run, EVERY, page.counts).values():
            page.take(answer)
        for key, answer in self.read(run, EVERY).items():
            page.assert_shows(answer.id, self.model.series(run)[key])

    @rule(pick=picks, axis=axes, range=st.sampled_from([None, (-1.5, 9.0)]))
    def a_reader_asks_with_its_cursor(self, pick: int, axis: str, range: tuple[float, float] | None) -> None:
        run = self.run(pick)
        view = metrics.View(x=axis, range=range, points=10_000, started_ms={run: START_MS})
        reader = self.readers.setdefault((run, axis, range), Reader())
        with self.database.reading() as session:
            seen = one_run.look(session, run, EVERYTHING, view)
            reader.take(one_run.answer(session, seen, reader.cursor, metrics.listed))
        reader.assert_has(self.read(run, view))

    @rule(pick=picks, at_once=st.sampled_from([1, 7, 1000]))
    def every_point_is_streamed(self, pick: int, at_once: int) -> None:
        run = self.run(pick)
        with self.database.reading() as session:
            wanted = streaming.wanted(reading.find(session, [run], EVERYTHING))
        found: dict[Key, list[Point]] = {}
        for part in streaming.stream(self.database.reading, wanted, points_at_once=at_once):
            points = (part.points.steps.tolist(), part.points.times.tolist(), part.points.values.tolist())
            key = (part.series.label, part.series.name, part.series.segment)
            found.setdefault(key, []).extend(zip(*points, strict=True))
        assert {key: list(map(repr, points)) for key, points in found.items()} == {
            key: list(map(repr, points)) for key, points in self.model.series(run).items()
        }

    def teardown(self) -> None:
        for run in self.runs:
            self.check(run)
        super().teardown()

    def check(self, run: str) -> None:
        """Reads, summaries and the highest step of a run are the model's."""
        series, found = self.model.series(run), self.read(run, EVERY)
        assert set(found) == set(series)
        for key, answer in found.items():
            assert_same(answer, by_step(series[key]))
            assert answer.count == len(series[key])
        with self.database.reading() as session:
            summaries = metrics.last(session, [run])[run]
            assert [metrics.highest_step(session, run, label) for label in LABELS] == [
                self.model.highest_step(run, label) for label in LABELS
            ]
            assert list(metrics.problems(session, run)) == []
        assert set(summaries) == {name for _, name, segment in series if segment == 0}
        for name, summary in summaries.items():
            label = next(label for label in LABELS if (label, name, 0) in series)
            assert_summary(summary, series[label, name, 0])
            assert summary.kind == ("metric" if is_metric(name) else "system")


class Page:
    """What a browser's page holds of a run's series, by their ids: points with a height, and marks."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.points: dict[int, list[tuple[int, float]]] = {}
        self.marks: dict[int, list[float]] = {}

    def take(self, answer: SeriesColumns) -> None:
        points = [(step, y) for step, y in zip(answer.steps, answer.values, strict=True) if y is not None]
        marks = [mark.x for mark in answer.marks]
        self.points[answer.id] = (self.points[answer.id] if answer.is_delta else []) + points
        self.marks[answer.id] = (self.marks[answer.id] if answer.is_delta else []) + marks
        self.counts[answer.id] = answer.count

    def assert_shows(self, series_id: int, points: list[Point]) -> None:
        """The page has these points in order of step; of equal steps, that which came later may stand behind."""
        held = self.points[series_id]
        assert [step for step, _ in held] == sorted(step for step, _ in held)
        assert sorted(held) == sorted((step, y) for step, _, y in points if math.isfinite(y))
        assert self.marks[series_id] == sorted(float(step) for step, _, y in points if not math.isfinite(y))


class Reader:
    """A program that follows a run by the cursor of its last answer: points with a height, and marks, by series."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.held: dict[int, list[tuple[float, float | str]]] = {}

    def take(self, answer: RunSeriesAnswer) -> None:
        self.cursor = answer.cursor
        self.held = self.held if answer.is_delta else {}
        for one in answer.series:
            self.held[one.id] = (self.held[one.id] if one.is_delta else []) + self._points(one)

    def assert_has(self, whole: dict[Key, SeriesColumns]) -> None:
        assert {series_id: sorted(points, key=repr) for series_id, points in self.held.items()} == {
            one.id: sorted(self._points(one), key=repr) for one in whole.values()
        }

    def _points(self, one: SeriesColumns) -> list[tuple[float, float | str]]:
        drawn = [(x, y) for x, y in zip(one.x, one.values, strict=True) if y is not None]
        return [*drawn, *((mark.x, mark.kind) for mark in one.marks)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_read_is_what_a_plain_model_has(backend: str, make_database_url: Callable[[str], str]) -> None:
    database = Database(make_database_url(backend))

    class RunsHere(Runs):
        def __init__(self) -> None:
            super().__init__(database)

    try:
        run_state_machine_as_test(
            RunsHere,
            settings=settings(
                max_examples=HISTORIES,
                stateful_step_count=16,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
    finally:
        database.close()
