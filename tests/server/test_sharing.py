"""Shared links: who makes them, what one shows, for how long, and what becomes of who looks through one."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.frames import START_MS, Journal
from tests.server.people import PREFIX, Somebody, nobody, person, with_key
from tracker_server.auth import attempts
from tracker_server.auth.models import AccountAct, ShareLink
from tracker_server.db import Database
from tracker_server.sharing.service import DAY_MS


@pytest.fixture
def digits(bob: Somebody) -> Somebody:
    """Bob, who has the project digits with the runs r1 and r2."""
    for run_id in ("r1", "r2"):
        body = Journal(run_id, "digits").started(name=f"run {run_id}").body()
        headers = {**bob.headers, "Content-Type": "application/octet-stream"}
        sent = bob.client.post(f"{PREFIX}/runs/{run_id}/journal?writer=w0", data=body, headers=headers)
        assert sent.status_code < 300, sent.get_data(as_text=True)
    return bob


def make_link(somebody: Somebody, **said: Any) -> dict[str, Any]:
    made: dict[str, Any] = somebody.done("POST", "/projects/digits/links", {"days": 7, **said})
    return made


def visitor(app: Flask, secret: str) -> Somebody:
    """A browser where nobody is signed in, and that has opened a link."""
    somebody = nobody(app)
    somebody.done("POST", "/session/link", {"secret": secret})
    return somebody


def test_a_link_leads_whoever_has_it_to_what_it_is_of(guarded: Flask, digits: Somebody) -> None:
    whole, one = make_link(digits), make_link(digits, run_id="r1")
    opened = nobody(guarded).done("POST", "/session/link", {"secret": whole["secret"]})
    assert opened == {"project": "digits", "run_id": None}
    opened = nobody(guarded).done("POST", "/session/link", {"secret": one["secret"]})
    assert opened == {"project": "digits", "run_id": "r1"}


def test_a_link_to_a_project_shows_all_its_runs(guarded: Flask, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits)["secret"])
    rows = somebody.done("POST", "/projects/digits/runs/search", {})["runs"]
    assert {row["id"] for row in rows} == {"r1", "r2"}
    assert somebody.done("GET", "/me") == {
        "name": "a shared link", "is_signed_in": False, "needs_key": True, "is_admin": False, "has_password": False,
        "is_visitor": True,
    }  # fmt: skip


def test_a_link_to_a_run_shows_that_run_alone(guarded: Flask, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits, run_id="r1")["secret"])
    assert somebody.done("GET", "/runs/r1")["name"] == "run r1"
    hidden, absent = somebody.get("/runs/r2"), somebody.get("/runs/r3")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.get_data(as_text=True).replace("r2", "r3").replace(
        hidden.headers["X-Request-Id"], absent.headers["X-Request-Id"]
    ) == absent.get_data(as_text=True)
    rows = somebody.done("POST", "/projects/digits/runs/search", {})["runs"]
    assert [row["id"] for row in rows] == ["r1"]
    (project,) = somebody.done("GET", "/projects")["projects"]
    assert project["run_count"] == 1


def test_nobodys_roles_are_shown_through_a_link(guarded: Flask, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits)["secret"])
    answer = somebody.get("/projects/digits/members")
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "only_a_link")


def test_links_are_listed_with_who_made_them_and_when_they_were_used(guarded: Flask, digits: Somebody) -> None:
    made = make_link(digits, run_id="r1", note="for the reviewers")
    visitor(guarded, made["secret"])
    (listed,) = digits.done("GET", "/projects/digits/links")["links"]
    assert {**listed, "last_used_ms": None} == made["link"]
    assert listed["expires_ms"] == listed["created_ms"] + 7 * DAY_MS
    assert listed["last_used_ms"] >= listed["created_ms"]
    assert (listed["run_name"], listed["created_by"], listed["note"]) == ("run r1", "bob", "for the reviewers")
    assert made["secret"] not in str(listed)


def test_a_link_that_is_revoked_shows_nothing_from_then_on(guarded: Flask, digits: Somebody) -> None:
    made = make_link(digits)
    somebody = visitor(guarded, made["secret"])
    assert somebody.get("/projects/digits").status_code == 200
    revoked = digits.done("DELETE", f"/projects/digits/links/{made['link']['id']}")
    assert revoked["revoked_ms"] is not None
    assert digits.done("DELETE", f"/projects/digits/links/{made['link']['id']}") == revoked  # once is enough
    assert somebody.get("/projects/digits").status_code == 401
    again = nobody(guarded).ask("POST", "/session/link", {"secret": made["secret"]})
    assert (again.status_code, again.json["error"]["code"]) == (404, "unknown_link")


def test_a_link_that_expires_ends_a_visit_that_goes_on(
    guarded: Flask, guarded_database: Database, digits: Somebody
) -> None:
    made = make_link(digits)
    somebody = visitor(guarded, made["secret"])
    with guarded_database.writing() as session:
        session.execute(sa.update(ShareLink).values(expires_ms=START_MS))
        session.commit()
    assert somebody.get("/projects/digits").status_code == 401
    assert nobody(guarded).ask("POST", "/session/link", {"secret": made["secret"]}).status_code == 404


def test_a_link_is_good_while_who_made_it_is_active(guarded: Flask, ada: Somebody, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits)["secret"])
    ada.done("PATCH", "/people/bob", {"is_active": False})
    assert somebody.get("/projects/digits").status_code == 401


def test_who_signs_out_looks_through_no_link_any_more(guarded: Flask, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits)["secret"])
    kept = {cookie.key: cookie.value for cookie in somebody.client._cookies.values()}
    somebody.done("DELETE", "/session")
    assert somebody.get("/projects/digits").status_code == 401
    for name, value in kept.items():  # nor does who had copied the cookie
        somebody.client.set_cookie(name, value)
    assert somebody.get("/projects/digits").status_code == 401


def test_who_is_signed_in_stays_who_they_are(guarded: Flask, ada: Somebody, digits: Somebody) -> None:
    secret = make_link(digits)["secret"]
    digits.done("POST", "/session/link", {"secret": secret})
    assert digits.done("GET", "/me")["name"] == "bob"
    eve = person(guarded, ada, "eve")
    refused = eve.ask("POST", "/session/link", {"secret": secret})
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "signed_in_already")
    assert eve.get("/projects/digits").status_code == 404
    digits.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    assert eve.done("POST", "/session/link", {"secret": secret})["project"] == "digits"
    assert "tracker_visit" not in str(eve.client._cookies)


def test_who_signs_in_after_all_is_a_visitor_no_more(guarded: Flask, ada: Somebody, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits)["secret"])
    password = ada.done("POST", "/people", {"name": "eve"})["password"]
    somebody.done("POST", "/session", {"name": "eve", "password": password})
    assert somebody.done("GET", "/me")["name"] == "eve"
    assert somebody.get("/projects/digits").status_code == 404


def test_another_link_takes_the_place_of_the_one_before(guarded: Flask, digits: Somebody) -> None:
    somebody = visitor(guarded, make_link(digits, run_id="r1")["secret"])
    somebody.done("POST", "/session/link", {"secret": make_link(digits, run_id="r2")["secret"]})
    assert (somebody.get("/runs/r1").status_code, somebody.get("/runs/r2").status_code) == (404, 200)


def test_who_tries_secrets_too_often_waits_and_shuts_out_nobody_else(guarded: Flask, digits: Somebody) -> None:
    secret = make_link(digits)["secret"]
    guesser, elsewhere = nobody(guarded), {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
    for number in range(attempts.PER_ADDRESS):
        assert guesser.ask("POST", "/session/link", {"secret": f"a guess {number}"}).status_code == 404
    refused = guesser.ask("POST", "/session/link", {"secret": secret})
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_attempts")
    assert nobody(guarded).ask("POST", "/session/link", {"secret": secret}, **elsewhere).status_code == 200


@pytest.mark.parametrize("role", ["viewer", "editor", "promoter"])
def test_only_who_manages_a_project_makes_links_to_it(
    guarded: Flask, ada: Somebody, digits: Somebody, role: str
) -> None:
    eve = person(guarded, ada, "eve")
    assert eve.ask("POST", "/projects/digits/links", {"days": 1}).status_code == 404
    digits.done("PUT", "/projects/digits/members/eve", {"role": role})
    for method, path in (("POST", ""), ("GET", ""), ("DELETE", "/1")):
        body = {"days": 1} if method == "POST" else None
        assert eve.ask(method, f"/projects/digits/links{path}", body).status_code == 403


def test_a_key_makes_no_link(guarded: Flask, digits: Somebody) -> None:
    key = digits.done("POST", "/keys", {"name": "ci", "scope": "promote"})["secret"]
    assert with_key(guarded, key).ask("POST", "/projects/digits/links", {"days": 1}).status_code == 403


def test_a_link_is_to_a_run_of_its_project_and_expires_within_a_year(guarded: Flask, digits: Somebody) -> None:
    digits.done("POST", "/projects", {"name": "other"})
    for path, body, status in (
        ("other", {"days": 1, "run_id": "r1"}, 404),
        ("digits", {"days": 1, "run_id": "r9"}, 404),
        ("digits", {"days": 0}, 422),
        ("digits", {"days": 366}, 422),
        ("digits", {}, 422),
    ):
        assert digits.ask("POST", f"/projects/{path}/links", body).status_code == status


def test_a_link_of_another_project_is_not_revoked(guarded: Flask, digits: Somebody) -> None:
    made = make_link(digits)
    digits.done("POST", "/projects", {"name": "other"})
    assert digits.ask("DELETE", f"/projects/other/links/{made['link']['id']}").status_code == 404


def test_making_and_revoking_are_noted_without_the_secret(
    guarded: Flask, guarded_database: Database, digits: Somebody
) -> None:
    made = make_link(digits, run_id="r1")
    digits.done("DELETE", f"/projects/digits/links/{made['link']['id']}")
    with guarded_database.reading() as session:
        acts = session.scalars(sa.select(AccountAct).where(AccountAct.action.like("link.%")).order_by(AccountAct.id))
        noted = [(act.action, act.subject, act.details) for act in acts]
        kept = session.scalars(sa.select(ShareLink.digest)).one()
    assert [action for action, _, _ in noted] == ["link.created", "link.revoked"]
    assert noted[0][1] == "run r1"
    assert made["secret"] not in str(noted)
    assert made["secret"] not in kept


def test_the_cookie_of_a_visit_is_not_one_for_scripts(guarded: Flask, digits: Somebody) -> None:
    answer = nobody(guarded).ask("POST", "/session/link", {"secret": make_link(digits)["secret"]})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("tracker_visit=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
