"""People, their passwords and keys, and the roles that they have in projects."""

from __future__ import annotations

import dataclasses
import json

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.frames import START_MS, Journal
from tests.server.people import Somebody, nobody, person, signed_in, with_key
from tracker_server import auth
from tracker_server.app import create_app
from tracker_server.auth import attempts
from tracker_server.auth.models import AccountAct, FailedSignIn, User
from tracker_server.db import Database
from tracker_server.settings import Settings


def test_the_first_admin_gets_a_password_once(guarded_database: Database, adas_password: str) -> None:
    with guarded_database.writing() as session:
        assert auth.ensure_admin(session, "ada", START_MS) is None
        kept = session.scalars(sa.select(User.password_hash)).one()
    assert kept is not None
    assert kept.startswith("$argon2id$")


def test_a_person_signs_in_with_name_and_password(guarded: Flask, ada: Somebody) -> None:
    made = ada.done("POST", "/people", {"name": "bob", "email": "bob@example.org"})
    assert (made["person"]["name"], made["person"]["is_admin"], made["person"]["kind"]) == ("bob", False, "person")
    bob = signed_in(guarded, "bob", made["password"])
    assert bob.done("GET", "/me") == {
        "name": "bob", "is_signed_in": True, "needs_key": True, "is_admin": False, "has_password": True,
        "is_visitor": False,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["ada", "nobody", "ADA"])
def test_a_wrong_name_and_a_wrong_password_are_refused_alike(guarded: Flask, ada: Somebody, name: str) -> None:
    answer = nobody(guarded).ask("POST", "/session", {"name": name, "password": "a guess of mine"})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "wrong_password")
    assert answer.json["error"]["message"] == "that name and password do not go together"


def test_signing_in_takes_one_way_or_the_other(guarded: Flask, ada: Somebody) -> None:
    for body in ({}, {"name": "ada", "password": "x", "key": "tk_x"}):
        assert nobody(guarded).ask("POST", "/session", body).status_code == 422


def test_who_fails_too_often_waits(
    guarded: Flask, guarded_database: Database, ada: Somebody, adas_password: str
) -> None:
    somebody = nobody(guarded)
    for _ in range(attempts.PER_NAME_AND_ADDRESS):
        assert somebody.ask("POST", "/session", {"name": "ada", "password": "a guess"}).status_code == 401
    refused = somebody.ask("POST", "/session", {"name": "ada", "password": adas_password})
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= attempts.WINDOW_MS // 1000
    assert "minutes" in refused.json["error"]["message"]
    elsewhere = somebody.ask(
        "POST", "/session", {"name": "ada", "password": adas_password}, environ_overrides={"REMOTE_ADDR": "10.0.0.7"}
    )
    assert elsewhere.status_code == 200  # an attacker locks nobody out
    with guarded_database.writing() as session:
        session.execute(sa.update(FailedSignIn).values(since_ms=FailedSignIn.since_ms - attempts.WINDOW_MS))
        session.commit()
    assert somebody.ask("POST", "/session", {"name": "ada", "password": adas_password}).status_code == 200


def test_who_guesses_keys_keeps_nobody_else_from_using_theirs(guarded: Flask, ada: Somebody) -> None:
    key = ada.done("POST", "/keys", {"name": "laptop"})["secret"]
    somebody = nobody(guarded)
    statuses = [somebody.ask("POST", "/session", {"key": "tk_x"}).status_code for _ in range(attempts.PER_ADDRESS + 1)]
    assert statuses == [401] * attempts.PER_ADDRESS + [429]
    elsewhere = somebody.ask("POST", "/session", {"key": key}, environ_overrides={"REMOTE_ADDR": "10.0.0.7"})
    assert elsewhere.status_code == 200


def test_what_was_typed_at_the_door_is_not_kept(guarded: Flask, guarded_database: Database, ada: Somebody) -> None:
    nobody(guarded).ask("POST", "/session", {"name": "my secret password", "password": "x"})
    with guarded_database.reading() as session:
        kept = [row.subject for row in session.scalars(sa.select(FailedSignIn))]
    assert kept
    assert all("secret" not in subject for subject in kept)


def test_one_changes_ones_own_password_and_is_signed_out_elsewhere(
    guarded: Flask, ada: Somebody, bob: Somebody
) -> None:
    reset = ada.done("PATCH", "/people/bob", {"resets_password": True})["password"]
    here, there = signed_in(guarded, "bob", reset), signed_in(guarded, "bob", reset)
    new = "correct horse battery"
    assert here.ask("PUT", "/me/password", {"old": "wrong", "password": new}).status_code == 401
    assert here.ask("PUT", "/me/password", {"old": reset, "password": new}).status_code == 204
    assert here.get("/projects").status_code == 200
    assert there.get("/projects").status_code == 401
    assert bob.get("/projects").status_code == 401  # the reset had ended that one
    signed_in(guarded, "bob", new)


@pytest.mark.parametrize("new", ["short", "aaaaaaaaaaaa", "x" * 1001])
def test_a_password_that_would_be_guessed_is_refused(guarded: Flask, ada: Somebody, new: str) -> None:
    made = ada.done("POST", "/people", {"name": "bob"})
    bob = signed_in(guarded, "bob", made["password"])
    answer = bob.ask("PUT", "/me/password", {"old": made["password"], "password": new})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "password")


def test_nobody_is_left_out_for_good(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    for changes in ({"is_admin": False}, {"is_active": False}):
        answer = ada.ask("PATCH", "/people/ada", changes)
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "last_admin")
    ada.done("PATCH", "/people/bob", {"is_admin": True})
    ada.done("PATCH", "/people/ada", {"is_admin": False})
    assert bob.done("GET", "/me")["is_admin"] is True
    assert ada.get("/people").status_code == 403


def test_who_was_deactivated_enters_no_more(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    key = bob.done("POST", "/keys", {"name": "laptop"})["secret"]
    ada.done("PATCH", "/people/bob", {"is_active": False})
    assert bob.get("/projects").status_code == 401
    assert with_key(guarded, key).get("/projects").status_code == 401


@pytest.mark.parametrize("name", ["", " bob", "a/b", "..", "a\nb", "x" * 129])
def test_a_name_that_is_none_is_refused(ada: Somebody, name: str) -> None:
    assert ada.ask("POST", "/people", {"name": name}).status_code == 422


def test_a_name_is_given_once(ada: Somebody, bob: Somebody) -> None:
    answer = ada.ask("POST", "/people", {"name": "bob"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "user_exists")


def test_a_key_is_shown_once_and_works_until_it_is_revoked(guarded: Flask, ada: Somebody) -> None:
    made = ada.done("POST", "/keys", {"name": "laptop"})
    program = with_key(guarded, made["secret"])
    assert program.get("/projects").status_code == 200
    (listed,) = ada.done("GET", "/keys")["keys"]
    assert made["secret"] not in json.dumps(listed)
    assert (listed["name"], listed["prefix"], listed["scope"]) == ("laptop", made["secret"][:8], "write")
    assert listed["last_used_ms"] is not None
    ada.done("DELETE", f"/keys/{listed['id']}")
    assert ada.done("DELETE", f"/keys/{listed['id']}")["revoked_ms"] is not None  # once more changes nothing
    assert program.get("/projects").status_code == 401


def test_a_key_expires(guarded: Flask, guarded_database: Database, ada: Somebody) -> None:
    answer = ada.ask("POST", "/keys", {"name": "old", "expires_ms": START_MS})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "expires_ms")
    made = ada.done("POST", "/keys", {"name": "brief", "expires_ms": 4_000_000_000_000})
    assert with_key(guarded, made["secret"]).get("/projects").status_code == 200
    with guarded_database.writing() as session:
        session.execute(sa.text("UPDATE api_keys SET expires_ms = 1"))
        session.commit()
    assert with_key(guarded, made["secret"]).get("/projects").status_code == 401


def test_a_key_gives_no_more_than_its_scope(guarded: Flask, ada: Somebody) -> None:
    ada.done("POST", "/projects", {"name": "digits"})
    reading = with_key(guarded, ada.done("POST", "/keys", {"name": "r", "scope": "read"})["secret"])
    writing = with_key(guarded, ada.done("POST", "/keys", {"name": "w", "scope": "write"})["secret"])
    goal = {"metric": "val/acc", "goal": "max"}
    refused = reading.ask("PUT", "/projects/digits/goals", goal)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "no_access")
    assert "good for reading" in refused.json["error"]["message"]
    assert writing.ask("PUT", "/projects/digits/goals", goal).status_code == 204
    move = {"version": 1, "replaces": None, "reason": "better"}
    assert writing.ask("POST", "/models/m/aliases/production", move).status_code == 403
    assert writing.ask("PUT", "/projects/digits/everyone", {"role": "viewer"}).status_code == 403
    assert writing.get("/people").status_code == 403


def test_a_key_makes_no_other_key(guarded: Flask, ada: Somebody) -> None:
    made = ada.done("POST", "/keys", {"name": "w", "scope": "promote"})
    program = with_key(guarded, made["secret"])
    assert program.ask("POST", "/keys", {"name": "more"}).status_code == 403
    assert program.ask("DELETE", f"/keys/{made['key']['id']}").status_code == 403
    browser = nobody(guarded)
    browser.done("POST", "/session", {"key": made["secret"]})
    assert browser.ask("POST", "/keys", {"name": "more"}).status_code == 403


def test_a_browser_that_came_with_a_key_leaves_with_it(guarded: Flask, ada: Somebody) -> None:
    made = ada.done("POST", "/keys", {"name": "r", "scope": "read"})
    browser = nobody(guarded)
    browser.done("POST", "/session", {"key": made["secret"]})
    assert browser.ask("POST", "/projects", {"name": "digits"}).status_code == 403
    ada.done("DELETE", f"/keys/{made['key']['id']}")
    assert browser.get("/projects").status_code == 401


def test_a_key_may_be_good_for_some_projects(guarded: Flask, ada: Somebody) -> None:
    for name in ("digits", "faces"):
        ada.done("POST", "/projects", {"name": name})
    key = ada.done("POST", "/keys", {"name": "ci", "projects": ["digits"]})
    assert key["key"]["projects"] == ["digits"]
    program = with_key(guarded, key["secret"])
    assert [project["name"] for project in program.done("GET", "/projects")["projects"]] == ["digits"]
    assert program.get("/projects/faces").status_code == 404
    assert program.ask("POST", "/projects", {"name": "letters"}).status_code == 403
    assert ada.ask("POST", "/keys", {"name": "ci", "projects": ["nowhere"]}).status_code == 404


def test_a_service_account_has_keys_alone(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    made = ada.done("POST", "/people", {"name": "ci", "kind": "service"})
    assert made["password"] is None
    assert bob.ask("POST", "/keys", {"name": "x", "owner": "ci"}).status_code == 403
    assert ada.ask("POST", "/keys", {"name": "x", "owner": "bob"}).status_code == 403
    program = with_key(guarded, ada.done("POST", "/keys", {"name": "x", "owner": "ci"})["secret"])
    assert program.done("GET", "/me")["name"] == "ci"
    assert ada.ask("PATCH", "/people/ci", {"is_admin": True}).status_code == 422
    assert ada.ask("PATCH", "/people/ci", {"resets_password": True}).status_code == 422
    assert [key["owner"] for key in ada.done("GET", "/keys?all=1")["keys"]] == ["ci"]
    assert bob.get("/keys?all=1").status_code == 403
    assert bob.get("/keys?owner=ci").status_code == 403


def test_who_makes_a_project_is_its_admin_and_others_do_not_see_it(
    ada: Somebody, bob: Somebody, guarded: Flask
) -> None:
    eve = person(guarded, ada, "eve")
    bob.done("POST", "/projects", {"name": "digits"})
    assert bob.done("GET", "/me/roles") == {"everywhere": None, "projects": {"digits": "admin"}, "may_create": True}
    assert eve.done("GET", "/projects")["projects"] == []
    hidden = eve.get("/projects/digits")
    absent = eve.get("/projects/other")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json["error"]["message"].replace("digits", "other") == absent.json["error"]["message"]
    taken = eve.ask("POST", "/projects", {"name": "digits"})
    assert (taken.status_code, taken.json["error"]["code"]) == (409, "project_exists")
    assert [project["name"] for project in ada.done("GET", "/projects")["projects"]] == ["digits"]


def test_a_role_is_given_changed_and_taken(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    bob.done("POST", "/projects", {"name": "digits"})
    given = bob.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    assert [(member["name"], member["role"]) for member in given["members"]] == [("bob", "admin"), ("eve", "viewer")]
    assert eve.done("GET", "/projects/digits/members")["members"] == given["members"]
    goal = {"metric": "val/acc", "goal": "max"}
    refused = eve.ask("PUT", "/projects/digits/goals", goal)
    assert refused.status_code == 403
    assert refused.json["error"]["message"] == (
        "you are a viewer of this project, and this takes an editor; its admins can make you one"
    )
    bob.done("PUT", "/projects/digits/members/eve", {"role": "editor"})
    assert eve.ask("PUT", "/projects/digits/goals", goal).status_code == 204
    assert eve.ask("PUT", "/projects/digits/members/eve", {"role": "admin"}).status_code == 403
    assert eve.ask("POST", "/projects/digits/trash/purge", {}).status_code == 403
    bob.done("DELETE", "/projects/digits/members/eve")
    assert eve.get("/projects/digits").status_code == 404
    assert bob.ask("DELETE", "/projects/digits/members/eve").status_code == 404
    assert bob.ask("PUT", "/projects/digits/members/mallory", {"role": "viewer"}).status_code == 404


def test_a_project_may_be_open_to_everyone(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    bob.done("POST", "/projects", {"name": "digits"})
    assert bob.done("PUT", "/projects/digits/everyone", {"role": "viewer"})["everyone"] == "viewer"
    assert eve.done("GET", "/me/roles")["projects"] == {"digits": "viewer"}
    bob.done("PUT", "/projects/digits/members/eve", {"role": "editor"})
    assert eve.done("GET", "/me/roles")["projects"] == {"digits": "editor"}
    bob.done("PUT", "/projects/digits/everyone", {"role": None})
    assert eve.done("GET", "/me/roles")["projects"] == {"digits": "editor"}


def test_new_projects_may_be_open_by_themselves(settings: Settings) -> None:
    settings.data.mkdir()
    app = create_app(dataclasses.replace(settings, needs_key=True, new_projects="editor"))
    with app.extensions["tracker.database"].writing() as session:
        password = auth.ensure_admin(session, "ada", START_MS)
        session.commit()
    ada = signed_in(app, "ada", password or "")
    bob, eve = person(app, ada, "bob"), person(app, ada, "eve")
    bob.done("POST", "/projects", {"name": "digits"})
    assert eve.done("GET", "/me/roles")["projects"] == {"digits": "editor"}
    app.extensions["tracker.database"].close()


def log(somebody: Somebody, project: str, run_id: str) -> int:
    """Send a run's journal; the status of the answer."""
    journal = Journal(run_id, project).started()
    answer = somebody.client.post(
        f"/api/v1/runs/{run_id}/journal?writer=w0",
        data=journal.body(),
        headers={**somebody.headers, "Content-Type": "application/octet-stream"},
    )
    return answer.status_code


def test_a_run_goes_where_its_key_may_write(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    writing = with_key(guarded, bob.done("POST", "/keys", {"name": "w"})["secret"])
    stranger = with_key(guarded, eve.done("POST", "/keys", {"name": "w"})["secret"])
    assert log(writing, "digits", "r1") == 200
    assert bob.done("GET", "/me/roles")["projects"] == {"digits": "admin"}
    assert log(stranger, "digits", "r2") == 403
    assert bob.get("/runs/r2").status_code == 404
    assert log(stranger, "faces", "r1") == 422  # the id is taken, by a run that eve does not see
    bob.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    assert log(stranger, "digits", "r2") == 403
    assert log(stranger, "digits", "r1") == 403
    bob.done("PUT", "/projects/digits/members/eve", {"role": "editor"})
    assert log(stranger, "digits", "r2") == 200


def test_a_key_for_some_projects_makes_no_other(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    bob.done("POST", "/projects", {"name": "digits"})
    program = with_key(guarded, bob.done("POST", "/keys", {"name": "ci", "projects": ["digits"]})["secret"])
    assert log(program, "digits", "r1") == 200
    assert log(program, "faces", "r2") == 403
    reading = with_key(guarded, bob.done("POST", "/keys", {"name": "r", "scope": "read"})["secret"])
    assert log(reading, "digits", "r3") == 403


def test_what_was_done_is_written_down(
    guarded_database: Database, guarded: Flask, ada: Somebody, bob: Somebody
) -> None:
    bob.done("POST", "/projects", {"name": "digits"})
    bob.done("PUT", "/projects/digits/members/ada", {"role": "viewer"})
    key = bob.done("POST", "/keys", {"name": "laptop"})
    bob.done("DELETE", f"/keys/{key['key']['id']}")
    ada.done("PATCH", "/people/bob", {"is_active": False})
    with guarded_database.reading() as session:
        acts = session.scalars(sa.select(AccountAct).order_by(AccountAct.id)).all()
    assert [act.action for act in acts] == [
        "user.created", "project.created", "role.given", "key.created", "key.revoked", "user.changed",
    ]  # fmt: skip
    assert key["secret"] not in json.dumps([act.details for act in acts])
    with guarded_database.writing() as session, pytest.raises(sa.exc.DBAPIError, match="only ever added to"):
        session.execute(sa.delete(AccountAct))
