"""`use_artifact` gives the verified files of a version, and has the active run remember that it read them."""

from __future__ import annotations

import hashlib

import pytest

import tracker
from tests.client.served import served
from tracker.errors import RefusedError
from tracker.records import ArtifactUsed

CONTENT = b"0,1,2"


def publish(server, project="digits", name="mnist", ref="latest", kind="dataset"):
    digest = hashlib.sha256(CONTENT).hexdigest()
    server.blobs[digest] = CONTENT
    server.artifacts[(project, f"{name}:{ref}")] = {
        "id": 11, "project": project, "name": name, "kind": kind, "version": 3,
        "files": [{"path": "train/rows.csv", "digest": digest, "size_bytes": len(CONTENT)}],
    }  # fmt: skip
    return digest


@pytest.mark.parametrize(
    ("written", "ref"),
    [
        ("mnist", "latest"),
        ("mnist:latest", "latest"),
        ("mnist:v3", "v3"),
        ("mnist:clean", "clean"),
        ("mnist@clean", "clean"),
    ],
    ids=str,
)
def test_a_reference_gives_the_files_of_its_version(server, written, ref):
    publish(server, ref=ref)
    folder = tracker.use_artifact(written, project="digits")
    assert (folder / "train" / "rows.csv").read_bytes() == CONTENT


def test_a_reference_may_name_its_project(server):
    publish(server, project="shared data", ref="v3")
    assert tracker.use_artifact("shared data/mnist:v3", project="digits").is_dir()


def test_the_active_run_says_of_which_project_and_notes_the_use(server, start):
    publish(server, project="trained", ref="v3")
    run = start("trained")
    tracker.use_artifact("mnist:v3")
    run.finish()
    assert [record.version_id for record in server.records(ArtifactUsed)] == [11]


def test_without_a_project_it_says_how_to_name_one(server):
    with pytest.raises(ValueError, match="write project/mnist:v3"):
        tracker.use_artifact("mnist:v3")


def test_another_type_than_the_one_wanted_is_an_error_and_no_use(server, start):
    publish(server, ref="v3")
    run = start("digits")
    assert tracker.use_artifact("mnist:v3", type="dataset").is_dir()
    with pytest.raises(ValueError, match="is of type 'dataset', not 'model'"):
        tracker.use_artifact("mnist:v3", type="model")
    run.finish()
    assert len(server.records(ArtifactUsed)) == 1


def test_it_works_while_the_server_is_away(server, capsys):
    publish(server)
    first = tracker.use_artifact("mnist", project="digits")
    server.manner = "status 500"
    assert tracker.use_artifact("mnist", project="digits") == first
    assert "as it was when it was last asked for: v3" in capsys.readouterr().err


def test_bytes_of_another_digest_are_not_given(server):
    digest = publish(server)
    server.blobs[digest] = b"something else"
    with pytest.raises(tracker.TransportError, match="sha256"):
        tracker.use_artifact("mnist", project="digits")


def test_an_unknown_artifact_is_the_servers_word(server):
    with pytest.raises(tracker.RefusedError, match="no artifact 'mnist:latest'"):
        tracker.use_artifact("mnist", project="digits")


@pytest.mark.parametrize("ref", ["", "@clean", "mnist@", "mnist:", "/mnist:v3"], ids=repr)
def test_a_reference_of_another_form_is_an_error(ref):
    with pytest.raises(ValueError, match=r"must look like name:v3|says of no project"):
        tracker.use_artifact(ref, project="digits")


def test_what_the_run_has_just_logged_is_there_in_a_project_that_was_new(start, tmp_path, monkeypatch):
    made = tmp_path / "rows.csv"
    made.write_bytes(CONTENT)
    with served(tmp_path / "server") as real:
        monkeypatch.setenv("TRACKER_URL", real.url)
        run = start("new")
        run.log_artifact(made, name="rows", type="dataset")
        folder = run.use_artifact("rows")
        assert (folder.version, (folder / "rows.csv").read_bytes()) == (1, CONTENT)
        with pytest.raises(RefusedError, match="has no artifact 'none'"):
            run.use_artifact("none")
        run.finish()


def test_what_is_not_known_is_an_error_offline_too(server, start):
    run = start(mode="offline")
    with pytest.raises(RefusedError, match="mnist"):
        run.use_artifact("mnist:v3")
