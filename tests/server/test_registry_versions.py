"""Registering versions, and reading models and their versions, over the API."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import Registry, code_of, make_artifacts
from tracker.records import Logged, SystemSampled
from tracker_server import metrics, runs


@pytest.fixture
def digits(client: FlaskClient) -> Registry:
    return Registry(client)


def test_versions_count_up_from_one(digits: Registry, app: Flask) -> None:
    answers = [digits.register(artifact) for artifact in make_artifacts(app, 3)]
    assert [(answer.status_code, answer.json["version"]) for answer in answers] == [(201, 1), (201, 2), (201, 3)]
    detail = digits.detail()
    assert (detail["version_count"], detail["latest_version"], detail["project"]) == (3, 3, "digits")
    assert [version["version"] for version in detail["versions"]] == [3, 2, 1]


def test_the_same_artifact_version_is_registered_once(digits: Registry, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    first = digits.register(artifact, description="the first")
    again = digits.register(artifact, description="another")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert len(digits.trail()) == 2


def test_a_version_is_registered_with_tags(digits: Registry, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    assert digits.register(artifact, tags=[" nightly ", "int8", "nightly"]).json["tags"] == ["nightly", "int8"]


def test_a_tag_of_blanks_registers_nothing(digits: Registry, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    assert code_of(digits.register(artifact, tags=[" "])) == (422, "invalid")
    assert digits.client.get(digits.address).status_code == 404


def test_one_artifact_version_may_be_a_version_of_two_models(client: FlaskClient, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    assert [Registry(client, name).register(artifact).status_code for name in ("a", "b")] == [201, 201]


def test_a_version_keeps_the_metrics_and_config_of_its_moment(digits: Registry, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session, config={"optim": {"lr": 0.1}, "seed": 3}, values={"acc": 0.9, "nan": float("nan")})
        metrics.append(session, run.id, "", "system", [SystemSampled(1, NOW_MS, {"system/cpu": 50.0})])
        artifact = log_artifact(session, run, {"model.pt": b"weights"}, name="net").id
    digits.register(artifact, description="a good one")
    with writing(app) as session:
        metrics.append(session, "run1", "", "metric", [Logged(2, NOW_MS, {"acc": 0.1})])
        runs.set_config(session, runs.get(session, "run1"), {"seed": 4})
    version: dict[str, Any] = digits.client.get(f"{digits.address}/versions/1").json
    assert version["config"] == {"optim.lr": 0.1, "seed": 3}
    assert sorted(version["metrics"]) == ["acc", "nan"]
    assert (version["metrics"]["acc"]["last"], version["metrics"]["acc"]["count"]) == (0.9, 1)
    assert version["metrics"]["nan"]["last"] is None
    assert (version["artifact"], version["size_bytes"], version["description"]) == ("net:v1", 7, "a good one")
    assert (version["run"], version["run_name"], version["created_by"]) == ("run1", "run1-name", "ada")
    assert [file["path"] for file in version["files"]] == ["model.pt"]


def test_an_artifact_version_without_files_is_refused(digits: Registry, app: Flask) -> None:
    with writing(app) as session:
        empty = log_artifact(session, log_run(session), {}).id
    for answer in (
        digits.register(empty),
        digits.move(replaces=None, artifact_version_id=empty),
        digits.preview(artifact_version_id=empty),
    ):
        assert code_of(answer) == (422, "no_files")
    assert digits.client.get("/api/v1/models").json == {"models": []}


@pytest.mark.parametrize("artifact", [0, -3, 17, 2**63, 2**64])
def test_an_artifact_version_that_is_not_there_is_not_found(digits: Registry, artifact: int) -> None:
    assert code_of(digits.register(artifact)) == (404, "unknown_artifact_version")


@pytest.mark.parametrize("name", ["-digits", ".", "a b", "größe", "a%0A", "x" * 129, "a@b", "a:v1"])
def test_a_name_that_cannot_be_a_models_is_refused(client: FlaskClient, app: Flask, name: str) -> None:
    (artifact,) = make_artifacts(app, 1)
    registry = Registry(client, name)
    assert code_of(registry.register(artifact)) == (422, "bad_model_name")
    assert code_of(registry.preview(artifact_version_id=artifact)) == (422, "bad_model_name")


@pytest.mark.parametrize("version", ["0", "2", "2147483648", "9" * 40])
def test_a_version_that_is_not_there_is_not_found(digits: Registry, app: Flask, version: str) -> None:
    digits.register(make_artifacts(app, 1)[0])
    assert code_of(digits.client.get(f"{digits.address}/versions/{version}")) == (404, "unknown_version")


def test_a_run_in_the_trash_is_not_named(digits: Registry, app: Flask) -> None:
    digits.register(make_artifacts(app, 1)[0])
    with writing(app) as session:
        runs.delete(session, "run1", actor_id=runs.get(session, "run1").created_by, now_ms=NOW_MS)
    (version,) = digits.detail()["versions"]
    assert (version["run"], version["run_name"], version["version"]) == (None, None, 1)


def test_models_are_listed_by_name_with_their_aliases(client: FlaskClient, app: Flask) -> None:
    artifacts = make_artifacts(app, 2)
    for name in ("b", "a"):
        Registry(client, name).register(artifacts[0])
    Registry(client, "a").move(replaces=None, artifact_version_id=artifacts[1])
    listed = client.get("/api/v1/models").json["models"]
    assert [(model["name"], model["version_count"]) for model in listed] == [("a", 2), ("b", 1)]
    assert [(alias["alias"], alias["version"]) for alias in listed[0]["aliases"]] == [("production", 2)]


@pytest.mark.parametrize("path", ["/models", "/models/digits", "/audit"])
def test_a_page_costs_as_many_statements_for_many_as_for_one(
    client: FlaskClient, app: Flask, digits: Registry, path: str
) -> None:
    artifacts = make_artifacts(app, 12)
    engine = app.extensions["tracker.database"].engine
    costs: list[int] = []
    for part in (artifacts[:1], artifacts[1:]):
        for number, artifact in enumerate(part):
            digits.move(replaces=None, alias=f"alias-{artifact}", artifact_version_id=artifact)
            Registry(client, f"model-{number}").register(artifact)
        statements: list[str] = []
        sa.event.listen(engine, "before_cursor_execute", lambda *args, seen=statements: seen.append(args[2]))
        assert client.get(f"/api/v1{path}").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 8
