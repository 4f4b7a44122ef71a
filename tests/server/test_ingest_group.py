"""Batches that wait at the same moment share a commit: each is answered after it, and fails alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.frames import START_MS, Journal
from tests.processes import wait_until
from tracker.records import ConfigChanged, Logged, RunFinished
from tracker_server import runs
from tracker_server.db import Database
from tracker_server.errors import Conflict, Overloaded, Unavailable
from tracker_server.ingest import Batch, Bounds, Group, Receipt, read, store, store_plain

COUNT = 12

Work = Callable[[Session], Any]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(COUNT + 2) as pool:
        yield pool


@pytest.fixture
def commits(app: Flask) -> list[int]:
    """Grows by one with every commit."""
    made: list[int] = []
    sa.event.listen(app.extensions["tracker.database"].engine, "commit", lambda _connection: made.append(1))
    return made


def started(app: Flask, count: int = COUNT) -> list[Journal]:
    """Writers of so many runs that the server has, each with a record that it lacks."""
    journals = [Journal(f"run{number}").started() for number in range(count)]
    for number, journal in enumerate(journals):
        assert post(app, journal)[0] == 200
        journal.add(Logged(0, START_MS, {"loss": float(number)}))
    return journals


def post(app: Flask, journal: Journal, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """What the server says to all frames of a journal, or to these bytes."""
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    address = f"/api/v1/runs/{journal.run_id}/journal?writer={journal.writer}"
    answer = client.post(address, data=journal.body() if body is None else body)
    said: dict[str, Any] = answer.get_json()
    return answer.status_code, said


def settle(app: Flask, bounds: Bounds) -> None:
    """Give the app other bounds than its settings say."""
    app.extensions["tracker.ingest"] = Group(app.extensions["tracker.database"], store_plain, store, bounds)


def group_of(database: Database, bounds: Bounds) -> Group[Work, Any]:
    """A group whose batches are whatever is to be done."""
    return Group(database, lambda _session, works: [None] * len(works), lambda session, work: work(session), bounds)


def waiting(app: Flask) -> int:
    group: Group[Batch, Receipt] = app.extensions["tracker.ingest"]
    return group.waiting


@contextmanager
def held_up(app: Flask) -> Iterator[None]:
    """Somebody else writes meanwhile, so that batches have to wait."""
    with app.extensions["tracker.database"].writing() as session:
        is_postgres = session.connection().dialect.name == "postgresql"
        if is_postgres:  # where a batch waits for its run alone
            session.execute(sa.text("LOCK TABLE runs"))
        yield


def all_at_once(app: Flask, pool: ThreadPoolExecutor, posts: list[tuple[Journal, bytes | None]]) -> list[Any]:
    """The answers to requests that all wait before the first of them is stored."""
    with held_up(app):
        answers = [pool.submit(post, app, journal, body) for journal, body in posts]
        wait_until(lambda: waiting(app) == len(posts), "all of them wait")
    return [answer.result(20) for answer in answers]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_batches_that_wait_together_share_one_commit(app: Flask, pool: ThreadPoolExecutor, commits: list[int]) -> None:
    settle(app, Bounds(shared_s=20))
    journals = started(app)
    commits.clear()
    answers = all_at_once(app, pool, [(one, None) for one in journals])
    assert answers == [(200, {"next_seq": 2, "commands": []})] * COUNT
    assert len(commits) == 1


def test_the_batches_of_many_live_runs_take_the_statements_of_one(app: Flask, database: Database) -> None:
    journals = started(app)
    for journal in journals:
        assert post(app, journal)[0] == 200
    costs = []
    for chosen in (journals[:1], journals[1:]):
        with database.writing() as session:
            statements: list[str] = []
            listen_to(session, statements)
            batches = [next_batch(journal) for journal in chosen]
            assert store_plain(session, batches) == [Receipt(3)] * len(batches)
            session.commit()
            costs.append(len(statements))
    assert costs[0] == costs[1] <= 9


def next_batch(journal: Journal) -> Batch:
    """One more step of a run, as it is read."""
    journal.add(Logged(1, START_MS + 1, {"loss": 0.5}))
    body = journal.body(len(journal.frames) - 1)
    return read(journal.run_id, journal.writer, body, allow_gaps=False, actor_id=1, now_ms=START_MS)


def listen_to(session: Session, statements: list[str]) -> None:
    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        statements.append(statement)

    sa.event.listen(session.connection(), "before_cursor_execute", note)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_run_that_somebody_holds_does_not_hold_up_the_others(app: Flask, pool: ThreadPoolExecutor) -> None:
    journals = started(app)
    with app.extensions["tracker.database"].writing() as session:
        assert runs.locked(session, "run0") is not None
        held = pool.submit(post, app, journals[0])
        answers = [pool.submit(post, app, journal) for journal in journals[1:]]
        assert {answer.result(20)[0] for answer in answers} == {200}
        assert not held.done()
    assert held.result(20) == (200, {"next_seq": 2, "commands": []})


def test_a_batch_that_fails_leaves_the_others_of_its_commit(app: Flask, pool: ThreadPoolExecutor) -> None:
    journals = started(app)
    journals[3].add(ConfigChanged(START_MS, {"lr": 0.1}), RunFinished(START_MS, "vanished", 0))
    answers = all_at_once(app, pool, [(one, None) for one in journals])
    status, answer = answers.pop(3)
    assert (status, answer["error"]["code"]) == (422, "bad_record")
    assert answers == [(200, {"next_seq": 2, "commands": []})] * (COUNT - 1)
    assert post(app, journals[3], b"")[1]["next_seq"] == 1
    assert app.test_client().get("/api/v1/runs/run3").get_json()["config"] == {}


def test_every_batch_is_answered_for_itself(app: Flask, pool: ThreadPoolExecutor) -> None:
    known, ahead, silent = started(app, 3)
    ahead.add(Logged(1, START_MS, {"loss": 0.5}))
    unknown = Journal("nobody").add(Logged(0, START_MS, {"loss": 1.0}))
    answers = all_at_once(app, pool, [(known, None), (ahead, ahead.body(2)), (silent, b""), (unknown, None)])
    assert [status for status, _ in answers] == [200, 409, 200, 404]
    assert [answers[0][1]["next_seq"], answers[1][1]["error"]["next_seq"], answers[2][1]["next_seq"]] == [2, 1, 1]


def test_the_same_batch_sent_twice_at_once_is_stored_once(app: Flask, pool: ThreadPoolExecutor) -> None:
    (journal,) = started(app, 1)
    answers = all_at_once(app, pool, [(journal, None)] * COUNT)
    assert answers == [(200, {"next_seq": 2, "commands": []})] * COUNT
    run = app.test_client().get("/api/v1/runs/run0").get_json()
    assert run["metrics"]["loss"]["count"] == 1


def test_runs_that_begin_at_once_each_get_a_number(app: Flask, pool: ThreadPoolExecutor) -> None:
    journals = [Journal(f"run{number}").started() for number in range(COUNT)]
    assert {status for status, _ in all_at_once(app, pool, [(one, None) for one in journals])} == {200}
    with app.extensions["tracker.database"].reading() as session:
        numbers = [runs.get(session, journal.run_id).number for journal in journals]
    assert sorted(numbers) == list(range(1, COUNT + 1))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_loses_nothing_that_was_acknowledged(database: Database, pool: ThreadPoolExecutor) -> None:
    with database.writing() as session:
        session.execute(sa.text("CREATE TABLE stored (number INTEGER, bytes BLOB)"))
        session.commit()
    database.engine.dispose()
    sa.event.listen(database.engine, "connect", lambda made, _: made.execute("PRAGMA max_page_count = 400"))
    group = group_of(database, Bounds())

    def store(number: int) -> int:
        def work(session: Session) -> int:
            session.execute(sa.text("INSERT INTO stored VALUES (:number, zeroblob(30000))"), {"number": number})
            return number

        stored_number: int = group.store(work, size_bytes=30_000)
        return stored_number

    stored = [pool.submit(store, number) for number in range(100)]
    acknowledged = [one.result(20) for one in stored if not isinstance(one.exception(20), Exception)]
    with database.reading() as session:
        kept = session.scalars(sa.text("SELECT number FROM stored ORDER BY number")).all()
    assert 0 < len(acknowledged) < 100
    assert list(kept) == sorted(acknowledged)


def test_more_batches_than_may_wait_are_told_to_come_again(database: Database, pool: ThreadPoolExecutor) -> None:
    group = group_of(database, Bounds(waiting=3))
    with at_work(group, pool, 3), pytest.raises(Overloaded, match="3 batches") as refused:
        group.store(lambda _: None, size_bytes=1)
    assert (refused.value.status, refused.value.retry_after_s) == (429, 1)
    assert group.store(lambda _: "stored", size_bytes=1) == "stored"


def test_more_bytes_than_may_wait_are_told_to_come_again(database: Database, pool: ThreadPoolExecutor) -> None:
    group = group_of(database, Bounds(waiting_bytes=100))
    with at_work(group, pool, 1, size_bytes=60), pytest.raises(Overloaded):
        group.store(lambda _: None, size_bytes=50)
    assert group.store(lambda _: "stored", size_bytes=500) == "stored"


@contextmanager
def at_work(group: Group[Work, Any], pool: ThreadPoolExecutor, count: int, *, size_bytes: int = 1) -> Iterator[None]:
    """So many batches are here and do not end yet."""
    go_on = threading.Event()
    waiting = [pool.submit(group.store, lambda _: go_on.wait(20), size_bytes=size_bytes) for _ in range(count)]
    wait_until(lambda: group.waiting == count, f"{count} batches wait")
    yield
    go_on.set()
    assert [one.result(20) for one in waiting] == [True] * count


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_batches_do_not_wait_for_a_database_that_takes_nothing_in(database: Database, pool: ThreadPoolExecutor) -> None:
    group = group_of(database, Bounds(patience_s=0.2))
    with database.writing() as session:
        session.connection()
        leader = pool.submit(group.store, lambda _: "stored", size_bytes=1)
        wait_until(lambda: group.waiting == 1, "somebody leads")
        with pytest.raises(Unavailable) as refused:
            group.store(lambda _: None, size_bytes=1)
        assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
        assert not leader.done()
    assert leader.result(20) == "stored"


def test_an_error_of_the_work_is_its_own(database: Database, pool: ThreadPoolExecutor) -> None:
    group = group_of(database, Bounds())

    def fail(_session: Session) -> None:
        raise Conflict("no", "not so")

    with at_work(group, pool, 1):
        failed, stored = (
            pool.submit(group.store, fail, size_bytes=1),
            pool.submit(group.store, lambda _: "stored", size_bytes=1),
        )
    assert isinstance(failed.exception(20), Conflict)
    assert stored.result(20) == "stored"
