"""A run as a whole: looking through what it printed, what happened to it, what goes with it, and taking it away."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.server.logged import log_artifact, writing
from tests.server.model_registry import Registry, make_artifacts
from tracker.records import (
    AlertRaised,
    ConfigChanged,
    ConsoleLine,
    Logged,
    RunFinished,
    SystemSampled,
)
from tracker_server import runs

Journals = Callable[..., Journal]


def printed(*lines: str, stream: str = "stdout") -> list[ConsoleLine]:
    return [ConsoleLine(START_MS + place, stream, line) for place, line in enumerate(lines)]


def get(client: FlaskClient, path: str, **query: Any) -> Any:
    return client.get(f"/api/v1/runs/run1/{path}", query_string=query)


@pytest.fixture
def talkative(client: FlaskClient, journal: Journals) -> None:
    """A run of two processes with both streams, colours and a line that rewrote itself."""
    main = journal().started().add(*printed("epoch 1", "\x1b[31mloss 0.5\x1b[0m", " 10%\r 90%\rdone"))
    main.add(*printed("Warning: slow", stream="stderr")).post(client)
    journal(writer="w1", label="rank1").started().add(*printed("Epoch 1 of rank", "a.b")).post(client)


@pytest.mark.usefixtures("talkative")
@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param({"q": "EPOCH"}, [0, 4], id="a text in any case"),
        pytest.param({"q": "a.b"}, [5], id="signs of a text are no pattern"),
        pytest.param({"q": "^loss 0", "regex": 1}, [1], id="colours are not in the way"),
        pytest.param({"q": "90|done$", "regex": 1}, [2], id="a line that rewrote itself is what it was last"),
        pytest.param({"q": "10%"}, [], id="and not what it was before"),
        pytest.param({"stream": "stderr"}, [3], id="one stream"),
        pytest.param({"label": "rank1"}, [4, 5], id="one process"),
        pytest.param({"label": "", "q": "epoch"}, [0], id="the main process"),
        pytest.param({"q": "epoch", "start": 1}, [4], id="from a line on"),
    ],
)
def test_lines_are_found_among_all_that_was_printed(
    client: FlaskClient, query: dict[str, Any], numbers: list[int]
) -> None:
    assert get(client, "console/search", **query).json == {"numbers": numbers, "next_start": 6, "is_all": True}


@pytest.mark.usefixtures("talkative")
def test_a_pattern_that_is_none_is_refused_with_its_fault(client: FlaskClient) -> None:
    answer = get(client, "console/search", q="(loss", regex=1)
    assert answer.status_code == 422
    assert "missing )" in answer.json["error"]["message"]


@pytest.mark.usefixtures("talkative")
def test_a_page_is_of_one_stream_or_process_alone_where_asked(client: FlaskClient) -> None:
    def numbers(**query: Any) -> list[int]:
        return [line["number"] for line in get(client, "console", **query).json["lines"]]

    assert numbers(stream="stdout", start=1, limit=3) == [1, 2, 4]
    assert numbers(label="rank1", limit=1) == [4]
    assert numbers(start=-2) == [4, 5]


@pytest.mark.usefixtures("talkative")
def test_a_page_of_the_console_names_the_processes(client: FlaskClient) -> None:
    assert get(client, "console").json["labels"] == ["", "rank1"]


@pytest.mark.usefixtures("talkative")
def test_the_console_is_downloaded_as_it_reads(client: FlaskClient) -> None:
    answer = get(client, "console/text")
    assert answer.text == "epoch 1\nloss 0.5\ndone\nWarning: slow\nEpoch 1 of rank\na.b\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="run1.txt"'


def test_events_are_told_in_order_with_who_and_why(client: FlaskClient, journal: Journals) -> None:
    journal().started().add(
        AlertRaised(START_MS + 5, "loss is NaN", "", "warning"), RunFinished(START_MS + 9, "failed")
    ).post(client)
    journal(writer="w1").started(START_MS + 20).add(RunFinished(START_MS + 30, "finished")).post(client)
    client.patch("/api/v1/runs/run1", json={"is_archived": True, "reason": "too old"})
    told = get(client, "events").json["events"]
    assert [(event["kind"], event["time_ms"] - START_MS) for event in told[:-1]] == [
        ("started", 0),
        ("alert", 5),
        ("resumed", 20),
        ("ended", 30),
    ]
    assert (told[1]["text"], told[1]["level"]) == ("loss is NaN", "warning")
    assert (told[-1]["action"], told[-1]["text"], told[-1]["by"]) == ("run.archived", "too old", "ada")


def test_what_became_of_the_models_of_a_run_is_among_its_events(app: Flask, client: FlaskClient) -> None:
    [version] = make_artifacts(app, 1)
    assert Registry(client).move(replaces=None, artifact_version_id=version).status_code == 200
    told = [event for event in get(client, "events").json["events"] if event["kind"] == "registry"]
    assert [(event["action"], event["model"], event["version"], event["alias"]) for event in told] == [
        ("version.registered", "digits", 1, None),
        ("alias.moved", "digits", 1, "production"),
    ]
    assert get(client, "holdings").json["kept_by"] == ["digits:v1"]


def test_what_goes_with_a_run_is_counted(app: Flask, client: FlaskClient, journal: Journals) -> None:
    main = journal().started().add(Logged(0, START_MS, {"loss": 1.0, "acc": 0.5}), Logged(1, START_MS, {"loss": 0.5}))
    main.add(SystemSampled(0, START_MS, {"system/cpu.percent": 4.0}), *printed("one", "two")).post(client)
    with writing(app) as session:
        made = log_artifact(session, runs.get(session, "run1"), {"model.pt": b"weights"})
    assert get(client, "holdings").json == {
        "metric_count": 2,
        "point_count": 3,
        "system_point_count": 1,
        "console_line_count": 2,
        "media_count": 0,
        "version_count": 1,
        "file_bytes": made.size_bytes,
        "fork_count": 0,
        "kept_by": [],
    }


def test_a_run_is_taken_away_with_every_point(client: FlaskClient, journal: Journals) -> None:
    journal().started().add(
        ConfigChanged(START_MS, {"lr": 0.1}),
        Logged(0, START_MS, {"loss": 1.0}),
        Logged(1, START_MS + 1, {"loss": float("nan"), 'a "b", c': 2.0}),
        *printed("\x1b[1mhello\x1b[0m"),
    ).post(client)
    answer = get(client, "export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="run1.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("config.json")) == {"lr": 0.1}
        assert json.loads(archive.read("summary.json"))["metrics"]["loss"]["last"] == 1.0
        assert json.loads(archive.read("run.json"))["project"] == "digits"
        assert archive.read("console.txt") == b"hello\n"
        rows = list(csv.reader(io.StringIO(archive.read("points.csv").decode())))
    assert rows == [
        ["metric", "process", "segment", "step", "time_ms", "value"],
        ['a "b", c', "", "0", "1", str(START_MS + 1), "2.0"],
        ["loss", "", "0", "0", str(START_MS), "1.0"],
        ["loss", "", "0", "1", str(START_MS + 1), "nan"],
    ]
