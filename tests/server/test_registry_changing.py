"""What people say of models and versions, archiving and deleting, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.logged import writing
from tests.server.model_registry import Registry, code_of, make_artifacts
from tests.server.people import Somebody, person
from tracker_server.promotion.models import Proposal, Remark
from tracker_server.registry.models import RegisteredModel, RegisteredVersion


@pytest.fixture
def digits(client: FlaskClient) -> Registry:
    return Registry(client)


@pytest.fixture
def three(digits: Registry, app: Flask) -> Registry:
    """Versions 1 to 3, promoted in turn; 3 is in production."""
    for number, artifact in enumerate(make_artifacts(app, 3)):
        digits.move(replaces=number or None, artifact_version_id=artifact)
    return digits


def changed(registry: Registry, **changes: Any) -> Any:
    return registry.client.patch(registry.address, json=changes)


def version_changed(registry: Registry, number: int, **changes: Any) -> Any:
    return registry.client.patch(f"{registry.address}/versions/{number}", json=changes)


def put_state(registry: Registry, number: int, state: str, reason: str = "it forgets") -> Any:
    return registry.client.put(f"{registry.address}/versions/{number}/state", json={"state": state, "reason": reason})


def deleted(registry: Registry, number: int, reason: str = "a typo") -> Any:
    return registry.client.delete(f"{registry.address}/versions/{number}", query_string={"reason": reason})


def newest_entry(registry: Registry) -> dict[str, Any]:
    entry: dict[str, Any] = registry.detail()["history"][0]
    return entry


def test_a_model_is_described_tagged_and_judged_by_a_metric(three: Registry) -> None:
    three.client.put("/api/v1/projects/digits/goals", json={"metric": "val/acc", "goal": "max"})
    answer = changed(three, description="# Digits", tags=[" small ", "vision", "small"], main_metric="val/acc")
    assert answer.status_code == 200
    detail = three.detail()
    assert (detail["description"], detail["tags"]) == ("# Digits", ["small", "vision"])
    assert (detail["main_metric"], detail["goal"]) == ("val/acc", "max")
    entry = newest_entry(three)
    assert (entry["action"], entry["actor"]) == ("model.changed", "ada")
    assert entry["changes"] == [
        {"field": "description", "before": "", "after": "# Digits"},
        {"field": "tags", "before": [], "after": ["small", "vision"]},
        {"field": "main_metric", "before": None, "after": "val/acc"},
    ]


def test_what_stays_as_it_is_is_no_entry(three: Registry) -> None:
    changed(three, tags=["small"])
    before = three.detail()["history"]
    assert changed(three, tags=["small"], description="", main_metric=None).status_code == 200
    assert put_state(three, 1, "active", "").status_code == 200
    assert three.detail()["history"] == before


def test_of_a_long_description_the_trail_keeps_the_beginning(three: Registry) -> None:
    changed(three, description="x" * 50_000)
    (change,) = newest_entry(three)["changes"]
    assert (len(change["after"]), three.detail()["description"]) == (2001, "x" * 50_000)


@pytest.mark.parametrize(
    "changes",
    [{"tags": [" "]}, {"tags": ["x" * 101]}, {"tags": ["x"] * 101}, {"description": "x" * 100_001}, {"name": "other"}],
    ids=["a tag of blanks", "a long tag", "many tags", "a long description", "an unknown field"],
)
def test_what_a_model_or_version_cannot_be_called_is_refused(three: Registry, changes: dict[str, Any]) -> None:
    for answer in (changed(three, **changes), version_changed(three, 1, **changes)):
        assert answer.status_code in (400, 422), answer.text
        assert len(answer.json["error"]["message"].split()) >= 5
    assert three.detail()["tags"] == []


def test_who_has_seen_something_else_is_told(three: Registry) -> None:
    changed(three, description="mine")
    version_changed(three, 1, tags=["mine"])
    stale = changed(three, description="theirs", before={"description": ""})
    assert code_of(stale) == (409, "changed_meanwhile")
    assert "'mine'" in stale.json["error"]["message"]
    assert code_of(version_changed(three, 1, tags=["theirs"], before={"tags": []})) == (409, "changed_meanwhile")
    assert changed(three, description="theirs", before={"description": "mine"}).status_code == 200


def test_a_version_is_described_and_tagged(three: Registry) -> None:
    assert version_changed(three, 2, description="a good one", tags=["int8"]).json["tags"] == ["int8"]
    entry = newest_entry(three)
    assert (entry["action"], entry["to_version"], len(entry["changes"])) == ("version.changed", 2, 2)


def test_a_version_is_deprecated_and_taken_back(three: Registry) -> None:
    version = put_state(three, 3, "deprecated").json
    assert (version["state"], version["state_reason"]) == ("deprecated", "it forgets")
    entry = newest_entry(three)
    assert (entry["action"], entry["to_version"], entry["reason"]) == ("version.changed", 3, "it forgets")
    assert entry["changes"] == [{"field": "state", "before": "active", "after": "deprecated"}]
    version = put_state(three, 3, "active", "").json
    assert (version["state"], version["state_reason"]) == ("active", "")


@pytest.mark.parametrize("state", ["deprecated", "archived"])
def test_a_state_needs_a_reason(three: Registry, state: str) -> None:
    assert code_of(put_state(three, 1, state, " ")) == (422, "invalid")


@pytest.mark.parametrize("act", [deleted, lambda registry, number: put_state(registry, number, "archived")])
def test_what_an_alias_holds_is_neither_archived_nor_deleted(three: Registry, act: Any) -> None:
    three.move(replaces=None, alias="champion", version=3)
    answer = act(three, 3)
    assert code_of(answer) == (409, "holds_alias")
    assert answer.json["error"]["aliases"] == ["champion", "production"]
    assert "'champion', 'production'" in answer.json["error"]["message"]
    assert three.detail()["versions"][0]["state"] == "active"


def test_a_model_that_was_archived_is_listed_only_on_demand(three: Registry) -> None:
    address = f"{three.address}/archived"
    assert three.client.put(address, json={"is_archived": True, "reason": "old"}).json["is_archived"]
    assert three.client.get("/api/v1/models").json == {"models": []}
    (listed,) = three.client.get("/api/v1/models?archived=1").json["models"]
    assert (listed["name"], listed["is_archived"]) == ("digits", True)
    assert three.resolve("production").status_code == 200
    three.client.put(address, json={"is_archived": False})
    assert len(three.client.get("/api/v1/models").json["models"]) == 1
    assert [entry["action"] for entry in three.detail()["history"][:2]] == ["model.changed"] * 2


def test_a_deleted_version_is_gone_and_its_number_is_not_used_again(three: Registry, app: Flask) -> None:
    entry = deleted(three, 2).json
    assert (entry["action"], entry["from_version"], entry["reason"]) == ("version.deleted", 2, "a typo")
    detail = three.detail()
    assert ([version["version"] for version in detail["versions"]], detail["version_count"]) == ([3, 1], 2)
    for answer in (three.client.get(f"{three.address}/versions/2"), deleted(three, 2), put_state(three, 2, "active")):
        assert code_of(answer) == (410, "version_deleted")
        assert "ada has deleted v2 of the model 'digits': a typo" in answer.json["error"]["message"]
    again = three.register(make_artifacts(app, 1, run_id="run2")[0])
    assert again.json["version"] == 4


def test_what_was_a_deleted_version_may_be_registered_again(digits: Registry, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    digits.register(artifact)
    deleted(digits, 1)
    assert (digits.detail()["latest_version"], digits.resolve("latest").status_code) == (None, 404)
    assert digits.register(artifact).json["version"] == 2
    assert digits.resolve("latest").json["version"] == 2


def test_latest_is_the_newest_that_is_there(three: Registry) -> None:
    three.roll_back(replaces=3)
    deleted(three, 3)
    assert (three.resolve("latest").json["version"], three.detail()["latest_version"]) == (2, 2)


def test_nothing_is_rolled_back_to_a_deleted_version(three: Registry) -> None:
    deleted(three, 2)
    assert code_of(three.roll_back(replaces=3, version=2)) == (410, "version_deleted")
    assert three.roll_back(replaces=3).json["version"] == 1
    assert code_of(three.roll_back(replaces=1)) == (422, "never_held")


def test_the_way_back_does_not_stumble_over_a_version_that_stood_twice(three: Registry) -> None:
    three.move(replaces=3, version=1)
    deleted(three, 3)
    assert three.roll_back(replaces=1).json["version"] == 2


def propose(session: Session, number: int, state: str) -> None:
    model = session.query(RegisteredModel).one()
    version = session.query(RegisteredVersion).filter_by(version=number).one()
    row = {"alias": "production", "reason": "better", "created_ms": NOW_MS, "created_by": model.created_by}
    proposal = Proposal(model_id=model.id, number=1, version_id=version.id, state=state, **row)
    session.add(proposal)
    session.flush()
    said = {"kind": "comment", "text": "why?", "author_id": model.created_by, "time_ms": NOW_MS}
    session.add(Remark(proposal_id=proposal.id, **said))


def test_an_open_proposal_keeps_its_version_and_a_closed_one_goes_with_it(three: Registry, app: Flask) -> None:
    with writing(app) as session:
        propose(session, 1, "open")
    answer = deleted(three, 1)
    assert code_of(answer) == (409, "proposal_open")
    assert "proposal 1" in answer.json["error"]["message"]
    with writing(app) as session:
        session.query(Proposal).one().state = "rejected"
    assert deleted(three, 1).status_code == 200
    with writing(app) as session:
        assert (session.query(Proposal).count(), session.query(Remark).count()) == (0, 0)


def test_a_reason_of_blanks_deletes_nothing(three: Registry) -> None:
    assert code_of(deleted(three, 1, "  ")) == (422, "invalid")
    assert three.detail()["version_count"] == 3


def test_who_may_change_describes_but_does_not_archive_or_delete(guarded: Flask, ada: Somebody) -> None:
    make_artifacts(guarded, 1)
    artifact = ada.done("GET", "/runs/run1/artifacts")["artifacts"][0]["id"]
    ada.done("POST", "/models/net/versions", {"artifact_version_id": artifact})
    eve = person(guarded, ada, "eve")
    ada.done("PUT", "/projects/digits/members/eve", {"role": "editor"})
    eve.done("PATCH", "/models/net", {"tags": ["hers"]})
    eve.done("PATCH", "/models/net/versions/1", {"tags": ["hers"]})
    for method, path, body in (
        ("PUT", "/models/net/archived", {"is_archived": True}),
        ("PUT", "/models/net/versions/1/state", {"state": "deprecated", "reason": "x"}),
        ("DELETE", "/models/net/versions/1?reason=x", None),
    ):
        assert eve.ask(method, path, body).status_code == 403, path
