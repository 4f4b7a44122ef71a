"""Where a request comes from: every route, called by foreign names, and every change, asked for by pages of others."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests.frames import START_MS, Journal
from tracker import records
from tracker_server.app import APIS
from tracker_server.http.security import INERT_POLICY, PROGRAM_HEADER

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is refused here never reaches a database."""

ROUTES = [(route.method, re.sub("<[^>]+>", "1", f"/api/v1{route.path}")) for api in APIS for route in api.routes]
CHANGING = [(method, path) for method, path in ROUTES if method != "GET"]
PAGES = [("GET", path) for path in ("/", "/p/digits", "/embed/p/digits", "/assets/x.js", "/healthz", "/readyz")]


FOREIGN = {
    "nothing": {},
    "foreign origin": {"Origin": "http://evil.example"},
    "null origin": {"Origin": "null"},
    "empty origin": {"Origin": ""},
    "an origin that begins alike": {"Origin": "http://localhost.evil.example"},
    "an origin with our name as a user": {"Origin": "http://localhost@evil.example"},
    "another port of ours": {"Origin": "http://localhost:9999"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "none": {"Sec-Fetch-Site": "none"},
    "cross-site with our origin": {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    "an unknown word": {"Sec-Fetch-Site": "SAME-ORIGIN, same-origin"},
    "a page of another that says it is a program": {"Origin": "http://evil.example", PROGRAM_HEADER: "x"},
    "a cross-site page that says it is a program": {"Sec-Fetch-Site": "cross-site", PROGRAM_HEADER: "x"},
    "an empty program": {PROGRAM_HEADER: ""},
    "a referrer": {"Referer": "http://localhost/"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_route_changes_anything_for_another_site(app: Flask, headers: dict[str, str]) -> None:
    client = app.test_client()
    for method, path in CHANGING:
        answer = client.open(path, method=method, headers=headers, data=b"{}", content_type="application/json")
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "cross_site"), f"{method} {path}"


OURS = {
    "same-origin": {"Sec-Fetch-Site": "same-origin"},
    "same-origin and its origin": {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    "an older browser": {"Origin": "http://localhost"},
    "a program": {PROGRAM_HEADER: "python/1.0"},
}


@pytest.mark.parametrize("headers", OURS.values(), ids=OURS)
def test_our_pages_and_programs_are_let_through(app: Flask, headers: dict[str, str]) -> None:
    client = app.test_client()
    for method, path in CHANGING:
        answer = client.open(path, method=method, headers=headers, data=b"x", content_type="text/plain")
        assert (answer.json or {}).get("error", {}).get("code") != "cross_site", f"{method} {path}"


FOREIGN_HOSTS = {
    "foreign": "evil.example",
    "with a port": "evil.example:8090",
    "that begins alike": "localhost.evil.example",
    "that ends alike": "evil-localhost",
    "user before it": "localhost@evil.example",
    "foreign before the port": "evil.example:127.0.0.1",
    "port that is a name": "evil.example:localhost",
    "number for an address": "2130706434",
    "another loopback": "127.0.0.2",
    "every address": "0.0.0.0",
    "IPv6 of another": "[::2]:8090",
    "IPv6 without brackets": "fe80::1",
    "mapped": "[::ffff:10.0.0.1]",
    "dots": "..",
    "empty port": "evil.example:",
    "slash": "evil.example/localhost",
    "encoded": "localhost%2eevil.example",
    "spaces": "localhost evil.example",
    "a dot behind it": "localhost.",
    "no port": "localhost:",
}


@pytest.mark.parametrize("host", FOREIGN_HOSTS.values(), ids=FOREIGN_HOSTS)
def test_no_route_answers_to_a_foreign_name(client: FlaskClient, host: str) -> None:
    for method, path in [*ROUTES, *PAGES]:
        with client.open(path, method=method, headers={"Host": host}) as answer:
            assert answer.status_code in (400, 403), f"{method} {path}: {answer.status_code}"
            assert answer.json["error"]["code"] in ("unknown_host", "bad_request"), f"{method} {path}"


OUR_HOSTS = ["localhost", "LOCALHOST:8090", "127.0.0.1:1", "[::1]", "[::1]:8090"]


@pytest.mark.parametrize("host", OUR_HOSTS)
def test_our_own_names_are_known_however_they_are_written(client: FlaskClient, host: str) -> None:
    assert client.get("/api/v1/server", headers={"Host": host}).status_code == 200


def test_a_forwarded_name_is_not_believed(client: FlaskClient) -> None:
    forwarded = {"X-Forwarded-Host": "localhost", "Forwarded": "host=localhost", "X-Original-Host": "localhost"}
    answer = client.get("/api/v1/server", headers={"Host": "evil.example", **forwarded})
    assert answer.status_code == 403


THUMBNAIL = "/media/<int:media_id>/thumbnail"

SHOWN = {"/media/<int:media_id>/frame", "/media/plotly.js", "/media/frame.js"}
"""Figures, drawn in a sandbox, and the scripts that do it."""

STORED = {"/artifact-versions/<int:version_id>/content", "/artifact-versions/<int:version_id>/frame"}
"""Files that are shown as text, or drawn where no script runs."""

TOLD = {"/metrics"}
"""Numbers of the server's own."""


def _with_everything(client: FlaskClient) -> dict[str, str]:
    """A run with a file and a figure: what the parts of a path are to be."""
    contents = (figure, file, image) = b'{"data": []}', b"<script>alert(1)</script>", _image()
    digests = [hashlib.sha256(data).hexdigest() for data in contents]
    for digest, data in zip(digests, contents, strict=True):
        client.put(f"/api/v1/blobs/{digest}", data=data)
    journal = Journal().started().add(
        records.ConsoleLine(START_MS, "stdout", "<script>alert(1)</script>"),
        records.MediaLogged(1, START_MS, "figure", "plotly", digests[0], len(figure)),
        records.MediaLogged(1, START_MS, "image", "image", digests[2], len(image)),
        records.ArtifactLogged(START_MS, "page", "web", (records.ArtifactFile("index.html", digests[1], len(file)),)),
    )  # fmt: skip
    assert journal.post(client).status_code == 200
    version = client.get("/api/v1/runs/run1/artifacts").json["artifacts"][0]["id"]
    figure_id, image_id = (item["id"] for item in client.get("/api/v1/runs/run1/media").json["media"])
    asked = {"task": "t", "metric": "loss", "goal": "min"}
    board = client.post("/api/v1/projects/digits/leaderboards", json={"name": "best", "definition": asked}).json["id"]
    known = {"run_id": "run1", "project": "digits", "digest": digests[1], "version_id": version, "path": "index.html"}
    return {**known, "media_id": figure_id, "image_id": image_id, "board_id": board}


def _image() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (4, 4)).save(made, "PNG")
    return made.getvalue()


def test_whatever_is_not_json_does_nothing_in_a_browser(client: FlaskClient) -> None:
    known = _with_everything(client)
    others = [route for api in APIS for route in api.routes if route.reply is None and route.has_body]
    assert len(others) >= 7
    for route in others:
        asked = route.path.replace("media_id", "image_id") if route.path == THUMBNAIL else route.path
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), asked)
        with client.open(
            f"/api/v1{path}",
            method=route.method,
            query_string={"path": "index.html"} if route.path in STORED else {},
            json=None if route.method == "GET" else {"digests": [known["digest"]]},
        ) as answer:
            assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert answer.mimetype in route.media_types, path
            if route.path in TOLD:
                continue
            if route.path in STORED:
                assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'"), path
                continue
            if route.path in SHOWN:
                is_sandboxed = answer.headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")
                assert is_sandboxed or answer.mimetype == "text/javascript", path
                continue
            is_saved = answer.headers.get("Content-Disposition", "").startswith("attachment")
            assert is_saved or answer.mimetype == "image/webp", path
            assert answer.headers["Content-Security-Policy"] == INERT_POLICY, path
