"""What bars a bundle from being promoted, what lifts that, and what the gate rule `verified` says."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.server.bundled import onnx_files, stored
from tests.server.logged import writing
from tests.server.model_registry import Registry, code_of, make_artifacts
from tests.server.test_bundles import FAILED, PASSED, bundle, verify
from tracker_server.bundles.models import VerificationRow

LACKS_VOCAB = {"roles": {"weights": ("model.onnx",), "vocab": ()}}


@pytest.fixture
def digits(app: Flask, client: FlaskClient) -> Registry:
    """A model with two versions that are bundles."""
    registry = Registry(client)
    for number in (1, 2):
        assert registry.register(stored(app, onnx_files(b"weights %d" % number))).status_code == 201
    return registry


def propose(registry: Registry, **fields: Any) -> Any:
    body = {"alias": "production", "reason": "it is better", **fields}
    return registry.client.post(f"{registry.address}/proposals", json=body)


def test_a_bundle_that_lacks_a_role_is_neither_promoted_nor_proposed(app: Flask, client: FlaskClient) -> None:
    lacking = Registry(client)
    source = stored(app, onnx_files(**LACKS_VOCAB))
    assert lacking.register(source).status_code == 201
    refused = lacking.move(replaces=None, version=1, override=True)
    assert code_of(refused) == (409, "bundle_barred")
    assert "'vocab'" in refused.json["error"]["message"]
    assert code_of(propose(lacking, version=1)) == (409, "bundle_barred")
    preview = lacking.preview(version=1).json
    assert preview["barred_by"] == preview["obstacle"] == bundle(lacking)["state"]["barred_by"]
    assert lacking.holder() is None


def test_one_that_would_be_barred_is_not_registered_by_promoting_it(app: Flask, client: FlaskClient) -> None:
    source = stored(app, onnx_files(**LACKS_VOCAB))
    assert "'vocab'" in Registry(client).preview(artifact_version_id=source).json["barred_by"]
    assert code_of(Registry(client).move(replaces=None, artifact_version_id=source)) == (409, "bundle_barred")
    assert client.get("/api/v1/models").json == {"models": []}


def test_a_changed_file_bars_until_a_verification_passes(digits: Registry) -> None:
    verify(digits, FAILED)
    refused = digits.move(replaces=None, version=1)
    assert code_of(refused) == (409, "bundle_barred")
    assert "model.onnx: it has other bytes" in refused.json["error"]["message"]
    verify(digits, {"outcome": "fail", "checked": "replay", "message": "no room for an environment"})
    assert code_of(digits.move(replaces=None, version=1)) == (409, "bundle_barred")
    verify(digits, PASSED)
    assert bundle(digits)["state"]["barred_by"] is None
    assert digits.move(replaces=None, version=1).status_code == 200


@pytest.mark.parametrize(
    ("said", "is_barred"),
    [
        ({"outcome": "fail", "checked": "replay", "message": "outputs differ"}, False),
        ({"outcome": "fail", "checked": "files", "message": "nothing answers"}, True),
        (FAILED | {"checked": "replay"}, True),
    ],
    ids=["a replay that differs", "a check of files", "a replay that found a changed file"],
)
def test_what_bars_is_what_was_found_of_files(digits: Registry, said: dict[str, Any], is_barred: bool) -> None:
    verify(digits, said)
    assert (bundle(digits)["state"]["barred_by"] is not None) == is_barred
    assert (digits.move(replaces=None, version=1).status_code == 409) == is_barred


def test_another_version_is_not_barred_and_the_way_back_stays_open(digits: Registry) -> None:
    digits.move(replaces=None, version=1)
    digits.move(replaces=1, version=2)
    verify(digits, FAILED)
    assert digits.roll_back(replaces=2).json["version"] == 1
    assert digits.move(replaces=1, version=2).status_code == 200


def test_a_proposal_whose_version_was_found_changed_is_not_approved(digits: Registry) -> None:
    number = propose(digits, version=1).json["number"]
    verify(digits, FAILED)
    address = f"{digits.address}/proposals/{number}"
    assert code_of(digits.client.post(f"{address}/approval", json={"replaces": None})) == (409, "bundle_barred")
    assert digits.client.get(address).json["preview"]["barred_by"] is not None
    verify(digits, PASSED)
    assert digits.client.post(f"{address}/approval", json={"replaces": None}).json["state"] == "promoted"


def gate(registry: Registry, rule: str, candidate: str = "v1") -> dict[str, Any]:
    body = {"candidate": candidate, "rules": f"rules:\n- verified: {rule}\n"}
    answer = registry.client.post(f"{registry.address}/gate", json=body)
    assert answer.status_code == 200, answer.text
    (result,) = answer.json["rules"]
    return dict(result)


def test_a_gate_asks_that_a_version_was_verified(digits: Registry) -> None:
    asked = gate(digits, "{}")
    assert (asked["kind"], asked["verdict"]) == ("verified", "not_enough_evidence")
    assert asked["enough"] == "verify it: tracker verify digits:v1"
    verify(digits, {"outcome": "pass", "checked": "files"})
    assert gate(digits, "{}")["verdict"] == "not_enough_evidence"  # nothing was replayed
    verify(digits, PASSED)
    assert gate(digits, "{}")["verdict"] == "pass"
    assert gate(digits, "{within_days: 1, form: onnx}")["says"] == "it was verified within 1 day, by its form onnx"
    assert gate(digits, "{form: torch}")["verdict"] == "not_enough_evidence"
    verify(digits, PASSED | {"outcome": "fail", "message": "outputs differ by 0.3"})
    assert gate(digits, "{}")["verdict"] == "fail"
    assert "outputs differ by 0.3" in gate(digits, "{}")["found"]


def test_a_verification_of_long_ago_is_not_enough(app: Flask, digits: Registry) -> None:
    verify(digits, PASSED)
    with writing(app) as session:
        session.execute(sa.update(VerificationRow).values(time_ms=(time.time_ns() // 10**6) - 40 * 24 * 3600 * 1000))
    assert gate(digits, "{within_days: 41}")["verdict"] == "pass"
    assert gate(digits, "{within_days: 39}")["verdict"] == "not_enough_evidence"


def test_a_changed_file_fails_the_gate_whatever_was_replayed_before(digits: Registry) -> None:
    verify(digits, PASSED)
    verify(digits, FAILED)
    assert gate(digits, "{}")["verdict"] == "fail"


def test_loose_files_are_not_enough_for_the_gate(app: Flask, client: FlaskClient) -> None:
    loose = Registry(client)
    loose.register(make_artifacts(app, 1)[0])
    assert gate(loose, "{}")["verdict"] == "not_enough_evidence"


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("{within_days: 0}", "whole number from 1"),
        ("{form: onx}", "did you mean 'onnx'"),
        ("{days: 3}", "has no 'days'"),
        ("[30]", "names and values"),
    ],
)
def test_a_rule_about_proof_that_is_none_is_explained(digits: Registry, rule: str, says: str) -> None:
    text = f"rules:\n- verified: {rule}\n"
    (problem,) = digits.client.post(f"{digits.address}/rules/check", json={"text": text}).json["problems"]
    assert says in problem["message"]
