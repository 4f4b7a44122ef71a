"""Every route and every table: what each declares, and that nobody reaches what is another's by any of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.frames import START_MS, Journal
from tests.server.people import PREFIX, Somebody, filled, nobody, person, routes, signed_in
from tracker.records import (
    AlertRaised,
    ArtifactFile,
    ArtifactLogged,
    ConfigChanged,
    ConsoleLine,
    Logged,
    MediaLogged,
    RunFinished,
)
from tracker_server import narrowing, tables
from tracker_server.app import PARENTS
from tracker_server.http import Access, Route
from tracker_server.narrowing import Narrowing

SECRET = "zanzibar"
"""Stands in everything that bob has, so that an answer to another shows at once that it holds something of his."""

PLACES_WITHIN = {
    "alias",
    "artifact",
    "board_id",
    "consumer_id",
    "delivery",
    "digest",
    "entry_id",
    "invitation",
    "key_id",
    "link",
    "number",
    "path",
    "person",
    "pointer",
    "version",
    "webhook",
}
"""Parameters that are part of what another names, or of nothing in a project: their views say whose they are."""


def test_every_route_declares_who_may_call_it() -> None:
    for route in routes():
        assert route.access in get_args(Access), route
        assert route.access != "public" or route.path in {
            "/server", "/me", "/session", "/session/link", "/session/invitation", "/session/oidc",
            "/session/oidc/callback", "/media/plotly.js", "/media/frame.js",
        }, route  # fmt: skip
        if route.changes and route.access == "read":  # what one may change of one's own where one only looks
            is_view = route.path.startswith("/views/") or route.path == "/projects/<project>/views"
            assert is_view or route.path == "/models/<name>/consumers/<consumer_id>"


def test_every_route_of_the_app_is_declared(guarded: Flask) -> None:
    declared = guarded.extensions["tracker.routes"]
    others = {rule.rule for rule in guarded.url_map.iter_rules() if rule.endpoint not in declared}
    assert {rule for rule in others if rule.startswith("/api/")} <= {"/api/v1/openapi.json", "/api/<path:_path>"}


def test_every_parameter_of_a_path_says_whose_it_is() -> None:
    names = {name for route in routes() for name in re.findall(r"<(?:\w+:)?(\w+)>", route.path)}
    assert names <= PARENTS.keys() | PLACES_WITHIN
    unused = PARENTS.keys() - names
    assert not unused


def test_every_table_with_a_project_is_narrowed() -> None:
    narrowed = {table.__tablename__ for table in narrowing.tables()}  # type: ignore[attr-defined]
    of_projects = {table.name for table in tables.metadata.sorted_tables if "project_id" in table.c}
    about_access = {"memberships", "open_projects", "api_key_projects", "account_acts"}
    assert of_projects - about_access <= narrowed


def test_a_link_to_one_run_shows_no_table_that_does_not_say_so() -> None:
    seen = Narrowing(frozenset({1}), frozenset({"r1"}))
    shown = {
        table.__tablename__  # type: ignore[attr-defined]
        for table in narrowing.tables()
        if not isinstance(table.within(seen), sa.sql.elements.False_)
    }
    assert shown == {"projects", "runs", "artifacts", "artifact_versions", "media", "metric_goals", "name_rules"}


@pytest.fixture
def eve(guarded: Flask, ada: Somebody) -> Somebody:
    """Somebody with a project of her own and no role in bob's."""
    eve = person(guarded, ada, "eve")
    eve.done("POST", "/projects", {"name": "hers"})
    return eve


@pytest.fixture
def bobs(bob: Somebody) -> dict[str, object]:
    """One of everything, in a project of bob's: the values that the parameters of paths can have."""
    content = SECRET.encode()
    digest = hashlib.sha256(content).hexdigest()
    _send(bob, "PUT", f"/blobs/{digest}", content)
    journal = Journal("r1", SECRET).started(name=SECRET, tags=(SECRET,), notes=SECRET)
    journal.add(
        ConfigChanged(START_MS, {SECRET: SECRET}),
        Logged(0, START_MS, {f"{SECRET}/loss": 0.5}),
        Logged(1, START_MS + 1, {f"{SECRET}/loss": 0.25}),
        ConsoleLine(START_MS, "stdout", SECRET),
        AlertRaised(START_MS, SECRET, SECRET),
        MediaLogged(0, START_MS, SECRET, "plotly", digest, len(content), SECRET),
        ArtifactLogged(START_MS, SECRET, "model", (ArtifactFile(SECRET, digest, len(content)),)),
        RunFinished(START_MS + 5, "finished", 0),
    )
    _send(bob, "POST", "/runs/r1/journal?writer=w0", journal.body())
    version = bob.done("GET", "/runs/r1/artifacts")["artifacts"][0]["id"]
    media = bob.done("GET", "/runs/r1/media")["media"][0]["id"]
    bob.done("POST", f"/models/{SECRET}/versions", {"artifact_version_id": version})
    move = {"version": 1, "replaces": None, "reason": SECRET}
    bob.done("POST", f"/models/{SECRET}/aliases/staging", move)
    bob.done("POST", f"/models/{SECRET}/proposals", {"version": 1, "reason": SECRET})
    bob.done("PUT", f"/models/{SECRET}/consumers/c0", CONSUMER | {"host": SECRET})
    view = bob.done("POST", f"/projects/{SECRET}/views", {"name": SECRET, "is_shared": True, "parameters": {}})
    hook = {"name": SECRET, "url": f"https://hooks.example.org/{SECRET}", "events": ["alias.moved"]}
    webhook = bob.done("POST", f"/projects/{SECRET}/webhooks", hook)["webhook"]["id"]
    delivery = bob.done("POST", f"/projects/{SECRET}/webhooks/{webhook}/test")["id"]
    asked = {"task": SECRET, "metric": f"{SECRET}/loss", "goal": "min"}
    board = bob.done("POST", f"/projects/{SECRET}/leaderboards", {"name": SECRET, "definition": asked})
    return {
        "project": SECRET, "run_id": "r1", "version_id": version, "media_id": media, "name": SECRET,
        "view_id": view["id"], "board_id": board["id"], "alias": "staging", "digest": digest, "entry_id": 1,
        "key_id": 1, "artifact": SECRET, "pointer": "v1",
        "invitation": 1,
        "link": 1,
        "number": 1,
        "webhook": webhook,
        "consumer_id": "c1",
        "delivery": delivery, "path": SECRET, "person": "eve", "version": 1,
    }  # fmt: skip


def _send(somebody: Somebody, method: str, path: str, body: bytes) -> None:
    answer = somebody.client.open(PREFIX + path, method=method, data=body, headers=_octets(somebody))
    assert answer.status_code < 300, answer.get_data(as_text=True)


CONSUMER = {"version": 1, "ref": "staging", "kind": "load", "host": "mine"}

BODIES: dict[str, Any] = {
    "POST /series": {"runs": ["r1"], "metrics": [f"{SECRET}/loss"]},
    "POST /runs/compare": {"runs": ["r1"]},
    "POST /runs/metrics": {"runs": ["r1"]},
    "POST /runs/live": {"runs": ["r1"], "metrics": [f"{SECRET}/loss"]},
    "POST /runs/running": {},
    "POST /groups/series": {"project": SECRET, "metrics": [f"{SECRET}/loss"], "groups": []},
    "POST /formulas": {"formula": "${a} + 1"},
    "POST /keys": {"name": "x", "projects": [SECRET]},
    "POST /models/<name>/versions": {"artifact_version_id": 1},
    "POST /models/<name>/aliases/<alias>": {"version": 1, "replaces": 1, "reason": "mine"},
    "POST /models/<name>/aliases/<alias>/rollback": {"replaces": 1, "reason": "mine"},
    "PUT /models/<name>/archived": {"is_archived": True},
    "PUT /models/<name>/versions/<int:version>/state": {"state": "active"},
    "POST /models/<name>/versions/<int:number>/verifications": {"outcome": "pass", "checked": "files"},
    "PUT /models/<name>/consumers/<consumer_id>": CONSUMER,
    "POST /models/<name>/proposals": {"version": 1, "reason": "mine", "alias": "champion"},
    "POST /models/<name>/proposals/<int:number>/comments": {"text": "mine"},
    "POST /models/<name>/proposals/<int:number>/approval": {"replaces": None},
    "POST /models/<name>/proposals/<int:number>/rejection": {"text": "mine"},
    "POST /models/<name>/proposals/<int:number>/withdrawal": {"text": "mine"},
    "PATCH /runs/<run_id>": {"name": "mine", "before": {}},
    "PATCH /projects/<project>": {"is_archived": True, "reason": "mine"},
    "PUT /projects/<project>/goals": {"metric": "x", "goal": "max"},
    "PUT /projects/<project>/members/<person>": {"role": "admin"},
    "PUT /projects/<project>/everyone": {"role": "admin"},
    "POST /projects/<project>/links": {"days": 7},
    "POST /projects/<project>/views": {"name": "mine", "is_shared": True, "parameters": {}},
    "POST /blobs/missing": {"digests": []},
    "POST /blobs/fetch": {"digests": []},
    "POST /media/<int:media_id>/table/join": {"other": 1, "on": ["id"]},
    "POST /artifact-versions/<int:version_id>/table": {"path": "rows.csv"},
    "POST /artifact-versions/<int:version_id>/table/changes": {"path": "rows.csv", "since": 1},
    "POST /projects/<project>/data/compare": {"runs": ["r1"]},
}
"""What a request says where its path does not say it all; others are sent an empty object."""

QUERIES = {
    "GET /models/<name>/promotion": "?alias=production&version=1",
    "GET /models/<name>/resolve": "?ref=staging",
    "DELETE /models/<name>/aliases/<alias>": "?replaces=1&reason=mine",
    "DELETE /models/<name>/versions/<int:version>": "?reason=mine",
    "POST /runs/<run_id>/journal": "?writer=w0",
    "GET /runs/<run_id>/series": f"?metric={SECRET}/loss",
    "GET /runs/<run_id>/console/search": "?q=a",
    "GET /artifact-versions/<int:version_id>/changes": "?since=1",
    "GET /artifact-versions/<int:version_id>/text/changes": f"?since=1&path={SECRET}",
    "GET /artifact-versions/<int:version_id>/entry": f"?path={SECRET}",
    "GET /audit": f"?model={SECRET}",
    "GET /audit/export": f"?model={SECRET}",
    **{
        f"GET /artifact-versions/<int:version_id>/{what}": f"?path={SECRET}" for what in ("preview", "content", "frame")
    },
}


def others_routes() -> Iterator[Route]:
    """The routes that can be about something of somebody: all but those for anybody, and those of admins."""
    return (route for route in routes() if route.access not in ("public", "administer"))


def tried(somebody: Somebody, route: Route, values: dict[str, object]) -> tuple[int, str]:
    """What a request of the route answers: the status, and the text."""
    at = f"{route.method} {route.path}"
    path = filled(route, values) + QUERIES.get(at, "")
    body = BODIES.get(at, {}) if route.body is not None else None
    with somebody.ask(route.method, path, body) as answer:
        return answer.status_code, answer.get_data().decode(errors="replace")


def test_who_has_no_role_reaches_nothing_by_any_route(
    guarded: Flask,
    bob: Somebody,
    eve: Somebody,
    bobs: dict[str, object],
) -> None:
    before = _everything(guarded)
    for route in others_routes():
        status, text = tried(eve, route, bobs)
        said = text.replace(f"'{SECRET}", "").replace(f"{SECRET}'", "").replace(f"/{SECRET}", "")
        assert SECRET not in said, (route.method, route.path, text[:400])  # but for repeating what was asked for
        assert status < 500, (route.method, route.path, text[:400])
        if re.search(r"<(project|run_id|version_id|media_id|name|view_id)>", route.path.replace("int:", "")):
            assert status in (404, 422), (route.method, route.path, status, text[:400])
    changed = {table for table, rows in _everything(guarded).items() if rows != before[table]}
    assert changed <= {"api_keys"}


def test_who_may_only_look_changes_nothing_by_any_route(
    guarded: Flask,
    bob: Somebody,
    eve: Somebody,
    bobs: dict[str, object],
) -> None:
    bob.done("PUT", f"/projects/{SECRET}/members/eve", {"role": "viewer"})
    before = _everything(guarded)
    for route in others_routes():
        status, text = tried(eve, route, bobs)
        assert status < 500, (route.method, route.path, text[:400])
        if route.access in ("write", "promote", "manage") and "<" in route.path and "blobs" not in route.path:
            assert status == 403, (route.method, route.path, status, text[:400])
    changed = {table for table, rows in _everything(guarded).items() if rows != before[table]}
    assert changed <= {"sign_ins", "saved_views", "consumers", "api_keys", "api_key_projects", "account_acts"}


def test_who_may_change_neither_promotes_nor_manages(
    guarded: Flask,
    bob: Somebody,
    eve: Somebody,
    bobs: dict[str, object],
) -> None:
    bob.done("PUT", f"/projects/{SECRET}/members/eve", {"role": "editor"})
    for route in others_routes():
        if route.access in ("promote", "manage"):
            status, text = tried(eve, route, bobs)
            assert status == 403, (route.method, route.path, status, text[:400])


def test_a_digest_that_was_overheard_is_no_right_to_the_bytes(
    bob: Somebody, eve: Somebody, bobs: dict[str, object]
) -> None:
    digest, content = str(bobs["digest"]), SECRET.encode()
    assert _bytes_of(eve, digest) == (404, None)
    _send(eve, "PUT", f"/blobs/{hashlib.sha256(b'hers').hexdigest()}", b"hers")
    asked = {"digests": [hashlib.sha256(b"hers").hexdigest(), digest]}
    with eve.ask("POST", "/blobs/fetch", asked) as answer:
        assert (answer.status_code, SECRET.encode() in answer.data) == (404, False)
    assert eve.done("POST", "/blobs/missing", {"digests": [digest]})["missing"] == [digest]
    guessed = eve.client.put(f"{PREFIX}/blobs/{digest}", data=b"a guess", headers=_octets(eve))
    assert (guessed.status_code, guessed.json["error"]["code"]) == (422, "digest_mismatch")
    journal = Journal("r2", "hers").started()
    journal.add(ArtifactLogged(START_MS, "stolen", "model", (ArtifactFile("stolen", digest, len(content)),)))
    refused = eve.client.post(f"{PREFIX}/runs/r2/journal?writer=w0", data=journal.body(), headers=_octets(eve))
    assert (refused.status_code, refused.json["error"]["digests"]) == (409, [digest])
    _send(eve, "PUT", f"/blobs/{digest}", content)  # she has the same bytes herself
    assert eve.done("POST", "/blobs/missing", {"digests": [digest]})["missing"] == []
    _send(eve, "POST", "/runs/r2/journal?writer=w0", journal.body())
    assert _bytes_of(eve, digest) == (200, content)


def test_whoever_sees_what_they_belong_to_reads_the_bytes(
    bob: Somebody, eve: Somebody, bobs: dict[str, object]
) -> None:
    bob.done("PUT", f"/projects/{SECRET}/members/eve", {"role": "viewer"})
    assert _bytes_of(eve, str(bobs["digest"])) == (200, SECRET.encode())
    with eve.ask("POST", "/blobs/fetch", {"digests": [bobs["digest"]]}) as answer:
        assert (answer.status_code, answer.data[36:]) == (200, SECRET.encode())


def _bytes_of(somebody: Somebody, digest: str) -> tuple[int, bytes | None]:
    with somebody.get(f"/blobs/{digest}") as answer:
        return answer.status_code, answer.data if answer.status_code == 200 else None


def _octets(somebody: Somebody) -> dict[str, str]:
    return {**somebody.headers, "Content-Type": "application/octet-stream"}


def _everything(guarded: Flask) -> dict[str, int]:
    """How much is in each table, and what it says."""
    with guarded.extensions["tracker.database"].reading() as session:
        return {
            table.name: hash(tuple(sorted(str(row) for row in session.execute(sa.select(table)))))
            for table in tables.metadata.sorted_tables
        }


HIDDEN = "quagga"
"""Stands in all that a link to the run r1 does not show: another run of the project, and another project."""


@pytest.fixture
def beside(bob: Somebody, bobs: dict[str, object]) -> dict[str, object]:
    """Another run in bob's project with everything that a run has, and another project."""
    content = HIDDEN.encode()
    digest = hashlib.sha256(content).hexdigest()
    _send(bob, "PUT", f"/blobs/{digest}", content)
    journal = Journal("r2", SECRET).started(name=HIDDEN, tags=(HIDDEN,), notes=HIDDEN)
    journal.add(
        ConfigChanged(START_MS, {HIDDEN: HIDDEN}),
        Logged(0, START_MS, {f"{HIDDEN}/loss": 0.5}),
        ConsoleLine(START_MS, "stdout", HIDDEN),
        AlertRaised(START_MS, HIDDEN, HIDDEN),
        MediaLogged(0, START_MS, HIDDEN, "plotly", digest, len(content), HIDDEN),
        ArtifactLogged(START_MS, HIDDEN, "model", (ArtifactFile(HIDDEN, digest, len(content)),)),
        RunFinished(START_MS + 5, "finished", 0),
    )
    _send(bob, "POST", "/runs/r2/journal?writer=w0", journal.body())
    bob.done("POST", "/projects", {"name": HIDDEN})
    version = bob.done("GET", "/runs/r2/artifacts")["artifacts"][0]["id"]
    media = bob.done("GET", "/runs/r2/media")["media"][0]["id"]
    return {**bobs, "run_id": "r2", "version_id": version, "media_id": media, "digest": digest, "path": HIDDEN}


@pytest.fixture
def visitor(guarded: Flask, bob: Somebody, bobs: dict[str, object]) -> Somebody:
    """Nobody in particular, who has opened a link to the run r1."""
    made = bob.done("POST", f"/projects/{SECRET}/links", {"days": 1, "run_id": "r1"})
    visitor = nobody(guarded)
    visitor.done("POST", "/session/link", {"secret": made["secret"]})
    return visitor


def test_who_has_a_link_to_a_run_sees_no_other_by_any_route_and_changes_nothing(
    guarded: Flask, visitor: Somebody, bobs: dict[str, object], beside: dict[str, object]
) -> None:
    before = _everything(guarded)
    for route in routes():
        if route.path.startswith("/session"):
            continue  # of one's own browser
        for values in (bobs, beside):
            status, text = tried(visitor, route, values)
            assert HIDDEN not in text.replace(f"'{HIDDEN}'", ""), (route.method, route.path, text[:400])
            assert status < 500, (route.method, route.path, text[:400])
            if route.changes or route.access == "administer":
                assert status == 403, (route.method, route.path, status, text[:400])
        if re.search(r"<(run_id|version_id|media_id)>", route.path.replace("int:", "")) and not route.changes:
            assert status == 404, (route.method, route.path, status, text[:400])
    assert SECRET in tried(visitor, next(r for r in routes() if r.endpoint.endswith(".get_run")), bobs)[1]
    changed = {table for table, rows in _everything(guarded).items() if rows != before[table]}
    assert not changed


def test_an_admin_of_the_server_sees_all(
    guarded: Flask,
    ada: Somebody,
    bob: Somebody,
    bobs: dict[str, object],
    adas_password: str,
) -> None:
    seen = signed_in(guarded, "ada", adas_password)
    assert SECRET in seen.get("/runs/r1").get_data(as_text=True)
    assert [project["name"] for project in seen.done("GET", "/projects")["projects"]] == [SECRET]
