"""The runs that a leaderboard looks at, each with its score.

What always holds: a run in the trash is not among them, nor for families one that is archived unless the filter speaks
of that; the score is of the series that the runs table shows by the metric's name. The number of statements does not
depend on how many runs there are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.errors import Refused
from tracker_server.leaderboards.schema import BoardDefinition, Value
from tracker_server.metrics import naming
from tracker_server.metrics.models import Series
from tracker_server.metrics.naming import Rules
from tracker_server.runs import Project, Run
from tracker_server.runs.models import MetricDefinition
from tracker_server.runs.schema import Definition, Goal, MetricSummary, SummaryWord
from tracker_server.search import criteria, fields
from tracker_server.search.schema import Archived, RunSearch

MAX_RUNS: Final = 50_000
"""So many runs with the metric are looked at; of more a filter has to choose."""


@dataclass(frozen=True)
class Entrant:
    """A run that has logged the metric, with its score; None where no value of it is finite."""

    id: str
    name: str
    number: int
    status: str
    created_ms: int
    started_ms: int
    ended_ms: int
    score: float | None

    @property
    def duration_ms(self) -> int:
        return max(0, self.ended_ms - self.started_ms)


@dataclass(frozen=True)
class Looked:
    """What a leaderboard looks at: `matching` is a query for the ids of the runs that its filter leaves."""

    definition: BoardDefinition
    project: Project
    rules: Rules
    matching: Any

    @property
    def goal(self) -> Goal:
        assert self.definition.goal is not None  # every one that is kept has one
        return self.definition.goal


def look(session: Session, project: Project, definition: BoardDefinition, *, now_ms: int, lost_after_ms: int) -> Looked:
    """Raises Refused for a filter that cannot be read any more."""
    rules = naming.of_project(session, project.id)
    archived: Archived = "with" if definition.rows == "model" else "without"  # a version outlives its run's use
    search = RunSearch(filter=definition.filter, archived=archived)
    matching = criteria.run_ids(session, project, search, rules, now_ms=now_ms, lost_after_ms=lost_after_ms)
    return Looked(definition, project, rules, matching)


def entrants(session: Session, looked: Looked) -> list[Entrant]:
    """The newest first. Raises Refused where they are too many."""
    series = orm.aliased(Series)
    metric = fields.Metric(looked.definition.metric, "last", looked.rules)
    columns = (
        Run.id, Run.name, Run.number, Run.status, Run.created_ms, Run.started_ms, Run.finished_ms, Run.heartbeat_ms,
        series.name.label("logged_as"), series.last, series.min, series.max, series.finite_sum, series.finite_count,
    )  # fmt: skip
    statement = (
        sa.select(*columns)
        .join(series, series.run_id == Run.id)
        .where(metric.is_it(series), series.count > 0, Run.id.in_(looked.matching))
        .order_by(Run.created_ms.desc(), Run.id.desc())
        .limit(MAX_RUNS + 1)
    )
    found = session.execute(statement).all()
    if len(found) > MAX_RUNS:
        raise Refused(
            "too_many_runs",
            f"more than {MAX_RUNS:,} runs have the metric {looked.definition.metric!r}; give the leaderboard a filter",
            field="filter",
        )
    words = _words(session, looked, {row.logged_as for row in found})
    return [
        Entrant(
            row.id,
            row.name,
            row.number,
            row.status,
            row.created_ms,
            row.started_ms,
            row.finished_ms if row.finished_ms is not None else row.heartbeat_ms,
            _score(looked, row, words.get((row.id, row.logged_as), "last")),
        )
        for row in found
    ]


def _words(session: Session, looked: Looked, names: set[str]) -> dict[tuple[str, str], str]:
    """By run and name, which number of a series stands for the run, where it has defined that."""
    if looked.definition.value != "shown" or not names:
        return {}
    row = MetricDefinition
    patterns = names | {f"{name[:length]}*" for name in names for length in range(len(name) + 1)}
    statement = sa.select(row.run_id, row.pattern, row.summary).where(
        row.run_id.in_(looked.matching), row.summary.is_not(None), row.pattern.in_(sorted(patterns))
    )
    stated: dict[str, list[Definition]] = defaultdict(list)
    for run_id, pattern, summary in session.execute(statement):
        stated[run_id].append(Definition(pattern, summary=cast(SummaryWord, summary)))
    return {
        (run_id, name): word
        for run_id, listed in stated.items()
        for name in names
        if (word := runs.Definitions(listed).of(name).summary) is not None
    }


def _score(looked: Looked, row: Any, shown: str) -> float | None:
    value = looked.definition.value
    word = shown if value == "shown" else looked.goal if value == "best" else value
    if word == "mean":
        return _finite(row.finite_sum / row.finite_count) if row.finite_count else None
    return _finite({"last": row.last, "min": row.min, "max": row.max}[word])


def of_summary(summary: MetricSummary | None, value: Value, goal: Goal) -> float | None:
    """The same of a metric as a version has kept it."""
    if summary is None:
        return None
    if value == "shown":
        return _finite(summary.value)
    numbers = {"last": summary.last, "min": summary.min, "max": summary.max, "mean": summary.mean}
    return _finite(numbers[goal if value == "best" else value])


def last_values(session: Session, looked: Looked, metric: str | None) -> Mapping[str, float]:
    """The last value of a metric beside the score, by run. One statement, none for no metric."""
    if metric is None:
        return {}
    series = orm.aliased(Series)
    is_it = fields.Metric(metric, "last", looked.rules).is_it(series)
    statement = sa.select(series.run_id, series.last).where(
        is_it, series.last.is_not(None), series.run_id.in_(looked.matching)
    )
    return {run_id: last for run_id, last in session.execute(statement) if last is not None and math.isfinite(last)}


def mean(values: Sequence[float]) -> float:
    """Of equal values that very value, so that they tie; without overflowing on the way."""
    if min(values) == max(values):
        return values[0]
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def spread(values: Sequence[float]) -> float | None:
    """The sample standard deviation (n - 1); None of fewer than two values, and where it is beyond the floats."""
    if len(values) < 2:
        return None
    middle = mean(values)
    return _finite(math.hypot(*(value - middle for value in values)) / math.sqrt(len(values) - 1))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
