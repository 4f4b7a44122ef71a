"""Turns to write come in the order of asking, and end with the transaction that they were taken for."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.processes import wait_until
from tracker_server.db import Database
from tracker_server.turns import Turns


def test_turns_come_in_the_order_of_asking() -> None:
    turns, had = Turns(), []

    def take(name: int) -> None:
        assert turns.take(20)
        had.append(name)
        turns.give()

    assert turns.take(0)
    asking: list[threading.Thread] = []
    for name in range(5):
        asking.append(threading.Thread(target=take, args=(name,)))
        asking[-1].start()
        wait_until(lambda: turns.waiting == len(asking), "it waits")
    turns.give()
    for thread in asking:
        thread.join(20)
    assert had == [0, 1, 2, 3, 4]


def test_a_turn_that_does_not_come_in_time_is_not_taken() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ending", ["commit", "rollback", "close"])
def test_a_turn_ends_with_its_transaction(database: Database, ending: str) -> None:
    session = database.writing()
    session.connection()
    getattr(session, ending)()
    with database.writing() as other:
        other.connection()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_turn_ends_with_a_statement_that_fails(database: Database) -> None:
    with database.writing() as session, pytest.raises(IntegrityError):
        session.execute(sa.text("INSERT INTO tails (run_id, point_count, payload) VALUES ('nobody', 1, x'00')"))
    with database.writing() as other:
        other.connection()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_writer_in_another_process_is_waited_for(database: Database, database_url: str) -> None:
    other = sqlite3.connect(sa.make_url(database_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool, database.writing() as session:
        begun = pool.submit(session.connection)
        assert not begun.done()
        other.execute("COMMIT")
        begun.result(20)
    other.close()
