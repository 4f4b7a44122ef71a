"""Which values of a metric are better: what a person has said for the project, else what its newest runs define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.runs.definitions import Definitions
from tracker_server.runs.models import MetricDefinition, MetricGoal, Project, Run
from tracker_server.runs.schema import DefinedGoal, Definition, Goal, MetricSummary, ProjectGoals

ASKED_RUNS = 50
"""So many of the newest runs are asked for their definitions."""

MOST_DEFINITIONS = 500


@dataclass(frozen=True)
class Goals:
    """`chosen` are by the name of the metric."""

    chosen: dict[str, Goal]
    defined: Definitions

    def of(self, name: str) -> Goal | None:
        return self.chosen.get(name) or self.defined.of(name).goal

    def of_logged(self, name: str, logged: Mapping[str, MetricSummary]) -> Goal | None:
        """The same, else what the run that has logged these has defined."""
        own = logged.get(name)
        return self.of(name) or (own.goal if own is not None else None)


def choose(session: Session, project: Project, metric: str, goal: Goal | None, *, actor_id: int, now_ms: int) -> None:
    """Say for the whole project which values are better; None leaves it to the runs again."""
    session.execute(sa.delete(MetricGoal).where(MetricGoal.project_id == project.id, MetricGoal.name == metric))
    if goal is not None:
        row = {"project_id": project.id, "name": metric, "goal": goal, "set_by": actor_id, "set_ms": now_ms}
        statement: Any = db.insert(session, MetricGoal).values(**row)
        changed = {name: statement.excluded[name] for name in ("goal", "set_by", "set_ms")}
        session.execute(statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=changed))


def of_project(session: Session, project_id: int) -> Goals:
    """In two statements. Of runs that define a metric differently the newest is believed."""
    chosen = session.execute(sa.select(MetricGoal.name, MetricGoal.goal).where(MetricGoal.project_id == project_id))
    newest = (
        sa.select(Run.id, Run.created_ms)
        .where(Run.project_id == project_id, Run.deleted_ms.is_(None))
        .order_by(Run.created_ms.desc(), Run.id.desc())
        .limit(ASKED_RUNS)
        .subquery()
    )
    row = MetricDefinition
    stated = (
        sa.select(row.pattern, row.goal)
        .join(newest, newest.c.id == row.run_id)
        .where(row.goal.is_not(None))
        .order_by(newest.c.created_ms.desc(), newest.c.id.desc(), row.pattern)
        .limit(MOST_DEFINITIONS)
    )
    defined: dict[str, Definition] = {}
    for pattern, goal in session.execute(stated):
        defined.setdefault(pattern, Definition(pattern, goal=cast(Goal, goal)))
    return Goals({name: cast(Goal, goal) for name, goal in chosen}, Definitions(list(defined.values())))


def listed(session: Session, project_id: int) -> ProjectGoals:
    """The same for a page, which asks once for all metrics."""
    known = of_project(session, project_id)
    defined = [DefinedGoal(one.pattern, one.goal) for one in known.defined.listed if one.goal is not None]
    return ProjectGoals(known.chosen, defined)
