"""`log_artifact` keeps the bytes as they were, and they arrive before the record that names them."""

from __future__ import annotations

import hashlib

import pytest

from tracker.records import ArtifactLogged, MediaLogged


def test_a_file_arrives_with_its_bytes(server, start, tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(b"weights" * 400_000)
    run = start()
    run.log_artifact(path, name="checkpoint", type="model", aliases=["best"], metadata={"epoch": 3})
    path.write_bytes(b"changed afterwards")
    run.finish()
    logged = server.records(ArtifactLogged)[0]
    assert (logged.name, logged.kind, logged.aliases, logged.metadata) == (
        "checkpoint", "model", ("best",), {"epoch": 3},
    )  # fmt: skip
    assert [(file.path, file.size_bytes) for file in logged.files] == [("model.pt", 2_800_000)]
    assert server.blobs[logged.files[0].digest] == b"weights" * 400_000


def test_a_folder_is_one_artifact_and_equal_files_are_sent_once(server, start, tmp_path):
    folder = tmp_path / "export"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt"):
        (folder / name).write_text("same")
    run = start()
    run.log_artifact(folder)
    run.finish()
    logged = server.records(ArtifactLogged)[0]
    assert (logged.name, [file.path for file in logged.files]) == ("export", ["a.txt", "sub/b.txt"])
    assert list(server.blobs) == [hashlib.sha256(b"same").hexdigest()]


def test_staged_bytes_are_gone_once_they_are_stored(server, start, tmp_path, tracker_dir):
    (tmp_path / "model.pt").write_bytes(b"weights")
    run = start()
    run.log_artifact(tmp_path / "model.pt")
    server.wait_for(lambda: server.records(ArtifactLogged))
    run.finish()
    assert [path for path in tracker_dir.rglob("*") if path.is_file()] == []


def test_a_figure_arrives_as_json(server, start):
    import plotly.graph_objects as go

    run = start()
    run.log({"curve": go.Figure(go.Scatter(y=[1, 2, 3]))})
    run.finish()
    media = server.records(MediaLogged)[0]
    assert b'"data"' in server.blobs[media.digest]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "a/b"}, "an artifact's name must have 1 to 128"),
        ({"aliases": ["v3"]}, "the alias 'v3' is taken"),
        ({"aliases": ["latest"]}, "the alias 'latest' is taken"),
        ({"type": ""}, "an artifact's type must have 1 to 128"),
    ],
    ids=["name", "version as alias", "latest as alias", "type"],
)
def test_a_name_that_cannot_be_one_is_an_error(start, tmp_path, options, says):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=says):
        start(mode="offline").log_artifact(tmp_path / "file", **options)


def test_a_file_whose_name_no_other_system_has_is_an_error(start, tmp_path):
    (tmp_path / "a\\b").write_text("x")
    with pytest.raises(ValueError, match="cannot hold the file"):
        start(mode="offline").log_artifact(tmp_path / "a\\b", name="odd")


def test_a_file_that_is_not_there_is_an_error(start, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        start(mode="offline").log_artifact(tmp_path / "missing")
