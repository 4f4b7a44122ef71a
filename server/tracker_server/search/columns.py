"""What the columns of a runs table hold, over all runs that match a search: which keys, in how many, and from where to
where their numbers reach."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.errors import Refused
from tracker_server.metrics import naming
from tracker_server.metrics.models import Series
from tracker_server.search import criteria, fields, keys
from tracker_server.search.schema import ColumnRange, RunKeys, RunKeysRequest, RunRanges, RunRangesRequest


def keys_of(session: Session, project: str, wanted: RunKeysRequest, *, now_ms: int, lost_after_ms: int) -> RunKeys:
    """The keys of the runs that match. Raises NotFound for an unknown project, Refused for a bad filter."""
    owner = runs.project(session, project)
    rules = naming.of_project(session, owner.id)
    matching = criteria.run_ids(session, owner, wanted, rules, now_ms=now_ms, lost_after_ms=lost_after_ms)
    return keys.of_runs(session, owner.id, matching)


def ranges_of(
    session: Session, project: str, wanted: RunRangesRequest, *, now_ms: int, lost_after_ms: int
) -> RunRanges:
    """The least and the greatest of each column, in one statement beside those that the filter needs.

    Raises NotFound for an unknown project, Refused for a bad filter and for a column that is no metric.
    """
    owner = runs.project(session, project)
    rules = naming.of_project(session, owner.id)
    matching = criteria.run_ids(session, owner, wanted, rules, now_ms=now_ms, lost_after_ms=lost_after_ms)
    ends: list[sa.ScalarSelect[float | None]] = []
    for column in wanted.columns:
        metric = _metric(column, rules)
        for end in (sa.func.min, sa.func.max):
            series = orm.aliased(Series)
            chosen = sa.select(end(metric.value(series))).where(metric.is_it(series), series.run_id.in_(matching))
            ends.append(chosen.scalar_subquery())
    found = session.execute(sa.select(*ends)).one() if ends else ()
    pairs = zip(wanted.columns, found[::2], found[1::2], strict=True)
    return RunRanges([ColumnRange(column, _number(low), _number(high)) for column, low, high in pairs])


def _number(value: float | int | None) -> float | None:
    return None if value is None else float(value)


def _metric(column: str, rules: naming.Rules) -> fields.Metric:
    group, _, name = column.partition(".")
    if group != "metrics" or not name:
        message = f"only columns of metrics have a range, and {column!r} is none: write 'metrics.<name>.<statistic>'"
        raise Refused("unknown_column", message, field="columns")
    start, _, statistic = name.rpartition(".")
    known = start != "" and statistic in fields.STATISTICS
    return fields.Metric(start if known else name, statistic if known else "last", rules)
