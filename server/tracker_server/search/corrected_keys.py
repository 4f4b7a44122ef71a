"""The metrics that corrections speak of, as keys of their project: found among its series, since names do not tell.

There are as many statements as names that corrections speak of; without corrections there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tracker_server.metrics.models import Series
from tracker_server.metrics.naming import Rules, named
from tracker_server.runs import Run
from tracker_server.search.sorting import IN_USE


class Corrected(NamedTuple):
    name: str
    kind: str


def spoken_of(rules: Rules) -> list[str]:
    """The names that stand for more or less than what was logged under them."""
    return sorted({name for rule in rules.listed for name in (rule.name, rule.shown_as) if name is not None})


def listed(session: Session, rules: Rules, *, prefix: str, kinds: Sequence[str], with_hidden: bool) -> list[Corrected]:
    """Those of the names that begin so and that a run of the project shows something by."""
    found = []
    for name in spoken_of(rules):
        if not name.startswith(prefix):
            continue
        series = orm.aliased(Series)
        shown = (named(series, name, rules, with_hidden=with_hidden), series.segment == IN_USE)
        statement = sa.select(sa.func.min(series.kind)).join(Run, Run.id == series.run_id)
        kind = session.scalar(statement.where(Run.project_id == rules.project_id, *shown))
        if kind is not None and kind in kinds:
            found.append(Corrected(name, kind))
    return found


def counts(session: Session, rules: Rules, names: Iterable[str], among: Any, *, with_hidden: bool) -> dict[str, int]:
    """How many of these runs show something by each of the names."""
    found = {}
    for name in names:
        series = orm.aliased(Series)
        shown = (named(series, name, rules, with_hidden=with_hidden), series.segment == IN_USE)
        statement = sa.select(sa.func.count(series.run_id.distinct())).where(series.run_id.in_(among), *shown)
        found[name] = session.execute(statement).scalar_one()
    return found


def is_hidden(rules: Rules, name: str) -> bool:
    """Whether the whole project does not show the name."""
    return any(rule.name == name and rule.shown_as is None and not rule.run_id for rule in rules.listed)


def logged_as(rules: Rules, name: str) -> list[str]:
    """Under which other names what is shown by this one may have been logged."""
    return sorted({*rules.sources(name, of_runs=True), *rules.sources(name, of_runs=False)})
