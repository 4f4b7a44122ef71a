"""What silent runs leave is sealed by whoever has time, and nobody can tell from what is read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.processes import wait_until
from tracker.records import Logged
from tracker_server import ingest
from tracker_server.db import Database
from tracker_server.ingest import AbandonedTails
from tracker_server.metrics.models import Chunk, Tail

LATER_MS = 2**60
"""A time before which every run was last heard of."""

POINTS = 3000


def logged(client: FlaskClient, run_id: str = "run1", *, count: int = POINTS, batches: int = 5) -> Journal:
    """A run that has sent so many points, and then nothing more."""
    journal = Journal(run_id).started()
    assert journal.post(client).status_code == 200
    return go_on(client, journal, count=count, batches=batches)


def go_on(client: FlaskClient, journal: Journal, *, count: int = POINTS, batches: int = 5) -> Journal:
    for _ in range(batches):
        first = len(journal.frames)
        steps = range(first, first + count // batches)
        journal.add(*(Logged(step, START_MS + step, {"loss": 1.0 / step}) for step in steps))
        assert journal.post(client, first).status_code == 200
    return journal


def read(client: FlaskClient, run_id: str = "run1") -> dict[str, Any]:
    body = {"runs": [run_id], "metrics": ["loss"], "points": 10_000}
    (series,) = client.post("/api/v1/series", json=body).get_json()["series"]
    found: dict[str, Any] = series
    return found


def rows(database: Database, table: type[Tail] | type[Chunk]) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_silent_run_is_sealed_and_reads_the_same(client: FlaskClient, database: Database) -> None:
    logged(client)
    before = read(client)
    assert ingest.seal_next(database, before_ms=LATER_MS) == "run1"
    assert (rows(database, Tail), rows(database, Chunk)) == (0, 1)
    assert read(client) == before
    assert before["count"] == POINTS


def test_a_run_that_was_heard_of_is_left_alone(client: FlaskClient, database: Database) -> None:
    logged(client)
    assert ingest.seal_next(database, before_ms=START_MS) is None
    assert rows(database, Tail) == 5


@pytest.mark.parametrize("count", [POINTS, 10], ids=["sealed", "too few to seal"])
def test_a_run_is_sealed_once_for_each_silence(client: FlaskClient, database: Database, count: int) -> None:
    journal = logged(client, count=count)
    for _ in range(2):
        assert ingest.seal_next(database, before_ms=LATER_MS) == "run1"
        assert ingest.seal_next(database, before_ms=LATER_MS) is None
        go_on(client, journal, count=count)
    assert read(client)["count"] == 3 * count


def test_several_may_seal_while_runs_speak_again(client: FlaskClient, database: Database) -> None:
    journals = [logged(client, f"run{number}") for number in range(4)]

    def seal() -> list[str | None]:
        return [ingest.seal_next(database, before_ms=LATER_MS) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        sealed = [pool.submit(seal) for _ in range(3)]
        spoken = [pool.submit(speak, client, journal) for journal in journals]
        for asked in sealed:
            asked.result(60)
        for one in spoken:
            one.result(60)
    for journal in journals:
        series = read(client, journal.run_id)
        assert series["count"] == 2 * POINTS
        assert series["steps"] == list(range(1, 2 * POINTS + 1))


def speak(client: FlaskClient, journal: Journal) -> Journal:
    """Go on with a client of this thread's own."""
    own = client.application.test_client()
    own.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    return go_on(own, journal)


def test_a_thread_of_the_server_does_it(client: FlaskClient, database: Database) -> None:
    logged(client)
    logged(client, "run2")
    thread = AbandonedTails(database, silent_ms=-1000)
    wait_until(lambda: rows(database, Tail) == 0, "both are sealed")
    thread.stop()
    assert rows(database, Chunk) == 2
