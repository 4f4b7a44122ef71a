"""Pages that ask again and again get a body only where something is new."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

PATHS = ("/api/v1/projects", "/api/v1/models", "/api/v1/audit")


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_that_one_has_already_comes_without_a_body(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])


def test_what_has_changed_comes_whole(client: FlaskClient) -> None:
    tag = client.get("/api/v1/projects").headers["ETag"]
    client.post("/api/v1/projects", json={"name": "digits"})
    answer = client.get("/api/v1/projects", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert [project["name"] for project in answer.json["projects"]] == ["digits"]
    assert answer.headers["ETag"] != tag
