"""A run's files are downloaded as far as they can be: blobs from the server, references from where they lie."""

from __future__ import annotations

import hashlib
import threading

import pytest

import tracker
from tests.client import places
from tests.client.served import served
from tests.frames import START_MS
from tracker.query import IncompleteError
from tracker.records import ArtifactFile, ArtifactLogged

LARGE = [bytes([number]) * 300_000 for number in range(1, 4)]


@pytest.fixture
def server(tmp_path):
    with served(tmp_path / "server", needs_key=True) as made:
        yield made


@pytest.fixture
def web():
    with places.web() as made:
        yield made


def etag(content):
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def run(server, web):
    """One of two artifacts: own files, large and small; and files behind addresses, one of which is known by sha256."""
    web.files |= {"tagged.bin": b"tagged", "read.bin": b"read before"}
    own = [server.upload(f"{number}.bin", data) for number, data in enumerate([*LARGE, b"a", b"b"])]
    elsewhere = [
        ArtifactFile("in/tagged.bin", "", 6, f"{web.url}/tagged.bin", etag(b"tagged")),
        ArtifactFile("read.bin", sha256(b"read before"), 11, f"{web.url}/read.bin"),
    ]
    server.log(
        "whole",
        ArtifactLogged(START_MS, "net", "model", tuple(own)),
        ArtifactLogged(START_MS, "data", "dataset", tuple(elsewhere)),
    )
    with_key = tracker.Api(server.url, api_key=server.key)
    yield with_key.run("whole")
    with_key.close()


OWN = {f"net/v1/{number}.bin": data for number, data in enumerate([*LARGE, b"a", b"b"])}
ALL = OWN | {"data/v1/in/tagged.bin": b"tagged", "data/v1/read.bin": b"read before"}


def found_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def here(tmp_path):
    return tmp_path / "here"


def test_references_are_fetched_from_where_they_lie(run, here):
    paths = run.download(here)
    assert {path.relative_to(here).as_posix(): path.read_bytes() for path in paths} == ALL
    assert found_in(here) == ALL


def test_what_is_here_is_not_fetched_again_and_what_was_changed_is(run, web, here):
    run.download(here)
    web.asked.clear()
    (here / "data/v1/in/tagged.bin").write_bytes(b"TAGGED")
    run.download(here)
    assert web.asked == ["GET /tagged.bin"]  # which no sha256 tells of
    assert found_in(here)["data/v1/in/tagged.bin"] == b"tagged"


def test_one_reference_of_several_versions_is_fetched_once(run, server, web, here):
    again = ArtifactFile("same.bin", "", 6, f"{web.url}/tagged.bin", etag(b"tagged"))
    server.log("whole", ArtifactLogged(START_MS, "data", "dataset", (again,)), label="again", writer="again")
    run.download(here)
    assert found_in(here) == ALL | {"data/v2/same.bin": b"tagged"}
    assert web.asked.count("GET /tagged.bin") == 1


def test_a_reference_that_cannot_be_had_is_told_after_everything_else_is_here(run, web, here):
    del web.files["read.bin"]
    with pytest.raises(IncompleteError, match="the same call fetches what is lacking") as raised:
        run.download(here)
    assert f"data/v1/read.bin: there is no file at {web.url}/read.bin" in str(raised.value)
    had = {place: data for place, data in ALL.items() if place != "data/v1/read.bin"}
    assert found_in(here) == had
    assert {path.relative_to(here).as_posix() for path in raised.value.paths} == set(had)
    web.files["read.bin"] = b"read before"
    assert len(run.download(here)) == len(ALL)


@pytest.mark.parametrize(
    ("uri", "said"),
    [("ftp://host/x.bin", "is none of"), ("http://127.0.0.1:9/x.bin", "cannot be reached"),
     ("file:///etc/hostname", "without a sha256")],
    ids=["another scheme", "away", "a file of this machine"],
)  # fmt: skip
def test_each_way_that_a_reference_cannot_be_read_leaves_the_rest_alone(run, server, here, uri, said):
    lacking = ArtifactFile("x.bin", "", 6, uri, '"tag"')
    server.log("whole", ArtifactLogged(START_MS, "far", "dataset", (lacking,)), label="far", writer="far")
    with pytest.raises(IncompleteError, match=said) as raised:
        run.download(here)
    assert [file.reference for file in raised.value.failures] == [uri]
    assert found_in(here) == ALL


def test_a_changed_file_is_not_taken_for_the_one_that_was_logged(run, web, here):
    web.files["tagged.bin"] = b"TAGGED"
    with pytest.raises(IncompleteError, match="has the ETag"):
        run.download(here, "in/*")
    assert found_in(here) == {}


def test_what_nothing_tells_of_is_left_out_with_a_notice(run, server, web, here, capsys):
    unknown = ArtifactFile("unknown.bin", "", 0, f"{web.url}/tagged.bin")
    server.log("whole", ArtifactLogged(START_MS, "far", "dataset", (unknown,)), label="far", writer="far")
    assert len(run.download(here)) == len(ALL)
    assert found_in(here) == ALL
    assert "far/v1/unknown.bin is not fetched from" in capsys.readouterr().err


def test_many_failures_are_told_in_a_message_that_can_be_read(run, server, web, here):
    gone = tuple(ArtifactFile(f"{number:02}.bin", "", 6, f"{web.url}/gone-{number}", '"tag"') for number in range(25))
    server.log("whole", ArtifactLogged(START_MS, "far", "dataset", gone), label="far", writer="far")
    with pytest.raises(IncompleteError, match="and 5 more") as raised:
        run.download(here)
    assert [file.path for file in raised.value.failures] == [file.path for file in gone]
    assert "far/v1/19.bin" in str(raised.value)
    assert "far/v1/20.bin" not in str(raised.value)


def test_large_files_come_several_at_once(run, server, here):
    server.meeting = threading.Barrier(len(LARGE))
    run.download(here, "[012].bin")
    assert sorted(found_in(here).values()) == LARGE
