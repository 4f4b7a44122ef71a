"""A server that is told to end (SIGTERM) answers what it is at, and is gone with status 0 within ten seconds."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.frames import START_MS, Journal
from tests.processes import Server, wait_until
from tests.server.logged import digest_of
from tracker.records import Logged
from tracker_server.serving import END_S

PROGRAM = {"X-Tracker-Client": "test"}
CONTENTS = b"weights " * 100_000
POINTS = 200_000
"""More than what lies between a server and a client that does not read."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "data") as server:
        yield server


@contextmanager
def ending(server: Server) -> Iterator[None]:
    """Told to end at the beginning, and then gone in time, with status 0 and without a process of its own."""
    assert server.process is not None
    family = [server.process, *psutil.Process(server.process.pid).children(recursive=True)]
    begun = time.monotonic()
    server.process.terminate()
    wait_until(lambda: not listens(server), "no new connection is taken")
    yield
    assert server.process.wait(20) == 0
    assert time.monotonic() - begun < END_S
    assert [one.pid for one in family[1:] if psutil.pid_exists(one.pid)] == []


def listens(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except OSError:
        return False
    return True


class Upload:
    """A file that is sent to a server in two parts."""

    def __init__(self, server: Server, contents: bytes = CONTENTS) -> None:
        self.path = f"/api/v1/blobs/{digest_of(contents)}"
        self._contents = contents
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self._connection.putrequest("PUT", self.path)
        for name, value in {**PROGRAM, "Content-Length": str(len(contents))}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(contents[: len(contents) // 2])

    def finish(self) -> int:
        """Send the rest; the status of the answer."""
        self._connection.send(self._contents[len(self._contents) // 2 :])
        with closing(self._connection):
            return self._connection.getresponse().status

    def close(self) -> None:
        self._connection.close()


def has(server: Server, upload: Upload) -> bool:
    digest = upload.path.rpartition("/")[2]
    body = json.dumps({"digests": [digest]}).encode()
    headers = {**PROGRAM, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}/api/v1/blobs/missing", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return digest not in answer.read().decode()


def arrived(server: Server) -> int:
    """Of how many uploads something has come."""
    return sum(1 for path in (server.data / "blobs" / "incoming").iterdir() if path.stat().st_size)


def post(server: Server, journal: Journal) -> int:
    address = f"{server.url}/api/v1/runs/{journal.run_id}/journal?writer={journal.writer}"
    headers = {**PROGRAM, "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(address, journal.body(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.loads(answer.read())["next_seq"])


def test_a_slow_upload_is_answered_first(server: Server) -> None:
    upload = Upload(server)
    wait_until(lambda: arrived(server) == 1, "the first part has come")
    with ending(server):
        assert upload.finish() == 201
    server.start()
    assert has(server, upload)


def test_an_upload_that_does_not_end_is_cut_off(server: Server) -> None:
    upload = Upload(server)
    wait_until(lambda: arrived(server) == 1, "the first part has come")
    with ending(server):
        pass
    upload.close()
    server.start()
    assert not has(server, upload)
    assert Upload(server).finish() == 201


def test_a_long_stream_does_not_hold_it(server: Server) -> None:
    journal = Journal().started()
    journal.add(*(Logged(step, START_MS + step, {"loss": 1 / (step + 1)}) for step in range(POINTS)))
    assert post(server, journal) == POINTS + 1
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", server.port))
        reader.sendall(b"GET /api/v1/runs/run1/series?metric=loss&resolution=full HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert reader.recv(12) == b"HTTP/1.1 200"
        with ending(server):
            pass


def test_a_connection_that_asks_nothing_does_not_hold_it(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)), ending(server):
        pass


def test_a_batch_that_waits_is_stored_first(server: Server) -> None:
    stored: list[int] = []
    journal = Journal().started().add(Logged(1, START_MS, {"loss": 0.5}))
    thread = threading.Thread(target=lambda: stored.append(post(server, journal)))
    with closing(sqlite3.connect(server.data / "tracker.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread.start()
        assert server.process is not None
        (worker,) = psutil.Process(server.process.pid).children()
        wait_until(lambda: any(one.status == "ESTABLISHED" for one in worker.net_connections()), "it is being posted")
        with ending(server):
            other.execute("ROLLBACK")
            thread.join()
    assert stored == [2]
    server.start()
    with urllib.request.urlopen(f"{server.url}/api/v1/runs/run1", timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("backend", ["postgres"])
def test_each_of_many_workers_answers_what_it_is_at(
    make_database_url: Callable[[str], str], tmp_path: Path, backend: str
) -> None:
    with Server(tmp_path / "data", make_database_url(backend), more=("--workers", "3")) as server:
        uploads = [Upload(server, CONTENTS + bytes([number])) for number in range(8)]
        wait_until(lambda: arrived(server) == len(uploads), "all first parts have come")
        with ending(server):
            assert [upload.finish() for upload in uploads] == [201] * len(uploads)
        server.start()
        assert all(has(server, upload) for upload in uploads)
