"""Artifact versions, through the front door and the API."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import NOW_MS
from tests.server.logged import log_artifact, log_run, manifest, writing
from tests.server.people import Somebody, person
from tracker.records import ArtifactFile, ArtifactLogged
from tracker_server import artifacts
from tracker_server.db import Database
from tracker_server.errors import NotFound, Refused

FILES = {"model.pt": b"weights", "sub/labels.txt": b"0\n1\n"}


def refusal(session: Session, record: ArtifactLogged) -> str:
    run = log_run(session)
    log_artifact(session, run, FILES, name="other")
    with pytest.raises(Refused) as caught:
        artifacts.log_version(session, run, record, actor_id=run.created_by, now_ms=NOW_MS)
    assert caught.value.code == "bad_record"
    return caught.value.message


def test_versions_count_up_from_one(session: Session) -> None:
    run = log_run(session)
    made = [log_artifact(session, run, {"model.pt": bytes([number])}) for number in range(3)]
    assert [version.version for version in made] == [1, 2, 3]


def test_equal_files_are_the_same_version_and_also_the_second_runs(session: Session) -> None:
    first = log_artifact(session, log_run(session, "run1"), FILES)
    second_run = log_run(session, "run2")
    again = log_artifact(session, second_run, dict(reversed(FILES.items())))
    assert (again.id, again.version, again.run_id) == (first.id, 1, "run1")
    assert artifacts.count_of_run(session, "run2") == 1


def test_another_path_or_another_byte_is_another_version(session: Session) -> None:
    run = log_run(session)
    first = log_artifact(session, run, {"a": b"1"})
    assert log_artifact(session, run, {"b": b"1"}).version == 2
    assert log_artifact(session, run, {"a": b"2"}).version == 3
    assert log_artifact(session, run, {"a": b"1"}).id == first.id


def test_artifacts_of_one_name_in_two_projects_are_two(session: Session) -> None:
    one = log_artifact(session, log_run(session, "run1", project="digits"), FILES)
    two = log_artifact(session, log_run(session, "run2", project="faces"), FILES)
    assert one.artifact_id != two.artifact_id
    assert two.version == 1


def test_an_alias_moves_to_the_version_that_names_it(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        first = log_artifact(session, run, {"a": b"1"}, aliases=["best", "first"]).id
        second = log_artifact(session, run, {"a": b"2"}, aliases=["best"]).id
    aliases = [client.get(f"/api/v1/artifact-versions/{version}").json["aliases"] for version in (first, second)]
    assert aliases == [["first"], ["latest", "best"]]


@pytest.mark.parametrize(
    ("ref", "version"),
    [("model:v1", 1), ("model:v2", 2), ("model:latest", 2), ("model", 2), ("model:best", 1)],
)
def test_a_reference_means_one_version(client: FlaskClient, app: Flask, ref: str, version: int) -> None:
    with writing(app) as session:
        run = log_run(session)
        log_artifact(session, run, {"a": b"1"}, name="model", aliases=["best"])
        log_artifact(session, run, {"a": b"2"}, name="model")
    found = client.get("/api/v1/projects/digits/artifact", query_string={"ref": ref}).json
    assert (found["name"], found["version"], [file["path"] for file in found["files"]]) == ("model", version, ["a"])


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("other:v1", "unknown_artifact"),
        ("model:v7", "unknown_artifact_version"),
        ("model:best", "unknown_artifact_version"),
        ("", "invalid"),
    ],
)
def test_a_reference_to_nothing_is_an_error_that_says_what_there_is(
    client: FlaskClient, app: Flask, ref: str, code: str
) -> None:
    with writing(app) as session:
        log_artifact(session, log_run(session), {"a": b"1"}, name="model")
    answer = client.get("/api/v1/projects/digits/artifact", query_string={"ref": ref})
    assert (answer.json["error"]["code"], answer.json["error"]["field"]) == (code, "ref")


def test_threads_that_log_at_once_get_every_number_once(database: Database) -> None:
    with database.writing() as session:
        for number in range(20):
            log_run(session, f"run{number}")
        session.commit()

    def log(number: int) -> int:
        with database.writing() as session:
            made = log_artifact(session, log_run(session, f"run{number}"), {"a": b"%d" % number})
            session.commit()
            return made.version

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(log, range(20))) == list(range(1, 21))


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".", "a\\b", "a\0b", "line\nbreak", "C:/x", "x" * 1001],
)
def test_a_path_that_could_leave_its_folder_is_refused(session: Session, path: str) -> None:
    assert "cannot be a file's path" in refusal(session, manifest({path: b"weights"}))


@pytest.mark.parametrize("name", ["", "a/b", "a:v1", "a@best", "..", "a\nb", "x" * 129])
def test_a_name_that_is_not_one_is_refused(session: Session, name: str) -> None:
    assert "cannot name an artifact" in refusal(session, manifest(FILES, name=name))


@pytest.mark.parametrize("alias", ["", "latest", "v3", "a/b", "a@b"])
def test_an_alias_that_is_a_reference_already_is_refused(session: Session, alias: str) -> None:
    assert "cannot be an alias" in refusal(session, manifest(FILES, aliases=(alias,)))


def test_a_file_that_is_also_a_folder_is_refused(session: Session) -> None:
    message = refusal(session, manifest({"model.pt": b"weights", "model.pt/x": b"0\n1\n"}))
    assert "'model.pt' both as a file and as a folder" in message


def test_one_path_twice_is_refused(session: Session) -> None:
    file = manifest(FILES).files[0]
    assert "twice" in refusal(session, ArtifactLogged(NOW_MS, "model", "model", (file, file)))


def test_a_size_that_is_not_the_blobs_is_refused(session: Session) -> None:
    file = manifest(FILES).files[0]
    lying = ArtifactFile(file.path, file.digest, file.size_bytes + 1)
    assert "its blob has 7" in refusal(session, ArtifactLogged(NOW_MS, "model", "model", (lying,)))


@pytest.mark.parametrize("value", [b"bytes", datetime.datetime.now(datetime.UTC)], ids=["bytes", "time"])
def test_metadata_that_is_not_json_is_refused(session: Session, value: object) -> None:
    assert "metadata" in refusal(session, manifest(FILES, metadata={"key": value}))


def test_an_artifact_of_many_files_is_one_version(session: Session) -> None:
    files = {f"part-{number:05}": b"%d" % (number % 7) for number in range(11_000)}
    version = log_artifact(session, log_run(session), files)
    assert version.file_count == 11_000
    assert len(artifacts.files_of(session, version.id)) == 11_000


def test_a_version_says_who_made_it_and_who_used_it(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        version = log_artifact(session, log_run(session, "run1"), FILES)
        artifacts.use(session, log_run(session, "run2"), version.id, time_ms=NOW_MS)
        artifacts.use(session, log_run(session, "run2"), version.id, time_ms=NOW_MS)
        version_id = version.id
    detail: dict[str, Any] = client.get(f"/api/v1/artifact-versions/{version_id}").json
    assert (detail["project"], detail["name"], detail["version"], detail["run"]) == ("digits", "model", 1, "run1")
    assert (detail["file_count"], detail["size_bytes"], detail["used_by"]) == (2, 11, ["run2"])
    assert [file["path"] for file in detail["files"]] == ["model.pt", "sub/labels.txt"]
    (used,) = client.get("/api/v1/runs/run2/artifacts").json["artifacts"]
    assert (used["id"], used["direction"]) == (version_id, "input")


def test_a_project_lists_the_newest_version_of_each_artifact(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        run = log_run(session)
        for name, data in (("b", b"1"), ("a", b"1"), ("b", b"2")):
            log_artifact(session, run, {"file": data}, name=name)
    listed = client.get("/api/v1/projects/digits/artifacts").json["artifacts"]
    assert [(artifact["name"], artifact["version"]) for artifact in listed] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("version_id", [0, 17, 2**63, 10**30])
def test_a_version_that_is_not_there_is_not_found(client: FlaskClient, version_id: int) -> None:
    answer = client.get(f"/api/v1/artifact-versions/{version_id}")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_artifact_version")


def test_using_what_is_not_there_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound, match="no artifact version 17"):
        artifacts.use(session, log_run(session), 17, time_ms=NOW_MS)


def test_users_in_projects_that_one_may_not_see_are_not_named(guarded: Flask, ada: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    ada.done("POST", "/projects", {"name": "digits"})
    ada.done("POST", "/projects", {"name": "secret"})
    ada.done("PUT", "/projects/digits/members/eve", {"role": "viewer"})
    with writing(guarded) as session:
        made = log_artifact(session, log_run(session), {"a": b"1"})
        for run_id, project in (("r2", "digits"), ("r3", "secret")):
            artifacts.use(session, log_run(session, run_id, project=project), made.id, time_ms=NOW_MS)
        path = f"/artifact-versions/{made.id}"
    assert ada.done("GET", path)["used_by"] == ["r2", "r3"]
    assert eve.done("GET", path)["used_by"] == ["r2"]
