"""The runs table: one page of the runs of a project that match a search, in the order asked for.

What always holds: the runs that match are found once, in the statement that counts them and gives the page of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.metrics import naming
from tracker_server.runs import Run
from tracker_server.search import cursors, fields, filters, language, matching, rows, sorting
from tracker_server.search.cursors import Value
from tracker_server.search.filters import Condition
from tracker_server.search.schema import RunPage, RunSearch
from tracker_server.search.sorting import Order, Term


def search(session: Session, project: str, wanted: RunSearch, *, now_ms: int, lost_after_ms: int) -> RunPage:
    """One page. The number of statements does not depend on how many runs, columns or sort keys there are.

    Raises NotFound for an unknown project, Refused for a filter, sort key, column or cursor that is none.
    """
    owner = runs.project(session, project)
    lost_before_ms = now_ms - lost_after_ms
    columns = rows.columns(wanted.columns)
    rules = naming.of_project(session, owner.id)
    order = sorting.order(wanted.sort, rules=rules, lost_before_ms=lost_before_ms, collation=sorting.bytewise(session))
    conditions = filters.matching(wanted.text, wanted.status, lost_before_ms=lost_before_ms)
    sort = tuple((key.key, key.is_descending) for key in wanted.sort)
    start = cursors.read(wanted.cursor, sort, [term.kind for term in order.terms]) if wanted.cursor else None
    decides = wanted.archived == "without" and language.speaks_of(wanted.filter, "archived")
    here = filters.listed(owner.id, "with" if decides else wanted.archived)
    conditions += language.conditions(
        wanted.filter, now_ms=now_ms, lost_before_ms=lost_before_ms, texts=fields.texts_of(session, here), rules=rules
    )
    found = session.execute(_page(session, here, conditions, order, start, wanted.limit + 1)).all()
    shown = [row for row in found if row.Run is not None]  # where no run is on the page, a row still has the counts
    page = shown[: wanted.limit]
    built = rows.build(
        session, [row.Run for row in page], columns, project=owner.name, now_ms=now_ms, lost_after_ms=lost_after_ms
    )
    return RunPage(
        runs=built,
        next_cursor=cursors.write(sort, page[-1][3:]) if len(shown) > len(page) else None,
        matched=found[0].matched,
        total=found[0].total,
    )


def _page(
    session: Session,
    here: Condition,
    conditions: Sequence[Condition],
    order: Order,
    start: Sequence[Value] | None,
    limit: int,
) -> sa.Select[Any]:
    """How many match, how many there are, and the first runs after `start`, each with the values of its terms."""
    every = sa.select(sa.func.count()).select_from(Run).where(here).scalar_subquery()
    if conditions:
        if session.get_bind().dialect.name == "postgresql":
            matched = _with_terms(order, here, conditions)
            first = _first_of(matched, order, start, limit)
        else:
            matched = matching.of(session, here, conditions)
            first = _first(order, matching.with_runs(matched, here), start, limit)
        count = sa.select(sa.func.count()).select_from(matched).scalar_subquery()
        counts = sa.select(count.label("matched"), every.label("total")).subquery("counts")
    else:
        whole = sa.select(every.label("total")).subquery()
        counts = sa.select(whole.c.total.label("matched"), whole.c.total).subquery("counts")
        first = _first(order, None, start, limit).where(here)
    page = first.subquery("page")
    terms = _terms_of(page, order)
    columns: list[Any] = [counts.c.matched, counts.c.total, Run, *(term.expression for term in terms)]
    # joined by the statement: what a session is narrowed to then stands in the ON, and leaves the row of the counts
    statement = sa.select(*columns).select_from(counts).outerjoin(page, sa.true()).outerjoin(Run, Run.id == page.c.id)
    return statement.options(rows.shown()).order_by(*(term.ordering for term in terms))


def _with_terms(order: Order, here: Condition, conditions: Sequence[Condition]) -> sa.CTE:
    """The ids of the runs that match, with the values of their terms, so that PostgreSQL goes to the runs once."""
    columns: list[Any] = [Run.id, *_labelled(order)]
    found = sa.select(*columns).select_from(order.source(None)).where(here, *conditions).cte("matching")
    return found.prefix_with("MATERIALIZED")


def _first_of(found: sa.CTE, order: Order, start: Sequence[Value] | None, limit: int) -> sa.Select[Any]:
    terms = _terms_of(found, order)
    columns: list[Any] = [found.c.id, *(term.expression for term in terms)]
    statement = sa.select(*columns).order_by(*(term.ordering for term in terms)).limit(limit)
    return statement if start is None else statement.where(sorting.after(terms, start))


def _terms_of(found: sa.FromClause, order: Order) -> list[Term]:
    """The terms of the order where a query that is read from has their values."""
    return [Term(found.c[_name(number)], term.kind, term.is_descending) for number, term in enumerate(order.terms)]


def _first(order: Order, runs_from: Any | None, start: Sequence[Value] | None, limit: int) -> sa.Select[Any]:
    labelled = _labelled(order)
    ordering = [
        label.desc() if term.is_descending else label.asc() for label, term in zip(labelled, order.terms, strict=True)
    ]
    columns: list[Any] = [Run.id, *labelled]
    statement = sa.select(*columns).select_from(order.source(runs_from)).order_by(*ordering).limit(limit)
    return statement if start is None else statement.where(sorting.after(order.terms, start))


def _labelled(order: Order) -> list[sa.Label[Any]]:
    return [term.expression.label(_name(number)) for number, term in enumerate(order.terms)]


def _name(number: int) -> str:
    return f"term_{number}"
