"""Where a version came from and who uses it, over the API."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.logged import log_artifact, log_run, writing
from tests.server.model_registry import Registry, code_of
from tests.server.people import Somebody, person
from tracker_server import artifacts, runs


def log_model(session: Session) -> int:
    """prepare → rows:v1 → train → net:v1; the id of net:v1."""
    rows = log_artifact(session, log_run(session, "prepare"), {"rows.csv": b"0,1"}, name="rows")
    train = log_run(session, "train")
    artifacts.use(session, train, rows.id, time_ms=NOW_MS)
    return log_artifact(session, train, {"model.pt": b"weights"}, name="net").id


@pytest.fixture
def digits(client: FlaskClient, app: Flask) -> Registry:
    """The model digits, of net:v1, in production, and read by the run serve."""
    with writing(app) as session:
        made = log_model(session)
        artifacts.use(session, log_run(session, "serve"), made, time_ms=NOW_MS + 5)
    digits = Registry(client)
    digits.register(made)
    digits.move(replaces=None, version=1)
    return digits


def graph(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1{path}/lineage")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def arrows(found: dict[str, Any]) -> set[str]:
    """`name kind name` of every edge."""
    names = {node["id"]: node["name"] for node in found["nodes"]}
    return {f"{names[edge['source']]} {edge['kind']} {names[edge['target']]}" for edge in found["edges"]}


WHOLE = {
    "prepare-name made rows:v1",
    "rows:v1 read train-name",
    "train-name made net:v1",
    "net:v1 registered digits v1",
    "digits v1 holds production",
    "digits v1 read serve-name",
}


def test_a_version_leads_back_to_its_data_and_on_to_who_uses_it(digits: Registry) -> None:
    found = graph(digits.client, "/models/digits/versions/1")
    assert arrows(found) == WHOLE
    assert (found["start"], found["is_cut"]) == ("version:digits:1", False)
    far = {node["name"]: node["distance"] for node in found["nodes"]}
    assert far == {
        "prepare-name": -3, "rows:v1": -2, "train-name": -1, "net:v1": 0, "digits v1": 0, "production": 0,
        "serve-name": 1,
    }  # fmt: skip


@pytest.mark.parametrize("run", ["prepare", "train", "serve"])
def test_a_run_has_the_graph_of_what_it_is_part_of(digits: Registry, run: str) -> None:
    found = graph(digits.client, f"/runs/{run}")
    assert found["start"] == f"run:{run}"
    assert arrows(found) == WHOLE


def test_an_artifact_version_has_one_too_and_others_are_no_part_of_it(digits: Registry, app: Flask) -> None:
    with writing(app) as session:
        log_artifact(session, runs.get(session, "train"), {"log.txt": b"a"}, name="log")
    ids = {one["name"]: one["id"] for one in digits.client.get("/api/v1/runs/train/artifacts").json["artifacts"]}
    assert arrows(graph(digits.client, f"/artifact-versions/{ids['net']}")) == WHOLE
    assert arrows(graph(digits.client, f"/artifact-versions/{ids['log']}")) == {
        "prepare-name made rows:v1",
        "rows:v1 read train-name",
        "train-name made log:v1",
    }


def test_who_reads_what_they_made_is_its_maker(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session, "prepare")
        artifacts.use(session, run, log_artifact(session, run, {"a": b"1"}, name="rows").id, time_ms=NOW_MS)
    assert arrows(graph(client, "/runs/prepare")) == {"prepare-name made rows:v1"}


def test_runs_that_make_each_others_files_are_gone_around_once(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        first, second = log_run(session, "r1"), log_run(session, "r2")
        a = log_artifact(session, first, {"a": b"1"}, name="a")
        b = log_artifact(session, second, {"b": b"1"}, name="b")
        artifacts.use(session, second, a.id, time_ms=NOW_MS)
        artifacts.use(session, first, b.id, time_ms=NOW_MS)
    found = graph(client, "/runs/r1")
    assert arrows(found) == {"r1-name made a:v1", "a:v1 read r2-name", "r2-name made b:v1", "b:v1 read r1-name"}
    assert len(found["nodes"]) == 4


def test_a_run_in_the_trash_is_marked(digits: Registry, app: Flask) -> None:
    with writing(app) as session:
        runs.delete(session, "train", actor_id=runs.get(session, "train").created_by, now_ms=NOW_MS)
    found = graph(digits.client, "/models/digits/versions/1")
    assert {node["name"] for node in found["nodes"] if node["is_deleted"]} == {"train-name"}
    (net,) = [node for node in found["nodes"] if node["name"] == "net:v1"]
    assert net["run"] is None
    assert digits.client.get("/api/v1/runs/train/lineage").status_code == 404


def test_many_users_are_cut_to_the_newest_and_the_model_stays(digits: Registry, app: Flask) -> None:
    with writing(app) as session:
        (made,) = [one.id for one in session.scalars(sa.select(artifacts.ArtifactVersion)) if one.run_id == "train"]
        for number in range(250):
            artifacts.use(session, log_run(session, f"user{number}"), made, time_ms=NOW_MS + 10 + number)
    found = graph(digits.client, "/models/digits/versions/1")
    assert found["is_cut"]
    assert len(found["nodes"]) <= found["limit"] == 200
    names = {node["name"] for node in found["nodes"]}
    assert names >= {"digits v1", "production", "user249-name", "net:v1", "train-name"}
    assert "user0-name" not in names


def test_a_graph_costs_as_many_statements_for_many_nodes_as_for_few(digits: Registry, app: Flask) -> None:
    engine = app.extensions["tracker.database"].engine
    costs: list[int] = []
    for count in (1, 30):
        with writing(app) as session:
            train = runs.get(session, "train")
            for number in range(count):
                data = log_artifact(session, log_run(session, f"p{count}-{number}"), {"a": f"{count}{number}".encode()})
                artifacts.use(session, train, data.id, time_ms=NOW_MS)
        statements: list[str] = []
        sa.event.listen(engine, "before_cursor_execute", lambda *args, seen=statements: seen.append(args[2]))
        graph(digits.client, "/models/digits/versions/1")
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 20


def test_what_one_may_not_see_is_absent_with_all_that_it_leads_to(guarded: Flask, ada: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    for project in ("digits", "secret"):
        ada.done("POST", "/projects", {"name": project})
    ada.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    with writing(guarded) as session:
        made = log_model(session)
        hidden = log_run(session, "hidden", project="secret")
        artifacts.use(session, hidden, made, time_ms=NOW_MS)
        far = log_artifact(session, hidden, {"b": b"1"}, name="distilled").id
        artifacts.use(session, log_run(session, "beyond"), far, time_ms=NOW_MS)
    ada.done("POST", "/models/digits/versions", {"artifact_version_id": made})
    ada.done("POST", "/models/hidden/versions", {"artifact_version_id": far})
    path = "/models/digits/versions/1/lineage"
    seen, all_of_it = eve.done("GET", path), ada.done("GET", path)
    assert {node["name"] for node in all_of_it["nodes"]} - {node["name"] for node in seen["nodes"]} == {
        "hidden-name", "distilled:v1", "hidden v1", "beyond-name",
    }  # fmt: skip
    assert "secret" not in str(seen)
    assert not seen["is_cut"]


def test_a_version_that_is_not_there_has_no_lineage(digits: Registry) -> None:
    assert code_of(digits.client.get("/api/v1/models/digits/versions/2/lineage")) == (404, "unknown_version")
    assert digits.client.get("/api/v1/artifact-versions/999/lineage").status_code == 404
