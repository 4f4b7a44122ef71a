"""What every earlier version has written is read, gone on with and whole in this one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import BACKENDS
from tests.frames import START_MS, Journal
from tests.migrations.kept import STEPS, WEIGHTS, make_postgres, make_sqlite, schemas
from tests.server.logged import digest_of
from tracker.records import Logged
from tracker_server import upkeep
from tracker_server.app import create_app
from tracker_server.artifacts import BlobStore
from tracker_server.db import Database
from tracker_server.migrating import migrate
from tracker_server.settings import Settings


@dataclass(frozen=True)
class Upgraded:
    """A server of this version on a database of another."""

    app: Flask
    client: FlaskClient
    settings: Settings

    @property
    def database(self) -> Database:
        found: Database = self.app.extensions["tracker.database"]
        return found

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.client.get(f"/api/v1{path}") if body is None else self.client.post(f"/api/v1{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def values(self, run_id: str, metric: str) -> list[float]:
        """Of every point, in the order in which they came."""
        query = {"metric": metric, "resolution": "full"}
        answer = self.client.get(f"/api/v1/runs/{run_id}/series", query_string=query)
        assert answer.status_code == 200, answer.text
        return [value for line in answer.text.splitlines() for value in json.loads(line)["values"]]

    def runs(self) -> dict[str, str]:
        """The ids of the project's runs by their names."""
        found = self.ask("/projects/digits/runs/search", {})["runs"]
        return {run["name"]: run["id"] for run in found}


@pytest.fixture(params=schemas())
def schema(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=BACKENDS)
def upgraded(
    request: pytest.FixtureRequest, schema: str, make_database_url: Callable[[str], str], tmp_path: Path
) -> Iterator[Upgraded]:
    source = tmp_path / "kept.db"
    is_postgres = request.param == "postgres"
    url = make_postgres(schema, make_database_url("postgres"), source) if is_postgres else make_sqlite(schema, source)
    settings = Settings.in_folder(tmp_path / "data", database_url=url, operator="ada")
    settings.blobs.mkdir(parents=True)
    database = Database(url)
    migrate(database, lock_folder=settings.data)
    database.close()
    app = create_app(settings)
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    assert client.put(f"/api/v1/blobs/{digest_of(WEIGHTS)}", data=WEIGHTS).status_code in (200, 201)
    yield Upgraded(app, client, settings)
    app.extensions["tracker.database"].close()


def test_what_an_earlier_version_has_written_is_used(upgraded: Upgraded) -> None:
    assert_read(upgraded)
    assert_logged_into(upgraded)
    assert_whole(upgraded)


def assert_read(upgraded: Upgraded) -> None:
    """All that the runs had logged: every point, the last words, the file."""
    runs = upgraded.runs()
    assert set(runs) == {"calm", "keen"}
    for name, final in (("calm", 0.25), ("keen", 0.5)):
        detail = upgraded.ask(f"/runs/{runs[name]}")
        assert (detail["status"], detail["config"]["lr"], detail["config"]["layers"]) == ("finished", 0.1, [64, 10])
        assert upgraded.values(runs[name], "loss") == [1.0 / (step + 1) for step in range(200)]
        assert upgraded.values(runs[name], "acc")[-1] == final
        assert f"{name} has learned" in upgraded.ask(f"/runs/{runs[name]}/console")["lines"][-1]["text"]
    assert upgraded.values(runs["keen"], "epoch") == [step // 1000 for step in range(200, STEPS)]
    (artifact,) = upgraded.ask(f"/runs/{runs['keen']}/artifacts")["artifacts"]
    with upgraded.client.get(f"/api/v1/artifact-versions/{artifact['id']}/files/model.bin") as answer:
        assert answer.data == WEIGHTS


def assert_logged_into(upgraded: Upgraded) -> None:
    """A run that was there goes on, and a new one comes."""
    keen = upgraded.runs()["keen"]
    resumed = Journal(run_id=keen, writer="later").started(resume="must", is_resumed=True)
    resumed.add(*[Logged(STEPS + step, START_MS + step, {"epoch": 100.0}) for step in range(10)])
    assert resumed.post(upgraded.client).status_code == 200
    assert upgraded.values(keen, "epoch")[-11:] == [STEPS // 1000 - 1, *[100.0] * 10]
    fresh = Journal(run_id="fresh").started(name="fresh").add(Logged(0, START_MS, {"loss": 0.5}))
    assert fresh.post(upgraded.client).status_code == 200
    assert upgraded.values("fresh", "loss") == [0.5]
    assert "fresh" in upgraded.runs()


def assert_whole(upgraded: Upgraded) -> None:
    """Nothing is damaged or missing."""
    told: list[str] = []
    upkeep.check(upgraded.database, BlobStore(upgraded.settings.blobs), reads_blobs=True, tell=told.append)
    assert told == []
