"""A server that has too much to do says so, and the client comes again: over HTTP, nothing is lost or stored twice."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.serving import make_server

from tests.frames import Journal
from tests.processes import environment, run_script, wait_until
from tracker_server import metrics
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings

PROGRAM = {"X-Tracker-Client": "test"}

TRAIN = """
import tracker
run = tracker.init("digits", id="run1", system_interval_s=0, capture_code=False, finish_timeout_s=60)
for step in range(200):
    run.log({"loss": float(step)})
run.finish()
"""


@dataclass
class Served:
    """The app on a port of this machine, and how often it has answered a journal with each status."""

    app: Flask
    url: str
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def database(self) -> Database:
        database: Database = self.app.extensions["tracker.database"]
        return database


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    """A server in which one batch may wait, and no more."""
    settings.data.mkdir()
    app = create_app(replace(settings, max_waiting_batches=1))
    http = make_server("127.0.0.1", 0, app, threaded=True)
    served = Served(app, f"http://127.0.0.1:{http.server_port}")

    @app.after_request
    def count(response: Response) -> Response:
        served.statuses[response.status_code] += 1
        return response

    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    http.shutdown()
    thread.join()
    http.server_close()
    served.database.close()


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another program keeps the database to itself."""
    if database.engine.dialect.name == "sqlite":
        other = sqlite3.connect(database.engine.url.database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.close()
    else:
        with database.engine.connect() as connection:
            connection.execute(sa.text("LOCK TABLE runs, projects"))
            yield


def post(served: Served, run_id: str) -> requests.Response:
    address = f"{served.url}/api/v1/runs/{run_id}/journal?writer=w0"
    return requests.post(address, data=Journal(run_id).started().body(), headers=PROGRAM, timeout=30)


def test_a_client_that_is_told_to_come_again_loses_nothing(served: Served, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        with locked(served.database):
            first = pool.submit(post, served, "other")
            wait_until(lambda: served.app.extensions["tracker.ingest"].waiting == 1, "a batch waits")
            training = pool.submit(run_script, TRAIN, environment(served.url, tmp_path / "journals"))
            wait_until(lambda: served.statuses[429] + served.statuses[503] >= 2, "the client was told to come again")
        assert first.result(30).status_code in (200, 503)
        done = training.result(60)
    assert (done.returncode, done.stderr.count("refused")) == (0, 0), done.stderr
    assert served.statuses[500] == 0
    with served.database.reading() as session:
        (loss,) = metrics.read(session, ["run1"], ["loss"], metrics.View(points=1000))
    assert (loss.count, loss.values) == (200, [float(step) for step in range(200)])


def test_what_may_not_wait_is_answered_at_once(served: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        with locked(served.database):
            first = pool.submit(post, served, "other")
            wait_until(lambda: served.app.extensions["tracker.ingest"].waiting == 1, "a batch waits")
            answer = post(served, "run1")
        first.result(30)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    error = answer.json()["error"]
    assert error["code"] == "overloaded"
    assert "send it again later" in error["message"]
    assert post(served, "run1").status_code == 200
