"""Artifact versions: what keeps them, what a policy lets go, the trash, and what takes space."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tests.server.logged import digest_of, log_artifact, log_run, writing
from tests.server.people import Somebody
from tests.server.team import Team
from tracker.records import ArtifactFile, ArtifactLogged, ArtifactUsed, Logged
from tracker_server.artifacts import use
from tracker_server.artifacts.models import Artifact, ArtifactVersion
from tracker_server.registry.models import RegisteredModel
from tracker_server.retention.tidying import tidy_all
from tracker_server.runs.models import Project

PROJECT = "/api/v1/projects/digits"
DAY_MS = 24 * 3600 * 1000


def log(client: FlaskClient, number: int, *, name: str = "ckpt", aliases: tuple[str, ...] = (), **metadata: Any) -> int:
    """A run that makes the version of that number; the version's id. Its file has as many bytes as ten times that."""
    data = (f"{name} {number} ".encode() * 10)[: 10 * number]
    assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)
    files = (ArtifactFile("model.pt", digest_of(data), len(data)),)
    journal = Journal(run_id=f"{name}-{number}", project="digits", writer=f"w-{name}-{number}").started()
    journal.add(Logged(0, START_MS, {"acc": number / 10}))
    journal.add(ArtifactLogged(START_MS, name, "model", files, metadata, aliases))
    answer = journal.post(client)
    assert answer.status_code == 200, answer.json
    (made,) = client.get(f"/api/v1/runs/{name}-{number}/artifacts").json["artifacts"]
    return int(made["id"])


def read_by(client: FlaskClient, version_id: int, run_id: str = "reader") -> None:
    journal = Journal(run_id=run_id, project="digits", writer=f"w-{run_id}").started()
    assert journal.add(ArtifactUsed(START_MS, version_id)).post(client).status_code == 200


def register(client: FlaskClient, version_id: int, model: str = "digits") -> None:
    answer = client.post(f"/api/v1/models/{model}/versions", json={"artifact_version_id": version_id})
    assert answer.status_code == 201, answer.json


def fates(client: FlaskClient, policy: dict[str, Any] | None = None, name: str = "ckpt") -> dict[int, str]:
    """What becomes of each version, by its number."""
    path = f"{PROJECT}/artifacts/{name}/retention"
    answer = client.get(path) if policy is None else client.post(path, json=policy)
    assert answer.status_code == 200, answer.json
    return {one["version"]: one["fate"] for one in answer.json["versions"]}


def choose(client: FlaskClient, **policy: Any) -> Any:
    return client.put(f"{PROJECT}/artifacts/ckpt/policy", json=policy)


def delete(client: FlaskClient, *ids: int, **more: Any) -> Any:
    return client.post(f"{PROJECT}/versions/delete", json={"versions": list(ids), **more})


def restore(client: FlaskClient, *ids: int) -> Any:
    return client.post(f"{PROJECT}/versions/restore", json={"versions": list(ids)})


def trash(client: FlaskClient) -> list[tuple[int, str | None, str]]:
    found = client.get(f"{PROJECT}/trash").json
    assert found["version_count"] == len(found["versions"])
    return [(one["version"], one["by"], one["reason"]) for one in found["versions"]]


def test_the_best_by_the_metric_of_their_runs_stay_and_so_does_what_something_keeps(client: FlaskClient) -> None:
    ids = {number: log(client, number) for number in (5, 3, 9, 1, 2, 8, 4)}
    register(client, ids[1])
    read_by(client, ids[2])
    assert client.put(f"/api/v1/artifact-versions/{ids[3]}/aliases/keep").status_code == 200
    policy = {"keep_best": 2, "metric": "acc"}
    assert fates(client) == dict.fromkeys(range(1, 8), "stays") | {2: "kept", 4: "kept", 5: "kept", 7: "kept"}
    wanted = {1: "goes", 2: "kept", 3: "stays", 4: "kept", 5: "kept", 6: "stays", 7: "kept"}
    assert fates(client, policy) == wanted
    assert trash(client) == []
    told = choose(client, **policy).json
    assert (told["going_count"], told["going_bytes"]) == (1, 50)
    assert trash(client) == [(1, None, "not among the best 2 by acc")]
    by_version = {one["version"]: one for one in told["versions"]}
    assert by_version[2]["reason"] == "it has the alias keep"
    assert by_version[4]["keepers"] == [{"kind": "model", "name": "digits:v1"}]
    assert by_version[5]["reason"] == "1 run has read it"
    assert [by_version[number]["value"] for number in (3, 6, 7)] == [0.9, 0.8, 0.4]
    listed = client.get(f"{PROJECT}/artifacts/ckpt/versions").json["versions"]
    assert 1 not in [one["version"] for one in listed]


def test_a_value_in_the_metadata_counts_before_that_of_the_run_and_less_may_be_better(client: FlaskClient) -> None:
    for number, loss in ((1, 0.5), (2, 0.1), (3, 0.9), (4, 0.2)):
        log(client, number, acc=loss)
    assert fates(client, {"keep_best": 1, "metric": "acc", "goal": "min"}) == {
        1: "goes",
        2: "stays",
        3: "goes",
        4: "kept",
    }
    assert fates(client, {"keep_best": 1, "metric": "acc"}) == {1: "goes", 2: "goes", 3: "stays", 4: "kept"}
    assert fates(client, {"keep_best": 1, "metric": "nothing"}) == dict.fromkeys((1, 2, 3), "stays") | {4: "kept"}


def test_each_new_version_is_followed_by_what_the_policy_lets_go(client: FlaskClient) -> None:
    log(client, 1)
    assert choose(client, keep_last=2).status_code == 200
    for number in (2, 3, 4):
        log(client, number)
    assert fates(client) == {3: "stays", 4: "kept"}
    assert [row[0] for row in trash(client)] in ([2, 1], [1, 2])


def test_with_time_alone_what_nothing_keeps_goes(client: FlaskClient, app: Flask) -> None:
    log(client, 1)
    log(client, 2)
    assert choose(client, ttl_days=7).status_code == 200
    assert fates(client) == {1: "expires", 2: "kept"}
    database = app.extensions["tracker.database"]
    with database.reading() as session:
        made_ms = max(row.created_ms for row in session.query(ArtifactVersion))
    assert tidy_all(database, now_ms=made_ms + 6 * DAY_MS) == 0
    assert tidy_all(database, now_ms=made_ms + 8 * DAY_MS) == 1
    assert tidy_all(database, now_ms=made_ms + 8 * DAY_MS) == 0
    assert trash(client) == [(1, None, "nothing keeps it, and 7 days old")]


def test_what_is_taken_out_of_the_trash_stays_whatever_the_policy_says(client: FlaskClient) -> None:
    first = log(client, 1)
    log(client, 2)
    choose(client, keep_last=1)
    assert [row[0] for row in trash(client)] == [1]
    assert restore(client, first).json == {"count": 1, "size_bytes": 10, "kept": []}
    log(client, 3)
    assert fates(client) == {1: "kept", 3: "kept"}
    assert choose(client, keep_last=1).status_code == 200
    assert [row[0] for row in trash(client)] == [2]
    assert restore(client, first).json["count"] == 0


def test_by_hand_what_is_kept_does_not_go_and_says_why(client: FlaskClient) -> None:
    ids = [log(client, number) for number in (1, 2, 3)]
    register(client, ids[0])
    read_by(client, ids[1])
    refused = delete(client, ids[0])
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "version_kept")
    assert "ckpt:v1 stays: the model version digits:v1 is made of it" in refused.json["error"]["message"]
    assert "even_if_read" in delete(client, ids[1]).json["error"]["message"]
    answer = delete(client, *ids, reason="full").json
    assert (answer["count"], [one["version"] for one in answer["kept"]]) == (1, [1, 2])
    assert delete(client, ids[1], even_if_read=True).json["count"] == 1
    assert {(version, reason) for version, _, reason in trash(client)} == {(3, "full"), (2, "")}
    assert all(by is not None for _, by, _ in trash(client))
    log_of = client.get(f"{PROJECT}/corrections").json["corrections"]
    assert [entry["action"] for entry in log_of].count("artifact.deleted") == 2


def test_purging_takes_a_version_and_its_bytes(client: FlaskClient, app: Flask) -> None:
    ids = [log(client, number) for number in (1, 2)]
    delete(client, ids[0])
    with writing(app) as session:
        session.execute(sa.text("UPDATE blobs SET created_ms = 0"))
    purge = {"reason": "disk is full"}
    kept = client.post(f"{PROJECT}/trash/purge", json={**purge, "versions": [ids[1]]})
    assert (kept.status_code, kept.json["error"]["code"]) == (404, "not_in_trash")
    gone = client.post(f"{PROJECT}/trash/purge", json={**purge, "versions": [ids[0]]}).json
    assert (gone["version_count"], gone["blob_count"], gone["blob_bytes"]) == (1, 1, 10)
    assert trash(client) == []
    assert client.get(f"/api/v1/artifact-versions/{ids[0]}/about").status_code == 404
    assert log(client, 3) > ids[1]


def test_what_is_long_in_the_trash_is_purged_by_age(client: FlaskClient, app: Flask) -> None:
    ids = [log(client, number) for number in (1, 2, 3)]
    delete(client, ids[0], ids[1])
    with writing(app) as session:
        session.get_one(ArtifactVersion, ids[0]).deleted_ms = 1
    gone = client.post(f"{PROJECT}/trash/purge", json={"reason": "old", "older_than_days": 1}).json
    assert gone["version_count"] == 1
    assert [row[0] for row in trash(client)] == [2]


def test_what_a_run_has_read_since_it_was_put_away_is_not_purged_by_age(client: FlaskClient, app: Flask) -> None:
    ids = [log(client, number) for number in (1, 2, 3, 4, 5)]
    read_by(client, ids[0], "before")
    delete(client, *ids[:3], even_if_read=True)
    assert choose(client, keep_last=1).json["going_count"] == 1
    with writing(app) as session:
        for number, version_id in enumerate(ids[:4]):
            session.get_one(ArtifactVersion, version_id).deleted_ms = START_MS + 1 if number == 0 else START_MS
    read_by(client, ids[1])
    read_by(client, ids[3], "third")
    gone = client.post(f"{PROJECT}/trash/purge", json={"reason": "old", "older_than_days": 0}).json
    assert gone["version_count"] == 2
    assert sorted(row[0] for row in trash(client)) == [2, 4]
    named = {"reason": "all the same", "versions": [ids[1]]}
    assert client.post(f"{PROJECT}/trash/purge", json=named).json["version_count"] == 1


def test_data_that_a_rule_of_a_model_names_stays(client: FlaskClient) -> None:
    for number in (1, 2, 3):
        log(client, number, name="val")
    register(client, log(client, 1))
    text = "rules:\n  - data: {evaluated_on: 'val:v1'}\n"
    rules = client.put("/api/v1/models/digits/rules", json={"text": text, "revision": 0})
    assert rules.status_code == 200, rules.json
    assert kept_by(client, 1, "val") == [("rule", "digits")]
    found = client.put(f"{PROJECT}/artifacts/val/policy", json={"keep_last": 1}).json
    assert (found["going_count"], found["versions"][2]["reason"]) == (1, "a rule of the model digits names it")
    text = "rules:\n  - data: {evaluated_on: 'val:v3'}\n"
    assert client.put("/api/v1/models/digits/rules", json={"text": text, "revision": 1}).status_code == 200
    assert kept_by(client, 1, "val") == []


def test_what_is_in_the_trash_is_not_registered_until_it_is_taken_out(client: FlaskClient) -> None:
    ids = [log(client, number) for number in (1, 2)]
    delete(client, ids[0])
    answer = client.post("/api/v1/models/digits/versions", json={"artifact_version_id": ids[0]})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "in_trash")
    restore(client, ids[0])
    register(client, ids[0])


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"keep_best": 3}, "metric"),
        ({"metric": "acc"}, "keep_best"),
        ({"keep_best": 0, "metric": "acc"}, "keep_best"),
        ({"ttl_days": -1}, "ttl_days"),
        ({"keep": 3}, ""),
    ],
)
def test_a_policy_that_is_none_is_refused(client: FlaskClient, policy: dict[str, Any], field: str) -> None:
    log(client, 1)
    answer = choose(client, **policy)
    assert answer.status_code == 422, answer.json
    assert field in str(answer.json["error"])


def test_what_takes_space_and_what_of_it_is_free(client: FlaskClient) -> None:
    ids = [log(client, number) for number in (1, 2, 3)]
    log(client, 7, name="other")
    register(client, ids[0])
    delete(client, ids[1])
    found = client.get(f"{PROJECT}/space").json
    ckpt, other = (next(one for one in found["artifacts"] if one["name"] == name) for name in ("ckpt", "other"))
    assert [one["name"] for one in found["artifacts"]] == ["other", "ckpt"]
    assert (ckpt["version_count"], ckpt["stored_bytes"], ckpt["own_bytes"]) == (2, 40, 40)
    assert (ckpt["trash_count"], ckpt["trash_bytes"], ckpt["free_count"], ckpt["free_bytes"]) == (1, 20, 0, 0)
    assert (other["version_count"], other["free_count"]) == (1, 0)
    restore(client, ids[1])
    assert client.get(f"{PROJECT}/artifacts/ckpt/retention").json["versions"][1]["keepers"][0]["kind"] == "hand"


def test_of_another_project_nothing_is_touched(client: FlaskClient) -> None:
    mine = log(client, 1)
    journal = Journal(run_id="theirs", project="theirs", writer="w-theirs").started()
    assert journal.post(client).status_code == 200
    answer = client.post("/api/v1/projects/theirs/versions/delete", json={"versions": [mine]})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_artifact_version")
    assert trash(client) == []
    assert client.get(f"{PROJECT}/artifacts/none/retention").status_code == 404


def kept_by(client: Any, version: int, name: str = "ckpt") -> list[tuple[str, str]]:
    found = client.get(f"{PROJECT}/artifacts/{name}/retention").json["versions"]
    (keepers,) = (one["keepers"] for one in found if one["version"] == version)
    return [(one["kind"], one["name"]) for one in keepers]


def test_what_a_registered_model_is_judged_by_stays_and_so_does_the_data_of_a_leaderboard(client: FlaskClient) -> None:
    model = log(client, 1)
    for path, run_id in (("a", "ckpt-1"), ("b", "other")):
        files = (ArtifactFile(path, digest_of(b"ckpt 1 ckp"), 10),)
        journal = Journal(run_id=run_id, project="digits", writer=f"late-{run_id}").started()
        journal.add(ArtifactLogged(START_MS, "scores", "evaluation", files))
        assert journal.post(client).status_code == 200
    register(client, model)
    assert kept_by(client, 1, "scores") == [("evidence", "digits:v1")]
    for number in (1, 2):
        log(client, number, name="data")
    definition = {"task": "digits", "metric": "acc", "goal": "max", "data": "data:v1"}
    made = client.post(f"{PROJECT}/leaderboards", json={"name": "best", "definition": definition})
    assert made.status_code == 201, made.json
    assert kept_by(client, 1, "data") == [("leaderboard", "best")]
    found = client.put(f"{PROJECT}/artifacts/data/policy", json={"keep_last": 1}).json
    assert (found["going_count"], found["versions"][1]["reason"]) == (0, "the leaderboard best ranks by it")


def test_what_is_kept_by_a_project_that_one_does_not_see_stays(guarded: Flask, ada: Somebody) -> None:
    team = Team(guarded, ada)
    ada.done("POST", "/projects", {"name": "hidden"})
    with writing(guarded) as session:
        run = log_run(session, "maker")
        ids = [log_artifact(session, run, {"a": bytes([number])}, name="ckpt").id for number in range(4)]
        reader = log_run(session, "reader", project="hidden")
        use(session, reader, ids[0], time_ms=START_MS)
        came_from = log_run(session, "secret", project="hidden")
        log_artifact(session, came_from, {"a": b"hidden"}, name="theirs")
    ada.done("POST", "/models/secret/versions", {"artifact_version_id": ids[1]})
    with writing(guarded) as session:
        hidden = session.scalars(sa.select(Project.id).where(Project.name == "hidden")).one()
        session.execute(sa.update(RegisteredModel).values(project_id=hidden))
    path = "/projects/digits/artifacts/ckpt"
    team.cyd.done("PUT", f"{path}/policy", {"keep_last": 1})
    found = team.cyd.get(f"{path}/retention").json["versions"]
    assert [one["version"] for one in found] == [4, 2, 1]
    assert found[1]["reason"] == "a model version of another project is made of it"
    assert found[2]["reason"] == "1 run has read it"
    gone = team.cyd.ask("POST", "/projects/digits/versions/delete", {"versions": ids[:2], "even_if_read": True})
    assert [one["id"] for one in gone.json["kept"]] == [ids[1]]
    assert ada.get(f"{path}/retention").json["versions"][1]["keepers"] == [{"kind": "model", "name": "secret:v1"}]


def test_an_artifact_that_cannot_be_judged_keeps_nothing_of_the_others(client: FlaskClient, app: Flask) -> None:
    for name in ("bad", "good"):
        for number in (1, 2):
            log(client, number, name=name)
    with writing(app) as session:
        session.execute(sa.update(Artifact).values(policy={"keep_last": 1}))
        session.execute(sa.update(Artifact).where(Artifact.name == "bad").values(policy={"keep_last": "none"}))
    assert tidy_all(app.extensions["tracker.database"], now_ms=START_MS) == 1
