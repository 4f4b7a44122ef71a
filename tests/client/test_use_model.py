"""`use_model` gives verified files, and gives them again while the server is away."""

from __future__ import annotations

import hashlib

import pytest

import tracker
from tracker.records import ArtifactUsed


def publish(server, name="digits", ref="production", content=b"weights", **changes):
    digest = hashlib.sha256(content).hexdigest()
    server.blobs[digest] = content
    file = {"path": "sub/model.pt", "digest": digest, "size_bytes": len(content)} | changes
    server.models[(name, ref)] = {
        "model": name, "version": 3, "ref": ref, "aliases": [ref], "artifact": "checkpoint:v3",
        "artifact_version_id": 11, "run_id": "run1", "files": [file],
    }  # fmt: skip
    return digest


def test_an_alias_gives_the_files_of_its_version(server):
    publish(server)
    assert (tracker.use_model("digits@production") / "sub" / "model.pt").read_bytes() == b"weights"


def test_a_version_that_is_here_is_not_fetched_again(server):
    digest = publish(server)
    first = tracker.use_model("digits@production")
    del server.blobs[digest]
    assert tracker.use_model("digits@production") == first


def test_it_works_while_the_server_is_away(server, capsys):
    publish(server)
    first = tracker.use_model("digits@production")
    server.manner = "status 500"
    assert tracker.use_model("digits@production") == first
    assert "as it was when it was last asked for: v3" in capsys.readouterr().err


def test_a_moved_alias_gives_the_new_version(server):
    publish(server)
    tracker.use_model("digits@production")
    publish(server, content=b"better")
    assert (tracker.use_model("digits@production") / "sub" / "model.pt").read_bytes() == b"better"


def test_a_file_that_was_changed_here_is_fetched_again(server):
    publish(server)
    path = tracker.use_model("digits@production") / "sub" / "model.pt"
    path.write_bytes(b"tampered")
    assert (tracker.use_model("digits@production") / "sub" / "model.pt").read_bytes() == b"weights"


def test_a_folder_that_is_damaged_and_cannot_be_removed_is_not_given(server, monkeypatch):
    publish(server)
    path = tracker.use_model("digits@production") / "sub" / "model.pt"
    path.write_bytes(b"tampered")
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(OSError, match="not empty"):
        tracker.use_model("digits@production")


def test_what_another_process_fetched_meanwhile_stays(server):
    """It may be reading the files already."""
    digest = publish(server)
    found = []

    class Blobs(dict):
        """Has somebody else fetch the same, once, while these bytes are on their way."""

        def __getitem__(self, key):
            if not found:
                found.append(None)
                found[0] = tracker.use_model("digits@production").stat().st_ino
            return super().__getitem__(key)

    server.blobs = Blobs({digest: server.blobs[digest]})
    assert tracker.use_model("digits@production").stat().st_ino == found[0]


def test_bytes_of_another_digest_are_not_given(server):
    digest = publish(server)
    server.blobs[digest] = b"something else"
    with pytest.raises(tracker.TransportError, match="sha256"):
        tracker.use_model("digits@production")


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "a/../../b", ""], ids=repr)
def test_a_path_out_of_the_folder_is_not_followed(server, path):
    publish(server, path=path)
    with pytest.raises(tracker.TrackerError, match="outside its folder"):
        tracker.use_model("digits@production")


def test_an_unknown_model_is_the_servers_word(server):
    with pytest.raises(tracker.RefusedError, match="no model 'digits'"):
        tracker.use_model("digits@production")


@pytest.mark.parametrize("ref", ["", "@production", "digits@", "digits:3"], ids=repr)
def test_a_reference_of_another_form_is_an_error(ref):
    with pytest.raises(ValueError, match="must look like name@production or name:v3"):
        tracker.use_model(ref)


def test_a_run_notes_what_it_used(server, start):
    publish(server)
    run = start()
    tracker.use_model("digits@production")
    run.finish()
    assert [record.version_id for record in server.records(ArtifactUsed)] == [11]
