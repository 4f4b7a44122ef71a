"""The document that the dashboard's types are generated from is the one that the server serves."""

from __future__ import annotations

import json
from pathlib import Path

from tracker_server.app import openapi

COMMITTED = Path(__file__).parents[2] / "web" / "openapi.json"


def test_the_committed_document_is_the_servers() -> None:
    current = json.loads(json.dumps(openapi()))
    remedy = "run: python -m tracker_server.openapi > web/openapi.json"
    assert json.loads(COMMITTED.read_text()) == current, remedy


def test_every_answer_but_bytes_has_a_schema() -> None:
    document = openapi()
    known = set(document["components"]["schemas"])  # type: ignore[index]
    for path, methods in document["paths"].items():  # type: ignore[attr-defined]
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path} says nothing of itself"
            text = json.dumps(operation)
            references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
            assert references <= known, f"{method} {path} names {references - known}"
