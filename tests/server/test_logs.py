"""The log of a server: one line for each request, with its id, and never a secret."""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.processes import Server
from tracker_server import logs

SECRET = "tk_never-to-be-seen"


@pytest.fixture(params=["json", "text"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data", more=("--log-format", request.param)) as server:
        yield server


def ask(server: Server, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> str:
    """The id that the answer has."""
    named = {"X-Tracker-Client": "test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(f"{server.url}{path}", body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return str(answer.headers["X-Request-Id"])
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers["X-Request-Id"])


def log_of(server: Server) -> str:
    """All of it: it is read once the server has ended."""
    assert server.stop() == 0
    return (server.data / "server.log").read_text()


def test_a_request_is_one_line_with_its_id(server: Server) -> None:
    number = ask(server, "/api/v1/projects/none?words=many")
    named = ask(server, "/api/v1/projects", X_Request_Id="job-17.step_2")
    text = log_of(server)
    assert named == "job-17.step_2"
    for sought, route, status in ((number, "/api/v1/projects/<project>", 404), (named, "/api/v1/projects", 200)):
        (line,) = [line for line in text.splitlines() if sought in line]
        if line.startswith("{"):
            said = json.loads(line)
            assert (said["request_id"], said["method"], said["route"], said["status"]) == (sought, "GET", route, status)
            assert (said["level"], said["logger"], said["actor_id"]) == ("info", "tracker.requests", 1)
            assert 0 <= said["ms"] < 20_000
        else:
            assert f"GET {route} {status} in " in line


def test_no_secret_is_ever_logged(server: Server) -> None:
    ask(server, "/api/v1/projects", Authorization=f"Bearer {SECRET}", Cookie=f"tracker_session={SECRET}")
    ask(server, f"/api/v1/projects?key={SECRET}")
    ask(server, f"/api/v1/projects?key={SECRET}", Host=f"{SECRET}.example.org")
    ask(server, f"/api/v1/runs/{SECRET}")
    ask(server, f"/api/v1/{SECRET}/nothing")
    ask(server, f"/{SECRET}", method="PUT", body=b"x")
    body = json.dumps({"key": SECRET}).encode()
    ask(server, "/api/v1/session", method="POST", body=body, Content_Type="application/json")
    ask(server, "/api/v1/session", method="POST", body=body[:-3], Content_Type="application/json")
    ask(server, "/api/v1/projects", method="POST", body=body, Idempotency_Key=SECRET, Content_Type="application/json")
    ask(server, "/api/v1/projects", X_Request_Id=f"{SECRET} and more")
    text = log_of(server)
    assert len([line for line in text.splitlines() if "/api/v1/session" in line]) == 2
    assert SECRET not in text


def test_every_line_of_the_json_form_is_an_object(tmp_path: Path) -> None:
    with Server(tmp_path / "data", more=("--log-format", "json")) as server:
        ask(server, "/api/v1/projects", method="BREW")
        lines = [line for line in log_of(server).splitlines() if not line.startswith("tracker: serving on")]
    assert len(lines) > 2
    assert all({"time", "level", "logger", "message"} <= set(json.loads(line)) for line in lines)


def test_requests_are_not_logged_where_only_warnings_are(tmp_path: Path) -> None:
    with Server(tmp_path / "data", more=("--log-level", "warning")) as server:
        ask(server, "/api/v1/projects")
        assert "/api/v1/projects" not in log_of(server)


def test_every_failure_names_its_request(app: Flask) -> None:
    app.add_url_rule("/defect", "defect", lambda: 1 / 0)
    client: FlaskClient = app.test_client()
    for path, headers in (("/defect", {}), ("/api/v1/nothing", {}), ("/healthz", {"Host": "evil.example.org"})):
        answer = client.get(path, headers={"X-Request-Id": "mine", **headers})
        assert answer.status_code >= 400
        assert (answer.json["error"]["request_id"], answer.headers["X-Request-Id"]) == ("mine", "mine")


@pytest.mark.parametrize("named", ["", "x" * 65, "two words", "semi;colon", "caf\xe9", "<b>"], ids=repr)
def test_an_id_that_could_be_anything_else_is_not_taken(client: FlaskClient, named: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": named}).headers["X-Request-Id"] != named


def test_what_is_logged_in_a_request_carries_its_id(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    app.add_url_rule("/defect", "defect", lambda: 1 / 0)
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        logs.configure("json", "info")
        app.test_client().get("/defect", headers={"X-Request-Id": "mine"})
    finally:
        root.handlers, root.level = kept, level
        logging.captureWarnings(False)
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["request_id"] for line in lines} == {"mine"}
    assert "ZeroDivisionError" in next(line["exception"] for line in lines if line["level"] == "error")
