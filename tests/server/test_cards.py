"""The card of a version: facts, what people wrote, and what is to be written, over the API."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.server.bundled import onnx_files, stored
from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import Registry, code_of, make_artifacts
from tests.server.people import Somebody, person
from tracker.records import Logged, MetricDefined
from tracker_server import artifacts, metrics, runs

CARD = "/api/v1/models/digits/versions/1/card"


@pytest.fixture
def digits(client: FlaskClient, app: Flask) -> Registry:
    """digits v1 of a run that read rows:v1."""
    with writing(app) as session:
        rows = log_artifact(session, log_run(session, "prepare"), {"rows.csv": b"0,1"}, name="rows")
        run = log_run(session, "train", config={"optim": {"lr": 0.1}}, values={"val/acc": 0.93, "bad": float("nan")})
        artifacts.use(session, run, rows.id, time_ms=NOW_MS)
        made = log_artifact(session, run, {"model.pt": b"weights"}, name="net").id
    digits = Registry(client)
    digits.register(made, description="Reads digits.")
    return digits


def card(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(CARD)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def write(client: FlaskClient, **fields: str) -> dict[str, Any]:
    answer = client.patch(CARD, json=fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def front(text: str) -> dict[str, Any]:
    """The front matter, which must end where a reader of lines looks for its end."""
    first, *lines = text.split("\n")
    assert first == "---"
    found = yaml.safe_load("\n".join(lines[: lines.index("---")]))
    assert isinstance(found, dict)
    return found


def check_model_index(found: dict[str, Any]) -> None:
    """As the Hugging Face Hub's specification has it: all of these are required."""
    (model,) = found["model-index"]
    assert isinstance(model["name"], str)
    for result in model["results"]:
        assert isinstance(result["task"]["type"], str)
        assert isinstance(result["dataset"]["type"], str)
        assert isinstance(result["dataset"]["name"], str)
        for metric in result["metrics"]:
            assert isinstance(metric["type"], str)
            assert isinstance(metric["value"], int | float)


def test_the_front_matter_says_what_hubs_read(digits: Registry) -> None:
    write(digits.client, license="Apache-2.0", language="en, fr", task="image-classification")
    found = front(card(digits.client)["text"])
    check_model_index(found)
    assert (found["license"], found["language"], found["pipeline_tag"]) == (
        "apache-2.0", ["en", "fr"], "image-classification",
    )  # fmt: skip
    (result,) = found["model-index"][0]["results"]
    assert result["task"] == {"type": "image-classification"}
    assert (result["dataset"]["type"], result["dataset"]["name"]) == ("rows", "rows:v1")
    assert result["metrics"] == [{"type": "val/acc", "name": "val/acc", "value": 0.93}]


def test_the_body_has_the_facts(digits: Registry) -> None:
    text = card(digits.client)["body"]
    for fact in ("# digits v1", "Reads digits.", "train-name", "rows:v1", "optim.lr", "0.93", "model.pt",
                 'tracker.use_model("digits:v1")'):  # fmt: skip
        assert fact in text.replace("\\", ""), fact


def test_results_are_the_values_that_rules_compare(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session, "train", values={"acc": 0.93})
        runs.define_metric(session, run, MetricDefined(NOW_MS, "acc", None, "max", "max"))
        metrics.append(session, run.id, "", "metric", [Logged(2, NOW_MS, {"acc": 0.71})])
        made = log_artifact(session, run, {"model.pt": b"weights"}, name="net").id
    Registry(client).register(made)
    found = card(client)
    (result,) = front(found["text"])["model-index"][0]["results"]
    assert result["metrics"] == [{"type": "acc", "name": "acc", "value": 0.93}]
    assert "| acc | 0.93 | 0.71 | 0.71 | 0.93 |" in found["body"]


def test_a_bundle_is_loaded_and_served_by_its_card(app: Flask, client: FlaskClient) -> None:
    Registry(client).register(stored(app, onnx_files()))
    text = card(client)["body"].replace("\\", "")
    assert 'tracker.load("digits:v1")' in text
    assert "tracker serve digits:v1" in text


def test_what_nobody_wrote_is_to_be_written(digits: Registry) -> None:
    before = card(digits.client)
    assert len(before["to_be_written"]) == before["body"].count("*To be written: ") == 8
    after = write(digits.client, limitations="Only *digits*.")
    assert "limitations" not in after["to_be_written"]
    assert "## Limitations\n\nOnly *digits*." in after["body"]
    assert len(write(digits.client, limitations=" ")["to_be_written"]) == 8


def test_fields_that_are_left_out_stay(digits: Registry) -> None:
    write(digits.client, limitations="Only digits.")
    assert write(digits.client, authors="Ada")["fields"]["limitations"] == "Only digits."


def test_the_trail_says_which_fields_changed(digits: Registry) -> None:
    write(digits.client, limitations="Only digits.")
    write(digits.client, limitations="Only digits.")
    history = digits.detail()["history"]
    assert [entry["action"] for entry in history] == ["version.changed", "version.registered", "model.created"]
    assert history[0]["changes"] == [{"field": "card.limitations", "before": "", "after": "Only digits."}]


def test_the_next_version_begins_with_what_was_written(digits: Registry, app: Flask) -> None:
    write(digits.client, limitations="Only digits.")
    digits.register(make_artifacts(app, 1)[0])
    second = digits.client.get("/api/v1/models/digits/versions/2/card").json
    assert second["fields"]["limitations"] == "Only digits."
    digits.client.patch("/api/v1/models/digits/versions/2/card", json={"limitations": "None."})
    assert card(digits.client)["fields"]["limitations"] == "Only digits."


@pytest.mark.parametrize(
    "text",
    [
        "---\nlicense: mit\n---",
        "a: b\n- c",
        "'\"\\",
        "\u2028---\u2028",
        "{{evil}}",
        "!!python/object:os.system",
        "null",
    ],
    ids=repr,
)
def test_no_text_breaks_out_of_the_front_matter(digits: Registry, text: str) -> None:
    written = write(digits.client, license=text, task=text, language=text)
    found = front(written["text"])
    check_model_index(found)
    assert found["license_name" if "license_name" in found else "license"] == " ".join(text.split())
    assert written["text"].endswith(written["body"])


def test_no_name_or_value_is_markup(client: FlaskClient, app: Flask) -> None:
    hostile = "a|b`<img src=x onerror=alert(1)>*_[x](javascript:y)"
    with writing(app) as session:
        run = log_run(session, "train", config={hostile: f"{hostile}\n\n# Heading"}, values={hostile: 1.0})
        made = log_artifact(session, run, {"model.pt": b"weights"}, name="net").id
    Registry(client).register(made)
    text = card(client)["body"]
    assert "<img" not in text
    assert "\n# Heading" not in text
    assert text.count("a\\|b\\`&lt;img") == 3
    check_model_index(front(card(client)["text"]))


def test_what_people_write_holds_no_tag_and_swallows_nothing(digits: Registry) -> None:
    text = write(digits.client, limitations="<script>x</script> 1 < 2\n```\nopen", citation="```@a{b}")["body"]
    assert "<script" not in text
    assert "&lt;script>x&lt;/script> 1 < 2\n```\nopen\n```\n\n## Bias" in text
    assert "````\n```@a{b}\n````" in text


def test_a_field_that_is_not_one_or_too_long_is_refused(digits: Registry) -> None:
    for change in ({"hue": "blue"}, {"limitations": "x" * 20_001}, {"license": "x" * 201}):
        assert digits.client.patch(CARD, json=change).status_code == 422


def test_a_version_that_is_not_there_has_no_card(digits: Registry) -> None:
    address = "/api/v1/models/digits/versions/7/card"
    assert code_of(digits.client.get(address)) == (404, "unknown_version")
    assert code_of(digits.client.patch(address, json={"authors": "Ada"})) == (404, "unknown_version")


def test_rules_that_were_asked_stand_in_the_card(digits: Registry) -> None:
    rules = "rules:\n- metric: val/acc\n  at_least: 0.9\n"
    answer = digits.client.put(f"{digits.address}/rules", json={"text": rules, "revision": 0})
    assert answer.status_code == 200, answer.text
    assert "### Rules" not in card(digits.client)["body"]
    assert digits.move(replaces=None, version=1).status_code == 200
    assert "### Rules\n\nAs they were when production was moved here" in card(digits.client)["body"]


def test_who_may_only_look_reads_the_card_and_writes_none(guarded: Flask, ada: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    ada.done("POST", "/projects", {"name": "digits"})
    ada.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    (made,) = make_artifacts(guarded, 1)
    ada.done("POST", "/models/digits/versions", {"artifact_version_id": made})
    assert eve.get("/models/digits/versions/1/card").status_code == 200
    assert eve.ask("PATCH", "/models/digits/versions/1/card", {"authors": "eve"}).status_code == 403
