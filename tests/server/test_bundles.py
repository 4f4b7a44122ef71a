"""Bundles: what is kept of a manifest, what verifying found, and who holds a version."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.server.bundled import onnx_files, stored
from tests.server.model_registry import Registry, code_of, make_artifacts
from tracker import manifest

PASSED = {"outcome": "pass", "checked": "replay", "form": "onnx", "load_ms": 12.5, "latency_p50_ms": 0.4}
FAILED = {"outcome": "fail", "checked": "files", "problems": [{"path": "model.onnx", "message": "it has other bytes"}]}
HOLDS = {"version": 1, "ref": "production", "kind": "serve", "host": "gpu1", "address": "http://gpu1:8000"}


@pytest.fixture
def digits(app: Flask, client: FlaskClient) -> Registry:
    """A model whose first version is a bundle."""
    registry = Registry(client)
    assert registry.register(stored(app, onnx_files())).status_code == 201
    return registry


def bundle(registry: Registry, number: int = 1) -> dict[str, Any]:
    answer = registry.client.get(f"{registry.address}/versions/{number}/bundle")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def verify(registry: Registry, said: dict[str, Any], number: int = 1) -> TestResponse:
    return registry.client.post(f"{registry.address}/versions/{number}/verifications", json=said)


def report(registry: Registry, process: str = "c1", **fields: Any) -> TestResponse:
    return registry.client.put(f"{registry.address}/consumers/{process}", json=HOLDS | fields)


def consumers(registry: Registry) -> list[dict[str, Any]]:
    return list(registry.client.get(f"{registry.address}/consumers").json["consumers"])


def test_a_registered_bundle_says_what_it_holds(digits: Registry) -> None:
    found = bundle(digits)
    assert found["manifest"]["forms"][0]["file"] == "model.onnx"
    state = {"version": 1, "kind": "onnx", "forms": ["onnx"], "missing_roles": [], "proof": None, "barred_by": None}
    assert found["state"] == state
    assert digits.client.get(f"{digits.address}/bundles").json == {"bundles": [state]}


def test_loose_files_are_no_bundle(app: Flask, client: FlaskClient) -> None:
    loose = Registry(client)
    loose.register(make_artifacts(app, 1)[0])
    assert (bundle(loose)["manifest"], bundle(loose)["state"]) == (None, None)
    assert client.get(f"{loose.address}/bundles").json == {"bundles": []}
    assert code_of(verify(loose, PASSED)) == (422, "no_bundle")


def test_verifications_stay_newest_first_and_stand_in_the_trail(digits: Registry) -> None:
    assert verify(digits, PASSED).status_code == 201
    assert verify(digits, FAILED).json["actor"] == "ada"
    assert [one["outcome"] for one in bundle(digits)["verifications"]] == ["fail", "pass"]
    newest, before = digits.detail()["history"][:2]
    assert (newest["action"], newest["outcome"], newest["to_version"]) == ("version.verified", "fail", 1)
    assert newest["reason"] == "model.onnx: it has other bytes"
    assert before["outcome"] == "pass"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"outcome": "fail", "checked": "replay"}, "message"),
        ({"outcome": "fail", "checked": "replay", "message": "  "}, "message"),
        (PASSED | {"problems": FAILED["problems"]}, "outcome"),
        (FAILED | {"problems": [{"path": "../model.onnx", "message": "gone"}]}, "problems"),
        (PASSED | {"form": "torch"}, "form"),
    ],
    ids=["no reason", "blanks", "passed with problems", "another file", "another form"],
)
def test_a_verification_cannot_claim_nonsense(digits: Registry, said: dict[str, Any], field: str) -> None:
    refused = verify(digits, said)
    assert code_of(refused) == (422, "invalid")
    assert refused.json["error"]["field"] == field
    assert bundle(digits)["verifications"] == []


def test_a_process_says_what_it_holds_until_it_ends(digits: Registry) -> None:
    first = report(digits).json
    again = report(digits, address=None).json
    assert (again["since_ms"], again["address"], again["actor"]) == (first["since_ms"], None, "ada")
    assert [one["id"] for one in consumers(digits)] == ["c1"]
    assert bundle(digits)["consumers"] == consumers(digits)
    assert report(digits, has_ended=True).status_code == 200
    assert consumers(digits) == []


@pytest.mark.parametrize(
    "address",
    ["http://ada:secret@gpu1", "ftp://gpu1", "http://gpu1/path", "http://gpu1?x", "javascript:alert(1)", "gpu1:8000",
     "http://gpu1:99999", "http://", "http://[::1", "http://gpu1\n", "http://gpu1:", "http://gpu1#x", ""],
)  # fmt: skip
def test_an_address_is_a_servers_and_nothing_more(digits: Registry, address: str) -> None:
    refused = report(digits, address=address)
    assert (refused.status_code, refused.json["error"]["field"]) == (422, "address")
    assert consumers(digits) == []


@pytest.mark.parametrize("address", ["http://[::1]:8000", "https://models.example", "http://127.0.0.1:1"])
def test_addresses_of_servers_are_kept(digits: Registry, address: str) -> None:
    assert report(digits, address=address).json["address"] == address


def test_a_process_of_a_version_that_is_not_there_is_told(digits: Registry) -> None:
    assert code_of(report(digits, version=7)) == (404, "unknown_version")


def test_what_is_kept_beside_a_version_goes_with_it(digits: Registry) -> None:
    verify(digits, PASSED)
    report(digits)
    gone = digits.client.delete(f"{digits.address}/versions/1", query_string={"reason": "a typo"})
    assert gone.status_code == 200
    assert consumers(digits) == []
    assert code_of(report(digits)) == (410, "version_deleted")
    assert [act for act, *_ in digits.trail()][-2:] == ["version.verified", "version.deleted"]


def test_the_card_says_how_it_runs_and_whether_that_was_verified(app: Flask, client: FlaskClient) -> None:
    image = manifest.Field("image", "float32", ("batch", 28, None), "pixels | from 0 to 1")
    signature = manifest.Signature((image,), (manifest.Field("digit", "int64"),))
    boxed = Registry(client)
    boxed.register(stored(app, onnx_files(signature=signature)))
    card = client.get(f"{boxed.address}/versions/1/card").json["body"]
    assert "| in | image | float32 | batch × 28 × any | pixels \\| from 0 to 1 |" in card
    assert "| out | digit | int64 | one value |" in card
    assert "Nobody has verified it yet." in card
    verify(boxed, PASSED)
    assert "by ada: it passed." in client.get(f"{boxed.address}/versions/1/card").json["body"]
