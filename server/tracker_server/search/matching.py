"""The runs that match all of some conditions, as a query that is carried out once.

Most conditions ask for the runs in a list that an index has in order of their ids. SQLite joins two lists by looking
every run of one up in a copy of the other; but lists in the same order it can merge, which takes a tenth of the time.
PostgreSQL finds a good way by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.visitors import InternalTraversal

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


def with_runs(matching: sa.CTE, here: Condition) -> Any:
    """The runs that match, each beside its id, for a statement to read more of them."""
    return _Beside(matching, sa.inspect(Run).selectable, sa.and_(Run.id == matching.c.id, here))


def with_values(runs_from: Any, entity: Any, joined: Condition, index: str) -> Any:
    """What `runs_from` has, and beside each run what `entity` has of it, if anything; `index` is one of the table that
    holds all that is read, in order of the runs."""
    return _Beside(runs_from, sa.inspect(entity).selectable, joined, index=index)


class _Beside(sa.sql.selectable.Join):
    """A join for which SQLite goes through the left side and looks into the index that is named. Left alone it
    guesses, as nobody keeps statistics for it: it goes through all runs, and fetches row after row of the table."""

    _traverse_internals = [*sa.sql.selectable.Join._traverse_internals, ("index", InternalTraversal.dp_string)]
    inherit_cache = True

    def __init__(self, left: Any, right: Any, on: Condition, *, index: str = "") -> None:
        super().__init__(left, right, on, isouter=index != "")
        self.index = index


@compiles(_Beside, "sqlite")
def _beside(join: _Beside, compiler: Any, **options: Any) -> str:
    options = {**options, "from_linter": None}
    left, right = (compiler.process(side, **{**options, "asfrom": True}) for side in (join.left, join.right))
    word, hint = ("LEFT JOIN", f" INDEXED BY {join.index}") if join.index else ("CROSS JOIN", "")
    return f"{left} {word} {right}{hint} ON {compiler.process(join.onclause, **{**options, 'asfrom': False})}"


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
