"""Bytes in and out, by digest: over HTTP, and the store itself."""

from __future__ import annotations

import hashlib
import io
import os
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.server.logged import digest_of, log_artifact, log_run, writing
from tracker_server.artifacts import BlobStore
from tracker_server.errors import NotFound, Refused

DATA = b"weights of a network"
DIGEST = digest_of(DATA)


def put(client: FlaskClient, data: bytes, digest: str | None = None) -> int:
    return client.put(f"/api/v1/blobs/{digest or digest_of(data)}", data=data).status_code


def fetch(client: FlaskClient, path: str, **options: Any) -> TestResponse:
    """The whole answer, with its file closed again."""
    return client.get(path, buffered=True, **options)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_come_back_under_their_digest(client: FlaskClient) -> None:
    assert put(client, DATA) == 201
    answer = fetch(client, f"/api/v1/blobs/{DIGEST}")
    assert answer.data == DATA
    assert answer.headers["ETag"] == f'"{DIGEST}"'


def test_the_same_bytes_again_are_stored_once(client: FlaskClient, app: Flask) -> None:
    put(client, DATA)
    again = client.put(f"/api/v1/blobs/{DIGEST}", data=DATA)
    assert (again.status_code, again.json) == (200, {"digest": DIGEST, "size_bytes": len(DATA)})
    assert len(files_in(app.extensions["tracker.settings"].blobs)) == 1


def test_bytes_with_another_digest_are_refused_and_leave_nothing(client: FlaskClient, app: Flask) -> None:
    answer = client.put(f"/api/v1/blobs/{DIGEST}", data=DATA + b"!")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "digest_mismatch")
    assert files_in(app.extensions["tracker.settings"].blobs) == []
    assert client.post("/api/v1/blobs/missing", json={"digests": [DIGEST]}).json == {"missing": [DIGEST]}


@pytest.mark.parametrize("digest", ["..", "abc", "A" * 64, "%2e%2e%2f" * 9, "0" * 63 + "g"])
def test_what_is_no_digest_is_refused(client: FlaskClient, digest: str) -> None:
    assert client.put(f"/api/v1/blobs/{digest}", data=b"").status_code in (404, 405, 422)
    assert fetch(client, f"/api/v1/blobs/{digest}").status_code in (404, 405, 422)


def test_an_empty_blob_is_a_blob(client: FlaskClient) -> None:
    assert put(client, b"") == 201
    assert fetch(client, f"/api/v1/blobs/{digest_of(b'')}").data == b""


def test_missing_digests_come_in_their_order_and_once(client: FlaskClient) -> None:
    put(client, DATA)
    asked = ["f" * 64, DIGEST, "0" * 64, "f" * 64]
    assert client.post("/api/v1/blobs/missing", json={"digests": asked}).json == {"missing": ["f" * 64, "0" * 64]}


def test_an_unknown_digest_is_not_found(client: FlaskClient) -> None:
    assert fetch(client, f"/api/v1/blobs/{'0' * 64}").json["error"]["code"] == "unknown_blob"


def test_a_part_can_be_asked_for(client: FlaskClient) -> None:
    put(client, DATA)
    answer = fetch(client, f"/api/v1/blobs/{DIGEST}", headers={"Range": "bytes=8-9"})
    assert (answer.status_code, answer.data) == (206, b"of")
    assert answer.headers["Content-Range"] == f"bytes 8-9/{len(DATA)}"
    assert fetch(client, f"/api/v1/blobs/{DIGEST}", headers={"If-None-Match": f'"{DIGEST}"'}).status_code == 304


def test_what_users_stored_is_never_active_in_our_origin(client: FlaskClient, app: Flask) -> None:
    page = b"<script>alert(document.cookie)</script>"
    put(client, page)
    with writing(app) as session:
        version = log_artifact(session, log_run(session), {"page.html": page}).id
    for path in (f"/api/v1/blobs/{digest_of(page)}", f"/api/v1/artifact-versions/{version}/files/page.html"):
        answer = fetch(client, path)
        assert answer.data == page
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["für uns/モデル.pt", 'a "quoted" name', "a;b=c.txt", "100%.txt", "emoji 🦦"])
def test_a_file_comes_under_its_own_name(client: FlaskClient, app: Flask, path: str) -> None:
    put(client, DATA)
    with writing(app) as session:
        version = log_artifact(session, log_run(session), {path: DATA}).id
    answer = fetch(client, f"/api/v1/artifact-versions/{version}/files/{quote(path)}")
    assert answer.data == DATA
    assert "\n" not in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "/etc/passwd", "..%5csecret", "nothing", "a%00b"])
def test_a_path_is_a_key_and_not_a_place_on_the_disk(client: FlaskClient, app: Flask, path: str) -> None:
    put(client, DATA)
    with writing(app) as session:
        version = log_artifact(session, log_run(session), {"secret": DATA}).id
    answer = fetch(client, f"/api/v1/artifact-versions/{version}/files/{path}")
    assert answer.status_code in (308, 404)
    assert DATA not in answer.data


class _Parts:
    """A stream of `size` pseudo-random bytes that is never in memory as a whole."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.chance = random.Random(1)

    def read(self, size: int) -> bytes:
        part = self.chance.randbytes(min(size, self.left))
        self.left -= len(part)
        return part


def test_bytes_stream_through_without_being_held(tmp_path: Path) -> None:
    size = 200 * 1024 * 1024
    running, source = hashlib.sha256(), _Parts(size)
    while part := source.read(1024 * 1024):
        running.update(part)
    store = BlobStore(tmp_path)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert store.put(running.hexdigest(), _Parts(size).read) == size
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 32 * 1024


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    parts = [1, 1, 1]

    def read(size: int) -> bytes:
        if not parts:
            raise ConnectionResetError
        return bytes(size * parts.pop())

    with pytest.raises(ConnectionResetError):
        BlobStore(tmp_path).put(DIGEST, read)
    assert files_in(tmp_path) == []


def test_what_a_killed_server_left_is_removed_after_a_day(tmp_path: Path) -> None:
    BlobStore(tmp_path)
    old, new = tmp_path / "incoming" / "old", tmp_path / "incoming" / "new"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    BlobStore(tmp_path)
    assert files_in(tmp_path) == [new]


@settings(deadline=None)
@given(data=st.binary(max_size=5000), sizes=st.lists(st.integers(1, 700), min_size=1))
def test_any_bytes_in_any_parts_are_stored_whole_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, sizes: list[int]
) -> None:
    store = BlobStore(tmp_path_factory.mktemp("blobs"))
    reader = in_parts(data, sizes)
    assert store.put(digest_of(data), reader) == len(data)
    assert store.path(digest_of(data)).read_bytes() == data
    with pytest.raises(Refused):
        store.put(digest_of(data + b"?"), in_parts(data, sizes))
    with pytest.raises(NotFound):
        store.path(digest_of(data + b"?"))


def in_parts(data: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A reader that gives less than it is asked for, as sockets do."""
    stream, wanted = io.BytesIO(data), iter(sizes * (len(data) + 1))
    return lambda size: stream.read(min(size, next(wanted)))
