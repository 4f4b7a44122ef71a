"""Who did what, told from all logs as one, and taken away."""

from __future__ import annotations

import csv
import io
import json

import pytest
from flask import Flask

from tests.server.people import Somebody, person
from tests.server.test_policies import SECRET, bobs  # noqa: F401  (a fixture: one of everything of bob's)


@pytest.fixture
def busy(ada: Somebody, bob: Somebody, bobs: dict[str, object]) -> Somebody:  # noqa: F811
    """The admin of a server where people, keys, roles, runs and models were changed."""
    bob.done("PUT", f"/projects/{SECRET}/members/ada", {"role": "viewer"})
    bob.done("POST", "/keys", {"name": "=cmd()", "scope": "read"})
    bob.done("DELETE", "/runs/r1?reason=broken")
    ada.done("PATCH", "/people/bob", {"email": "bob@example.org"})
    return ada


def test_all_logs_are_told_as_one_newest_first(busy: Somebody) -> None:
    acts = busy.done("GET", "/acts")["acts"]
    assert [(act["area"], act["action"], act["actor"]) for act in acts] == [
        ("accounts", "user.changed", "ada"),
        ("runs", "run.deleted", "bob"),
        ("accounts", "key.created", "bob"),
        ("accounts", "role.given", "bob"),
        ("accounts", "webhook.created", "bob"),
        ("models", "proposal.opened", "bob"),
        ("models", "alias.moved", "bob"),
        ("models", "version.registered", "bob"),
        ("models", "model.created", "bob"),
        ("accounts", "project.created", "bob"),
        ("accounts", "user.created", "ada"),
    ]
    deleted = acts[1]
    assert (deleted["subject"], deleted["project"], deleted["reason"]) == ("r1", SECRET, "broken")
    moved = acts[6]
    assert (moved["subject"], moved["details"]) == (f"{SECRET}@staging", {"to": "v1"})


def test_pages_leave_none_out_and_tell_none_twice(busy: Somebody, bob: Somebody) -> None:
    whole = busy.done("GET", "/acts")["acts"]
    found, cursor = [], ""
    while True:
        page = busy.done("GET", f"/acts?limit=2{cursor}")
        found += page["acts"]
        if page["next_cursor"] is None:
            break
        cursor = f"&before={page['next_cursor']}"
        bob.done("POST", "/keys", {"name": "meanwhile"})
    assert found == whole


def test_they_are_filtered(busy: Somebody) -> None:
    def actions(query: str) -> list[str]:
        return [act["action"] for act in busy.done("GET", f"/acts?{query}")["acts"]]

    assert actions("actor=ada") == ["user.changed", "user.created"]
    assert actions("action=key") == ["key.created"]
    assert actions("action=run.deleted") == ["run.deleted"]
    assert actions("action=ke") == []
    assert set(actions(f"project={SECRET}")) == {
        "run.deleted", "role.given", "webhook.created", "proposal.opened", "alias.moved", "version.registered",
        "model.created", "project.created",
    }  # fmt: skip


def test_a_cursor_that_is_none_is_refused(busy: Somebody) -> None:
    for cursor in ("x", "1-2", "1-2-3-4", "1-2-x", "1-2-99999999999999999999"):
        answer = busy.get(f"/acts?before={cursor}")
        assert (answer.status_code, answer.json["error"]["field"]) == (422, "before")


def test_they_are_taken_away_as_a_table_that_runs_nothing(busy: Somebody) -> None:
    with busy.get("/acts/export") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="acts.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert len(rows) == len(busy.done("GET", "/acts")["acts"])
    (created,) = [row for row in rows if row["action"] == "key.created"]
    assert created["subject"].startswith("'=cmd()")


def test_they_are_taken_away_as_lines_of_json(busy: Somebody) -> None:
    with busy.get("/acts/export?format=jsonl") as answer:
        lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert lines == busy.done("GET", "/acts")["acts"]


def test_only_an_admin_sees_them(guarded: Flask, busy: Somebody, bob: Somebody) -> None:
    for somebody in (bob, person(guarded, busy, "eve")):
        for path in ("/acts", "/acts/export"):
            assert somebody.get(path).status_code == 403
