"""The runs table: one page of the runs of a project that match a search, in the order asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.runs import Run
from tracker_server.search import cursors, filters, language, rows, sorting
from tracker_server.search.cursors import Value
from tracker_server.search.filters import Condition
from tracker_server.search.schema import RunPage, RunSearch
from tracker_server.search.sorting import Class, Order

MANY = 20_000
"""From so many runs on, a page follows an index instead of sorting them all."""

STEP_COST = 10
"""What a step along an index costs, in runs sorted: it looks at runs that do not match, too."""


def search(
    session: Session, project: str, wanted: RunSearch, *, now_ms: int, lost_after_ms: int, many: int = MANY
) -> RunPage:
    """One page. The number of statements does not depend on how many runs, columns or sort keys there are.

    Raises NotFound for an unknown project, Refused for a filter, sort key, column or cursor that is none.
    """
    owner = runs.project(session, project)
    lost_before_ms = now_ms - lost_after_ms
    columns = rows.columns(wanted.columns)
    order = sorting.order(wanted.sort, lost_before_ms=lost_before_ms, collation=_bytewise(session))
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    stated = language.condition(wanted.filter, now_ms=now_ms, lost_before_ms=lost_before_ms)
    conditions += [stated] if stated is not None else []
    matched, total = _count(session, owner.id, conditions)
    sort = tuple((key.key, key.is_descending) for key in wanted.sort)
    start = cursors.read(wanted.cursor, sort, [term.kind for term in order.terms]) if wanted.cursor else None
    here = [filters.of_project(owner.id), *conditions]
    is_by_index = matched >= many or (total >= many and _is_dense(matched, total, wanted.limit))
    statement = _by_index(order, here, start, wanted.limit + 1) if is_by_index else None
    found = session.execute(_by_sorting(order, here, start, wanted.limit + 1) if statement is None else statement).all()
    page = found[: wanted.limit]
    return RunPage(
        runs=rows.read(session, [row[0] for row in page], columns, now_ms=now_ms, lost_after_ms=lost_after_ms),
        next_cursor=cursors.write(sort, page[-1][1:]) if len(found) > len(page) else None,
        matched=matched,
        total=total,
    )


def _bytewise(session: Session) -> str:
    """The collation in which the session's database compares text by its bytes."""
    return "C" if session.get_bind().dialect.name == "postgresql" else "BINARY"


def _count(session: Session, project_id: int, conditions: Sequence[Condition]) -> tuple[int, int]:
    """How many runs match, of how many in the project. One statement, in which the conditions are asked for once."""
    every = sa.select(sa.func.count()).select_from(Run).where(filters.of_project(project_id))
    if not conditions:
        total: int = session.execute(every).scalar_one()
        return total, total
    # true of every run: it makes SQLite scan the index that holds the ids beside, rather than one that leads to rows
    by_index = Run.created_ms >= -(2**63)
    matching = every.where(by_index, *conditions)
    matched, total = session.execute(sa.select(matching.scalar_subquery(), every.scalar_subquery())).one()
    return matched, total


def _is_dense(matched: int, total: int, limit: int) -> bool:
    """Whether the steps along an index to a full page are cheaper than sorting the runs that match."""
    return matched > 0 and STEP_COST * limit * total / matched <= matched


def _by_sorting(order: Order, here: Sequence[Condition], start: Sequence[Value] | None, limit: int) -> sa.Select[Any]:
    """The first runs after `start`: their ids, and the values of their terms. Looks at every run that matches."""
    terms = order.terms
    columns: list[Any] = [Run.id, *(term.expression for term in terms)]
    statement = (
        sa.select(*columns)
        .select_from(order.source())
        .where(*here)
        .order_by(*(term.ordering for term in terms))
        .limit(limit)
    )
    return statement if start is None else statement.where(sorting.after(terms, start))


def _by_index(
    order: Order, here: Sequence[Condition], start: Sequence[Value] | None, limit: int
) -> sa.CompoundSelect[Any] | None:
    """The same without looking at every run: class after class of the first key, each in the order of an index, and
    none once the page is full. None where no index follows the first key."""
    classes = order.columns[0].classes
    if not classes:
        return None
    first_place = 0 if start is None else int(start[0])
    parts = [_class(order, found, here, start, limit) for found in classes if found.place >= first_place]
    return sa.union_all(*(sa.select(part.subquery()) for part in parts)).limit(limit)


def _class(
    order: Order, chosen: Class, here: Sequence[Condition], start: Sequence[Value] | None, limit: int
) -> sa.Select[Any]:
    """The runs of one class of the first key: within it, all of the key's terms but the indexed one are the same."""
    first = order.columns[0]
    count = len(first.terms)
    place, indexed = chosen.indexed or (0, None)
    varying = {place: indexed} if indexed is not None else {}
    varying |= dict(enumerate(order.terms[count:], count))
    same: dict[int, Any] = {
        number: sa.literal(_neutral(term.kind), literal_execute=True) for number, term in enumerate(first.terms)
    }
    same[0] = sa.literal(chosen.place, literal_execute=True)
    values = same | {number: term.expression for number, term in varying.items()}
    columns: list[Any] = [Run.id, *(values[number].label(f"term_{number}") for number in range(len(order.terms)))]
    statement = (
        sa.select(*columns)
        .select_from(order.source(first_is_present=indexed is not None))
        .where(chosen.condition, *here)
        .order_by(*(term.ordering for term in varying.values()))
        .limit(limit)
    )
    if start is None or start[0] != chosen.place:
        return statement
    return statement.where(sorting.after(list(varying.values()), [start[number] for number in varying]))


def _neutral(kind: type[Value]) -> Value:
    return "" if kind is str else 0
