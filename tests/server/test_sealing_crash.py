"""A process that is killed anywhere within a transaction that moves points leaves what was there before it.

Every scene is played again and again by a process that kills itself one statement later than the one before it, until
one has committed. After each death the database is opened anew: what is stored and what is read is as before; so the
next process does the same work on what the death has left. After the last one, all is as if nobody had died, and the
run goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.server.logged import log_run
from tracker.records import Logged
from tracker_server import metrics
from tracker_server.db import Database
from tracker_server.metrics.models import Chunk, Series, Tail, TrashedSeries

SMALL = metrics.Limits(tail_rows=4, tail_points=200, seal_points=8, least_points=4, chunk_points=40)
TIGHT = metrics.Limits(tail_rows=1, tail_points=10, seal_points=8, least_points=4, chunk_points=40)
NEVER = metrics.Limits(tail_rows=1000, tail_points=100_000)
MOST_STATEMENTS = 300
DONE = "done"

Step = Callable[[Session, str], None]


@dataclass(frozen=True)
class Scene:
    """What is there, what is done in the transaction, and which statements that takes, others apart."""

    prepare: Step
    act: Step
    writes: frozenset[str]


def append(session: Session, run: str, steps: range, *names: str, limits: metrics.Limits = NEVER) -> None:
    records = [Logged(step, 1000 + step, dict.fromkeys(names, step / 4)) for step in steps]
    metrics.append(session, run, "", "metric", records, limits=limits)


def sealed_and_open(session: Session, run: str) -> None:
    """A chunk that stays, one to reopen, a rare metric, and rows of the tail that are long enough to do that."""
    append(session, run, range(20), "loss")
    append(session, run, range(0, 20, 9), "rare")
    metrics.seal(session, run, limits=SMALL)
    append(session, run, range(20, 28), "loss")
    metrics.seal(session, run, limits=SMALL)
    append(session, run, range(28, 32), "loss", "acc")
    append(session, run, range(32, 37), "loss", "acc")


def end(session: Session, run: str) -> None:
    metrics.seal(session, run, limits=SMALL)


def add_one_more(session: Session, run: str) -> None:
    append(session, run, range(37, 43), "loss", "acc", limits=SMALL)


def four_rows(session: Session, run: str) -> None:
    sealed_and_open(session, run)
    append(session, run, range(18, 24), "loss", "acc")
    append(session, run, range(24, 30), "loss", "acc")


def one_large_row(session: Session, run: str) -> None:
    append(session, run, range(100), "loss")
    for start in range(100, 108, 2):
        append(session, run, range(start, start + 2), "loss", "acc")


def add_a_larger_row(session: Session, run: str) -> None:
    append(session, run, range(108, 112), "loss", "acc", limits=SMALL)


def supersede(session: Session, run: str) -> None:
    metrics.supersede(session, run, "", 1, after=12, limits=TIGHT)


def superseded(session: Session, run: str) -> None:
    sealed_and_open(session, run)
    supersede(session, run)
    append(session, run, range(13, 25), "loss", "acc")


def restore(session: Session, run: str) -> None:
    metrics.supersede(session, run, "", 2, after=12, limits=TIGHT)
    metrics.restore(session, run, "", 1, limits=TIGHT)


def with_a_fork(session: Session, run: str) -> None:
    sealed_and_open(session, run)
    log_run(session, fork_of(run))


def fork(session: Session, run: str) -> None:
    metrics.copy(session, run, fork_of(run), up_to=22, limits=TIGHT)


def fork_of(run: str) -> str:
    return f"{run}-fork"


def trashed(session: Session, run: str) -> None:
    sealed_and_open(session, run)
    ids = session.scalars(sa.select(Series.id).where(Series.run_id == run).order_by(Series.id)).all()
    metrics.trash.discard(session, ids, entry_of(run))
    append(session, run, range(5), "loss")  # so that the loss cannot simply take its place again


def bring_back(session: Session, run: str) -> None:
    metrics.trash.bring_back(session, entry_of(run), limits=TIGHT)


def purge(session: Session, run: str) -> None:
    metrics.trash.purge(session, [entry_of(run)])


def entry_of(run: str) -> int:
    return int(run.removeprefix("run"))


SEALS = frozenset({"DELETE FROM tails", "INSERT INTO tails", "DELETE FROM chunks", "INSERT INTO chunks"})
MERGES = frozenset({"DELETE FROM tails", "INSERT INTO tails"})
SCENES = {
    "the end of a run": Scene(sealed_and_open, end, SEALS),
    "a batch that seals": Scene(four_rows, add_one_more, SEALS),
    "a batch that only merges": Scene(one_large_row, add_a_larger_row, MERGES),
    "superseding": Scene(sealed_and_open, supersede, SEALS),
    "restoring": Scene(superseded, restore, SEALS),
    "forking": Scene(with_a_fork, fork, frozenset({"INSERT INTO tails", "INSERT INTO chunks", "DELETE FROM tails"})),
    "out of the trash": Scene(trashed, bring_back, SEALS),
    "emptying the trash": Scene(trashed, purge, SEALS - {"INSERT INTO chunks"}),
    "deleting": Scene(sealed_and_open, metrics.delete, frozenset({"DELETE FROM tails", "DELETE FROM chunks"})),
}


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database for a while; closed before another process comes to it, so that whoever is next has to recover."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def act(database: Database, scene: Scene, run: str, pass_by: Callable[[str], None]) -> None:
    """Do what the scene is about, and say so at every moment: before each statement, before the commit and after it.

    What is after one statement is before the next.
    """
    with database.writing() as session:
        connection = session.connection()
        sa.event.listen(connection, "before_cursor_execute", lambda *arguments: pass_by(arguments[2]))
        sa.event.listen(connection, "commit", lambda _: pass_by("COMMIT"))
        scene.act(session, run)
        session.commit()
    pass_by(DONE)


def die(url: str, scene: str, run: str, moment: int, passed: Connection) -> None:
    """What the process does: it acts, tells what it passes by, and kills itself at the moment of this number."""
    numbers = count()

    def pass_by(what: str) -> None:
        passed.send(what)
        if next(numbers) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    with opened(url) as database:
        act(database, SCENES[scene], run, pass_by)


def killed(context: Any, url: str, scene: str, run: str, moment: int) -> list[str]:
    """What a process has passed by that killed itself at this moment."""
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=die, args=(url, scene, run, moment, sender))
    process.start()
    sender.close()
    passed = []
    with suppress(EOFError):
        while receiver.poll(60):
            passed.append(receiver.recv())
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, passed
    return passed


def read(database: Database, run: str) -> Any:
    """All that can be read of a run and its fork, but for the ids of its series."""
    runs = [run, fork_of(run)]
    with database.reading() as session:
        found = metrics.read(session, runs, ["loss", "acc", "rare"], metrics.View(points=10_000))
        summaries = metrics.last(session, runs)
    columns = {
        (runs.index(one.run), one.label, one.metric, one.segment): (one.count, one.x, one.steps, one.values)
        for one in found
    }
    return columns, list(summaries.values())


def stored(database: Database) -> list[Any]:
    """Every row that holds points or speaks of them, whole."""
    with database.reading() as session:
        return [
            session.execute(sa.select(table).order_by(*table.primary_key)).all()
            for table in (one.__table__ for one in (Series, Tail, Chunk, TrashedSeries))
        ]


def go_on(database: Database, run: str) -> None:
    with database.writing() as session:
        append(session, run, range(200, 212), "loss", "acc", limits=SMALL)
        metrics.seal(session, run, limits=SMALL)
        session.commit()


def prepare(database: Database, scene: Scene, run: str) -> None:
    with database.writing() as session:
        log_run(session, run)
        scene.prepare(session, run)
        session.commit()


def play(database: Database, scene: Scene, run: str) -> tuple[Any, Any]:
    """The scene without a death: what is read after it, and when the run has gone on."""
    prepare(database, scene, run)
    act(database, scene, run, lambda _: None)
    after = read(database, run)
    go_on(database, run)
    return after, read(database, run)


@pytest.fixture(scope="module")
def processes() -> Any:
    """Where processes come from: forked from one that has everything loaded and no connection to any database."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@pytest.mark.parametrize("name", SCENES)
def test_a_death_at_any_statement_loses_nothing(name: str, database_url: str, processes: Any) -> None:
    scene = SCENES[name]
    with opened(database_url) as database:
        after, later = play(database, scene, "run1")
        prepare(database, scene, "run2")
        before, rows = read(database, "run2"), stored(database)
    for moment in range(MOST_STATEMENTS):
        passed = killed(processes, database_url, name, "run2", moment)
        assert len(passed) == moment + 1
        if passed[-1] == DONE:
            break
        with opened(database_url) as database:
            assert read(database, "run2") == before, f"killed before {passed[-1]!r}"
            assert stored(database) == rows, f"killed before {passed[-1]!r}"
    assert passed[-2:] == ["COMMIT", DONE]
    assert {" ".join(statement.split()[:3]) for statement in passed} >= scene.writes
    with opened(database_url) as database:
        assert read(database, "run2") == after
        go_on(database, "run2")
        assert read(database, "run2") == later
