"""An act that names itself by an `Idempotency-Key` is carried out once, however often it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import NOW_MS
from tests.server.people import Somebody, routes, with_key
from tracker_server import auth, runs
from tracker_server.db import Database
from tracker_server.http import Api, Call, mount
from tracker_server.http.kept_answers import KEPT_MS, REMOVED_AT_ONCE, KeptAnswer

VIEWS = "/api/v1/projects/digits/views"
THREADS = 16


@pytest.fixture(autouse=True)
def _project(database: Database) -> None:
    with database.writing() as session:
        ada = auth.ensure_operator(session, "ada", NOW_MS)
        runs.create_project(session, "digits", "", actor_id=ada.id, now_ms=NOW_MS)
        session.commit()


def keep_view(client: FlaskClient, key: str | None, name: str = "mine") -> TestResponse:
    """A second view of one name is refused, so this cannot be sent twice without a key."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(VIEWS, json={"name": name, "parameters": {}}, headers=headers)


def count(app: Flask, table: str) -> int:
    database: Database = app.extensions["tracker.database"]
    with database.reading() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0)


def error_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_an_act_that_is_sent_again_is_answered_as_before(client: FlaskClient, app: Flask) -> None:
    first, again = keep_view(client, "k1"), keep_view(client, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.data, again.content_type) == (first.data, first.content_type)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert count(app, "saved_views") == 1


def test_acts_with_other_keys_or_none_are_acts_of_their_own(client: FlaskClient, app: Flask) -> None:
    assert keep_view(client, "k1").status_code == 201
    assert [keep_view(client, key).status_code for key in ("k2", None)] == [409, 409]


def test_an_answer_without_a_body_is_kept_too(client: FlaskClient, app: Flask) -> None:
    view = keep_view(client, None).get_json()["id"]
    answers = [client.delete(f"/api/v1/views/{view}", headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b""), (204, b"")]


@pytest.mark.parametrize("change", ["body", "path", "query"])
def test_a_key_of_another_request_is_refused(client: FlaskClient, app: Flask, change: str) -> None:
    assert keep_view(client, "k1").status_code == 201
    path = {"path": "/api/v1/projects", "query": f"{VIEWS}?a=1"}.get(change, VIEWS)
    body = {"name": "other" if change == "body" else "mine", **({} if change == "path" else {"parameters": {}})}
    answer = client.post(path, json=body, headers={"Idempotency-Key": "k1"})
    assert error_of(answer) == (422, "idempotency_key_used")
    assert count(app, "saved_views") == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "caf\xe9", "a\x7f"], ids=repr)
def test_what_can_be_no_key_is_refused(client: FlaskClient, app: Flask, key: str) -> None:
    assert error_of(keep_view(client, key)) == (422, "bad_idempotency_key")
    assert count(app, "saved_views") == 0


def test_a_failed_act_is_tried_anew(client: FlaskClient, app: Flask) -> None:
    keep_view(client, None, "taken")
    assert keep_view(client, "k1", "taken").status_code == 409
    assert count(app, "kept_answers") == 0
    assert keep_view(client, "k1", "free").status_code == 201


def test_a_long_answer_comes_again_packed_or_not(client: FlaskClient) -> None:
    parameters = {f"setting{number}": "x" * 50 for number in range(400)}
    headers = {"Idempotency-Key": "k1", "Accept-Encoding": "gzip"}
    packed = client.post(VIEWS, json={"name": "mine", "parameters": parameters}, headers=headers)
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = client.post(VIEWS, json={"name": "mine", "parameters": parameters}, headers={"Idempotency-Key": "k1"})
    assert "Content-Encoding" not in plain.headers
    assert plain.get_json()["parameters"] == parameters


def test_an_act_that_is_sent_many_times_at_once_is_carried_out_once(app: Flask) -> None:
    gate = Barrier(THREADS)

    def send(_number: int) -> TestResponse:
        client = app.test_client()
        client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
        gate.wait(timeout=30)
        return keep_view(client, "k1")

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(send, range(THREADS)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == THREADS - 1
    assert count(app, "saved_views") == 1


def test_after_a_day_answers_are_removed_a_few_with_each_act(client: FlaskClient, app: Flask) -> None:
    for number in range(REMOVED_AT_ONCE + 5):
        keep_view(client, f"old{number}", f"view {number}")
    database: Database = app.extensions["tracker.database"]
    with database.writing() as session:
        session.execute(sa.update(KeptAnswer).values(created_ms=KeptAnswer.created_ms - KEPT_MS - 1))
        session.commit()
    assert keep_view(client, "old24", "view 24").status_code == 409  # it is kept no longer, and so carried out
    assert keep_view(client, "new 1", "another").status_code == 422
    assert keep_view(client, "new1", "another").status_code == 201
    assert count(app, "kept_answers") == 6
    keep_view(client, "new2", "one more")
    assert count(app, "kept_answers") == 2


def test_a_kept_answer_is_not_for_who_may_no_longer_see(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    member = "/projects/digits/members/bob"
    ada.done("PUT", member, {"role": "editor"})
    keyed = Somebody(bob.client, {**bob.headers, "Idempotency-Key": "k1"})
    asked = ("POST", "/projects/digits/views", {"name": "mine", "parameters": {}})
    assert keyed.done(*asked) == keyed.done(*asked)
    ada.done("DELETE", member)
    assert keyed.ask(*asked).status_code == 404


def test_a_kept_answer_is_not_for_another_key_of_the_same_person(guarded: Flask, ada: Somebody) -> None:
    keys = [ada.done("POST", "/keys", {"name": name, "scope": "write"})["secret"] for name in ("one", "other")]
    asked = ("POST", "/projects", {"name": "secret", "description": "x"})
    first, again, other = (with_key(guarded, key) for key in (keys[0], keys[0], keys[1]))
    statuses = []
    for somebody in (first, again, other):
        somebody.headers["Idempotency-Key"] = "k1"
        statuses.append(somebody.ask(*asked).status_code)
    assert statuses == [201, 201, 409]


def test_every_changing_route_takes_a_key_or_can_be_sent_twice() -> None:
    without = {(route.method, route.path) for route in routes() if route.changes and not route.takes_key}
    assert without == {
        ("DELETE", "/session"),  # nobody is signed out twice
        ("PUT", "/blobs/<digest>"),  # named by what they are
        ("POST", "/blobs/bulk"),
        ("POST", "/runs/<run_id>/journal"),  # records are numbered
        ("POST", "/projects/<project>/journal"),
    }


class Made(msgspec.Struct, frozen=True):
    secret: str


def test_an_answer_with_a_secret_is_given_once_and_kept_nowhere(client: FlaskClient, app: Flask) -> None:
    api = Api("test")

    @api.post("/secrets", reply=Made, status=201, shows_secret=True)
    def make_secret(call: Call) -> Made:
        runs.create_project(call.session, "made", "", actor_id=call.actor_id, now_ms=call.now_ms)
        return Made("tk_hidden")

    mount(app, [api])
    headers = {"Idempotency-Key": "k1"}
    assert client.post("/api/v1/secrets", headers=headers).get_json() == {"secret": "tk_hidden"}
    again = client.post("/api/v1/secrets", headers=headers)
    assert error_of(again) == (409, "answered_once")
    assert count(app, "projects") == 2
    assert "hidden" not in kept(app)


def test_neither_keys_nor_requests_can_be_told_from_what_is_kept(client: FlaskClient, app: Flask) -> None:
    keep_view(client, "the-key-itself", "a name")
    database: Database = app.extensions["tracker.database"]
    with database.reading() as session:
        (row,) = session.scalars(sa.select(KeptAnswer)).all()
        assert "the-key-itself" not in row.key_digest + row.request_digest


def kept(app: Flask) -> Any:
    database: Database = app.extensions["tracker.database"]
    with database.reading() as session:
        return repr([(row.body, row.content_type) for row in session.scalars(sa.select(KeptAnswer))])
