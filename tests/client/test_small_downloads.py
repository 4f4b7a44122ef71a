"""Many small files of a version come many to an answer: verified, gone on with, and also from an earlier server."""

from __future__ import annotations

import hashlib

import pytest

import tracker
from tests.client.served import served
from tests.frames import START_MS
from tracker import downloading
from tracker.errors import DamagedError
from tracker.records import ArtifactLogged

COUNT = 300


def publish(server, contents):
    digests = [hashlib.sha256(data).hexdigest() for data in contents]
    server.blobs |= dict(zip(digests, contents, strict=True))
    server.artifacts[("digits", "mnist:v3")] = {
        "id": 11, "project": "digits", "name": "mnist", "kind": "dataset", "version": 3,
        "files": [
            {"path": f"rows/{number:03}.txt", "digest": digest, "size_bytes": len(data)}
            for number, (digest, data) in enumerate(zip(digests, contents, strict=True))
        ],
    }  # fmt: skip
    return digests


def contents_of(folder):
    return [path.read_bytes() for path in sorted((folder / "rows").iterdir())]


def use():
    return tracker.use_artifact("mnist:v3", project="digits")


SMALL = [b"row %d" % number for number in range(COUNT)]


@pytest.mark.parametrize("lacks", [None, "/blobs/fetch"], ids=["a server of now", "an earlier server"])
def test_small_files_come_many_to_an_answer(server, lacks):
    server.lacks = lacks
    contents = [*SMALL, b"", bytes(downloading.SMALL_BYTES + 1)]
    publish(server, contents)
    assert contents_of(use()) == contents
    expected = ([COUNT + 1], 1) if lacks is None else ([], len(contents))
    assert (server.fetched_counts, len(server.asked_from)) == expected


def test_no_answer_is_asked_to_be_larger_than_some_mebibytes(server):
    contents = [bytes([number]) * downloading.SMALL_BYTES for number in range(40)]
    publish(server, contents)
    assert contents_of(use()) == contents
    assert sorted(server.fetched_counts) == [8, 16, 16]


def test_an_answer_that_breaks_off_is_gone_on_with(server):
    contents = [b"%4d" % number * 1000 for number in range(100)]
    publish(server, contents)
    server.fetches_cut_after = [200_000, 0, 150_000]
    with pytest.raises(tracker.TransportError):
        use()  # of the second answer nothing came
    assert contents_of(use()) == contents
    first, second, third, last = server.fetched_counts
    assert (first, second) == (100, third)
    assert 100 > second > last > 0


def test_a_damaged_blob_is_named_and_not_kept(server, tracker_dir):
    digests = publish(server, SMALL)
    server.blobs[digests[7]] = b"wor 7"
    with pytest.raises(DamagedError, match=digests[7]):
        use()
    assert not list(tracker_dir.rglob(digests[7]))
    assert not list(tracker_dir.rglob("versions/*/rows"))
    server.blobs[digests[7]] = b"a longer one than was said"
    with pytest.raises(DamagedError, match=f"{digests[7]} has 26 bytes, not 5"):
        use()
    server.blobs[digests[7]] = SMALL[7]
    assert contents_of(use()) == SMALL


def test_what_is_here_is_not_asked_for_again(server, tracker_dir):
    digests = publish(server, SMALL)
    folder = use()
    (folder / "rows" / "007.txt").unlink()
    (tracker_dir / "artifacts" / "blobs" / digests[3]).write_bytes(b"damaged")
    assert contents_of(use()) == SMALL
    assert server.fetched_counts == [COUNT, 1]


def test_a_run_s_small_files_are_downloaded_many_to_an_answer(tmp_path):
    with served(tmp_path / "server", needs_key=True) as server:
        contents = [*SMALL[:30], SMALL[0], bytes(downloading.SMALL_BYTES + 1)]
        files = tuple(server.upload(f"rows/{number:03}.txt", data) for number, data in enumerate(contents))
        server.log("whole", ArtifactLogged(START_MS, "mnist", "dataset", files))
        api = tracker.Api(server.url, api_key=server.key)
        run = api.run("whole")
        server.asked.clear()
        paths = run.download(tmp_path / "here")
        assert [path.read_bytes() for path in paths] == contents
        asked = [request for request in server.asked if "/blobs/" in request]
        assert (asked.count("POST /api/v1/blobs/fetch"), len(asked)) == (1, 2)
        paths[4].write_bytes(b"changed")
        paths[5].unlink()
        assert [path.read_bytes() for path in run.download(tmp_path / "here")] == contents
