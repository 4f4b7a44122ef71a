"""The network that goes wrong does to a request what its fault says: otherwise the scenarios would prove nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from chaos.outcomes import Outcome, markdown, text
from chaos.proxy import Fault, Proxy, by_chance, in_order


class Counting(BaseHTTPRequestHandler):
    """Answers every POST with its body, and keeps the bodies that came whole, in their order."""

    got: list[bytes] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return
        self.got.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test does."""


@pytest.fixture
def server() -> Iterator[str]:
    Counting.got = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def is_answered(proxy: Proxy, body: bytes) -> bool:
    try:
        return requests.post(proxy.url, data=body, timeout=10).content == body
    except requests.RequestException:
        return False


@pytest.mark.parametrize(
    ("fault", "answered", "got"),
    [
        ("none", True, [b"one"]),
        ("cut before", False, []),
        ("cut inside", False, []),
        ("cut after", False, [b"one"]),
        ("duplicate", True, [b"one", b"one"]),
        ("delay", True, [b"one"]),
        ("late", False, [b"one"]),
    ],
)
def test_a_request_meets_its_fault(server: str, fault: Fault, answered: bool, got: list[bytes]) -> None:
    with Proxy(server, in_order([fault])) as proxy:
        assert is_answered(proxy, b"one") is answered
        proxy.settle()
        assert Counting.got == got
        assert proxy.counts == {fault: 1}


def test_a_late_request_comes_after_the_next_one(server: str) -> None:
    with Proxy(server, in_order(["late"])) as proxy:
        assert [is_answered(proxy, body) for body in (b"first", b"second")] == [False, True]
        proxy.settle()
        assert Counting.got == [b"second", b"first"]


def test_the_same_seed_draws_the_same_faults_in_about_their_shares() -> None:
    one, other = by_chance({"cut after": 0.3}, 7), by_chance({"cut after": 0.3}, 7)
    drawn = [one() for _ in range(1000)]
    assert drawn == [other() for _ in range(1000)]
    assert 250 < drawn.count("cut after") < 350


def test_a_table_says_what_held_and_what_was_missed() -> None:
    held, missed = Outcome("a kill", "nothing lost"), Outcome("a cut", "one of each", misses=["two of them"])
    held.count("3 kills")
    assert "held" in markdown([held]).splitlines()[-1]
    printed = text([held, missed])
    assert "MISSED 1" in printed
    assert "a cut:\n    two of them" in printed
