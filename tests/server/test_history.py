"""Runs that go on: resumed, from a checkpoint, restored, forked; in whatever order their journals come."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.conftest import BACKENDS
from tests.frames import START_MS, Journal
from tracker.records import ConfigChanged, Logged, LoggedOnward, SummaryChanged, SystemSampled
from tracker_server.app import create_app
from tracker_server.settings import Settings


def writer(number: int, *, run_id: str = "run1", label: str = "", **fields: Any) -> Journal:
    """The journal of the run's writer of that number; each begins a second after the one before."""
    made = Journal(run_id=run_id, writer=f"w{number}", label=label, project=fields.pop("project", "digits"))
    return made.started(time_ms=START_MS + 1000 * number, **fields)


def logged(journal: Journal, steps: range, value: float, name: str = "loss") -> Journal:
    return journal.add(*(Logged(step, START_MS + step, {name: value}) for step in steps))


def curves(client: FlaskClient, run_id: str = "run1", metric: str = "loss") -> dict[tuple[str, int], list[Any]]:
    """(step, value) of each point, by label and segment."""
    body = {"runs": [run_id], "metrics": [metric], "points": 10_000}
    found = client.post("/api/v1/series", json=body).json["series"]
    return {(one["label"], one["segment"]): list(zip(one["steps"], one["values"], strict=True)) for one in found}


def points(steps: range, value: float) -> list[tuple[int, float]]:
    return [(step, value) for step in steps]


def summary(client: FlaskClient, run_id: str = "run1") -> Any:
    return client.get(f"/api/v1/runs/{run_id}").json["metrics"]["loss"]


def segments(client: FlaskClient) -> Any:
    return client.get("/api/v1/runs/run1/segments").json["segments"]


def test_resuming_from_a_step_supersedes_what_came_after_it(client: FlaskClient) -> None:
    logged(writer(0), range(10), 1.0).post(client)
    logged(writer(1, is_resumed=True, resume_from_step=5), range(6, 9), 2.0).post(client)
    assert curves(client) == {
        ("", 0): points(range(6), 1.0) + points(range(6, 9), 2.0),
        ("", 1): points(range(6, 10), 1.0),
    }
    (segment,) = segments(client)
    assert (segment["after_step"], segment["last_step"], segment["series_count"], segment["point_count"]) == (
        5,
        9,
        1,
        4,
    )
    found = summary(client)
    assert (found["count"], found["last"], found["last_step"], found["max"]) == (9, 2.0, 8, 2.0)


def test_a_late_journal_of_the_process_before_goes_where_it_belongs(client: FlaskClient) -> None:
    early = logged(writer(0), range(10), 1.0)
    early.post(client, 0, 3)
    logged(writer(1, is_resumed=True, resume_from_step=5), range(6, 9), 2.0).post(client)
    early.post(client, 3)
    assert curves(client) == {
        ("", 0): points(range(6), 1.0) + points(range(6, 9), 2.0),
        ("", 1): points(range(6, 10), 1.0),
    }


def test_a_segment_that_is_restored_takes_the_place_of_what_superseded_it(client: FlaskClient) -> None:
    logged(writer(0), range(10), 1.0).post(client)
    logged(writer(1, is_resumed=True, resume_from_step=5), range(6, 9), 2.0).post(client)
    answer = client.post("/api/v1/runs/run1/segments/1/restore")
    assert [one["number"] for one in answer.json["segments"]] == [2]
    assert curves(client) == {("", 0): points(range(10), 1.0), ("", 2): points(range(6, 9), 2.0)}
    assert summary(client)["count"] == 10
    client.post("/api/v1/runs/run1/segments/2/restore")
    assert curves(client) == {
        ("", 0): points(range(6), 1.0) + points(range(6, 9), 2.0),
        ("", 3): points(range(6, 10), 1.0),
    }


def test_a_segment_that_is_not_there_cannot_be_restored(client: FlaskClient) -> None:
    writer(0).post(client)
    answer = client.post("/api/v1/runs/run1/segments/7/restore")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_segment")


@pytest.mark.parametrize("step", [5, -1, 4], ids=["some stay", "none stays", "as many leave as the page holds"])
def test_a_page_that_holds_the_old_series_is_never_given_its_continuation(client: FlaskClient, step: int) -> None:
    written = logged(writer(0), range(5), 1.0)
    written.post(client)
    body = {"runs": ["run1"], "metrics": ["loss"], "points": 10_000}
    (held,) = client.post("/api/v1/series", json=body).json["series"]
    logged(written, range(5, 10), 1.0).post(client)
    logged(writer(1, is_resumed=True, resume_from_step=step), range(step + 1, 30), 2.0).post(client)
    asked = {"runs": ["run1"], "metrics": ["loss"], "counts": {str(held["id"]): held["count"]}, "points": 10_000}
    found = client.post("/api/v1/projects/digits/live", json=asked).json["series"]
    assert [(one["segment"], one["is_delta"], one["id"] == held["id"]) for one in found] == [
        (0, False, False), (1, False, False),
    ]  # fmt: skip


def test_a_rank_resumes_its_own_series(client: FlaskClient) -> None:
    logged(writer(0), range(4), 1.0).post(client)
    logged(writer(1, label="rank1"), range(4), 3.0).post(client)
    logged(writer(2, label="rank1", is_resumed=True, resume_from_step=1), range(2, 3), 4.0).post(client)
    assert curves(client) == {
        ("", 0): points(range(4), 1.0),
        ("rank1", 0): [*points(range(2), 3.0), (2, 4.0)],
        ("rank1", 1): points(range(2, 4), 3.0),
    }


def test_samples_of_the_machine_are_superseded_with_the_steps(client: FlaskClient) -> None:
    sampled = writer(0).add(*(SystemSampled(step, START_MS + step, {"system/cpu": 1.0}) for step in range(4)))
    sampled.post(client)
    writer(1, is_resumed=True, resume_from_step=1).post(client)
    assert curves(client, metric="system/cpu") == {("", 0): points(range(2), 1.0), ("", 1): points(range(2, 4), 1.0)}


@pytest.mark.parametrize("point_count", [3, 200], ids=["one by one", "in columns"])
def test_onward_steps_follow_the_last_one_of_the_run(client: FlaskClient, point_count: int) -> None:
    logged(writer(0), range(300), 1.0).post(client)
    onward = writer(1, is_resumed=True)
    onward.add(*(LoggedOnward(step, START_MS + step, {"loss": 2.0}) for step in range(point_count)))
    onward.add(SystemSampled(0, START_MS, {"system/cpu": 5.0}, is_onward=True))
    onward.post(client)
    assert curves(client) == {("", 0): points(range(300), 1.0) + points(range(300, 300 + point_count), 2.0)}
    assert curves(client, metric="system/cpu") == {("", 0): [(300, 5.0)]}


def test_onward_steps_follow_a_last_one_below_0(client: FlaskClient) -> None:
    logged(writer(0), range(-9, -4), 1.0).post(client)
    writer(1, is_resumed=True).add(LoggedOnward(0, START_MS, {"loss": 2.0})).post(client)
    assert curves(client) == {("", 0): [*points(range(-9, -4), 1.0), (-4, 2.0)]}


def test_onward_steps_of_a_new_run_begin_at_0(client: FlaskClient) -> None:
    writer(0, is_resumed=True).add(LoggedOnward(0, START_MS, {"loss": 1.0})).post(client)
    assert curves(client) == {("", 0): [(0, 1.0)]}


@pytest.mark.parametrize("resume", ["must", "never"])
def test_a_run_that_breaks_its_writers_rule_takes_nothing_unless_told_to(client: FlaskClient, resume: str) -> None:
    if resume == "never":
        logged(writer(0), range(2), 1.0).post(client)
    journal = logged(writer(1, resume=resume), range(2, 4), 2.0)
    answer = journal.post(client)
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == {"must": "run_missing", "never": "run_exists"}[resume]
    assert "tracker sync --resume allow PATH" in answer.json["error"]["message"]
    assert journal.post(client, resume="allow").status_code == 200
    assert curves(client)[("", 0)][-2:] == points(range(2, 4), 2.0)


def test_a_batch_that_is_sent_again_is_no_second_start(client: FlaskClient) -> None:
    logged(writer(0), range(10), 1.0).post(client)
    for resume in ("never", "must"):
        new = logged(writer(1, run_id=f"of-{resume}", resume="never"), range(2), 1.0)
        assert [new.post(client).status_code for _ in range(2)] == [200, 200]
    resumed = logged(writer(2, is_resumed=True, resume_from_step=5), range(6, 9), 2.0)
    assert [resumed.post(client).json["next_seq"] for _ in range(3)] == [4, 4, 4]
    assert len(segments(client)) == 1


def test_numbers_that_json_lacks_are_told_by_their_names(client: FlaskClient) -> None:
    config = {"clip": math.inf, "nested": {"least": -math.inf, "all": [1.0, math.nan]}, "none": None}
    writer(0).add(ConfigChanged(START_MS, config), SummaryChanged(START_MS, {"best": math.inf})).post(client)
    writer(0, run_id="run2").add(ConfigChanged(START_MS, {"clip": 1.0})).post(client)
    detail = client.get("/api/v1/runs/run1").json
    told = {"clip": "Infinity", "nested": {"least": "-Infinity", "all": [1.0, "NaN"]}, "none": None}
    leaves = {"clip": "Infinity", "nested.least": "-Infinity", "nested.all": [1.0, "NaN"], "none": None}
    assert (detail["config_tree"], detail["config"], detail["summary"]) == (told, leaves, {"best": "Infinity"})
    found = client.post("/api/v1/projects/digits/runs/search", json={"filter": "config.clip > 10"}).json["runs"]
    assert [run["id"] for run in found] == ["run1"]  # it is a number still
    rows = client.post("/api/v1/runs/compare", json={"runs": ["run1", "run2"]}).json["config"]
    assert rows[0] == {"key": "clip", "values": ["Infinity", 1.0], "is_present": [True, True], "differs": True}


def test_a_fork_begins_with_its_parents_history_and_config(client: FlaskClient) -> None:
    parent = logged(writer(0).add(ConfigChanged(START_MS, {"lr": 0.1, "depth": 3})), range(10), 1.0)
    parent.post(client)
    fork = writer(1, run_id="fork", project="", fork_of="run1", fork_step=4, resume="never")
    logged(fork.add(ConfigChanged(START_MS, {"lr": 0.2})), range(5, 7), 2.0).post(client)
    assert curves(client, "fork") == {("", 0): points(range(5), 1.0) + points(range(5, 7), 2.0)}
    assert curves(client) == {("", 0): points(range(10), 1.0)}
    detail = client.get("/api/v1/runs/fork").json
    assert (detail["project"], detail["fork_of"], detail["fork_step"]) == ("digits", "run1", 4)
    assert detail["config_tree"] == {"lr": 0.2, "depth": 3}
    assert summary(client, "fork")["count"] == 7


def test_what_comes_to_a_parent_later_comes_to_its_forks_too(client: FlaskClient) -> None:
    parent = logged(writer(0), range(10), 1.0)
    parent.post(client, 0, 3)
    writer(1, run_id="fork", fork_of="run1", fork_step=4).post(client)
    writer(2, run_id="grandchild", fork_of="fork", fork_step=2).post(client)
    parent.post(client, 3)
    assert curves(client, "fork") == {("", 0): points(range(5), 1.0)}
    assert curves(client, "grandchild") == {("", 0): points(range(3), 1.0)}


def test_a_fork_of_an_unknown_run_needs_a_project(client: FlaskClient) -> None:
    answer = writer(0, run_id="fork", project="", fork_of="run1", fork_step=4).post(client)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_parent")
    assert writer(0, run_id="fork", fork_of="run1", fork_step=4).post(client).status_code == 200
    logged(writer(0), range(10), 1.0).post(client)
    assert curves(client, "fork") == {("", 0): points(range(5), 1.0)}


Process = tuple[list[int], int | None]
"""The steps that a process logs, and the one that it resumes from."""

steps = st.integers(-3, 12)
processes = st.lists(st.tuples(st.lists(steps, max_size=8), st.none() | steps), min_size=1, max_size=5)


def expected(written: list[Process]) -> list[tuple[int, float]]:
    """What counts: each process takes away what those before it had at later steps, and adds its own."""
    history: list[tuple[int, float]] = []
    for number, (own, after) in enumerate(written):
        history = [point for point in history if after is None or point[0] <= after]
        history += [(step, float(number)) for step in own]
    return sorted(history)


@pytest.mark.parametrize(("backend", "example_count"), [("sqlite", 150), ("postgres", 30)], ids=BACKENDS)
def test_the_history_is_the_same_in_whatever_order_journals_arrive(
    backend: str, example_count: int, make_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    app = create_app(Settings.in_folder(tmp_path / "data", database_url=make_database_url(backend), operator="ada"))
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    numbers = count()

    @examples(max_examples=example_count, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(processes, st.randoms(use_true_random=False))
    def check(written: list[Process], chance: Random) -> None:
        run_id = f"run{next(numbers)}"
        journals = []
        for number, (own, after) in enumerate(written):
            journal = writer(number, run_id=run_id, is_resumed=number > 0, resume_from_step=after)
            at_ms = START_MS + 1000 * number
            journals.append(journal.add(*(Logged(step, at_ms, {"loss": float(number)}) for step in own)))
        waiting = [number for number in range(len(journals)) for _ in range(2)]
        chance.shuffle(waiting)
        sent = [0] * len(journals)
        for number in waiting:
            end = len(journals[number].frames) if sent[number] else 1 + len(written[number][0]) // 2
            assert journals[number].post(client, sent[number], end).status_code == 200
            sent[number] = end
        found = curves(client, run_id).items()
        counted = [point for (_, segment), line in found if segment == 0 for point in line]
        assert sorted(counted) == expected(written)
        assert sum(len(line) for _, line in found) == sum(len(own) for own, _ in written)
        assert client.get(f"/api/v1/runs/{run_id}").json["metrics"].get("loss", {"count": 0})["count"] == len(counted)

    check()
    app.extensions["tracker.database"].close()
