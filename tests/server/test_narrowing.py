"""A session that was narrowed to some projects: what is not theirs is not there, however it is asked for."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.people import Somebody
from tracker.records import RunStarted
from tracker_server import auth, narrowing, runs
from tracker_server.db import Database
from tracker_server.narrowing import EVERY_PROJECT, Narrowing
from tracker_server.runs import Project, Run


@pytest.fixture
def narrowed(session: Session, actor: auth.Actor) -> Session:
    """Narrowed to the project of the run `mine`; there is also the run `other`, in another project."""
    for run_id in ("mine", "other"):
        runs.start(session, RunStarted(NOW_MS, run_id, f"of-{run_id}", "w0"), actor_id=actor.id, now_ms=NOW_MS)
    session.flush()
    mine = session.get_one(Run, "mine").project_id
    session.expunge_all()
    narrowing.narrow(session, Narrowing(frozenset({mine})))
    return session


again = orm.aliased(Run)

READS = {
    "a column": sa.select(Run.id),
    "an alias": sa.select(again.id),
    "a subquery": sa.select(sa.select(Run.id).subquery().c.id),
    "a common table expression": sa.select(sa.select(Run.id).cte().c.id),
    "a union": sa.union_all(sa.select(Run.id).where(Run.id == "mine"), sa.select(again.id).where(again.id == "other")),
    "an alias that is joined": sa.select(again.id).select_from(
        sa.orm.join(Project, again, again.project_id == Project.id)
    ),
    "an alias in an outer join on a subquery": sa.select(again.id)
    .select_from(Run)
    .outerjoin(again, again.id == sa.select(sa.func.max(Run.id)).scalar_subquery()),
    "the other side of a join": sa.select(Run.id).join(Project, Project.id == Run.project_id),
    "an IN": sa.select(Project.name).where(Project.id.in_(sa.select(Run.project_id))),
    "an EXISTS": sa.select(Project.name).where(sa.exists().where(Run.project_id == Project.id)),
}


@pytest.mark.parametrize("statement", READS.values(), ids=READS)
def test_it_reads_nothing_of_another(narrowed: Session, statement: sa.Executable) -> None:
    found = {str(value) for value in narrowed.scalars(statement)}
    assert found <= {"mine", "of-mine"}
    assert found


def test_it_counts_gets_changes_and_deletes_nothing_of_another(narrowed: Session) -> None:
    assert narrowed.scalar(sa.select(sa.func.count()).select_from(Run)) == 1
    assert narrowed.get(Run, "other") is None
    assert narrowed.get(Run, "other", with_for_update=True, populate_existing=True) is None
    narrowed.execute(sa.update(Run).values(notes="changed"))
    narrowed.execute(sa.delete(runs.Writer).where(runs.Writer.run_id.in_(sa.select(Run.id))))
    narrowing.narrow(narrowed, None)
    assert narrowed.scalars(sa.select(Run.id).where(Run.notes == "changed")).all() == ["mine"]
    assert narrowed.scalars(sa.select(runs.Writer.run_id)).all() == ["other"]


def test_a_statement_that_was_compiled_for_one_is_not_for_the_next(narrowed: Session) -> None:
    mine = narrowed.scalars(sa.select(Run.id)).all()
    narrowing.narrow(narrowed, None)
    other = narrowed.get_one(Run, "other").project_id
    narrowing.narrow(narrowed, Narrowing(frozenset({other})))
    assert (mine, narrowed.scalars(sa.select(Run.id)).all()) == (["mine"], ["other"])
    narrowing.narrow(narrowed, Narrowing(frozenset()))
    assert narrowed.scalars(sa.select(Run.id)).all() == []


def test_a_link_to_a_run_shows_that_run_alone(narrowed: Session) -> None:
    narrowing.narrow(narrowed, None)
    both = frozenset(narrowed.scalars(sa.select(Project.id)))
    narrowing.narrow(narrowed, Narrowing(both, frozenset({"other"})))
    assert narrowed.scalars(sa.select(Run.id)).all() == ["other"]


def test_who_has_checked_may_look_at_everything(narrowed: Session) -> None:
    statement = sa.select(Run.id).order_by(Run.id).execution_options(**EVERY_PROJECT)
    assert narrowed.scalars(statement).all() == ["mine", "other"]


def test_a_session_that_would_not_be_narrowed_is_refused(database: Database) -> None:
    with orm.Session(database.engine) as plain, pytest.raises(TypeError, match="cannot be narrowed"):
        narrowing.narrow(plain, Narrowing(frozenset()))


def test_a_page_without_runs_has_its_counts_all_the_same(bob: Somebody) -> None:
    bob.done("POST", "/projects", {"name": "digits"})
    for search in ({}, {"text": "nothing is called so"}, {"filter": 'status == "failed"'}):
        page = bob.done("POST", "/projects/digits/runs/search", search)
        assert (page["runs"], page["matched"], page["total"]) == ([], 0, 0)
