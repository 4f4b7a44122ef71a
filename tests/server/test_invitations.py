"""Invitations: who makes them, what joining by one makes of somebody, and that each is good once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.frames import START_MS
from tests.server.people import Somebody, nobody, person, signed_in
from tracker_server.auth import attempts
from tracker_server.auth.models import AccountAct, Invitation
from tracker_server.db import Database

PASSWORD = "a few words will do"


def invite(ada: Somebody, **said: Any) -> dict[str, Any]:
    made: dict[str, Any] = ada.done("POST", "/invitations", said)
    return made


def join(somebody: Somebody, secret: str, name: str = "eve", password: str = PASSWORD) -> Any:
    return somebody.ask("POST", "/session/invitation", {"secret": secret, "name": name, "password": password})


def test_who_was_invited_chooses_name_and_password_and_is_signed_in(guarded: Flask, ada: Somebody) -> None:
    ada.done("POST", "/projects", {"name": "digits"})
    made = invite(ada, note="eve@example.org", roles={"digits": "editor"})
    eve = nobody(guarded)
    assert join(eve, made["secret"]).json["name"] == "eve"
    assert eve.done("GET", "/me/roles")["projects"] == {"digits": "editor"}
    assert signed_in(guarded, "eve", PASSWORD).done("GET", "/me")["is_admin"] is False
    (listed,) = ada.done("GET", "/invitations")["invitations"]
    assert (listed["note"], listed["roles"], listed["used_by"]) == ("eve@example.org", {"digits": "editor"}, "eve")
    assert made["secret"] not in str(listed)


def test_an_invitation_is_good_once(guarded: Flask, ada: Somebody) -> None:
    secret = invite(ada)["secret"]
    assert join(nobody(guarded), secret).status_code == 200
    again = join(nobody(guarded), secret, name="mallory")
    assert (again.status_code, again.json["error"]["code"]) == (404, "unknown_invitation")


def test_of_two_that_join_at_once_one_does(guarded: Flask, ada: Somebody) -> None:
    secret = invite(ada)["secret"]
    start, found = threading.Barrier(2), []

    def come(name: str) -> None:
        start.wait(timeout=30)
        found.append(join(nobody(guarded), secret, name=name).status_code)

    threads = [threading.Thread(target=come, args=(name,)) for name in ("eve", "mallory")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(found) == [200, 404]


@pytest.mark.parametrize(
    ("name", "password", "status"),
    [("ada", PASSWORD, 409), ("a/b", PASSWORD, 422), ("eve", "short", 422), ("eve", "", 422)],
    ids=["taken", "no name", "short", "empty"],
)
def test_a_wrong_choice_leaves_the_invitation_good(
    guarded: Flask, ada: Somebody, name: str, password: str, status: int
) -> None:
    secret = invite(ada)["secret"]
    somebody = nobody(guarded)
    assert join(somebody, secret, name, password).status_code == status
    assert somebody.done("GET", "/me")["is_signed_in"] is False
    assert join(somebody, secret).status_code == 200


def test_an_invitation_that_is_revoked_or_expired_lets_nobody_in(
    guarded: Flask, guarded_database: Database, ada: Somebody
) -> None:
    revoked, expired = invite(ada), invite(ada)
    path = f"/invitations/{revoked['invitation']['id']}"
    assert ada.done("DELETE", path) == ada.done("DELETE", path)  # once is enough
    with guarded_database.writing() as session:
        session.execute(
            sa.update(Invitation).where(Invitation.id == expired["invitation"]["id"]).values(expires_ms=START_MS)
        )
        session.commit()
    for made in (revoked, expired):
        assert join(nobody(guarded), made["secret"]).status_code == 404


def test_an_invitation_is_good_while_who_made_it_is_an_admin(guarded: Flask, ada: Somebody) -> None:
    made = ada.done("POST", "/people", {"name": "grace", "is_admin": True})
    secret = invite(signed_in(guarded, "grace", made["password"]))["secret"]
    ada.done("PATCH", "/people/grace", {"is_admin": False})
    assert join(nobody(guarded), secret).status_code == 404


def test_only_an_admin_invites(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    made = invite(ada)["invitation"]
    for method, path in (("POST", ""), ("GET", ""), ("DELETE", f"/{made['id']}")):
        body = {} if method == "POST" else None
        assert bob.ask(method, f"/invitations{path}", body).status_code == 403


def test_who_is_signed_in_does_not_join_again(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    secret = invite(ada)["secret"]
    refused = join(bob, secret)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "signed_in_already")
    assert bob.done("GET", "/me")["name"] == "bob"


def test_who_tries_invitations_too_often_waits(guarded: Flask, ada: Somebody) -> None:
    guesser = nobody(guarded)
    for number in range(attempts.PER_ADDRESS):
        assert join(guesser, f"a guess {number}").status_code == 404
    assert join(guesser, "another").status_code == 429


def test_what_becomes_of_invitations_is_noted(guarded: Flask, guarded_database: Database, ada: Somebody) -> None:
    used, revoked = invite(ada, note="eve"), invite(ada)
    join(nobody(guarded), used["secret"])
    ada.done("DELETE", f"/invitations/{revoked['invitation']['id']}")
    with guarded_database.reading() as session:
        acts = session.scalars(sa.select(AccountAct).where(AccountAct.action.like("invitation.%")))
        noted = [(act.action, act.subject, str(act.details)) for act in acts]
    assert [action for action, _, _ in noted] == [
        "invitation.created", "invitation.created", "invitation.used", "invitation.revoked",
    ]  # fmt: skip
    assert used["secret"] not in str(noted)


def test_an_invitation_to_a_project_that_is_not_there_is_refused(ada: Somebody) -> None:
    assert ada.ask("POST", "/invitations", {"roles": {"nothing": "viewer"}}).status_code == 404


def test_a_person_who_joined_is_one_like_others(guarded: Flask, ada: Somebody) -> None:
    join(nobody(guarded), invite(ada)["secret"])
    other = person(guarded, ada, "frank")
    assert other.get("/people").status_code == 403
    assert {one["name"] for one in ada.done("GET", "/people")["people"]} >= {"ada", "eve", "frank"}
