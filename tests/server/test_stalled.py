"""Clients that stop in the middle of a request take no thread for good."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.proxy import read_message
from tests.processes import free_port, wait_until

SERVE = """
import sys
from pathlib import Path
from tracker_server.cli import prepare
from tracker_server.serving import serve_forever
from tracker_server.settings import Settings

settings = Settings.in_folder(Path(sys.argv[1]), port=int(sys.argv[2]), stalled_after_s=1)
prepare(settings)
serve_forever(settings, workers=1, threads=2)
"""
HEAD = b"GET /api/v1/projects HT"
BODY = (
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nX-Tracker-Client: test\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of a server with two threads that gives up a silent client after a second."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path / "data"), str(port)])
    try:
        wait_until(lambda: is_healthy(port), "the server answers")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def is_healthy(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("begun", [HEAD, BODY], ids=["head", "body"])
def test_the_threads_of_clients_that_fell_silent_are_for_others_again(port: int, begun: bytes) -> None:
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
    for connection in silent:
        connection.sendall(begun)
    assert is_healthy(port)
    for connection in silent:
        connection.close()


def test_a_body_that_does_not_come_is_told(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as connection, connection.makefile("rb") as source:
        connection.sendall(BODY)
        answer = read_message(source, is_answer=True)
    assert answer is not None
    assert answer.head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.body)["error"]["code"] == "stalled"
