"""Whole runs archived, deleted and restored, and the log of it."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tracker.records import Logged


def log(client: FlaskClient, run_id: str, value: float = 1.0) -> None:
    journal = Journal(run_id=run_id, writer=run_id).started().add(Logged(0, START_MS, {"loss": value}))
    assert journal.post(client).status_code == 200


def acts(client: FlaskClient) -> list[tuple[str, str | None, str]]:
    """Action, run and reason of each entry, the oldest first."""
    entries = client.get("/api/v1/projects/digits/corrections").json["corrections"]
    return [(entry["action"], entry["run"], entry["reason"]) for entry in reversed(entries)]


def newest(client: FlaskClient) -> Any:
    return client.get("/api/v1/projects/digits/corrections").json["corrections"][0]


def test_archiving_is_told_on_the_row_and_in_the_log(client: FlaskClient) -> None:
    log(client, "a")
    body = {"is_archived": True, "reason": "of last year"}
    assert client.patch("/api/v1/runs/a", json=body).json["is_archived"]
    client.patch("/api/v1/runs/a", json={"is_archived": True})
    assert not client.patch("/api/v1/runs/a", json={"is_archived": False}).json["is_archived"]
    assert acts(client) == [("run.archived", "a", "of last year"), ("run.unarchived", "a", "")]


def test_charts_of_an_archived_run_go_on(client: FlaskClient) -> None:
    log(client, "a")
    client.patch("/api/v1/runs/a", json={"is_archived": True})
    answer = client.post("/api/v1/series", json={"runs": ["a"], "metrics": ["loss"]}).json
    assert answer["series"][0]["values"] == [1.0]


def test_deleting_and_restoring_a_run_are_entries(client: FlaskClient) -> None:
    log(client, "a")
    assert client.delete("/api/v1/runs/a?reason=it+diverged").status_code == 204
    assert client.get("/api/v1/runs/a").status_code == 404
    assert client.post("/api/v1/runs/a/restore").status_code == 200
    client.post("/api/v1/runs/a/restore")
    assert acts(client) == [("run.deleted", "a", "it diverged"), ("run.restored", "a", "")]


def test_deleting_and_archiving_are_undone_from_the_log(client: FlaskClient) -> None:
    log(client, "a")
    for change in (
        lambda: client.patch("/api/v1/runs/a", json={"is_archived": True}),
        lambda: client.delete("/api/v1/runs/a"),
    ):
        change()
        entry = newest(client)
        assert entry["can_undo"]
        answer = client.post(f"/api/v1/projects/digits/corrections/{entry['id']}/undo", json={"reason": "too early"})
        assert (answer.status_code, answer.json["undoes"]) == (201, entry["id"])
    assert not client.get("/api/v1/runs/a").json["is_archived"]
    assert [action for action, _, _ in acts(client)] == [
        "run.archived",
        "run.unarchived",
        "run.deleted",
        "run.restored",
    ]


def test_a_project_is_archived_and_comes_back_and_the_log_says_so(
    client: FlaskClient,
) -> None:
    log(client, "r")

    def is_archived() -> bool:
        (project,) = client.get("/api/v1/projects").json["projects"]
        return bool(project["is_archived"])

    assert not is_archived()
    for asked in (True, True, False):
        body = {"is_archived": asked, "reason": "the course is over"}
        assert client.patch("/api/v1/projects/digits", json=body).status_code == 204
        assert is_archived() is asked
    entries = client.get("/api/v1/projects/digits/corrections").json["corrections"]
    assert [(one["action"], one["undoes"], one["can_undo"]) for one in entries] == [
        ("project.unarchived", entries[1]["id"], False),
        ("project.archived", None, False),
    ]
    assert entries[1]["reason"] == "the course is over"
    assert client.patch("/api/v1/projects/nothing", json={"is_archived": True}).status_code == 404
