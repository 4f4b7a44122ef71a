"""Proposals: who may do what with them, and what comes of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.server.model_registry import code_of
from tests.server.people import Somebody, person, with_key
from tests.server.team import MODEL, PRODUCTION, Team
from tracker_server.db import Database
from tracker_server.registry import chain


@pytest.fixture
def team(guarded: Flask, ada: Somebody) -> Team:
    return Team(guarded, ada)


def test_another_person_approves_and_the_alias_moves(team: Team, guarded_database: Database) -> None:
    version = team.version()
    number = team.propose(team.cyd, version)
    waiting = team.read(number)
    assert (waiting["state"], waiting["approvals"], waiting["needed"]) == ("open", 0, 1)
    assert waiting["preview"]["candidate"]["version"] == version
    answer = team.approve(team.bob, number, replaces=None, text="recall is up")
    assert (answer.status_code, answer.json["state"], answer.json["closed_by"]) == (200, "promoted", "bob")
    assert [(one["kind"], one["author"], one["counts"]) for one in answer.json["remarks"]] == [
        ("approved", "bob", True),
        ("promoted", "bob", False),
    ]
    entry = answer.json["entry"]
    assert (entry["reason"], entry["approved_by"], entry["proposal"]) == ("it is better", ["bob"], number)
    assert team.holder() == version
    assert team.trail()[-3:] == ["proposal.opened", "proposal.approved", "alias.moved"]
    with guarded_database.reading() as session:
        assert chain.verify(session).broken is None


def test_approving_ones_own_proposal_is_refused(team: Team) -> None:
    number = team.propose(team.bob, team.version())
    assert "dan" in (team.read(number, team.bob)["refusal"] or "")
    assert team.read(number, team.dan)["refusal"] is None
    refused = team.approve(team.bob, number, replaces=None)
    assert code_of(refused) == (403, "own_proposal")
    assert (team.holder(), team.read(number)["approvals"]) == (None, 0)


def test_who_only_changes_things_proposes_and_comments_but_does_not_decide(team: Team) -> None:
    number = team.propose(team.bob, team.version())
    commented = team.cyd.done("POST", f"{MODEL}/proposals/{number}/comments", {"text": " why? "})
    assert [(one["kind"], one["text"]) for one in commented["remarks"]] == [("comment", "why?")]
    assert "promoter" in (commented["refusal"] or "")
    assert team.approve(team.cyd, number, replaces=None).status_code == 403
    assert team.decide(team.cyd, number, "rejection").status_code == 403
    assert code_of(team.decide(team.cyd, number, "withdrawal")) == (403, "not_yours")
    assert team.read(number)["state"] == "open"


def test_a_service_account_proposes_and_does_not_decide(team: Team, guarded: Flask) -> None:
    team.ada.done("POST", "/people", {"name": "ci", "kind": "service"})
    team.give("ci", "promoter")
    key = team.ada.done("POST", "/keys", {"name": "ci", "owner": "ci", "scope": "promote"})["secret"]
    ci = with_key(guarded, key)
    version = team.version()
    number = team.propose(team.cyd, version)
    assert code_of(team.approve(ci, number, replaces=None)) == (403, "only_people")
    assert code_of(team.decide(ci, number, "rejection")) == (403, "only_people")
    assert team.propose(ci, version, alias="staging") == number + 1


@pytest.mark.parametrize(("what", "state"), [("rejection", "rejected"), ("withdrawal", "withdrawn")])
def test_a_proposal_is_decided_once(team: Team, what: str, state: str) -> None:
    number = team.propose(team.cyd, team.version())
    who = team.bob if what == "rejection" else team.cyd
    answer = team.decide(who, number, what)
    assert (answer.json["state"], answer.json["preview"], answer.json["entry"]) == (state, None, None)
    assert answer.json["remarks"][0]["text"] == "it forgets sevens"
    for again in (team.decide(team.dan, number, "rejection"), team.approve(team.dan, number, replaces=None)):
        assert code_of(again) == (409, "proposal_closed")
    assert (team.holder(), team.trail()[-1]) == (None, f"proposal.{state}")


def test_an_approval_is_of_the_holder_that_was_seen(team: Team) -> None:
    first, second, third = (team.version() for _ in range(3))
    team.rules("protected: {production: {approvals: 2}}")
    number = team.propose(team.cyd, third)
    assert team.approve(team.bob, number, replaces=None).json["approvals"] == 1
    assert code_of(team.approve(team.bob, number, replaces=None)) == (409, "approved_already")
    other = team.propose(team.cyd, first)
    for who in (team.bob, team.dan):
        assert team.approve(who, other, replaces=None).status_code == 200
    moved = team.approve(team.dan, number, replaces=None)
    assert code_of(moved) == (409, "alias_moved")
    assert (moved.json["error"]["version"], moved.json["error"]["moved_by"]) == (first, "dan")
    waiting = team.read(number)
    assert (waiting["approvals"], waiting["remarks"][0]["counts"]) == (0, False)
    assert team.approve(team.dan, number, replaces=first).json["state"] == "open"
    promoted = team.approve(team.bob, number, replaces=first).json
    assert (promoted["state"], promoted["entry"]["approved_by"]) == ("promoted", ["dan", "bob"])
    assert (team.holder(), second) == (third, 2)


def test_a_failing_rule_refuses_the_approval_whole(team: Team) -> None:
    bad = team.version({"acc": 0.5})
    team.rules("rules: [{metric: acc, at_least: 0.7}]")
    number = team.propose(team.cyd, bad)
    refused = team.approve(team.bob, number, replaces=None)
    assert code_of(refused) == (409, "gate_failed")
    assert "v1 has 0.5" in refused.json["error"]["message"]
    assert [rule["verdict"] for rule in refused.json["error"]["rules"]] == ["fail"]
    waiting = team.read(number)
    assert (waiting["approvals"], waiting["remarks"], waiting["preview"]["gates"]["verdict"]) == (0, [], "fail")
    assert code_of(team.approve(team.bob, number, replaces=None, override=True, text="x")) == (403, "no_override")
    assert code_of(team.approve(team.ada, number, replaces=None, override=True)) == (422, "invalid")
    done = team.approve(team.ada, number, replaces=None, override=True, text="the new cards arrive").json["entry"]
    assert (done["is_override"], done["gates"][0]["verdict"]) == (True, "fail")
    assert done["reason"] == "it is better (promoted anyway: the new cards arrive)"


def test_what_is_proposed_already_is_answered_as_it_is(team: Team) -> None:
    artifact = team.artifact()
    body = {"artifact_version_id": artifact, "reason": "it is better"}
    first = team.cyd.ask("POST", f"{MODEL}/proposals", body)
    again = team.bob.ask("POST", f"{MODEL}/proposals", body)
    assert (first.status_code, again.status_code, again.json["number"]) == (201, 200, 1)
    assert team.trail() == ["model.created", "version.registered", "proposal.opened"]
    assert team.ada.get(f"{MODEL}/promotion", query_string={"version": 1}).json["open_proposal"] == 1


def test_a_proposal_that_another_way_made_true_is_promoted(team: Team) -> None:
    for number in (1, 2):
        assert team.version() == number
        team.promote(number)
    number = team.propose(team.cyd, 1)
    team.bob.done("POST", f"{PRODUCTION}/rollback", {"replaces": 2, "reason": "it is worse"})
    closed = team.read(number)
    assert (closed["state"], closed["closed_by"], closed["entry"]["action"]) == ("promoted", "bob", "alias.rolled_back")


def test_where_nobody_else_has_to_agree_a_promoter_approves_their_own(team: Team) -> None:
    number = team.propose(team.bob, team.version(), alias="staging")
    assert team.read(number, team.bob)["refusal"] is None
    assert team.approve(team.bob, number, replaces=None).json["state"] == "promoted"


def test_what_cannot_be_proposed_is_refused(team: Team) -> None:
    team.version()
    team.promote(1)

    def propose(**fields: object) -> tuple[int, str]:
        return code_of(team.cyd.ask("POST", f"{MODEL}/proposals", {"reason": "it is better", **fields}))

    assert propose(version=1) == (422, "holds_already")
    assert propose(version=9) == (404, "unknown_version")
    assert propose() == (422, "invalid")
    assert propose(version=1, alias="latest") == (422, "bad_alias")
    assert propose(version=1, reason=" ", alias="staging") == (422, "invalid")
    assert propose(artifact_version_id=999) == (404, "unknown_artifact_version")
    assert code_of(team.cyd.get(f"{MODEL}/proposals/99")) == (404, "unknown_proposal")


def test_proposals_are_listed_those_that_wait_first(team: Team) -> None:
    for _ in range(3):
        team.version()
    numbers = [team.propose(team.cyd, version) for version in (1, 2, 3)]
    team.decide(team.bob, numbers[2], "rejection")
    listed = team.ada.get(f"{MODEL}/proposals").json["proposals"]
    assert [(one["number"], one["state"], one["version"]) for one in listed] == [
        (2, "open", 2),
        (1, "open", 1),
        (3, "rejected", 3),
    ]
    waiting = team.ada.get("/proposals?state=open").json["proposals"]
    assert [(one["model"], one["project"], one["number"]) for one in waiting] == [
        ("digits", "digits", 2),
        ("digits", "digits", 1),
    ]


def test_a_list_of_proposals_takes_as_many_statements_whatever_their_number(
    team: Team, guarded_database: Database
) -> None:
    counted: list[str] = []

    def count(*event: object) -> None:
        counted.append(str(event[2]))

    def statements(path: str) -> int:
        counted.clear()
        sa.event.listen(guarded_database.engine, "before_cursor_execute", count)
        assert team.ada.get(path).status_code == 200
        sa.event.remove(guarded_database.engine, "before_cursor_execute", count)
        return len(counted)

    team.propose(team.cyd, team.version())
    few = [statements(path) for path in ("/proposals", f"{MODEL}/proposals", f"{MODEL}/proposals/1")]
    for _ in range(5):
        team.propose(team.cyd, team.version({"acc": 0.5, "loss": 0.1}))
    assert [statements(path) for path in ("/proposals", f"{MODEL}/proposals", f"{MODEL}/proposals/1")] == few


def test_who_does_not_see_the_project_sees_no_proposal(team: Team, guarded: Flask) -> None:
    number = team.propose(team.cyd, team.version())
    eve = person(guarded, team.ada, "eve")
    assert eve.get("/proposals").json == {"proposals": []}
    assert eve.get(f"{MODEL}/proposals/{number}").status_code == 404
