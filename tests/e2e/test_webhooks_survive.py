"""What a webhook is to be told arrives, whatever happens to the server that was told first."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.frames import START_MS, Journal
from tests.processes import Server, environment, run_script, wait_until
from tests.server.receiving import Receiver, receiving
from tests.server.signatures import is_signed
from tracker.records import Logged

KILLS = 10
HEADERS = {"X-Tracker-Client": "test"}
CODE = """
import os, tracker
from pathlib import Path

with tracker.init("digits", system_interval_s=0) as run:
    for number in range(2):
        weights = Path(os.environ["TRACKER_DIR"]) / f"weights-{number}.bin"
        weights.write_bytes(b"weights %d" % number)
        run.log_artifact(weights, name="cnn", type="model")
    print(run.id)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that may send to this machine, with two versions of a model registered."""
    with Server(tmp_path / "server", more=("--allow-webhook-to", "127.0.0.0/8")) as server:
        ended = run_script(CODE, environment(server.url, tmp_path / "client"))
        assert ended.returncode == 0, ended.stderr
        artifacts = ask(server, "GET", f"/runs/{ended.stdout.split()[-1]}/artifacts")["artifacts"]
        for artifact in sorted(artifacts, key=lambda one: int(one["version"])):
            ask(server, "POST", "/models/cnn/versions", {"artifact_version_id": artifact["id"]})
        yield server


def ask(server: Server, method: str, path: str, body: object = None) -> Any:
    answer = requests.request(method, f"{server.url}/api/v1{path}", json=body, headers=HEADERS, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def add_hook(server: Server, receiver: Receiver) -> str:
    """The secret of a webhook that is told of promotions."""
    body = {"name": "deploy-bot", "url": receiver.url, "events": ["alias.moved"]}
    return str(ask(server, "POST", "/projects/digits/webhooks", body)["secret"])


def promote(server: Server, version: int, replaces: int | None) -> int:
    """The entry of the trail that the promotion is."""
    body = {"version": version, "replaces": replaces, "reason": "it is better"}
    return int(ask(server, "POST", "/models/cnn/aliases/production", body)["entry"]["id"])


def told(receiver: Receiver) -> set[tuple[int, str]]:
    """The entries of the trail that were told of, each with the id that it was told under."""
    return {(json.loads(one.body)["data"]["audit_id"], one.headers["Webhook-Id"]) for one in list(receiver.requests)}


def tells_more(receiver: Receiver, than: int) -> bool:
    return len(told(receiver)) > than


def waiting(server: Server) -> int:
    (hook,) = ask(server, "GET", "/projects/digits/webhooks")["webhooks"]
    return int(hook["waiting"])


def test_a_server_killed_while_it_sends_is_followed_by_one_that_sends_again(server: Server) -> None:
    is_killed = threading.Event()

    def hang_up_late(count: int) -> int:
        if count == 0:
            is_killed.wait(20)
            return 0
        return 200

    with receiving(hang_up_late) as receiver:
        secret = add_hook(server, receiver)
        entry = promote(server, 1, None)
        receiver.wait_for(1)
        server.kill()
        is_killed.set()
        server.start()
        first, second = receiver.wait_for(2)
        assert first.headers["Webhook-Id"] == second.headers["Webhook-Id"]
        assert first.body == second.body
        assert f'"audit_id":{entry}'.encode() in second.body
        assert is_signed(second, secret)
        wait_until(lambda: waiting(server) == 0, "it is noted as delivered")


def test_ten_kills_lose_no_delivery_and_give_none_a_second_id(server: Server) -> None:
    with receiving() as receiver:
        add_hook(server, receiver)
        entries = []
        for number in range(KILLS):
            entries.append(promote(server, 1 + number % 2, None if number == 0 else 2 - number % 2))
            server.kill()
            server.start()
        wait_until(lambda: waiting(server) == 0, "all are delivered")
        assert sorted(audit_id for audit_id, _ in told(receiver)) == entries


def test_promotions_that_go_on_through_ten_kills_are_each_told_with_one_id(server: Server) -> None:
    is_over = threading.Event()

    def keep_promoting() -> None:
        while not is_over.is_set():
            try:
                found = requests.get(f"{server.url}/api/v1/models/cnn", headers=HEADERS, timeout=20).json()
                holder = found["aliases"][0]["version"] if found["aliases"] else None
                promote(server, 2 if holder == 1 else 1, holder)
            except requests.RequestException:
                is_over.wait(0.02)  # the server is away: look and promote again

    with receiving() as receiver:
        add_hook(server, receiver)
        promoting = threading.Thread(target=keep_promoting)
        promoting.start()
        try:
            for _ in range(KILLS):
                before = len(told(receiver))  # one more, so that others are under way
                wait_until(functools.partial(tells_more, receiver, before), "a further promotion is told of")
                server.kill()
                server.start()
        finally:
            is_over.set()
            promoting.join()
        wait_until(lambda: waiting(server) == 0, "all are delivered", timeout_s=60)
        history = ask(server, "GET", "/models/cnn")["history"]
        promoted = sorted(entry["id"] for entry in history if entry["action"] == "alias.moved")
        assert sorted(audit_id for audit_id, _ in told(receiver)) == promoted
        assert len(promoted) >= KILLS


def test_a_receiver_that_hangs_does_not_slow_what_runs_log(server: Server) -> None:
    is_over = threading.Event()

    def hang(_count: int) -> int:
        is_over.wait(60)
        return 200

    def slowest_of_a_hundred_s(run: str) -> float:
        """How long the second slowest of a hundred journals took to be taken."""
        journal, took = Journal(run, "digits").started(), []
        session = requests.Session()
        for step in range(100):
            body = journal.add(Logged(step, START_MS + step, {"loss": 1.0})).body()
            began = time.perf_counter()
            answer = session.post(f"{server.url}/api/v1/runs/{run}/journal?writer=w0", data=body, headers=HEADERS)
            took.append(time.perf_counter() - began)
            assert answer.ok, answer.text
        return sorted(took)[-2]

    alone = slowest_of_a_hundred_s("alone")
    with receiving(hang) as receiver:
        add_hook(server, receiver)
        for number in range(6):
            promote(server, 1 + number % 2, None if number == 0 else 2 - number % 2)
        receiver.wait_for(1)
        beside = slowest_of_a_hundred_s("beside")
        assert waiting(server) == 6
        is_over.set()
    assert beside < max(5 * alone, 0.5), (alone, beside)  # it waits for ten seconds: who waited with it would show


def test_a_receiver_that_hangs_holds_up_neither_acts_nor_the_end_of_the_server(server: Server) -> None:
    is_over = threading.Event()

    def hang(_count: int) -> int:
        is_over.wait(30)
        return 200

    with receiving(hang) as receiver:
        add_hook(server, receiver)
        for number in range(6):
            promote(server, 1 + number % 2, None if number == 0 else 2 - number % 2)
        assert len(receiver.wait_for(1)) == 1
        assert server.stop() == 0
        is_over.set()
