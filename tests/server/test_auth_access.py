"""Who may enter: keys, sessions, the Host, and where a changing request comes from."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.accounts import make_key
from tracker_server.app import APIS, create_app
from tracker_server.settings import Settings

PROGRAM = {"X-Tracker-Client": "test"}


@pytest.fixture
def locked(settings: Settings) -> Iterator[Flask]:
    """An app that asks for a key."""
    settings.data.mkdir()
    app = create_app(dataclasses.replace(settings, needs_key=True))
    yield app
    app.extensions["tracker.database"].close()


@pytest.fixture
def key(locked: Flask) -> str:
    return make_key(locked)


PUBLIC = {
    "GET /server",
    "GET /me",
    "POST /session",
    "DELETE /session",
    "POST /session/link",
    "POST /session/invitation",
    "POST /session/oidc",
    "GET /session/oidc/callback",
    "GET /media/plotly.js",  # an opaque origin loads these two, without a cookie
    "GET /media/frame.js",
}


def test_every_route_but_the_public_ones_refuses_who_has_no_key(locked: Flask) -> None:
    client = locked.test_client()
    public = set()
    for route in (route for api in APIS for route in api.routes):
        path = re.sub(r"<(\w+):?\w*>", lambda found: "1" if found[1] == "int" else "x", route.path)
        with client.open(f"/api/v1{path}", method=route.method, headers=PROGRAM) as answer:
            if answer.status_code != 401 or route.access == "public":
                public.add(f"{route.method} {route.path}")
    assert public == PUBLIC


def test_a_key_opens_and_a_wrong_one_does_not(locked: Flask, key: str) -> None:
    client = locked.test_client()
    assert client.get("/api/v1/projects", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    refused = client.get("/api/v1/projects", headers={"Authorization": f"Bearer {key}x"})
    assert (refused.status_code, refused.json["error"]["code"]) == (401, "unauthorized")


def test_a_browser_signs_in_with_a_key_and_out_again(locked: Flask, key: str) -> None:
    client = locked.test_client()
    answer = client.post("/api/v1/session", json={"key": key}, headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.json["name"], answer.json["is_signed_in"], answer.json["is_admin"]) == ("ada", True, False)
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert client.get("/api/v1/projects").status_code == 200
    client.delete("/api/v1/session", headers={"Sec-Fetch-Site": "same-origin"})
    assert client.get("/api/v1/projects").status_code == 401


def test_a_wrong_key_does_not_sign_in(locked: Flask, key: str) -> None:
    answer = locked.test_client().post("/api/v1/session", json={"key": "tk_guess"}, headers=PROGRAM)
    assert (answer.status_code, answer.json["error"]["field"]) == (401, "key")


def test_a_secret_is_nowhere_in_the_database(locked: Flask, key: str, settings: Settings) -> None:
    locked.extensions["tracker.database"].close()
    if settings.database_url.startswith("sqlite"):
        folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
        assert all(key.encode() not in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8090"])
def test_a_rebound_name_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/api/v1/projects", headers={"Host": host})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "unknown_host")


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost", "[::1]:8090"])
def test_loopback_is_called_by_its_names(client: FlaskClient, host: str) -> None:
    assert client.get("/api/v1/projects", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://["},
    ],
    ids=["nothing", "cross-site", "same-site", "origin", "no origin"],
)
def test_another_site_cannot_change_anything(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().post("/api/v1/projects", json={"name": "digits"}, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "cross_site")


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, PROGRAM],
    ids=["fetch", "origin", "program"],
)
def test_our_own_pages_and_programs_can(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().post("/api/v1/projects", json={"name": "digits"}, headers=headers)
    assert (answer.status_code, answer.json["name"]) == (201, "digits")


def test_a_form_cannot_send_what_is_read(client: FlaskClient) -> None:
    answer = client.post("/api/v1/projects", data='{"name": "digits"}', content_type="text/plain")
    assert (answer.status_code, answer.json["error"]["code"]) == (415, "not_json")


def test_a_page_may_run_no_script_but_ours(client: FlaskClient) -> None:
    with client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


OWN_MACHINE = "'self' http://127.0.0.1:* http://localhost:*"


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({}, OWN_MACHINE),
        ({"serving_origins": ("https://models.example",)}, f"{OWN_MACHINE} https://models.example"),
        ({"host": "0.0.0.0", "serving_origins": ("https://models.example",)}, "'self' https://models.example"),
        ({"host": "0.0.0.0"}, "'self'"),
        ({"proxies": 1}, "'self'"),
    ],
    ids=["on one machine", "and told of", "told of alone", "on the network", "behind a proxy"],
)
def test_a_page_asks_no_server_but_ours_and_those_of_models(
    settings: Settings, told: dict[str, Any], asked: str
) -> None:
    settings.data.mkdir()
    app = create_app(dataclasses.replace(settings, **told))
    with app.test_client().get("/models") as page, app.test_client().get("/embed/x") as embedded:
        assert f"; connect-src {asked}; " in page.headers["Content-Security-Policy"]
        assert "; connect-src 'self'; " in embedded.headers["Content-Security-Policy"]
    app.extensions["tracker.database"].close()
