"""The route of journals: what it takes, what it refuses, and what it says then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.frames import START_MS, Journal
from tracker import records
from tracker.records import (
    AlertRaised,
    ArtifactFile,
    ArtifactLogged,
    ConfigChanged,
    ConsoleLine,
    EnvironmentCaptured,
    Logged,
    MediaLogged,
    Record,
    RecordsLost,
    RunFinished,
    RunStarted,
    SummaryChanged,
    SystemSampled,
)

Journals = Callable[..., Journal]

DIGEST = "ab" * 32


def series(client: FlaskClient, *metrics: str, run_id: str = "run1", **view: object) -> list[dict[str, Any]]:
    body = {"runs": [run_id], "metrics": list(metrics), **view}
    found: list[dict[str, Any]] = client.post("/api/v1/series", json=body).json["series"]
    return found


def error_of(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.json
    error: dict[str, Any] = answer.json["error"]
    assert error["code"] == code
    return error


def test_records_of_every_kind_arrive(client: FlaskClient, journal: Journals) -> None:
    written = journal().started(name="first", tags=("baseline",))
    written.add(
        EnvironmentCaptured(START_MS, {"host": "node-1"}),
        ConfigChanged(START_MS, {"optim": {"lr": 0.1}}),
        Logged(0, START_MS, {"loss": 0.5}),
        SystemSampled(0, START_MS, {"system/cpu": 40.0}),
        ConsoleLine(START_MS, "stdout", "hello"),
        AlertRaised(START_MS, "slow", "the loader waits"),
        SummaryChanged(START_MS, {"best": 0.4}),
        RecordsLost(START_MS, 2, "the disk was full"),
        RunFinished(START_MS + 1000, "finished", 0),
    )
    answer = written.post(client)
    assert answer.json == {"next_seq": 10, "commands": []}
    run = client.get("/api/v1/runs/run1").json
    assert (run["name"], run["status"], run["tags"]) == ("first", "finished", ["baseline"])
    assert run["config"] == {"optim.lr": 0.1}
    assert run["environment"] == {"host": "node-1"}
    assert run["summary"] == {"best": 0.4}
    assert run["lost_records"] == 2
    assert {name: metric["kind"] for name, metric in run["metrics"].items()} == {
        "loss": "metric",
        "system/cpu": "system",
    }
    assert client.get("/api/v1/runs/run1/console").json["lines"][0]["text"] == "hello"


def test_a_heartbeat_of_an_unknown_run_makes_nothing(client: FlaskClient, journal: Journals) -> None:
    assert journal().post(client).json["next_seq"] == 0
    assert client.get("/api/v1/projects").json == {"projects": []}


def test_a_heartbeat_says_what_is_stored(client: FlaskClient, journal: Journals) -> None:
    written = journal().started().add(Logged(0, START_MS, {"loss": 1.0}))
    written.post(client)
    assert written.post(client, 2).json["next_seq"] == 2


def test_a_batch_sent_twice_is_stored_once(client: FlaskClient, journal: Journals) -> None:
    written = journal().started().add(Logged(0, START_MS, {"loss": 1.0}), Logged(1, START_MS, {"loss": 2.0}))
    assert [written.post(client).json["next_seq"] for _ in range(2)] == [3, 3]
    assert series(client, "loss")[0]["count"] == 2


def test_a_hole_is_refused_and_the_answer_says_where_to_go_on(client: FlaskClient, journal: Journals) -> None:
    written = journal().started().add(*(Logged(step, START_MS, {"loss": 1.0}) for step in range(5)))
    written.post(client, 0, 2)
    assert error_of(written.post(client, 4), 409, "gap")["next_seq"] == 2


def test_a_hole_that_is_admitted_is_counted(client: FlaskClient, journal: Journals) -> None:
    written = journal().started().add(*(Logged(step, START_MS, {"loss": 1.0}) for step in range(5)))
    written.post(client, 0, 2)
    assert written.post(client, 4, allow_gaps="1").json["next_seq"] == 6
    assert client.get("/api/v1/runs/run1").json["lost_records"] == 2


def test_a_run_begins_with_its_first_record(client: FlaskClient, journal: Journals) -> None:
    error_of(journal().add(Logged(0, START_MS, {"loss": 1.0})).post(client), 404, "unknown_run")


def test_a_journal_of_another_run_is_refused(client: FlaskClient, journal: Journals) -> None:
    answer = client.post("/api/v1/runs/other/journal?writer=w0", data=journal().started().body())
    assert "'run1'" in error_of(answer, 422, "bad_record")["message"]


def test_a_body_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/runs/run1/journal?writer=w0", data=bytes(32 * 1024 * 1024 + 1))
    error_of(answer, 413, "too_large")


def test_a_torn_frame_is_refused_with_its_place(client: FlaskClient, journal: Journals) -> None:
    body = journal().started().body()
    whole = journal().started().add(Logged(0, START_MS, {"loss": 1.0})).body()
    answer = client.post("/api/v1/runs/run1/journal?writer=w0", data=whole[:-1])
    assert error_of(answer, 422, "bad_frame")["offset"] == len(body)
    error_of(client.get("/api/v1/runs/run1"), 404, "unknown_run")


def test_records_that_name_missing_bytes_wait_for_them(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    written.add(MediaLogged(0, START_MS, "confusion", "plotly", DIGEST, 10), Logged(0, START_MS, {"loss": 1.0}))
    assert error_of(written.post(client), 409, "missing_blobs")["digests"] == [DIGEST]
    error_of(client.get("/api/v1/runs/run1"), 404, "unknown_run")


def test_a_record_of_the_future_is_acknowledged(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    written.frames.append(records.frame(1, msgspec.msgpack.encode(["telepathy", 1, "thought"])))
    assert written.post(client).json["next_seq"] == 2


def test_what_comes_after_the_end_is_still_taken_in(client: FlaskClient, journal: Journals) -> None:
    written = journal().started().add(RunFinished(START_MS + 10, "finished", 0), Logged(0, START_MS, {"loss": 1.0}))
    written.post(client, 0, 2)
    assert written.post(client, 2).json["next_seq"] == 3
    assert client.get("/api/v1/runs/run1").json["status"] == "finished"
    assert series(client, "loss")[0]["values"] == [1.0]


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (Logged(0, START_MS, {"x" * 501: 1.0}), "501"),
        (Logged(0, START_MS, {"": 1.0}), "''"),
        (Logged(0, START_MS, {"a\0b": 1.0}), "NUL"),
        (Logged(2**63, START_MS, {"loss": 1.0}), str(2**63)),
        (SystemSampled(0, 2**64 - 1, {"cpu": 1.0}), str(2**64 - 1)),
        (RunFinished(2**63, "finished"), str(2**63)),
        (RunFinished(START_MS, "bored"), "'bored'"),
    ],
    ids=["long name", "no name", "NUL", "step", "time", "end", "ending"],
)
def test_a_value_that_cannot_be_kept_is_named(
    client: FlaskClient, journal: Journals, record: Record, named: str
) -> None:
    assert named in error_of(journal().started().add(record).post(client), 422, "bad_record")["message"]


@pytest.mark.parametrize("project", ["a/b", "a\nb", "x" * 129, ""], ids=["slash", "line", "long", "empty"])
def test_a_name_that_is_no_projects_is_refused(client: FlaskClient, journal: Journals, project: str) -> None:
    error_of(journal(project=project).started().post(client), 422, "bad_project_name")


@pytest.mark.parametrize("run_id", ["a b", "x" * 129, "a%00b", "ä"])
def test_an_id_that_cannot_stand_in_an_address_is_refused(client: FlaskClient, run_id: str) -> None:
    error_of(client.post(f"/api/v1/runs/{run_id}/journal?writer=w0", data=b""), 422, "bad_record")


def test_parallel_writers_have_their_own_series(client: FlaskClient, journal: Journals) -> None:
    for writer, label in (("w0", ""), ("w1", "rank1")):
        written = journal(writer=writer, label=label).started().add(Logged(0, START_MS, {"loss": 1.0}))
        assert written.post(client).json["next_seq"] == 2
    assert [one["label"] for one in series(client, "loss")] == ["", "rank1"]


def test_ten_thousand_metrics_at_once_arrive(client: FlaskClient, journal: Journals) -> None:
    values = {f"layer.{number}/norm": float(number) for number in range(10_000)}
    written = journal().started().add(*(Logged(step, START_MS, values) for step in range(3)))
    assert written.post(client).json["next_seq"] == 4
    (one,) = series(client, "layer.9999/norm")
    assert one["values"] == [9999.0] * 3


def test_first_batches_at_the_same_moment_are_stored_once(app: Flask, journal: Journals) -> None:
    written = journal().started().add(*(Logged(step, START_MS, {"loss": 1.0}) for step in range(20)))
    together = threading.Barrier(4)
    answers: list[tuple[int, object]] = []

    def send() -> None:
        client = app.test_client()
        client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
        together.wait(10)
        answer = written.post(client)
        answers.append((answer.status_code, answer.json))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [(200, {"next_seq": 21, "commands": []})] * 4
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    assert series(client, "loss")[0]["count"] == 20


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
text = st.text(max_size=8)
wild = st.one_of(
    st.builds(ConfigChanged, st.integers(-(2**63), 2**64 - 1), st.dictionaries(text, anything, max_size=4)),
    st.builds(SummaryChanged, st.just(0), st.dictionaries(text, st.floats() | text | st.booleans() | st.none())),
    st.builds(EnvironmentCaptured, st.just(0), st.dictionaries(text, anything, max_size=4)),
    st.builds(Logged, st.integers(-(2**63), 2**64 - 1), st.just(0), st.dictionaries(text, st.floats(), max_size=3)),
    st.builds(ConsoleLine, st.integers(-(2**63), 2**64 - 1), text, text),
    st.builds(AlertRaised, st.just(0), text, text, text),
    st.builds(RecordsLost, st.just(0), st.integers(-(2**63), 2**64 - 1), text),
    st.builds(
        RunFinished, st.just(0), st.sampled_from(["finished", "failed", "x"]), st.integers(-(2**40), 2**40), text
    ),
    st.builds(
        ArtifactLogged,
        st.just(0),
        text,
        text,
        st.lists(st.builds(ArtifactFile, text, text, st.integers(-1, 2**64 - 1)), max_size=2).map(tuple),
        st.dictionaries(text, anything, max_size=2),
    ),
    st.builds(RunStarted, st.just(0), text, text, text, text, text, tags=st.lists(text, max_size=2).map(tuple)),
)


@examples(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(wild, max_size=5), text, st.lists(text, max_size=2).map(tuple), text)
def test_nonsense_is_refused_and_never_a_defect(
    client: FlaskClient, written: list[Record], name: str, tags: tuple[str, ...], parent: str
) -> None:
    journal = Journal("wild").started(name=name, tags=tags, parent=parent, group=name, notes=name).add(*written)
    answer = journal.post(client, max(0, client.post("/api/v1/runs/wild/journal?writer=w0").json["next_seq"]))
    alone = Journal(f"wild-{abs(hash((name, tags, parent)))}", writer="w1").started(name=name, tags=tags, parent=parent)
    for one in (answer, alone.add(*written).post(client)):
        assert one.status_code in (200, 404, 409, 422), one.json
