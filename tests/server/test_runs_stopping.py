"""Asking a run to stop: who may be asked, and how its processes hear of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tracker.records import Logged, RunFinished, RunStarted

Journals = Callable[..., Journal]


def post(client: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/{path}", json=body).json


def ask(client: FlaskClient, reason: str = "it overfits", run_id: str = "run1") -> Any:
    return client.post(f"/api/v1/runs/{run_id}/stop", json={"reason": reason})


def run_of(client: FlaskClient, run_id: str = "run1") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/runs/{run_id}").json
    return found


def commands(client: FlaskClient, written: Journal) -> list[dict[str, Any]]:
    """What a heartbeat of the writer is answered."""
    found: list[dict[str, Any]] = written.post(client, len(written.frames)).json["commands"]
    return found


def test_a_request_comes_with_every_answer_until_the_writer_has_ended(client: FlaskClient, journal: Journals) -> None:
    written = journal().started().add(Logged(0, START_MS, {"loss": 1.0}))
    assert written.post(client).json["commands"] == []
    assert ask(client).status_code == 200
    stop = {"type": "stop", "by": "ada", "reason": "it overfits"}
    assert commands(client, written) == commands(client, written) == [stop]
    written.add(Logged(1, START_MS, {"loss": 2.0}))
    assert written.post(client, 2).json == {"next_seq": 3, "commands": [stop]}
    written.add(RunFinished(START_MS + 5, "stopped"))
    assert written.post(client, 3).json == {"next_seq": 4, "commands": []}


def test_every_rank_is_told_for_itself(client: FlaskClient, journal: Journals) -> None:
    main, rank = journal().started(), journal(writer="w1", label="rank1").started()
    main.post(client), rank.post(client)
    ask(client)
    main.add(RunFinished(START_MS + 5, "stopped")).post(client)
    assert commands(client, main) == []
    assert [command["type"] for command in commands(client, rank)] == ["stop"]


def test_a_run_that_was_asked_is_stopping_until_it_ends(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    written.post(client)
    assert run_of(client)["stop"] is None
    asked = ask(client).json
    assert (asked["status"], asked["is_stopping"]) == ("running", True)
    assert (asked["stop"]["by"], asked["stop"]["reason"]) == ("ada", "it overfits")
    row = post(client, "projects/digits/runs/search", {})["runs"][0]
    assert row["is_stopping"] is True
    written.add(RunFinished(START_MS + 5, "stopped")).post(client)
    ended = run_of(client)
    assert (ended["status"], ended["is_stopping"], ended["stop"]["by"]) == ("stopped", False, "ada")


def test_a_later_request_stands_in_place_of_an_earlier_one(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    written.post(client)
    ask(client)
    assert ask(client, "").json["stop"]["reason"] == ""
    assert [command["reason"] for command in commands(client, written)] == [""]


@pytest.mark.parametrize("status", ["finished", "failed", "stopped"])
def test_a_run_that_has_ended_cannot_be_stopped(client: FlaskClient, journal: Journals, status: str) -> None:
    journal().started(name="calm-heron").add(RunFinished(START_MS + 5, status)).post(client)
    refused = ask(client)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_running")
    assert f"'calm-heron' is {status}" in refused.json["error"]["message"]


def test_no_run_no_stop(client: FlaskClient) -> None:
    assert ask(client, run_id="nobody").status_code == 404


@pytest.mark.parametrize("is_resumed", [True, False], ids=["resumed", "begun again"])
def test_a_run_that_goes_on_after_its_end_has_forgotten_the_request(
    client: FlaskClient, journal: Journals, is_resumed: bool
) -> None:
    first = journal().started()
    first.post(client)
    ask(client)
    first.add(RunFinished(START_MS + 5, "stopped")).post(client)
    second = journal(writer="w9").add(RunStarted(START_MS + 9, "run1", "digits", "w9", is_resumed=is_resumed))
    assert second.post(client).json["commands"] == []
    again = run_of(client)
    assert (again["status"], again["is_stopping"], again["stop"]) == ("running", False, None)


def test_a_run_that_died_and_is_resumed_has_forgotten_the_request(client: FlaskClient, journal: Journals) -> None:
    journal().started().post(client)
    ask(client)
    second = journal(writer="w9").add(RunStarted(START_MS + 9, "run1", "digits", "w9", is_resumed=True))
    assert second.post(client).json["commands"] == []
    assert run_of(client)["is_stopping"] is False


def test_a_rank_that_joins_does_not_withdraw_the_request(client: FlaskClient, journal: Journals) -> None:
    journal().started().post(client)
    ask(client)
    joined = journal(writer="w1", label="rank1").started(is_resumed=True)
    assert [command["type"] for command in joined.post(client).json["commands"]] == ["stop"]


def test_the_runs_table_hears_of_a_request(client: FlaskClient, journal: Journals) -> None:
    journal().started().post(client)
    first = post(client, "projects/digits/live", {})
    ask(client)
    answer = post(client, "projects/digits/live", {"since_ms": first["cursor_ms"]})
    assert [row["is_stopping"] for row in answer["changed"]] == [True]
