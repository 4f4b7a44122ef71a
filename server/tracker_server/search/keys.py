"""What a project's runs can be listed by: its config keys and metric names.

Names come from a table that ingest keeps current, so they cost what is sent of them, however many runs there are. They
are counted over the newest runs only, as many as are quickly read, unless all are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.metrics import naming
from tracker_server.metrics.models import Series
from tracker_server.runs import Run
from tracker_server.runs.models import ConfigValue, ProjectKey
from tracker_server.search import corrected_keys, filters
from tracker_server.search.schema import ConfigKey, Keys, KeysQuery, MetricKey, RunKeys

COUNTED_RUNS = 300
"""Of how many of the newest runs keys are counted, at most."""

COUNTED_VALUES = 12_000
"""And in how many values of these, metrics and config apart: so many take about ten milliseconds."""

MOST_COUNTED_RUNS = 10_000
MOST_COUNTED_VALUES = 400_000
"""The same for who asks about the runs of a search, and waits a second."""

WIDE = 100
"""A run with more keys than this is taken to have all keys of its project."""

METRIC_KINDS = ("metric", "system")


class _Name(NamedTuple):
    name: str
    kind: Any


def of_project(session: Session, project: str, wanted: KeysQuery | None = None) -> Keys:
    """The keys that begin with the prefix, by name. Raises NotFound for an unknown project."""
    wanted = wanted or KeysQuery()
    owner = runs.project(session, project)
    kinds = ("config", *METRIC_KINDS) if wanted.kind is None else (wanted.kind,)
    config = _names(session, owner.id, [kind for kind in kinds if kind == "config"], wanted)
    metrics, rules = _metrics(session, owner.id, [kind for kind in kinds if kind != "config"], wanted)
    config_runs = _counted(session, owner.id, ConfigValue, ("config",), wanted) if config else None
    metric_runs = _counted(session, owner.id, Series, METRIC_KINDS, wanted) if metrics else None
    values = _config_counts(session, config_runs) if config_runs is not None else {}
    run_counts = _metric_counts(session, metric_runs, rules, wanted) if metric_runs is not None else {}
    goals = runs.metric_goals(session, owner.id)
    return Keys(
        config=[ConfigKey(name, *values.get(name, (0, 0))) for name, _ in config[: wanted.limit]],
        metrics=[_metric(name, kind, run_counts, rules, goals) for name, kind in metrics[: wanted.limit]],
        counted_config_runs=_length(session, config_runs),
        counted_metric_runs=_length(session, metric_runs),
        has_more=len(config) > wanted.limit or len(metrics) > wanted.limit,
    )


def of_runs(session: Session, project_id: int, matching: Any) -> RunKeys:
    """The keys that the runs of a query have: all of them, or the newest whose values are counted in about a second."""
    newest = sa.select(Run.id).where(Run.id.in_(matching)).order_by(Run.created_ms.desc(), Run.id.desc())
    matched = _length(session, newest)
    counted = [
        min(matched, _affordable(session, newest, project_id, table, kinds, MOST_COUNTED_RUNS, MOST_COUNTED_VALUES))
        for table, kinds in ((ConfigValue, ("config",)), (Series, METRIC_KINDS))
    ]
    config = _config_counts(session, newest.limit(counted[0]))
    found, rules = _metrics(session, project_id, METRIC_KINDS, KeysQuery())
    run_counts = _metric_counts(session, newest.limit(counted[1]), rules, KeysQuery())
    goals = runs.metric_goals(session, project_id)
    return RunKeys(
        config=[ConfigKey(key, *config[key]) for key in sorted(config)],
        metrics=[_metric(one.name, one.kind, run_counts, rules, goals) for one in found if run_counts.get(one.name)],
        matched=matched,
        counted_config_runs=counted[0],
        counted_metric_runs=counted[1],
    )


def _metrics(
    session: Session, project_id: int, kinds: Sequence[str], wanted: KeysQuery
) -> tuple[list[_Name], naming.Rules]:
    """The names that metrics are shown by, and the rules of that."""
    rules = naming.of_project(session, project_id) if kinds else naming.NO_RULES
    found = _names(session, project_id, kinds, wanted, but=corrected_keys.spoken_of(rules))
    corrected = corrected_keys.listed(
        session, rules, prefix=wanted.prefix, kinds=kinds, with_hidden=bool(wanted.hidden)
    )
    return sorted([*found, *(_Name(*one) for one in corrected)])[: wanted.limit + 1], rules


def _metric(
    name: str, kind: Literal["metric", "system"], run_counts: dict[str, int], rules: naming.Rules, goals: runs.Goals
) -> MetricKey:
    is_hidden, logged_as = corrected_keys.is_hidden(rules, name), corrected_keys.logged_as(rules, name)
    return MetricKey(name, kind, run_counts.get(name, 0), is_hidden, logged_as, goals.of(name))


def _names(
    session: Session, project_id: int, kinds: Sequence[str], wanted: KeysQuery, *, but: Sequence[str] = ()
) -> list[_Name]:
    """One more than asked for, where there are so many. A name that is a metric and a system metric is a metric."""
    row, other = ProjectKey, orm.aliased(ProjectKey)
    conditions = [row.project_id == project_id, row.name >= wanted.prefix]
    conditions += [row.name.not_in(but)] if but else []
    end = _end(wanted.prefix)
    conditions += [row.name < end] if end is not None else []
    is_metric = sa.exists().where(other.project_id == project_id, other.kind == "metric", other.name == row.name)
    found: list[_Name] = []
    for kind in kinds:
        named = sa.select(row.name).where(row.kind == kind, *conditions, *([~is_metric] if kind == "system" else []))
        names = session.scalars(named.order_by(row.name).limit(wanted.limit + 1))
        found += [_Name(name, kind) for name in names]
    return sorted(found)[: wanted.limit + 1]


def _end(prefix: str) -> str | None:
    """The first text after all those with this prefix; None where none stands after them."""
    shorter = prefix.rstrip("\U0010ffff")
    if not shorter:
        return None
    following = ord(shorter[-1]) + 1
    return shorter[:-1] + chr(0xE000 if following == 0xD800 else following)


def _counted(
    session: Session, project_id: int, table: type[ConfigValue | Series], kinds: Sequence[str], wanted: KeysQuery
) -> Any:
    """A query for the ids of the runs in which keys are counted; None for none of them."""
    newest = sa.select(Run.id).where(filters.of_project(project_id))
    if wanted.counts == "all":
        return newest
    latest = newest.order_by(Run.created_ms.desc(), Run.id.desc())
    is_some = wanted.counts == "newest"
    count = _affordable(session, latest, project_id, table, kinds, COUNTED_RUNS, COUNTED_VALUES) if is_some else 0
    return latest.limit(count) if count else None


def _affordable(
    session: Session,
    latest: Any,
    project_id: int,
    table: type[ConfigValue | Series],
    kinds: Sequence[str],
    most_runs: int,
    most_values: int,
) -> int:
    """How many of the latest runs, at most so many, have no more values together than so many."""
    newest = latest.limit(most_runs).subquery()
    some = sa.select(table.run_id).where(table.run_id == newest.c.id).limit(WIDE + 1).correlate(newest).subquery()
    width = sa.select(sa.func.count()).select_from(some).scalar_subquery()
    widths = session.scalars(sa.select(width).select_from(newest))
    known = sa.select(sa.func.count()).where(ProjectKey.project_id == project_id, ProjectKey.kind.in_(kinds))
    key_count = session.execute(known).scalar_one()
    total = count = 0
    for width in widths:
        total += width if width <= WIDE else key_count
        if total > most_values:
            break
        count += 1
    return count


def _length(session: Session, among: Any) -> int:
    if among is None:
        return 0
    count: int = session.execute(sa.select(sa.func.count()).select_from(among.subquery())).scalar_one()
    return count


def _config_counts(session: Session, among: Any) -> dict[str, tuple[int, int]]:
    """By key: runs that have it, and different values as they are indexed, where texts that differ only after 300
    characters are one."""
    row = ConfigValue
    count = sa.func.count
    values = count(row.number.distinct()).filter(row.kind == "number") + count(row.text.distinct())
    has_null = sa.func.max(sa.case((row.kind == "null", 1), else_=0))
    statement = sa.select(row.key, count(), values + has_null).where(row.run_id.in_(among)).group_by(row.key)
    return {key: (run_count, value_count) for key, run_count, value_count in session.execute(statement)}


def _metric_counts(session: Session, among: Any, rules: naming.Rules, wanted: KeysQuery) -> dict[str, int]:
    statement = sa.select(Series.name, sa.func.count(Series.run_id.distinct())).where(Series.run_id.in_(among))
    found = session.execute(statement.where(Series.segment >= 0).group_by(Series.name))
    corrected = [name for name in corrected_keys.spoken_of(rules) if name.startswith(wanted.prefix)]
    counted = corrected_keys.counts(session, rules, corrected, among, with_hidden=bool(wanted.hidden))
    return {row.name: row[1] for row in found} | counted
