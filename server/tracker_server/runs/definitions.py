"""Definitions: how the metrics of a run are to be read.

A definition's pattern is a metric's name, or ends in "*" and is meant for every name that begins with what stands
before. What always holds: each part of a definition is that of the closest pattern that states it: the name itself,
then the longest beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker.records import MetricDefined
from tracker_server import db
from tracker_server.runs.models import MetricDefinition, Run
from tracker_server.runs.schema import Definition, Goal, SummaryWord

MAX_PATTERN = 500
_PARTS = ("step_metric", "summary", "goal")


@dataclass(frozen=True)
class Definitions:
    """The definitions of one run, in order of their patterns."""

    listed: list[Definition] = field(default_factory=list)

    def of(self, name: str) -> Definition:
        """What holds for the metric of that name; parts that nothing states are None."""
        if not self.listed:
            return Definition(name)
        closest = sorted((one for one in self.listed if _fits(one.pattern, name)), key=_closeness, reverse=True)
        stated: dict[str, Any] = {
            part: next((value for one in closest if (value := getattr(one, part)) is not None), None) for part in _PARTS
        }
        return Definition(name, **stated)


def _fits(pattern: str, name: str) -> bool:
    return pattern == name or (pattern.endswith("*") and name.startswith(pattern[:-1]))


def _closeness(definition: Definition) -> tuple[bool, int]:
    return not definition.pattern.endswith("*"), len(definition.pattern)


def define(session: Session, run: Run, record: MetricDefined) -> None:
    """Add to what is known of a pattern. Words that this version does not know are left out, not refused."""
    if not 0 < len(record.pattern) <= MAX_PATTERN:
        return
    is_name = record.step_metric is not None and 0 < len(record.step_metric) <= MAX_PATTERN
    row = db.insert(session, MetricDefinition).values(
        run_id=run.id,
        pattern=record.pattern,
        step_metric=record.step_metric if is_name else None,
        summary=record.summary if record.summary in get_args(SummaryWord) else None,
        goal=record.goal if record.goal in get_args(Goal) else None,
    )
    added = {part: sa.func.coalesce(row.excluded[part], getattr(MetricDefinition, part)) for part in _PARTS}
    session.execute(row.on_conflict_do_update(index_elements=["run_id", "pattern"], set_=added))


def read(session: Session, run_ids: Sequence[str]) -> dict[str, Definitions]:
    """The definitions of each of these runs, in one statement."""
    found = {run_id: Definitions() for run_id in run_ids}
    columns = [getattr(MetricDefinition, name) for name in ("run_id", "pattern", *_PARTS)]
    statement = sa.select(*columns).where(MetricDefinition.run_id.in_(run_ids)).order_by(MetricDefinition.pattern)
    for run_id, *parts in session.execute(statement):
        found[run_id].listed.append(Definition(*parts))
    return found
