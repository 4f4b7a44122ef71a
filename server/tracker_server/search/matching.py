"""The runs that match all of some conditions, as a query that is carried out once.

Most conditions ask for the runs in a list that an index has in order of their ids. SQLite joins two lists by looking
every run of one up in a copy of the other; but lists in the same order it can merge, which takes a tenth of the time.
PostgreSQL finds a good way by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators

from tracker_server.runs import Run
from tracker_server.search.filters import Condition

_EVERY = -1
"""SQLite's limit that is none. Within a query it drops an order that no limit needs, and merges in no other."""


def of(session: Session, here: Condition, conditions: Sequence[Condition]) -> sa.CTE:
    """The ids of the runs for which `here` and all conditions are true."""
    statement: Any
    if session.get_bind().dialect.name == "postgresql":
        statement = sa.select(Run.id).where(here, *conditions)
    else:
        statement = _merged(here, conditions)
    matching: sa.CTE = statement.cte("matching")
    return matching.prefix_with("MATERIALIZED")


def _merged(here: Condition, conditions: Sequence[Condition]) -> Any:
    lists = [found for condition in conditions if (found := _list(condition)) is not None]
    rest = [condition for condition in conditions if _list(condition) is None]
    runs = sa.select(Run.id.label("id")).where(here, *rest)
    return sa.intersect(runs, *lists).order_by("id").limit(_EVERY) if lists else runs


def _list(condition: Condition) -> sa.Select[Any] | None:
    """The query for the ids that the condition asks a run to be among; None where it asks for something else."""
    if not isinstance(condition, sa.BinaryExpression) or condition.operator is not operators.in_op:
        return None
    asked = getattr(condition.right, "element", condition.right)
    is_id = condition.left.compare(sa.inspect(Run).columns["id"])
    return asked if is_id and isinstance(asked, sa.Select) else None
