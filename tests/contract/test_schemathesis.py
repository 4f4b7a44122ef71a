"""What the served OpenAPI document promises is what the server does, whatever is sent: to who is signed in and not.

Requests are made from the document, good and bad ones, with names and ids of what is there among them. None may be
answered by 5xx, by a status that the document does not know, or by a body that breaks its schema. How many requests
each operation gets is told by TRACKER_CONTRACT_EXAMPLES.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.browser.serving import Serving, serving
from tests.frames import START_MS, Journal
from tracker import records
from tracker.records import ArtifactFile
from tracker_server.app import openapi

EXAMPLES = int(os.environ.get("TRACKER_CONTRACT_EXAMPLES", "4"))
MAX_ADDRESS = 7500
"""What is longer, the HTTP server answers by itself."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BLOBS = (b'{"data": [], "layout": {}}', b"weights")
"""A figure, and a file of an artifact."""

schema = schemathesis.openapi.from_dict(openapi())
"""The served one: the server gives out this very document, as a test beside this one says."""


@dataclass(frozen=True)
class Asker:
    """Who asks a server, and the values of parameters and fields that stand for something there."""

    url: str
    headers: dict[str, str]
    known: dict[str, list[Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """It asks for a key, and its database is empty."""
    with serving(tmp_path_factory.mktemp("contract") / "data", needs_key=True) as server:
        yield server


_numbers = count()


@pytest.fixture
def member(server: Serving) -> Asker:
    """Somebody with a key, and one of everything that was made just now: other tests may have deleted theirs."""
    number = next(_numbers)
    headers = {"Authorization": f"Bearer {server.key}", "X-Tracker-Client": "test"}
    run, model, digests = f"run-{number}", f"model-{number}", [hashlib.sha256(data).hexdigest() for data in BLOBS]

    def ask(method: str, path: str, **content: Any) -> Any:
        answer = requests.request(method, f"{server.url}/api/v1{path}", headers=headers, timeout=30, **content)
        assert answer.ok, answer.text
        return answer.json()

    for digest, data in zip(digests, BLOBS, strict=True):
        ask("PUT", f"/blobs/{digest}", data=data)
    ask("POST", f"/runs/{run}/journal?writer=w0", data=_journal(run, digests))
    version = ask("GET", f"/runs/{run}/artifacts")["artifacts"][0]["id"]
    move = {"reason": "the first", "replaces": None, "artifact_version_id": version}
    ask("POST", f"/models/{model}/aliases/production", json=move)
    ask("POST", f"/models/{model}/proposals", json={"version": 1, "alias": "staging", "reason": "the first"})
    entry = ask(
        "POST", "/projects/digits/corrections", json={"action": "hide", "metric": "acc", "run": run, "reason": "no use"}
    )
    view = ask("POST", "/projects/digits/views", json={"name": f"view {number}", "parameters": {"x": "step"}})
    asked = {"name": f"board {number}", "definition": {"task": "digits", "metric": "loss", "goal": "min"}}
    boards = ask("GET", "/projects/digits/leaderboards")["leaderboards"]
    board = boards[0] if boards else ask("POST", "/projects/digits/leaderboards", json=asked)
    media = ask("GET", f"/runs/{run}/media")["media"][0]["id"]
    known: dict[str, list[Any]] = {
        "project": ["digits"],
        "run_id": [run],
        "run": [run],
        "runs": [[run], [run, "run-0"]],
        "metrics": [["loss"], ["formula:loss * 2", "l/*"]],
        "metric": ["loss"],
        "digest": digests,
        "digests": [digests],
        "version_id": [version],
        "artifact_version_id": [version],
        "since": [version],
        "artifact": ["weights"],
        "pointer": ["v1", "latest"],
        "path": ["model.bin"],
        "media_id": [media],
        "name": [model],
        "model": [model],
        "alias": ["production"],
        "version": [1],
        "number": [1],
        "entry_id": [entry["entry"]["id"]],
        "view_id": [view["id"]],
        "board_id": [board["id"]],
        "writer": ["w0"],
        "filter": ["metrics.loss < 3 and not config.lr", 'matches(name, "run")'],
        "columns": [["config.lr", "metrics.loss"]],
        "formula": ["log(loss)"],
    }
    return Asker(server.url, headers, known)


@pytest.fixture
def stranger(server: Serving) -> Asker:
    """Somebody without a key."""
    return Asker(
        server.url, {"X-Tracker-Client": "test"}, {"project": ["digits"], "run_id": ["run-0"], "name": ["model-0"]}
    )


def _journal(run: str, digests: list[str]) -> bytes:
    figure, weights = digests
    journal = Journal(run_id=run, project="digits").started(tags=("baseline",))
    journal.add(
        records.ConfigChanged(START_MS, {"lr": 0.1, "data": {"name": "digits"}}),
        *(records.Logged(step, START_MS + step, {"loss": 1 / (1 + step), "acc": step / 10}) for step in range(10)),
        records.Logged(10, START_MS + 10, {"loss": float("nan"), "acc": float("inf")}),
        records.SystemSampled(3, START_MS, {"cpu": 12.0}),
        records.ConsoleLine(START_MS, "stdout", "\x1b[31mred\x1b[0m"),
        records.AlertRaised(START_MS, "an alert", "of some kind"),
        records.MetricDefined(START_MS, "loss", None, "min", "min"),
        records.MediaLogged(3, START_MS, "figure", "plotly", figure, len(BLOBS[0])),
        records.ArtifactLogged(START_MS, "weights", "model", (ArtifactFile("model.bin", weights, len(BLOBS[1])),)),
    )
    return journal.body()


def _aimed(case: Case, known: dict[str, list[Any]]) -> None:
    """Put something that is there into some places of the request: what is made up at random hits nothing."""
    parts = [case.path_parameters, case.query, case.body]
    for part in (part for part in parts if isinstance(part, dict)):
        for name in sorted(set(part) & set(known)):
            chance = zlib.crc32(f"{name} {part[name]!r}".encode(errors="replace"))
            if chance % 4:
                part[name] = known[name][chance % len(known[name])]


def _answers_as_documented(case: Case, asker: Asker) -> None:
    _aimed(case, asker.known)
    query = urlencode(case.query, doseq=True)
    hypothesis.assume(len(query) < MAX_ADDRESS)
    response = case.call(base_url=asker.url, headers=asker.headers, timeout=10)
    case.validate_response(response, checks=CHECKS)


examples = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@schema.parametrize()
@examples
def test_who_has_a_key_is_answered_as_the_document_says(case: Case, member: Asker) -> None:
    _answers_as_documented(case, member)


@schema.parametrize()
@hypothesis.settings(examples, max_examples=max(1, EXAMPLES // 4))
def test_who_has_none_is_answered_as_the_document_says(case: Case, stranger: Asker) -> None:
    _answers_as_documented(case, stranger)
