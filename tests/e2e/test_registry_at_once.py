"""Fifty clients at once on one model of a real server: no number twice, no move that did not see what it replaced."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import pytest
import requests

from tests.frames import START_MS, Journal
from tests.processes import Server
from tracker.records import ArtifactFile, ArtifactLogged

CLIENTS = 50
EACH = 20
ATTEMPTS = 5
WEIGHTS = b"weights"
T = TypeVar("T")


@dataclass(frozen=True)
class Client:
    """One that keeps its connection; what it is answered."""

    url: str
    session: requests.Session

    def ask(self, method: str, path: str, **content: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}/api/v1{path}", timeout=60, **content)

    def done(self, method: str, path: str, **content: Any) -> Any:
        answer = self.ask(method, path, **content)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


def client_of(server: Server) -> Client:
    session = requests.Session()
    session.headers["X-Tracker-Client"] = "test"
    return Client(server.url, session)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server", database_url=database_url) as server:
        yield server


def make_artifacts(server: Server, count: int) -> list[int]:
    """Ids of so many artifact versions: of one blob, under another path each."""
    client, digest = client_of(server), hashlib.sha256(WEIGHTS).hexdigest()
    client.done("PUT", f"/blobs/{digest}", data=WEIGHTS)
    files = (ArtifactFile(f"model-{number}.pt", digest, len(WEIGHTS)) for number in range(count))
    journal = Journal("run1", "digits").started()
    journal.add(*(ArtifactLogged(START_MS, "model", "model", (file,)) for file in files))
    client.done("POST", "/runs/run1/journal?writer=w0", data=journal.body())
    return [one["id"] for one in client.done("GET", "/runs/run1/artifacts")["artifacts"]]


def at_once(server: Server, act: Callable[[Client, int], T]) -> list[T]:
    """Carry out an act as every client, all beginning together."""
    gate = Barrier(CLIENTS)

    def begin(number: int) -> T:
        client = client_of(server)
        with client.session:
            gate.wait(timeout=60)
            return act(client, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(begin, range(CLIENTS)))


def test_a_thousand_registrations_at_once_get_every_number_once(server: Server) -> None:
    artifacts = make_artifacts(server, CLIENTS * EACH)
    assert len(artifacts) == CLIENTS * EACH

    def register(client: Client, number: int) -> list[int]:
        own = artifacts[number * EACH : (number + 1) * EACH]
        bodies = ({"artifact_version_id": artifact} for artifact in own)
        return [client.done("POST", "/models/digits/versions", json=body)["version"] for body in bodies]

    made = [version for versions in at_once(server, register) for version in versions]
    assert sorted(made) == list(range(1, CLIENTS * EACH + 1))
    verified = client_of(server).done("GET", "/audit/verification")
    assert (verified["entries"], verified["broken"]) == (1 + CLIENTS * EACH, None)


def test_of_fifty_who_move_one_alias_each_success_saw_what_it_replaced(server: Server) -> None:
    for artifact in make_artifacts(server, CLIENTS):
        client_of(server).done("POST", "/models/digits/versions", json={"artifact_version_id": artifact})

    def promote(client: Client, number: int) -> list[tuple[int | None, int]]:
        """What was seen, and what holds the alias then, of each attempt that succeeded."""
        moves = []
        for _ in range(ATTEMPTS):
            found = client.ask("GET", "/models/digits/resolve", params={"ref": "production"})
            seen = found.json()["version"] if found.ok else None
            body = {"version": number + 1, "replaces": seen, "reason": "it is better"}
            answer = client.ask("POST", "/models/digits/aliases/production", json=body)
            if answer.ok:
                assert answer.json()["replaced"] == seen
                moves.append((seen, number + 1))
            else:
                assert answer.json()["error"]["code"] in ("alias_moved", "holds_already"), answer.text
        return moves

    moves = [move for made in at_once(server, promote) for move in made]
    client = client_of(server)
    history = reversed(client.done("GET", "/models/digits")["history"])
    trail = [(one["from_version"], one["to_version"]) for one in history if one["action"] == "alias.moved"]
    assert sorted(trail, key=str) == sorted(moves, key=str)
    assert [before for before, _ in trail] == [None, *(after for _, after in trail[:-1])]
    assert client.done("GET", "/audit/verification")["broken"] is None
