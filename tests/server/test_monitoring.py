"""What a server measures of itself: counted by route, whole with several workers, and for whoever may see."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import NOW_MS
from tests.frames import Journal
from tests.processes import Server
from tracker.records import Logged
from tracker_server import auth
from tracker_server.app import create_app
from tracker_server.db import Database
from tracker_server.settings import Settings

PROJECT = "/api/v1/projects/<project>"


def parsed(text: str) -> dict[tuple[str, ...], float]:
    """Every value by its name and labels."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def measured(client: FlaskClient) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/plain; version=")
    return parsed(answer.text)


def test_requests_are_counted_by_the_pattern_of_their_path(client: FlaskClient) -> None:
    for name in ("a", "b"):
        assert client.get(f"/api/v1/projects/{name}").status_code == 404
    client.get("/api/v1/nothing/at/all")
    client.open("/api/v1/projects", method="BREW")
    found = measured(client)
    assert found["tracker_requests_total", "GET", PROJECT, "404"] == 2
    assert found["tracker_request_seconds_count", "GET", PROJECT] == 2
    assert found["tracker_request_seconds_sum", "GET", PROJECT] > 0
    assert found["tracker_requests_total", "(other)", "(none)", "405"] == 1
    assert not [key for key in found if any("nothing" in part for part in key)]


def test_what_is_taken_in_is_counted(client: FlaskClient) -> None:
    now_ms = time.time_ns() // 1_000_000
    journal = Journal().started().add(*(Logged(step, now_ms, {"loss": 0.5, "acc": 0.5}) for step in range(10)))
    assert journal.post(client).status_code == 200
    found = measured(client)
    assert (found["tracker_ingest_batches_total",], found["tracker_ingest_points_total",]) == (1, 20)
    assert found["tracker_ingest_batches_waiting",] == 0
    assert found["tracker_runs_running",] == 1


def test_what_the_machine_says_is_told(client: FlaskClient) -> None:
    found = measured(client)
    assert found["tracker_database_bytes",] > 10_000
    assert found["tracker_memory_bytes",] > 10_000_000
    assert found["tracker_open_files",] > 3
    assert found["tracker_disk_free_bytes", "data"] > 0
    assert [key[1] for key in found if key[0] == "tracker_version"] != []


def test_a_server_that_needs_a_key_asks_for_it_here_too(database: Database, settings: Settings) -> None:
    settings.data.mkdir()
    with database.writing() as session:
        _, key = auth.create_key(session, auth.ensure_operator(session, "ada", NOW_MS).id, "prometheus", NOW_MS)
        session.commit()
    closed = Settings.in_folder(settings.data, database_url=settings.database_url, needs_key=True, operator="ada")
    app: Flask = create_app(closed)
    client = app.test_client()
    for path in ("/metrics", "/api/v1/metrics"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200
    app.extensions["tracker.database"].close()


@pytest.mark.parametrize("backend", ["postgres"])
def test_several_workers_count_as_one_server(
    make_database_url: Callable[[str], str], tmp_path: Path, backend: str
) -> None:
    asked = 30
    with Server(tmp_path / "data", make_database_url(backend), more=("--workers", "3")) as server:
        for _ in range(asked):
            with urllib.request.urlopen(f"{server.url}/api/v1/projects", timeout=20) as answer:
                assert answer.status == 200
        for _ in range(5):  # whichever answers
            with urllib.request.urlopen(f"{server.url}/metrics", timeout=20) as answer:
                found = parsed(answer.read().decode())
            assert found["tracker_requests_total", "GET", "/api/v1/projects", "200"] == asked
            assert found["tracker_ingest_batches_waiting",] == 0
        assert server.stop() == 0
