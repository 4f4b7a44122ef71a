"""The registry as a client of the API asks it, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.server.logged import log_artifact, log_run, writing


def make_artifacts(app: Flask, count: int, *, run_id: str = "run1") -> list[int]:
    """Ids of that many artifact versions of one run, each with a file of its own."""
    with writing(app) as session:
        run = log_run(session, run_id)
        return [log_artifact(session, run, {"model.pt": f"{run_id} {number}".encode()}).id for number in range(count)]


@dataclass(frozen=True)
class Registry:
    """One model of the registry, by default `digits`."""

    client: FlaskClient
    model: str = "digits"

    @property
    def address(self) -> str:
        return f"/api/v1/models/{self.model}"

    def register(self, artifact_version_id: int, **fields: Any) -> TestResponse:
        body = {"artifact_version_id": artifact_version_id, **fields}
        return self.client.post(f"{self.address}/versions", json=body)

    def move(self, *, replaces: int | None, alias: str = "production", **target: Any) -> TestResponse:
        body = {"reason": "it is better", "replaces": replaces, **target}
        return self.client.post(f"{self.address}/aliases/{alias}", json=body)

    def roll_back(self, *, replaces: int, alias: str = "production", **fields: Any) -> TestResponse:
        body = {"reason": "it is worse", "replaces": replaces, **fields}
        return self.client.post(f"{self.address}/aliases/{alias}/rollback", json=body)

    def remove(self, *, replaces: int, alias: str = "production", reason: str = "nobody uses it") -> TestResponse:
        query = {"replaces": replaces, "reason": reason}
        return self.client.delete(f"{self.address}/aliases/{alias}", query_string=query)

    def resolve(self, ref: str) -> TestResponse:
        return self.client.get(f"{self.address}/resolve", query_string={"ref": ref})

    def preview(self, **query: Any) -> TestResponse:
        return self.client.get(f"{self.address}/promotion", query_string=query)

    def detail(self) -> dict[str, Any]:
        answer = self.client.get(self.address)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def holder(self, alias: str = "production") -> int | None:
        held: dict[str, int] = {found["alias"]: found["version"] for found in self.detail()["aliases"]}
        return held.get(alias)

    def trail(self) -> list[tuple[str, str | None, int | None, int | None]]:
        """Action, alias, from and to of every act, oldest first."""
        history = reversed(self.detail()["history"])
        return [(entry["action"], entry["alias"], entry["from_version"], entry["to_version"]) for entry in history]


def code_of(answer: TestResponse) -> tuple[int, str]:
    """The status and code of a failure, which must come with a sentence."""
    error = answer.json["error"]
    assert len(error["message"].split()) > 5, error
    return answer.status_code, error["code"]
