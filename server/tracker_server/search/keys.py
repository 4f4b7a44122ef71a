"""What a project's runs can be listed by: its config keys and metric names."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.metrics.models import Series
from tracker_server.runs.models import ConfigValue
from tracker_server.search import filters
from tracker_server.search.schema import ConfigKey, Keys, MetricKey


def of_project(session: Session, project: str) -> Keys:
    """The keys of the runs that are not in the trash, by name. Raises NotFound for an unknown project."""
    owner = runs.project(session, project)
    return Keys(_config(session, owner.id), _metrics(session, owner.id))


def _config(session: Session, project_id: int) -> list[ConfigKey]:
    """Values are counted as they are indexed: texts that differ only after 300 characters are one."""
    row = ConfigValue
    count = sa.func.count
    values = count(row.number.distinct()).filter(row.kind == "number") + count(row.text.distinct())
    has_null = sa.func.max(sa.case((row.kind == "null", 1), else_=0))
    statement = (
        sa.select(row.key, count(), values + has_null)
        .join(runs.Run, runs.Run.id == row.run_id)
        .where(filters.of_project(project_id))
        .group_by(row.key)
    )
    return sorted((ConfigKey(*found) for found in session.execute(statement)), key=lambda key: key.key)


def _metrics(session: Session, project_id: int) -> list[MetricKey]:
    """A name that is both a metric and a system metric is a metric."""
    statement = (
        sa.select(Series.name, sa.func.min(Series.kind), sa.func.count(Series.run_id.distinct()))
        .join(runs.Run, runs.Run.id == Series.run_id)
        .where(filters.of_project(project_id))
        .group_by(Series.name)
    )
    found = session.execute(statement)
    keys = [MetricKey(name, "system" if kind == "system" else "metric", count) for name, kind, count in found]
    return sorted(keys, key=lambda key: key.name)
