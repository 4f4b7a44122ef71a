"""Uploads that break off and go on, and many small blobs at once: over HTTP, and the store itself."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.processes import Server, wait_until
from tests.server.logged import digest_of
from tracker_server.artifacts import BlobStore, sending, system_cache
from tracker_server.artifacts.blobs import KEPT_FROM_BYTES
from tracker_server.errors import Conflict, Refused, Stalled

MIB = 1024 * 1024
LARGE = random.Random(3).randbytes(5 * MIB + 77)
ME, YOU = 1, 2


def arriving(data: bytes, *, breaks_after: int | None = None) -> Callable[[memoryview], int]:
    """What fills buffers with the bytes, and breaks off after so many."""
    position = 0
    end = len(data) if breaks_after is None else breaks_after

    def fill(buffer: memoryview) -> int:
        nonlocal position
        if position == end and breaks_after is not None:
            raise Stalled("stalled", "the body broke off")
        part = data[position : min(end, position + len(buffer))]
        buffer[: len(part)] = part
        position += len(part)
        return len(part)

    return fill


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def broken_off(folder: Path, after: int = 3 * MIB) -> BlobStore:
    """A store to which an upload of `LARGE` broke off."""
    store = BlobStore(folder)
    with pytest.raises(Stalled):
        store.receive(digest_of(LARGE), arriving(LARGE, breaks_after=after), sender=ME)
    return store


def test_an_upload_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    store = broken_off(tmp_path)
    come = BlobStore(tmp_path).arrived(digest_of(LARGE), ME)  # as another process of the server finds it
    assert come == 3 * MIB
    assert store.receive(digest_of(LARGE), arriving(LARGE[come:]), sender=ME, offset=come) == len(LARGE)
    assert store.path(digest_of(LARGE)).read_bytes() == LARGE
    assert files_in(tmp_path / "incoming") == []


def test_what_came_from_somebody_else_is_not_gone_on_with(tmp_path: Path) -> None:
    store = broken_off(tmp_path)
    assert store.arrived(digest_of(LARGE), YOU) == 0
    with pytest.raises(Conflict, match=r"^0 bytes of \w+ have come"):
        store.receive(digest_of(LARGE), arriving(LARGE[3 * MIB :]), sender=YOU, offset=3 * MIB)


def test_what_goes_on_with_other_bytes_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    store = broken_off(tmp_path)
    with pytest.raises(Refused, match="have the sha256"):
        store.receive(digest_of(LARGE), arriving(b"something else"), sender=ME, offset=3 * MIB)
    assert files_in(tmp_path) == []


def test_going_on_behind_what_has_come_says_how_much_has(tmp_path: Path) -> None:
    store = broken_off(tmp_path)
    with pytest.raises(Conflict) as refused:
        store.receive(digest_of(LARGE), arriving(b""), sender=ME, offset=4 * MIB)
    assert refused.value.details["arrived_bytes"] == 3 * MIB
    assert store.arrived(digest_of(LARGE), ME) == 3 * MIB


def test_a_few_bytes_of_an_upload_that_broke_off_are_not_kept(tmp_path: Path) -> None:
    broken_off(tmp_path, KEPT_FROM_BYTES - 1)
    assert files_in(tmp_path) == []


def test_two_uploads_of_the_same_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    inner = arriving(LARGE)

    def fill_and_have_another_come(buffer: memoryview) -> int:
        if (count := inner(buffer)) and not store.has(digest_of(LARGE)):
            assert store.arrived(digest_of(LARGE), ME) == 0  # it is somebody's
            store.receive(digest_of(LARGE), arriving(LARGE), sender=ME)
        return count

    assert store.receive(digest_of(LARGE), fill_and_have_another_come, sender=ME) == len(LARGE)
    assert [path.read_bytes() for path in files_in(tmp_path)] == [LARGE]


def test_what_broke_off_is_removed_after_a_day_and_what_arrives_is_not(tmp_path: Path) -> None:
    store = broken_off(tmp_path)
    (left,) = files_in(tmp_path)
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    inner = arriving(LARGE)

    def fill(buffer: memoryview) -> int:
        os.utime(left, (time.time() - 2 * 86400,) * 2)
        BlobStore(tmp_path)  # a start tidies
        assert left.exists()
        return inner(buffer)

    store.receive(digest_of(LARGE), fill, sender=ME)
    broken_off(tmp_path / "other")
    (left,) = files_in(tmp_path / "other")
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    BlobStore(tmp_path / "other")
    assert files_in(tmp_path / "other") == []


def test_the_oldest_beyond_the_limit_is_removed(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, max_left_bytes=7 * MIB)
    for age_s, name in ((20, b"a"), (10, b"b"), (0, b"c")):
        data = name * 4 * MIB
        with pytest.raises(Stalled):
            store.receive(digest_of(data), arriving(data, breaks_after=3 * MIB), sender=ME)
        os.utime(tmp_path / "incoming" / f"{digest_of(data)}.{ME}", (time.time() - age_s,) * 2)
    store.receive(digest_of(b"x"), arriving(b"x"), sender=ME)
    assert [store.arrived(digest_of(name * 4 * MIB), ME) for name in (b"a", b"b", b"c")] == [0, 3 * MIB, 3 * MIB]


def test_over_http_it_goes_on_too(client: FlaskClient, app: Flask) -> None:
    address = f"/api/v1/blobs/{digest_of(LARGE)}"
    assert client.get(f"{address}/arrived").json == {"arrived_bytes": 0}
    answer = client.put(f"{address}?offset=5", data=LARGE[5:])
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "other_offset")
    store = app.extensions["tracker.blobs"]
    with pytest.raises(Stalled):
        store.receive(digest_of(LARGE), arriving(LARGE, breaks_after=2 * MIB), sender=_actor(app))
    assert client.get(f"{address}/arrived").json == {"arrived_bytes": 2 * MIB}
    assert client.put(f"{address}?offset={2 * MIB}", data=LARGE[2 * MIB :]).status_code == 201
    assert client.get(address, buffered=True).data == LARGE


def _actor(app: Flask) -> int:
    """Whoever acts on a server that asks nobody to sign in: the one whose upload of this leaves a file."""
    store = app.extensions["tracker.blobs"]
    probe = b"p" * (2 * MIB)
    for candidate in range(1, 5):
        with pytest.raises(Stalled):
            store.receive(digest_of(probe), arriving(probe, breaks_after=MIB), sender=candidate)
        found = app.test_client().get(f"/api/v1/blobs/{digest_of(probe)}/arrived").json
        (store._incoming / f"{digest_of(probe)}.{candidate}").unlink()
        if found == {"arrived_bytes": MIB}:
            return candidate
    raise AssertionError("nobody acts")


@pytest.mark.parametrize("start", [0, 1, 300_000, len(LARGE) - 1])
def test_a_download_goes_on_from_anywhere(client: FlaskClient, start: int) -> None:
    client.put(f"/api/v1/blobs/{digest_of(LARGE)}", data=LARGE)
    answer = client.get(f"/api/v1/blobs/{digest_of(LARGE)}", headers={"Range": f"bytes={start}-"}, buffered=True)
    assert (answer.status_code, answer.data == LARGE[start:]) == (206, True)
    assert answer.headers["Content-Range"] == f"bytes {start}-{len(LARGE) - 1}/{len(LARGE)}"


@pytest.mark.parametrize("start", [None, 0, 300_000, len(LARGE) - MIB])
def test_a_large_file_comes_whole_however_often_it_is_asked_for(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, start: int | None
) -> None:
    monkeypatch.setattr(sending, "LARGE_BYTES", MIB)
    monkeypatch.setattr(sending, "_wanted", system_cache.Wanted())
    client.put(f"/api/v1/blobs/{digest_of(LARGE)}", data=LARGE)
    headers = {} if start is None else {"Range": f"bytes={start}-"}
    answers = [client.get(f"/api/v1/blobs/{digest_of(LARGE)}", headers=headers, buffered=True) for _ in range(3)]
    assert [answer.data == LARGE[start or 0 :] for answer in answers] == [True, True, True]
    assert {answer.headers["Content-Length"] for answer in answers} == {str(len(LARGE) - (start or 0))}
    head = client.head(f"/api/v1/blobs/{digest_of(LARGE)}", buffered=True)
    assert head.headers["Content-Length"] == str(len(LARGE))


def test_a_file_that_passes_is_read_once_and_let_go_of(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    passing = sending.Passing(path, 5, len(LARGE))
    assert b"".join(passing) == LARGE[5:]
    passing.close()
    passing.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(passing._fd)


def test_a_file_that_is_cut_while_it_passes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    with closing(sending.Passing(path, 0, len(LARGE))) as passing:
        next(passing)
        os.truncate(path, MIB)
        with pytest.raises(OSError, match=f"ends after {MIB} of {len(LARGE)} bytes"):
            list(passing)


def test_what_was_asked_for_in_the_last_hour_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0
    monkeypatch.setattr(system_cache, "time", SimpleNamespace(monotonic=lambda: now_s))
    monkeypatch.setattr(system_cache, "_REMEMBERED", 2)
    wanted = system_cache.Wanted()
    assert [wanted.note("a"), wanted.note("a"), wanted.note("b")] == [False, True, False]
    now_s = 4000.0
    assert wanted.note("a") is False
    assert [wanted.note("c"), wanted.note("a"), wanted.note("b")] == [False, True, False]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as server:
        yield server


def test_a_killed_server_keeps_what_came_over_a_connection(server: Server) -> None:
    digest, half = digest_of(LARGE), 3 * MIB
    head = (
        f"PUT /api/v1/blobs/{digest} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Tracker-Client: test\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(LARGE)}\r\n\r\n"
    )
    (server.data / "blobs" / "incoming").mkdir(parents=True, exist_ok=True)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode() + LARGE[:half])
        (incoming,) = server.data.rglob("incoming")
        wait_until(lambda: any(path.stat().st_size >= half - MIB for path in files_in(incoming)), "most has come")
        server.kill()
    server.start()
    come = _ask(server, "GET", f"/api/v1/blobs/{digest}/arrived")[1]
    assert b"arrived_bytes" in come
    arrived = int(come.split(b":")[1].strip(b"}"))
    assert half - MIB <= arrived <= half
    assert _ask(server, "PUT", f"/api/v1/blobs/{digest}?offset={arrived}", LARGE[arrived:])[0] == 201
    assert _ask(server, "GET", f"/api/v1/blobs/{digest}")[1] == LARGE


def test_requests_of_one_connection_stay_apart_after_a_large_body(server: Server) -> None:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", server.port)
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/octet-stream"}
    other = LARGE[::-1]
    for data in (b"", b"tiny", LARGE, b"x" * 70_000, other):
        connection.request("PUT", f"/api/v1/blobs/{digest_of(data)}", data, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (
            201, f'{{"digest":"{digest_of(data)}","size_bytes":{len(data)}}}'.encode(),
        )  # fmt: skip
    connection.close()


def _ask(server: Server, method: str, path: str, data: bytes | None = None) -> tuple[int, bytes]:
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/octet-stream"}
    connection.request(method, path, data, headers)
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def body_of(*blobs: bytes) -> bytes:
    return b"".join(hashlib.sha256(data).digest() + struct.pack("<I", len(data)) + data for data in blobs)


def test_many_small_blobs_come_in_one_body(client: FlaskClient) -> None:
    blobs = [b"", b"one", b"two" * 1000, b"one"]
    assert client.post("/api/v1/blobs/bulk", data=body_of(*blobs)).json == {"stored": 3}
    assert client.post("/api/v1/blobs/bulk", data=body_of(*blobs)).json == {"stored": 3}
    for data in blobs:
        assert client.get(f"/api/v1/blobs/{digest_of(data)}", buffered=True).data == data
    asked = {"digests": [digest_of(data) for data in blobs]}
    assert client.post("/api/v1/blobs/missing", json=asked).json == {"missing": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (body_of(b"good") + b"\0" * 32 + struct.pack("<I", 3) + b"bad", "digest_mismatch"),
        (body_of(b"good") + b"\0" * 20, "bad_bulk"),
        (body_of(b"good") + b"\0" * 32 + struct.pack("<I", 9) + b"short", "bad_bulk"),
    ],
    ids=["another digest", "no head", "cut off"],
)
def test_a_body_of_many_is_taken_whole_or_not_at_all(client: FlaskClient, app: Flask, body: bytes, code: str) -> None:
    answer = client.post("/api/v1/blobs/bulk", data=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
    assert files_in(app.extensions["tracker.settings"].blobs) == []


def _fetched(client: FlaskClient, *digests: str) -> TestResponse:
    return client.post("/api/v1/blobs/fetch", json={"digests": list(digests)}, buffered=True)


def test_many_small_blobs_go_in_one_answer_in_their_order(client: FlaskClient) -> None:
    blobs = [b"two" * 1000, b"", b"one", *(b"%d" % number * 3000 for number in range(60))]
    assert client.post("/api/v1/blobs/bulk", data=body_of(*blobs)).status_code == 200
    answer = _fetched(client, *map(digest_of, blobs), digest_of(b"one"))
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    assert answer.data == body_of(*blobs)
    assert answer.content_length == len(answer.data)
    assert _fetched(client).data == b""


def test_an_answer_of_many_has_all_of_them_or_none(client: FlaskClient) -> None:
    client.post("/api/v1/blobs/bulk", data=body_of(b"one"))
    answer = _fetched(client, digest_of(b"one"), digest_of(b"never sent"))
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_blob")
    assert digest_of(b"never sent") in answer.json["error"]["message"]
    assert _fetched(client, "../../secret").status_code == 422


def test_an_answer_of_many_is_bounded(client: FlaskClient) -> None:
    blobs = [bytes([number]) * 1024 * 1024 for number in range(17)]
    for data in blobs:
        assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code == 201
    answer = _fetched(client, *map(digest_of, blobs))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "too_many_bytes")
    assert _fetched(client, *map(digest_of, blobs[:16])).data == body_of(*blobs[:16])
