"""The runs table: one page of the runs of a project that match a search, in the order asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.runs import Run
from tracker_server.search import cursors, filters, rows, sorting
from tracker_server.search.filters import Condition
from tracker_server.search.schema import RunPage, RunSearch


def search(session: Session, project: str, wanted: RunSearch, *, now_ms: int, lost_after_ms: int) -> RunPage:
    """One page. The number of statements does not depend on how many runs, columns or sort keys there are.

    Raises NotFound for an unknown project, Refused for a sort key, column or cursor that is none.
    """
    owner = runs.project(session, project)
    lost_before_ms = now_ms - lost_after_ms
    columns = rows.columns(wanted.columns)
    order = sorting.order(wanted.sort, lost_before_ms=lost_before_ms, collation=_bytewise(session))
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    matched, total = _count(session, owner.id, conditions)
    sort = tuple((key.key, key.is_descending) for key in wanted.sort)
    start = cursors.read(wanted.cursor, sort, [term.kind for term in order.terms]) if wanted.cursor else None
    page = _page(session, owner.id, conditions, order, start, wanted.limit + 1)
    is_last = len(page) <= wanted.limit
    page = page[: wanted.limit]
    found = [run for run, _ in page]
    return RunPage(
        runs=rows.build(session, found, columns, now_ms=now_ms, lost_after_ms=lost_after_ms),
        next_cursor=None if is_last else cursors.write(sort, page[-1][1]),
        matched=matched,
        total=total,
    )


def _bytewise(session: Session) -> str:
    """The collation in which the session's database compares text by its bytes."""
    return "C" if session.get_bind().dialect.name == "postgresql" else "BINARY"


def _count(session: Session, project_id: int, conditions: Sequence[Condition]) -> tuple[int, int]:
    """How many runs match, of how many in the project."""
    statement = sa.select(sa.func.count(), sa.func.count().filter(sa.and_(sa.true(), *conditions)))
    total, matched = session.execute(statement.select_from(Run).where(filters.of_project(project_id))).one()
    return matched, total


def _page(
    session: Session,
    project_id: int,
    conditions: Sequence[Condition],
    order: sorting.Order,
    start: Sequence[cursors.Value] | None,
    limit: int,
) -> list[tuple[Run, Sequence[Any]]]:
    """The first runs after `start`, each with the values of its terms."""
    statement = (
        sa.select(Run, *(term.expression for term in order.terms))
        .select_from(order.from_runs())
        .where(filters.of_project(project_id), *conditions)
        .order_by(*(term.ordering for term in order.terms))
        .limit(limit)
        .options(rows.shown())
    )
    if start is not None:
        statement = statement.where(sorting.after(order.terms, start))
    return [(row[0], row[1:]) for row in session.execute(statement)]
