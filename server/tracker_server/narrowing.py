"""Sessions that see no more than some projects: one place that keeps what is not theirs from all who ask.

What always holds: a narrowed session sees the rows of no other project, whatever it is asked through the mapped tables;
so what is hidden is absent, in the same statement, and no view has to remember to look. Statements on bare tables
(`Table.__table__`) are not narrowed: who writes one comes from a row that was.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import orm

EVERY_PROJECT = {"every_project": True}
"""Execution options of a statement that a narrowed session carries out as if it were not: who uses it has checked by
other means, or needs to know that something is there at all (a name that is taken)."""


@dataclass(frozen=True)
class Narrowing:
    """What a session sees: rows of these projects, and where `runs` is given of these runs alone."""

    projects: frozenset[int]
    runs: frozenset[str] | None = None


class InProject:
    """A table whose rows belong to projects. To a narrowed session there are only the rows that `within` lets through.

    By default that is nothing where single runs are seen: a table that has something to show beside them says so.
    """

    @classmethod
    def within(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        """Whether a row is seen, as SQL."""
        return cls.of_projects(seen) if seen.runs is None else sa.false()

    @classmethod
    def of_projects(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        """Whether a row is of one of the projects."""
        project_id = cast(sa.ColumnElement[int], cls.project_id)  # type: ignore[attr-defined]  # a mixin's would be mapped
        return project_id.in_(sorted(seen.projects))


class WithRuns(InProject):
    """One that is seen beside single runs too: it says nothing of the project's others."""

    @classmethod
    def within(cls, seen: Narrowing) -> sa.ColumnElement[bool]:
        return cls.of_projects(seen)


class Session(orm.Session):
    """A session that can be narrowed. Every session on the database is one."""


def narrow(session: orm.Session, seen: Narrowing | None) -> None:
    """Have the session see no more than that from now on; None lets it see everything."""
    if not isinstance(session, Session):
        raise TypeError(f"a {type(session).__name__} cannot be narrowed; use a narrowing.Session")
    session.info["narrowing"] = seen
    session.info["criteria"] = () if seen is None else _criteria(seen)


def of(session: orm.Session) -> Narrowing | None:
    """What the session is narrowed to."""
    found: Narrowing | None = session.info.get("narrowing")
    return found


def widen(session: orm.Session, project_id: int) -> None:
    """Have a narrowed session see one more project: one that its request has just made."""
    seen = of(session)
    if seen is not None:
        narrow(session, replace(seen, projects=seen.projects | {project_id}))


@sa.event.listens_for(Session, "do_orm_execute")
def _apply(state: orm.ORMExecuteState) -> None:
    """Add to a statement what its session is narrowed to."""
    criteria = state.session.info.get("criteria")
    if criteria and not state.is_insert and not state.execution_options.get("every_project", False):
        state.statement = state.statement.options(*criteria)


def tables() -> list[type[InProject]]:
    """Every table whose rows belong to projects, as far as its module is imported."""
    return sorted(_mapped(InProject), key=lambda table: table.__name__)


T = TypeVar("T")


def _mapped(base: type[T]) -> set[type[T]]:
    below = {table for child in base.__subclasses__() for table in {child, *_mapped(child)}}
    return {table for table in below if hasattr(table, "__tablename__")}


class _Criterion(orm.LoaderCriteriaOption):
    """What `with_loader_criteria` makes, with the criterion turned to the alias where an alias is what is joined:
    SQLAlchemy does that by itself for a FROM, and leaves it out for the ON of a join."""

    _traverse_internals = orm.LoaderCriteriaOption._traverse_internals  # so that statements are kept compiled

    def _resolve_where_criteria(self, ext_info: Any) -> sa.ColumnElement[bool]:
        criterion = super()._resolve_where_criteria(ext_info)
        if not ext_info.is_aliased_class:
            return criterion
        turned: sa.ColumnElement[bool] = ext_info._adapter.traverse(criterion)
        return turned


@functools.lru_cache(maxsize=256)
def _criteria(seen: Narrowing) -> tuple[orm.interfaces.ORMOption, ...]:
    return tuple(_Criterion(table, table.within(seen), include_aliases=True) for table in tables())
