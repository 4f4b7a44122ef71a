"""Promoting, rolling back, removing and resolving aliases, over the API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import Registry, code_of, make_artifacts


@pytest.fixture
def digits(client: FlaskClient, app: Flask) -> Registry:
    """The model `digits` with versions v1 to v4, none of them promoted."""
    registry = Registry(client)
    for artifact in make_artifacts(app, 4):
        assert registry.register(artifact).status_code == 201
    return registry


def promoted(digits: Registry, *versions: int) -> None:
    for version in versions:
        assert digits.move(replaces=digits.holder(), version=version).status_code == 200


def test_promoting_says_what_was_replaced_and_who_did_it(digits: Registry) -> None:
    first = digits.move(replaces=None, version=1).json
    assert (first["model"], first["alias"], first["version"], first["replaced"]) == ("digits", "production", 1, None)
    second = digits.move(replaces=1, version=3).json
    assert (second["version"], second["replaced"]) == (3, 1)
    entry = second["entry"]
    assert (entry["actor"], entry["action"], entry["reason"]) == ("ada", "alias.moved", "it is better")
    assert (entry["from_version"], entry["to_version"]) == (1, 3)
    (holder,) = digits.detail()["aliases"]
    assert (holder["alias"], holder["version"], holder["moved_by"]) == ("production", 3, "ada")
    assert holder["reason"] == "it is better"


def test_promoting_an_artifact_registers_it_in_the_same_request(client: FlaskClient, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    fresh = Registry(client, "fresh")
    moved = fresh.move(replaces=None, artifact_version_id=artifact)
    assert (moved.status_code, moved.json["version"]) == (200, 1)
    assert fresh.trail() == [
        ("model.created", None, None, None),
        ("version.registered", None, None, 1),
        ("alias.moved", "production", None, 1),
    ]


def test_promoting_an_artifact_that_is_a_version_registers_nothing(digits: Registry) -> None:
    artifact = digits.detail()["versions"][-1]["artifact_version_id"]
    assert digits.move(replaces=None, artifact_version_id=artifact).json["version"] == 1
    assert digits.detail()["version_count"] == 4


def test_an_alias_that_moved_meanwhile_is_not_moved_and_says_who_was_faster(digits: Registry) -> None:
    promoted(digits, 1, 2)
    answer = digits.move(replaces=1, version=3)
    assert code_of(answer) == (409, "alias_moved")
    error = answer.json["error"]
    assert "was moved to v2 by ada" in error["message"]
    assert (error["version"], error["moved_by"], error["field"]) == (2, "ada", "replaces")
    assert digits.holder() == 2


def test_an_alias_that_was_removed_meanwhile_says_so(digits: Registry) -> None:
    promoted(digits, 1)
    digits.remove(replaces=1)
    answer = digits.move(replaces=1, version=2)
    assert code_of(answer) == (409, "alias_moved")
    assert "held by nothing; you saw v1 there, ada removed it" in answer.json["error"]["message"]


def test_a_failed_promotion_of_an_artifact_leaves_no_version_and_no_model(client: FlaskClient, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    assert code_of(Registry(client, "fresh").move(replaces=7, artifact_version_id=artifact)) == (409, "alias_moved")
    assert client.get("/api/v1/models").json == {"models": []}
    assert client.get("/api/v1/audit").json == {"entries": [], "next_cursor": None}


def test_an_alias_has_one_holder_and_a_version_may_hold_many(digits: Registry) -> None:
    promoted(digits, 1, 2)
    digits.move(replaces=None, alias="champion", version=2)
    aliases = {version["version"]: version["aliases"] for version in digits.detail()["versions"]}
    assert aliases == {1: [], 2: ["champion", "production"], 3: [], 4: []}


@pytest.mark.parametrize("body", [{}, {"version": 1, "artifact_version_id": 1}], ids=["neither", "both"])
def test_a_move_names_one_target(digits: Registry, body: dict[str, int]) -> None:
    assert code_of(digits.move(replaces=None, **body)) == (422, "invalid")


@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_move_needs_a_reason(digits: Registry, reason: str) -> None:
    answer = digits.move(replaces=None, version=1, reason=reason)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "reason")
    assert digits.holder() is None


def test_moving_to_the_holder_is_refused_as_there_is_nothing_to_do(digits: Registry) -> None:
    promoted(digits, 1)
    assert code_of(digits.move(replaces=1, version=1)) == (422, "holds_already")


@pytest.mark.parametrize("version", [0, -1, 9, 2**31, 2**64])
def test_a_version_that_is_not_there_cannot_be_promoted(digits: Registry, version: int) -> None:
    assert code_of(digits.move(replaces=None, version=version)) == (404, "unknown_version")


@pytest.mark.parametrize("alias", ["latest", "Latest", "v3", "V12", "-x", "a b", "a@b", "ü", "x" * 129, "a%0A"])
def test_a_name_that_cannot_be_an_alias_is_refused(digits: Registry, alias: str) -> None:
    assert code_of(digits.move(replaces=None, alias=alias, version=1)) == (422, "bad_alias")


def test_a_roll_back_is_one_request_and_returns_the_former_holder(digits: Registry) -> None:
    promoted(digits, 1, 2)
    back = digits.roll_back(replaces=2).json
    assert (back["version"], back["replaced"], back["entry"]["action"]) == (1, 2, "alias.rolled_back")
    assert digits.holder() == 1


def test_rolling_back_again_goes_further_back(digits: Registry) -> None:
    promoted(digits, 1, 2, 3)
    assert digits.roll_back(replaces=3).json["version"] == 2
    assert digits.roll_back(replaces=2).json["version"] == 1
    assert code_of(digits.roll_back(replaces=1)) == (422, "never_held")


def test_a_version_that_was_rolled_back_is_not_returned_to_by_itself(digits: Registry) -> None:
    promoted(digits, 1, 2)
    digits.roll_back(replaces=2)
    promoted(digits, 3)
    assert digits.roll_back(replaces=3).json["version"] == 1


def test_a_roll_back_can_be_taken_back_by_naming_the_version(digits: Registry) -> None:
    promoted(digits, 1, 2)
    digits.roll_back(replaces=2)
    assert digits.roll_back(replaces=1, version=2).json["version"] == 2
    assert digits.roll_back(replaces=2).json["version"] == 1


def test_rolling_back_to_an_earlier_version_leaves_out_those_between(digits: Registry) -> None:
    promoted(digits, 1, 2, 3, 4)
    digits.roll_back(replaces=4, version=2)
    assert digits.roll_back(replaces=2).json["version"] == 1


def test_the_way_back_outlasts_a_removal(digits: Registry) -> None:
    promoted(digits, 1, 2)
    digits.remove(replaces=2)
    promoted(digits, 3)
    assert digits.roll_back(replaces=3).json["version"] == 2


def test_a_version_that_never_held_the_alias_cannot_be_rolled_back_to(digits: Registry) -> None:
    promoted(digits, 1, 2)
    digits.move(replaces=None, alias="staging", version=3)
    answer = digits.roll_back(replaces=2, version=3)
    assert code_of(answer) == (422, "never_held")
    assert "v3 of 'digits' has never held 'production'" in answer.json["error"]["message"]


def test_a_roll_back_sees_the_holder_too(digits: Registry) -> None:
    promoted(digits, 1, 2)
    assert code_of(digits.roll_back(replaces=1)) == (409, "alias_moved")
    assert code_of(digits.roll_back(replaces=2, version=2)) == (422, "holds_already")
    assert code_of(digits.roll_back(replaces=1, alias="champion")) == (409, "alias_moved")
    assert digits.holder() == 2


def test_removing_an_alias_is_in_the_trail_and_leaves_the_version(digits: Registry) -> None:
    promoted(digits, 1)
    assert code_of(digits.remove(replaces=2)) == (409, "alias_moved")
    entry = digits.remove(replaces=1).json
    assert (entry["action"], entry["from_version"], entry["to_version"]) == ("alias.removed", 1, None)
    assert digits.holder() is None
    assert digits.detail()["version_count"] == 4


def test_a_reference_is_an_alias_a_version_or_the_latest(digits: Registry) -> None:
    promoted(digits, 2)
    assert [digits.resolve(ref).json["version"] for ref in ("production", "v3", "latest")] == [2, 3, 4]


def test_what_is_resolved_names_every_file(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        artifact = log_artifact(session, log_run(session), {"b": b"2", "a/c": b"33"}, name="net").id
    registry = Registry(client)
    registry.register(artifact)
    found = registry.resolve("latest").json
    assert (found["model"], found["artifact"], found["run"]) == ("digits", "net:v1", "run1")
    assert found["artifact_version_id"] == artifact
    assert [(file["path"], file["size_bytes"]) for file in found["files"]] == [("a/c", 2), ("b", 1)]


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("champion", "unknown_alias"),
        ("v9", "unknown_version"),
        ("v0", "unknown_version"),
        ("v" + "9" * 30, "unknown_version"),
        ("v" + "9" * 150, "unknown_alias"),
    ],
    ids=["alias", "v9", "v0", "huge", "longer than a name"],
)
def test_a_reference_to_nothing_is_not_found(digits: Registry, ref: str, code: str) -> None:
    assert code_of(digits.resolve(ref)) == (404, code)


def test_a_reference_beyond_all_measure_is_refused(digits: Registry) -> None:
    assert code_of(digits.resolve("v" + "9" * 5000)) == (422, "invalid")


def test_a_model_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    nothing = Registry(client, "nothing")
    for answer in (nothing.resolve("latest"), nothing.roll_back(replaces=1), nothing.move(replaces=None, version=1)):
        assert code_of(answer) == (404, "unknown_model")
