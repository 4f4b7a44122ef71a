"""Leaderboards: what they ask for, who stands where, what does not count, and what is taken away of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import NOW_MS
from tests.server.gate import Gate
from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import code_of
from tests.server.people import Somebody, nobody, person
from tests.server.test_search_table import statements
from tracker.records import Logged, MetricDefined
from tracker_server import metrics, runs
from tracker_server.db import Database

BOARDS = "/api/v1/projects/digits/leaderboards"


@dataclass
class Boards:
    """The project `digits`, whose runs are made through `gate`."""

    app: Flask
    client: FlaskClient
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.app, self.client)

    def data(self, count: int = 2) -> None:
        """So many versions of the artifact `val`."""
        with writing(self.app) as session:
            run = log_run(session, "maker")
            run.status = "finished"
            for number in range(count):
                log_artifact(session, run, {"data.csv": f"data {number}".encode()}, name="val")

    def run(self, acc: float, *, data: str | None = "val:v1", evaluates: bool = True, **config: Any) -> str:
        """A finished run with this score, evaluated on the data."""
        run_id = self.gate.run({"acc": acc}, config=config)
        if evaluates:
            header = "example" if data is None else f"example of {data}"
            self.gate.evaluate(run_id, f"{header},metric:acc\n{run_id},{acc}\n", name=f"eval-{run_id}", data=data)
        return run_id

    def create(self, name: str = "best", **asked: Any) -> dict[str, Any]:
        body = {"name": name, "definition": {"task": "digits", "metric": "acc", "goal": "max", **asked}}
        answer = self.client.post(BOARDS, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def standing(self, **asked: Any) -> dict[str, Any]:
        made = self.create(f"board {len(self.client.get(BOARDS).json['leaderboards'])}", **asked)
        answer = self.client.get(f"{BOARDS}/{made['id']}/standing")
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


@pytest.fixture
def boards(app: Flask, client: FlaskClient) -> Boards:
    made = Boards(app, client)
    made.data()
    return made


def reasons(standing: dict[str, Any]) -> dict[str, str]:
    return {one["label"].removesuffix("-name"): one["code"] for one in standing["refused"]}


def ranked(standing: dict[str, Any]) -> list[tuple[int, float, int]]:
    return [(row["rank"], row["score"], row["run_count"]) for row in standing["rows"]]


def test_families_are_ranked_by_the_mean_over_their_seeds(boards: Boards) -> None:
    for seed, acc in enumerate((0.8, 0.9, 1.0)):
        boards.run(acc, lr=0.1, seed=seed)
    boards.run(0.95, lr=0.5, seed=0)
    standing = boards.standing(data="val:v1")
    assert ranked(standing) == [(1, 0.95, 1), (2, pytest.approx(0.9), 3)]
    first, second = standing["rows"]
    assert (first["spread"], second["spread"]) == (None, pytest.approx(0.1))
    assert (second["best"], [run["score"] for run in second["runs"]]) == (1.0, [1.0, 0.9, 0.8])
    assert (first["config"], second["config"]) == ({"lr": 0.5}, {"lr": 0.1})
    assert not standing["refused"]


def test_where_low_is_better_the_lowest_stands_first_and_ties_share_a_rank(boards: Boards) -> None:
    for lr, acc in ((0.1, 0.5), (0.2, 0.25), (0.3, 0.5), (0.4, 0.75)):
        boards.run(acc, lr=lr)
    standing = boards.standing(goal="min")
    assert [(rank, score) for rank, score, _ in ranked(standing)] == [(1, 0.25), (2, 0.5), (2, 0.5), (4, 0.75)]


def test_seeds_that_agree_tie_with_a_run_of_that_score(boards: Boards) -> None:
    """A mean that divides before it adds would be 0.8999999999999999."""
    for seed in range(3):
        boards.run(0.9, lr=0.1, seed=seed)
    boards.run(0.9, lr=0.2)
    standing = boards.standing()
    assert sorted(ranked(standing)) == [(1, 0.9, 1), (1, 0.9, 3)]
    assert sorted(row["spread"] or 0.0 for row in standing["rows"]) == [0.0, 0.0]


def test_an_odd_commit_is_one_like_others(boards: Boards) -> None:
    """What a client captured is kept as it came."""
    for seed in range(2):
        boards.gate.run({"acc": 0.5}, config={"lr": 0.1, "seed": seed}, commit=["a"])  # type: ignore[arg-type]
    assert ranked(boards.standing()) == [(1, 0.5, 2)]


def test_data_of_a_name_that_no_database_keeps_is_other_data(boards: Boards) -> None:
    boards.data()
    boards.run(0.5, data="va\0l:v1", lr=0.1)
    boards.run(0.25, data="val:v1", lr=0.2)
    assert ranked(boards.standing(data="val:v1")) == [(1, 0.25, 1)]


def test_what_used_other_data_or_says_none_is_refused_with_the_reason(boards: Boards) -> None:
    counts = boards.run(0.5, lr=1)
    other = boards.run(0.9, data="val:v2", lr=2)
    silent = boards.run(0.9, data=None, lr=3)
    none = boards.run(0.9, evaluates=False, lr=4)
    running = boards.run(0.9, lr=5)
    nan = boards.run(float("nan"), lr=6)
    with writing(boards.app) as session:
        runs.get(session, running).status = "running"
    standing = boards.standing(data="val:v1")
    assert [run["id"] for row in standing["rows"] for run in row["runs"]] == [counts]
    assert reasons(standing) == {
        other: "other_data", silent: "no_data", none: "no_evaluation", running: "not_finished", nan: "no_score",
    }  # fmt: skip
    told = {one["run"]: one["reason"] for one in standing["refused"]}
    assert told[other] == "it was evaluated on val:v2, not on val:v1"
    assert "data='val:v1'" in told[none]
    assert (standing["refused_count"], len(standing["refusals"])) == (5, 5)


def test_the_evaluation_of_the_metric_decides_over_newer_ones(boards: Boards) -> None:
    run = boards.run(0.5, lr=1)
    boards.gate.evaluate(run, "example of val:v2,metric:other\na,1\n", name="other", data="val:v2", metrics=("other",))
    assert not boards.standing(data="val:v1")["refused"]
    assert reasons(boards.standing(data="val:v2")) == {run: "other_data"}


def test_a_run_with_scores_by_example_alone_is_told_to_log_their_mean(boards: Boards) -> None:
    run = boards.gate.run({"loss": 1.0}, config={})
    boards.gate.evaluate(run, "example of val:v1,metric:acc\na,1\n", data="val:v1")
    assert reasons(boards.standing(data="val:v1")) == {run: "no_score"}


def test_of_runs_with_one_seed_the_newest_counts(boards: Boards) -> None:
    old = boards.run(0.9, lr=0.1, seed=7)
    new = boards.run(0.5, lr=0.1, seed=7)
    standing = boards.standing()
    assert [run["id"] for run in standing["rows"][0]["runs"]] == [new]
    assert reasons(standing) == {old: "repeated_seed"}


def test_other_code_or_another_seed_key_makes_another_family(boards: Boards) -> None:
    for commit in ("aaa", "bbb"):
        boards.gate.run({"acc": 0.5}, config={"lr": 0.1, "data": {"seed": 1}}, commit=commit)
    assert boards.standing()["row_count"] == 2
    boards.gate.run({"acc": 0.7}, config={"lr": 0.1, "data": {"seed": 2}}, commit="bbb")
    assert boards.standing()["row_count"] == 2
    assert boards.standing(seed="fold")["row_count"] == 3


def test_a_deleted_run_is_out_and_an_archived_one_too(boards: Boards) -> None:
    stays, deleted, archived = (boards.run(acc, lr=acc) for acc in (0.1, 0.2, 0.3))
    assert boards.client.delete(f"/api/v1/runs/{deleted}").status_code == 204
    assert boards.client.patch(f"/api/v1/runs/{archived}", json={"is_archived": True}).status_code == 200
    standing = boards.standing()
    assert [run["id"] for row in standing["rows"] for run in row["runs"]] == [stays]
    assert boards.client.post(f"/api/v1/runs/{deleted}/restore").status_code == 200
    assert boards.standing()["row_count"] == 2


def test_a_metric_that_was_renamed_is_followed(boards: Boards) -> None:
    boards.run(0.5, lr=1)
    rename = {"action": "rename", "metric": "acc", "shown_as": "val/acc", "reason": "clearer"}
    assert boards.client.post("/api/v1/projects/digits/corrections", json=rename).status_code == 201
    assert boards.standing(metric="val/acc")["row_count"] == 1
    assert boards.standing(metric="acc")["row_count"] == 0


@pytest.mark.parametrize(
    ("value", "score"), [("shown", 0.2), ("last", 0.6), ("min", 0.2), ("max", 0.9), ("best", 0.9)], ids=str
)
def test_the_score_is_the_number_that_is_asked_for(boards: Boards, value: str, score: float) -> None:
    run_id = boards.gate.run(None, config={})
    with writing(boards.app) as session:
        run = runs.get(session, run_id)
        runs.define_metric(session, run, MetricDefined(NOW_MS, "a*", None, "min", None))
        points = [Logged(step, NOW_MS, {"acc": acc}) for step, acc in enumerate((0.2, 0.9, 0.6))]
        metrics.append(session, run.id, "", "metric", points)
    assert [row["score"] for row in boards.standing(value=value)["rows"]] == [score]


def test_the_best_so_far_moves_only_when_something_is_better(boards: Boards) -> None:
    made = [boards.run(acc, lr=number) for number, acc in enumerate((0.5, 0.4, 0.7, 0.7, 0.9))]
    with writing(boards.app) as session:
        for minute, run_id in enumerate(made):
            runs.get(session, run_id).finished_ms = NOW_MS + 60_000 * minute
    steps = boards.standing()["progress"]
    assert [(step["run"], step["score"]) for step in steps] == [(made[0], 0.5), (made[2], 0.7), (made[4], 0.9)]


def test_a_filter_says_which_runs_are_looked_at(boards: Boards) -> None:
    boards.run(0.5, lr=1)
    boards.run(0.9, lr=2)
    assert [row["score"] for row in boards.standing(filter="config.lr < 2")["rows"]] == [0.5]
    body = {"name": "x", "definition": {"task": "t", "metric": "acc", "goal": "max", "filter": "config.lr <"}}
    assert code_of(boards.client.post(BOARDS, json=body)) == (422, "bad_filter")


def test_versions_of_models_stand_with_the_spread_of_their_seeds(boards: Boards) -> None:
    boards.gate.seeds([0.8, 0.9, 1.0])
    boards.gate.version({"acc": 0.95}, config={"lr": 0.5}, files={"model.pt": b"12345"})
    boards.gate.version({"loss": 1.0})
    boards.gate.hold(2)
    with writing(boards.app) as session:
        runs.get(session, "made4").status = "finished"
    standing = boards.standing(rows="model")
    first, second = standing["rows"]
    assert (first["label"], first["score"], first["spread"], first["run_count"]) == ("digits v2", 0.95, None, 1)
    assert (first["aliases"], first["size_bytes"]) == (["production"], 5)
    assert (second["label"], second["score"], second["spread"]) == ("digits v1", 0.8, pytest.approx(0.1))
    assert [step["label"] for step in standing["progress"]] == ["digits v1", "digits v2"]
    assert boards.client.delete("/api/v1/runs/made4").status_code == 204
    assert {one["code"] for one in boards.standing(rows="model")["refused"]} == {"run_deleted"}


def test_time_gpus_size_and_other_metrics_stand_beside_the_score(boards: Boards) -> None:
    run_id = boards.gate.run({"acc": 0.5, "ms": 12.0, "params": 3e6}, config={})
    with writing(boards.app) as session:
        run = runs.get(session, run_id)
        run.finished_ms = run.started_ms + 60_000
        gpus = {f"system/gpu.{number}/power": 1.0 for number in range(2)}
        metrics.append(session, run.id, "", "system", [Logged(1, NOW_MS, gpus)])
        log_artifact(session, run, {"model.pt": b"1234567"})
    (row,) = boards.standing(size_metric="params", time_metric="ms")["rows"]
    assert (row["duration_ms"], row["gpu_ms"], row["size_bytes"]) == (60_000, 120_000, 7)
    assert (row["size"], row["time"]) == (3e6, 12.0)


def test_without_a_direction_it_is_refused_until_the_project_has_one(boards: Boards) -> None:
    body = {"name": "best", "definition": {"task": "digits", "metric": "acc"}}
    assert code_of(boards.client.post(BOARDS, json=body)) == (422, "no_goal")
    boards.client.put("/api/v1/projects/digits/goals", json={"metric": "acc", "goal": "max"})
    assert boards.client.post(BOARDS, json=body).json["definition"]["goal"] == "max"


@pytest.mark.parametrize(
    ("data", "code"), [("val:v9", "unknown_data"), ("val:latest", "bad_data"), ("val", "bad_data")], ids=str
)
def test_data_is_a_version_that_is_there(boards: Boards, data: str, code: str) -> None:
    body = {"name": "best", "definition": {"task": "digits", "metric": "acc", "goal": "max", "data": data}}
    assert code_of(boards.client.post(BOARDS, json=body)) == (422, code)


def test_who_changes_one_has_seen_what_they_change(boards: Boards) -> None:
    made = boards.create()
    address = f"{BOARDS}/{made['id']}"
    changed = boards.client.patch(address, json={"revision": 1, "name": "better"})
    assert (changed.status_code, changed.json["name"], changed.json["revision"]) == (200, "better", 2)
    assert code_of(boards.client.patch(address, json={"revision": 1, "name": "mine"})) == (409, "changed_meanwhile")
    boards.create("taken")
    assert code_of(boards.client.patch(address, json={"revision": 2, "name": "taken"})) == (409, "leaderboard_exists")
    definition = {**made["definition"], "value": "max"}
    changed = boards.client.patch(address, json={"revision": 2, "definition": definition})
    assert (changed.json["definition"]["value"], changed.json["name"]) == ("max", "better")
    assert boards.client.delete(address).status_code == 204
    assert code_of(boards.client.get(address)) == (404, "unknown_leaderboard")


def test_it_is_taken_away_as_json_and_as_a_page_that_runs_nothing(boards: Boards) -> None:
    boards.run(0.5, lr="<script>alert(1)</script>")
    boards.run(0.7, lr="b")
    made = boards.create("<b>best</b>", data="val:v1")
    address = f"{BOARDS}/{made['id']}/export"
    kept = boards.client.get(address, query_string={"format": "json"})
    assert (kept.json["format"], kept.json["leaderboard"]) == (1, made)
    assert [row["score"] for row in kept.json["standing"]["rows"]] == [0.7, 0.5]
    page = boards.client.get(address, query_string={"format": "html"})
    assert page.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "<h1>&lt;b&gt;best&lt;/b&gt;</h1>" in page.text


def test_a_link_to_one_run_shows_no_leaderboard(guarded: Flask, ada: Somebody) -> None:
    with writing(guarded) as session:
        log_run(session, "shown", values={"acc": 0.5})
    body = {"name": "best", "definition": {"task": "digits", "metric": "acc", "goal": "max"}}
    made = ada.done("POST", "/projects/digits/leaderboards", body)
    link = ada.done("POST", "/projects/digits/links", {"days": 7, "run_id": "shown"})
    visitor = nobody(guarded)
    visitor.done("POST", "/session/link", {"secret": link["secret"]})
    assert visitor.done("GET", "/projects/digits/leaderboards") == {"leaderboards": []}
    for path in ("", "/standing", "/export"):
        assert visitor.get(f"/projects/digits/leaderboards/{made['id']}{path}").status_code == 404


def test_the_number_of_statements_does_not_follow_the_runs(boards: Boards, database: Database) -> None:
    made = boards.create(data="val:v1", size_metric="acc")

    def count() -> int:
        with statements(database) as counted:
            assert boards.client.get(f"{BOARDS}/{made['id']}/standing").status_code == 200
        return len(counted)

    for seed in range(2):
        boards.run(0.5, lr=0.1, seed=seed)
    first = count()
    for seed in range(6):
        boards.run(0.5, lr=0.2, seed=seed)
        boards.run(0.5, lr=0.2, data="val:v2", seed=seed)
    assert count() == first


def test_a_viewer_reads_and_an_editor_changes(guarded: Flask, ada: Somebody, bob: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    ada.done("POST", "/projects", {"name": "digits"})
    body = {"name": "best", "definition": {"task": "digits", "metric": "acc", "goal": "max"}}
    made = ada.done("POST", "/projects/digits/leaderboards", body)
    address = f"/projects/digits/leaderboards/{made['id']}"
    assert bob.get(address).status_code == 404
    ada.done("PUT", "/projects/digits/members/bob", {"role": "viewer"})
    ada.done("PUT", "/projects/digits/members/eve", {"role": "editor"})
    for path in ("", "/standing", "/export"):
        assert bob.get(address + path).status_code == 200
    assert bob.ask("PATCH", address, {"revision": 1, "name": "mine"}).status_code == 403
    assert eve.done("PATCH", address, {"revision": 1, "name": "ours"})["revision"] == 2
    ada.done("POST", "/projects", {"name": "other"})
    assert ada.get(f"/projects/other/leaderboards/{made['id']}").status_code == 404
