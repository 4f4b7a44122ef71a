"""One error shape, whatever went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import Journal


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/v1/nothing", None, 404, "not_found"),
        ("DELETE", "/api/v1/projects", None, 405, "method_not_allowed"),
        ("GET", "/api/v1/runs/none", None, 404, "unknown_run"),
        ("GET", "/api/v1/projects/none", None, 404, "unknown_project"),
        ("POST", "/api/v1/projects", b"{", 400, "bad_json"),
        ("POST", "/api/v1/projects", b'{"name": "\xff"}', 400, "bad_json"),
        ("GET", "/assets/" + "9" * 300, None, 404, "not_found"),
        ("POST", "/api/v1/projects", b'{"name": 3}', 422, "invalid"),
        ("POST", "/api/v1/projects", b'{"name": "a", "colour": 1}', 422, "invalid"),
        ("POST", "/api/v1/projects", b'{"name": "a/b"}', 422, "bad_project_name"),
        ("GET", "/api/v1/runs/x/console?limit=no", None, 422, "invalid"),
        ("GET", "/api/v1/artifact-versions/" + "9" * 18, None, 404, "unknown_artifact_version"),
        ("GET", "/api/v1/artifact-versions/" + "9" * 1500, None, 404, "not_found"),
        ("GET", "/api/v1/artifact-versions/" + "9" * 5000, None, 414, "address_too_long"),
    ],
)
def test_a_failure_has_a_code_and_a_sentence(
    client: FlaskClient, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    answer = client.open(path, method=method, data=body, content_type="application/json")
    assert answer.status_code == status
    error: dict[str, Any] = answer.json["error"]
    assert error["code"] == code
    assert len(error["message"]) > 10


def test_a_number_beyond_64_bits_is_refused(client: FlaskClient) -> None:
    Journal().started().post(client)
    answer = client.post("/api/v1/projects/digits/live", json={"since_ms": int("9" * 30)})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "out_of_range")


def test_an_invalid_body_names_its_field(client: FlaskClient) -> None:
    error = client.post("/api/v1/projects", json={"name": 3}).json["error"]
    assert error["field"] == "name"
    assert "Expected `str`, got `int`" in error["message"]


def test_a_body_over_the_limit_is_refused_whatever_its_length_says(client: FlaskClient) -> None:
    answer = client.post("/api/v1/projects", data=b" " * (4 * 1024 * 1024 + 1), content_type="application/json")
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def test_a_defect_says_its_number_and_not_its_cause(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.add_url_rule("/defect", "defect", lambda: 1 / 0)
    answer = app.test_client().get("/defect")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.json["error"]["message"]
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_a_request_that_fails_leaves_nothing_behind(client: FlaskClient) -> None:
    client.post("/api/v1/projects", json={"name": "digits"})
    again = client.post("/api/v1/projects", json={"name": "digits"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "project_exists")
    assert [project["name"] for project in client.get("/api/v1/projects").json["projects"]] == ["digits"]


def test_the_openapi_document_has_every_route(client: FlaskClient, app: Flask) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert len(described) == len(app.extensions["tracker.routes"])
    assert ("POST", "/api/v1/projects/{project}/runs/search") in described
