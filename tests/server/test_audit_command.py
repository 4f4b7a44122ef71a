"""`tracker audit verify`: says that the log of models holds, or names the entry that does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.server.model_registry import Registry, make_artifacts
from tests.server.test_registry_chain import by_sql
from tracker_server import cli
from tracker_server.db import Database
from tracker_server.settings import Settings


@pytest.fixture
def places(app: Flask, client: FlaskClient, settings: Settings) -> list[str]:
    """Where a log of two entries lies: a model, and its first version."""
    assert Registry(client).register(make_artifacts(app, 1)[0]).status_code == 201
    return ["--data", str(settings.data), "--database", settings.database_url]


def test_a_log_that_holds_is_said_with_its_digest(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.audit(["verify", *places]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "all entries are as they were written: 2 entries fit"
    digest = second.removeprefix("digest ")
    assert cli.audit(["verify", *places, "--expect", digest]) == 0
    assert cli.audit(["verify", *places, "--expect", "0" * 64]) == 1
    assert "no entry has the digest 000" in capsys.readouterr().err


def test_the_entry_that_was_changed_is_named(
    places: list[str], database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    by_sql(database, "UPDATE audit SET to_version = 7 WHERE id = 2")
    assert cli.audit(["verify", *places]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "entry 2 is not what was written" in said.err
    assert "1 entry fits before it" in said.err


def test_the_api_says_the_same_to_admins(places: list[str], client: FlaskClient, database: Database) -> None:
    told = client.get("/api/v1/audit/verification").json
    assert (told["entries"], told["broken"]) == (2, None)
    by_sql(database, "DELETE FROM audit WHERE id = 2")
    assert client.get("/api/v1/audit/verification").json["broken"] == {
        "entry": 1,
        "message": "the log ends with entry 1, but its last was entry 2",
    }


def test_what_is_used_wrongly_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.audit(["verify", "--data", str(tmp_path)]) == 2
    assert "there is no database" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        cli.audit(["verify", "--data", str(tmp_path), "--expect", "abc"])
    assert ended.value.code == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_it_is_filtered_and_taken_away(places: list[str], client: FlaskClient) -> None:
    def actions(query: str) -> list[str]:
        return [entry["action"] for entry in client.get(f"/api/v1/audit?{query}").json["entries"]]

    assert actions("action=version") == ["version.registered"]
    assert actions("action=model.created&model=digits") == ["model.created"]
    assert actions("actor=nobody") == []
    with client.get("/api/v1/audit/export?format=csv") as answer:
        head, *rows = answer.text.splitlines()
    assert head == "time,actor,action,model,alias,from,to,reason,entry,digest"
    assert [row.split(",")[2] for row in rows] == ["version.registered", "model.created"]
    with client.get("/api/v1/audit/export?format=jsonl&action=model") as answer:
        assert answer.text.count("\n") == 1
    refused = client.get("/api/v1/audit/export?model=nothing")
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "unknown_model")
