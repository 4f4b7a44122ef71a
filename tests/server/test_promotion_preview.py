"""The comparison that stands before a promotion."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.server.logged import digest_of, log_artifact, log_run, manifest, writing
from tests.server.model_registry import Registry, code_of
from tracker.records import Logged, MetricDefined
from tracker_server import artifacts, metrics, runs
from tracker_server.artifacts.service import note_blob


def trained(
    app: Flask, run_id: str, *, config: dict[str, Any] | None = None, values: dict[str, float] | None = None
) -> int:
    """The artifact version that a run with this config and these values made."""
    with writing(app) as session:
        run = log_run(session, run_id, config=config, values=values)
        return log_artifact(session, run, {"model.pt": run_id.encode()}).id


@pytest.fixture
def digits(client: FlaskClient) -> Registry:
    return Registry(client)


def test_the_first_promotion_has_nothing_to_compare_with(digits: Registry, app: Flask) -> None:
    artifact = trained(app, "run1", config={"lr": 0.1}, values={"acc": 0.5})
    preview = digits.preview(artifact_version_id=artifact).json
    assert (preview["model_exists"], preview["next_version"], preview["alias"]) == (False, 1, "production")
    assert (preview["holder"], preview["holder_since"], preview["candidate"]) == (None, None, None)
    assert (preview["candidate_artifact"], preview["candidate_run_name"]) == ("model:v1", "run1-name")
    (metric,) = preview["metrics"]
    assert (metric["name"], metric["holder"], metric["candidate"]["last"], metric["relative"]) == (
        "acc",
        None,
        0.5,
        None,
    )
    assert preview["differences"] is None
    assert preview["may_roll_back"] is False


def test_compared_is_the_value_that_stands_for_the_run(digits: Registry, app: Flask) -> None:
    made = []
    for run_id, values in (("run1", (0.8, 0.7)), ("run2", (0.9, 0.6))):
        with writing(app) as session:
            run = log_run(session, run_id)
            runs.define_metric(session, run, MetricDefined(NOW_MS, "acc", None, "max", "max"))
            points = [Logged(step, NOW_MS, {"acc": value}) for step, value in enumerate(values)]
            metrics.append(session, run.id, "", "metric", points)
            made.append(log_artifact(session, run, {"model.pt": run_id.encode()}).id)
    digits.move(replaces=None, artifact_version_id=made[0])
    (metric,) = digits.preview(artifact_version_id=made[1]).json["metrics"]
    assert (metric["holder"]["shown"], metric["candidate"]["shown"], metric["change"]) == (0.8, 0.9, "better")
    assert metric["relative"] == pytest.approx(0.125)


def test_a_preview_changes_nothing(digits: Registry, app: Flask) -> None:
    digits.preview(artifact_version_id=trained(app, "run1"))
    assert digits.client.get("/api/v1/models").json == {"models": []}


def test_the_holder_stands_beside_the_candidate(digits: Registry, app: Flask) -> None:
    old = trained(
        app, "run1", config={"lr": 0.1, "depth": 3, "old": None}, values={"acc": 0.5, "loss": 2.0, "only": 1.0}
    )
    new = trained(app, "run2", config={"lr": 0.2, "depth": 3, "new": 1}, values={"acc": 0.75, "loss": 1.0})
    digits.move(replaces=None, artifact_version_id=old)
    preview = digits.preview(artifact_version_id=new).json
    assert (preview["holder"]["version"], preview["holder_since"]["reason"]) == (1, "it is better")
    assert (preview["candidate"], preview["next_version"], preview["candidate_run"]) == (None, 2, "run2")
    assert {change["name"]: change["relative"] for change in preview["metrics"]} == {
        "acc": 0.5,
        "loss": -0.5,
        "only": None,
    }
    config = preview["differences"]["config"]
    assert [(change["key"], change["is_in_holder"], change["is_in_candidate"]) for change in config] == [
        ("lr", True, True),
        ("new", False, True),
        ("old", True, False),
    ]


def test_a_version_can_be_the_candidate(digits: Registry, app: Flask) -> None:
    artifact = trained(app, "run1", values={"acc": 0.5})
    digits.register(artifact)
    by_version, by_artifact = digits.preview(version=1).json, digits.preview(artifact_version_id=artifact).json
    assert by_version == by_artifact
    assert by_version["candidate"]["version"] == 1


def test_a_registered_candidate_is_shown_as_it_was_registered(digits: Registry, app: Flask) -> None:
    artifact = trained(app, "run1", config={"lr": 0.1})
    digits.move(replaces=None, artifact_version_id=trained(app, "run2", config={"lr": 0.1}))
    digits.register(artifact)
    with writing(app) as session:
        runs.set_config(session, runs.get(session, "run1"), {"lr": 7})
    assert digits.preview(artifact_version_id=artifact).json["differences"]["config"] == []


@pytest.mark.parametrize(
    ("before", "after", "relative"),
    [(-2.0, -1.0, 0.5), (0.0, 1.0, None), (float("nan"), 1.0, None), (1e-308, 1e308, None), (2.0, 2.0, 0.0)],
)
def test_a_change_is_a_part_of_the_holders_size(
    digits: Registry, app: Flask, before: float, after: float, relative: float | None
) -> None:
    digits.move(replaces=None, artifact_version_id=trained(app, "run1", values={"x": before}))
    preview = digits.preview(artifact_version_id=trained(app, "run2", values={"x": after})).json
    assert preview["metrics"][0]["relative"] == relative


@pytest.mark.parametrize(
    ("holder", "candidate", "differs"),
    [(1, 1.0, False), (1, True, True), (None, 0, True), (float("nan"), float("nan"), False), ("1", 1, True)],
)
def test_config_values_differ_as_a_reader_would_say(
    digits: Registry, app: Flask, holder: object, candidate: object, differs: bool
) -> None:
    digits.move(replaces=None, artifact_version_id=trained(app, "run1", config={"key": holder}))
    preview = digits.preview(artifact_version_id=trained(app, "run2", config={"key": candidate})).json
    assert bool(preview["differences"]["config"]) == differs


def test_a_metric_of_several_seeds_has_a_spread(digits: Registry, app: Flask) -> None:
    digits.move(replaces=None, artifact_version_id=trained(app, "alone", config={"lr": 1.0}, values={"acc": 0.5}))
    for number, value in enumerate((0.6, 0.8, 0.7)):
        candidate = trained(app, f"seed{number}", config={"lr": 2.0, "seed": number}, values={"acc": value})
    with writing(app) as session:
        for number in range(3):
            runs.get(session, f"seed{number}").status = "finished"
    (metric,) = digits.preview(artifact_version_id=candidate).json["metrics"]
    assert metric["holder_spread"] is None
    spread = metric["candidate_spread"]
    assert (spread["count"], spread["mean"], spread["deviation"]) == (3, pytest.approx(0.7), pytest.approx(0.1))


def with_environment(app: Flask, run_id: str, environment: dict[str, Any], data: int) -> int:
    """The artifact version of a run of a minute that captured this, and has made data in so many versions."""
    with writing(app) as session:
        run = log_run(session, run_id)
        runs.set_environment(session, run, environment)
        run.finished_ms = run.started_ms + 60_000
        for number in range(data):
            content = f"{number}".encode()
            note_blob(session, digest_of(content), len(content), now_ms=NOW_MS)
            record = manifest({"data": content}, name="imagenet", kind="dataset")
            artifacts.log_version(session, run, record, actor_id=run.created_by, now_ms=NOW_MS)
        return log_artifact(session, run, {"model.pt": run_id.encode()}).id


def test_code_packages_data_and_cost_are_compared(digits: Registry, app: Flask) -> None:
    git = {"commit": "c0ffee", "branch": "main", "is_dirty": False}
    old = {"git": git, "packages": {"torch": "2.8", "numpy": "2.1"}, "gpus": [{}, {}], "python": {"version": "3.11"}}
    new = {**old, "git": {**git, "patch": "+1", "is_dirty": True}, "packages": {"torch": "2.9", "scipy": "1.16"}}
    digits.move(replaces=None, artifact_version_id=with_environment(app, "run1", old, 1))
    preview = digits.preview(artifact_version_id=with_environment(app, "run2", new, 2)).json
    found = preview["differences"]
    assert (found["holder_code"], found["is_code_same"]) == (
        {"commit": "c0ffee", "branch": "main", "is_dirty": False},
        False,
    )
    assert [tuple(one.values()) for one in found["packages"]] == [
        ("numpy", "2.1", None),
        ("scipy", None, "1.16"),
        ("torch", "2.8", "2.9"),
    ]
    assert found["data"] == [{"name": "imagenet", "holder": 1, "candidate": 2}]
    assert preview["candidate_cost"] == {"duration_ms": 60_000, "gpu_count": 2, "gpu_ms": 120_000}


def test_what_was_not_captured_is_no_difference(digits: Registry, app: Flask) -> None:
    git = {"commit": "c0ffee", "branch": "main", "is_dirty": False}
    captured = {"git": git, "packages": {"torch": "2.8"}}
    digits.move(replaces=None, artifact_version_id=with_environment(app, "run1", {}, 0))
    found = digits.preview(artifact_version_id=with_environment(app, "run2", captured, 0)).json["differences"]
    assert (found["holder_code"], found["is_code_same"], found["packages"], found["data"]) == (None, None, [], [])


@pytest.mark.parametrize(
    ("goal", "before", "after", "change"),
    [
        ("max", 0.5, 0.6, "better"),
        ("max", 0.6, 0.5, "worse"),
        ("min", 0.6, 0.5, "better"),
        (None, 0.6, 0.5, "changed"),
        ("min", 0.5, 0.5, "same"),
        ("max", float("nan"), 0.5, None),
    ],
)
def test_a_change_is_better_where_the_goal_says_so(
    digits: Registry, app: Flask, goal: str | None, before: float, after: float, change: str | None
) -> None:
    digits.move(replaces=None, artifact_version_id=trained(app, "run1", values={"x": before}))
    candidate = trained(app, "run2", values={"x": after})
    digits.client.put("/api/v1/projects/digits/goals", json={"metric": "x", "goal": goal})
    (metric,) = digits.preview(artifact_version_id=candidate).json["metrics"]
    assert (metric["goal"], metric["change"]) == (goal, change)


def test_it_says_whether_the_holder_has_a_predecessor(digits: Registry, app: Flask) -> None:
    digits.move(replaces=None, artifact_version_id=trained(app, "run1"))
    assert digits.preview(version=1).json["may_roll_back"] is False
    digits.move(replaces=1, artifact_version_id=trained(app, "run2"))
    assert digits.preview(version=1).json["may_roll_back"] is True
    assert digits.preview(version=1, alias="staging").json["may_roll_back"] is False


def test_the_run_of_a_candidate_in_the_trash_is_not_named(digits: Registry, app: Flask) -> None:
    artifact = trained(app, "run1")
    with writing(app) as session:
        runs.delete(session, "run1", actor_id=runs.get(session, "run1").created_by, now_ms=NOW_MS)
    assert digits.preview(artifact_version_id=artifact).json["candidate_run"] is None


def test_what_cannot_be_compared_is_refused(digits: Registry, app: Flask) -> None:
    artifact = trained(app, "run1")
    assert code_of(digits.preview(version=1)) == (404, "unknown_model")
    digits.register(artifact)
    assert code_of(digits.preview()) == (422, "invalid")
    assert code_of(digits.preview(version=1, artifact_version_id=artifact)) == (422, "invalid")
    assert code_of(digits.preview(version=9)) == (404, "unknown_version")
    assert code_of(digits.preview(artifact_version_id=99)) == (404, "unknown_artifact_version")
    assert code_of(digits.preview(version=1, alias="latest")) == (422, "bad_alias")
