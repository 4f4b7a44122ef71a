"""What a version keeps of its run besides metrics and config: code, packages, data and cost."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.server.logged import log_artifact, log_run, manifest, writing
from tests.server.model_registry import Registry, make_artifacts
from tests.server.people import Somebody
from tracker.records import SystemSampled
from tracker_server import artifacts, metrics, runs

GIT = {"commit": "c0ffee", "branch": "main", "remote": "git@host:x", "is_dirty": True, "patch": "+1"}
ENVIRONMENT: dict[str, Any] = {
    "command": ["python", "train.py", "--name", "a b"],
    "script": "/home/ada/train.py",
    "python": {"version": "3.12.1", "implementation": "CPython"},
    "packages": {"torch": "2.9.0", "numpy": "2.1.0"},
    "gpus": [{"name": "H200"}] * 8,
    "git": GIT,
}


@pytest.fixture
def digits(client: FlaskClient) -> Registry:
    return Registry(client)


def registered(digits: Registry, app: Flask, environment: Any, *, gpus: int = 0) -> Any:
    """A version of a run of a minute that captured this, and has measured so many GPUs."""
    with writing(app) as session:
        run = log_run(session)
        runs.set_environment(session, run, environment)
        run.finished_ms = run.started_ms + 60_000
        if gpus:
            measured = {f"system/gpu.{number}/power": 300.0 for number in range(gpus)}
            metrics.append(session, run.id, "", "system", [SystemSampled(1, NOW_MS, measured)])
        artifact = log_artifact(session, run, {"model.pt": b"weights"}).id
    digits.register(artifact)
    return digits.client.get(f"{digits.address}/versions/1").json


def test_a_version_keeps_the_code_of_its_moment(digits: Registry, app: Flask) -> None:
    version = registered(digits, app, ENVIRONMENT)
    with writing(app) as session:
        runs.get(session, "run1").environment = {}
    assert digits.client.get(f"{digits.address}/versions/1").json == version
    assert version["code"] == {
        "commit": "c0ffee",
        "branch": "main",
        "remote": "git@host:x",
        "is_dirty": True,
        "patch_digest": hashlib.sha256(b"+1").hexdigest(),
        "command": "python train.py --name 'a b'",
        "script": "/home/ada/train.py",
        "python": "3.12.1",
        "packages": {"numpy": "2.1.0", "torch": "2.9.0"},
    }


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"git": "none", "command": 3, "python": ["3"], "packages": 4, "gpus": "two", "script": {}},
        {"git": {"commit": 1, "is_dirty": "yes", "patch": []}, "python": {"version": 3}},
    ],
    ids=["nothing", "other kinds of things", "other things inside"],
)
def test_what_was_not_captured_is_none(digits: Registry, app: Flask, environment: Any) -> None:
    version = registered(digits, app, environment)
    assert set(version["code"].values()) == {None}
    assert version["cost"] == {"duration_ms": 60_000, "gpu_count": None, "gpu_ms": None}


def test_packages_may_be_a_list_of_requirements(digits: Registry, app: Flask) -> None:
    code = registered(digits, app, {"packages": ["torch==2.9.0", "local"]})["code"]
    assert code["packages"] == {"local": "", "torch": "2.9.0"}


@pytest.mark.parametrize(("measured", "count"), [(2, 2), (0, 8)], ids=["those measured", "those of the machine"])
def test_a_versions_cost_is_the_time_of_the_gpus_of_its_run(
    digits: Registry, app: Flask, measured: int, count: int
) -> None:
    version = registered(digits, app, ENVIRONMENT, gpus=measured)
    assert version["cost"] == {"duration_ms": 60_000, "gpu_count": count, "gpu_ms": count * 60_000}


def test_a_run_that_goes_on_has_cost_what_it_took_so_far(digits: Registry, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    with writing(app) as session:
        run = runs.get(session, "run1")
        run.heartbeat_ms = run.started_ms + 5_000
    assert digits.register(artifact).json["cost"]["duration_ms"] == 5_000


def test_a_version_names_the_data_that_its_run_used_and_made(digits: Registry, app: Flask) -> None:
    with writing(app) as session:
        before, run = log_run(session, "run0", project="data"), log_run(session)
        images = log_artifact(session, before, {"a.png": b"1"}, name="images")
        artifacts.use(session, run, images.id, time_ms=NOW_MS)
        made = manifest({"b.csv": b"2"}, name="split", kind="dataset")
        log_artifact(session, run, {"b.csv": b"2"}, name="other")
        split = artifacts.log_version(session, run, made, actor_id=run.created_by, now_ms=NOW_MS)
        model = log_artifact(session, run, {"model.pt": b"weights"}).id
        kept = [
            {"artifact_version_id": one.id, "project": project, "name": name, "version": 1, "kind": kind,
             "digest": one.digest}
            for one, project, name, kind in ((images, "data", "images", "model"), (split, "digits", "split", "dataset"))
        ]  # fmt: skip
    assert digits.register(model).json["data"] == kept
    assert digits.detail()["versions"][0]["data"] == kept


def test_data_of_a_hidden_project_is_kept_but_not_named(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    bob.done("POST", "/projects", {"name": "his"})
    with writing(guarded) as session:
        before, run = log_run(session, "run0", project="secret"), log_run(session, project="his")
        artifacts.use(session, run, log_artifact(session, before, {"a": b"1"}, name="images").id, time_ms=NOW_MS)
        model = log_artifact(session, run, {"model.pt": b"weights"}).id
    made = bob.done("POST", "/models/net/versions", {"artifact_version_id": model})
    assert (made["data"], bob.done("GET", "/models/net")["versions"][0]["data"]) == ([], [])
    (seen,) = ada.done("GET", "/models/net/versions/1")["data"]
    assert (seen["project"], seen["name"]) == ("secret", "images")


def test_an_artifact_that_no_run_made_has_no_evidence(digits: Registry, app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    with writing(app) as session:
        artifacts.get_version(session, artifact).run_id = None
    version = digits.register(artifact).json
    assert (version["code"], version["cost"], version["data"]) == (None, None, [])
