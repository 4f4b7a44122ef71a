"""Under load, `production` is promoted and rolled back ten times: nothing fails, and each answer says who gave it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.reading import get, post
from tests.frames import START_MS, Journal
from tests.processes import Server, environment, wait_until
from tests.serving import Serving, scaling_bundle
from tracker.records import ArtifactFile, ArtifactLogged

MOVES = 10
CLIENTS = 6
WORKERS = 2
SCALES = {1: 2.0, 2: 3.0}
"""What version multiplies by."""


@dataclass(frozen=True)
class Answer:
    """A request from its beginning to its end, with the status, the version that answered and what it gave to 1."""

    begun: float
    ended: float
    status: int
    version: int | None
    output: float | None


@dataclass
class Load:
    """Clients that ask one request after another by connections that they keep, until the end of the `with`."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self.threads = [threading.Thread(target=self._ask_again_and_again) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)

    def _ask_again_and_again(self) -> None:
        with requests.Session() as session:
            while not self.is_over.is_set():
                begun = time.monotonic()
                try:
                    answer = session.post(f"{self.url}/predictions", json={"input": {"x": [[1, 1, 1]]}}, timeout=30)
                    said = answer.json()
                except (requests.RequestException, ValueError) as error:
                    self.failures.append(repr(error))
                    continue
                output = said["output"]["y"][0][0] if answer.ok else None
                self.answers.append(Answer(begun, time.monotonic(), answer.status_code, said.get("version"), output))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as server:
        yield server


def publish(server: Server, tmp_path: Path) -> None:
    """The model `scaling`, whose two versions are bundles; the first is in production."""
    journal = Journal("run1", "digits").started()
    for version, scale in SCALES.items():
        folder = scaling_bundle(tmp_path / f"bundle-{version}", scale)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = [upload(server, path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths]
        journal.add(ArtifactLogged(START_MS, "scaling", "model", tuple(files)))
    send(server, "POST", "/runs/run1/journal?writer=w0", journal.body())
    for artifact in reversed(get(server.url, "/runs/run1/artifacts")["artifacts"]):
        post(server.url, "/models/scaling/versions", {"artifact_version_id": artifact["id"]})
    scales = {one["version"]: one["artifact"] for one in get(server.url, "/models/scaling")["versions"]}
    assert scales == {1: "scaling:v1", 2: "scaling:v2"}
    promote(server, 1, None)


def upload(server: Server, path: str, content: bytes) -> ArtifactFile:
    digest = sha256(content).hexdigest()
    send(server, "PUT", f"/blobs/{digest}", content)
    return ArtifactFile(path, digest, len(content))


def send(server: Server, method: str, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/octet-stream", "X-Tracker-Client": "test"}
    answer = requests.request(method, f"{server.url}/api/v1{path}", data=body, headers=headers, timeout=30)
    assert answer.ok, answer.text


def promote(server: Server, version: int, replaces: int | None) -> Any:
    body = {"version": version, "replaces": replaces, "reason": "it is better"}
    return post(server.url, "/models/scaling/aliases/production", body)


def roll_back(server: Server, replaces: int) -> Any:
    body = {"replaces": replaces, "reason": "it is worse"}
    return post(server.url, "/models/scaling/aliases/production/rollback", body)


def held(url: str) -> list[float]:
    """The version of each worker."""
    text = requests.get(f"{url}/metrics", timeout=30).text
    return [float(value) for value in re.findall(r"^tracker_serve_held_version\S* (\S+)$", text, re.MULTILINE)]


def wait_until_held(serving: Serving, version: int) -> None:
    wait_until(lambda: held(serving.url) == [version] * WORKERS, f"all workers hold v{version}", timeout_s=60)


def consumers(server: Server) -> list[tuple[int, str, str | None]]:
    """What the tracking server was told."""
    told = get(server.url, "/models/scaling/consumers")["consumers"]
    return [(one["version"], one["kind"], one["address"]) for one in told]


def served(server: Server, tmp_path: Path, *more: str) -> Serving:
    options = ["--workers", str(WORKERS), "--watch-every", "0.1", *more]
    return Serving("scaling@production", tmp_path / "log", options, environment(server.url, tmp_path / "client"))


def test_no_request_fails_while_production_moves_and_each_says_who_answered(server: Server, tmp_path: Path) -> None:
    publish(server, tmp_path)
    with served(server, tmp_path) as serving, Load(serving.url) as load:
        calm: list[tuple[float, float, int]] = []
        version = 1
        for move in range(MOVES):
            begun = time.monotonic()
            enough = len(load.answers) + CLIENTS
            wait_until(lambda enough=enough: len(load.answers) > enough, "requests are answered")
            calm.append((begun, time.monotonic(), version))
            version = 2 if version == 1 else 1
            promote(server, 2, 1) if move % 2 == 0 else roll_back(server, 2)
            wait_until(
                lambda now=version: held(serving.url) == [now] * WORKERS, "all workers have swapped", timeout_s=60
            )
    assert load.failures == []
    assert {answer.status for answer in load.answers} == {200}
    assert {(answer.version, answer.output) for answer in load.answers} == {(1, 2.0), (2, 3.0)}
    for begun, ended, version in calm:
        within = {one.version for one in load.answers if one.begun > begun and one.ended < ended}
        assert within == {version}


def test_a_version_that_does_not_load_leaves_the_one_before(server: Server, tmp_path: Path) -> None:
    publish(server, tmp_path)
    with served(server, tmp_path) as serving:
        broken = scaling_bundle(tmp_path / "broken", model=b"no onnx")
        paths = sorted(path for path in broken.rglob("*") if path.is_file())
        files = [upload(server, path.relative_to(broken).as_posix(), path.read_bytes()) for path in paths]
        journal = Journal("run2", "digits").started().add(ArtifactLogged(START_MS, "broken", "model", tuple(files)))
        send(server, "POST", "/runs/run2/journal?writer=w0", journal.body())
        (artifact,) = get(server.url, "/runs/run2/artifacts")["artifacts"]
        post(server.url, "/models/scaling/versions", {"artifact_version_id": artifact["id"]})
        promote(server, 3, 1)
        wait_until(lambda: serving.said().count("scaling:v3 cannot be served") == WORKERS, "both say why not")
        answer = requests.post(f"{serving.url}/predictions", json={"input": {"x": [[1, 1, 1]]}}, timeout=30)
        assert (answer.status_code, answer.headers["X-Model-Version"]) == (200, "1")
        assert "scaling:v1 goes on being served" in requests.get(f"{serving.url}/health-check", timeout=30).text
        roll_back(server, 3)
        promote(server, 2, 1)
        wait_until_held(serving, 2)
        held_here = [(2, "serve", serving.url)] * WORKERS
        wait_until(lambda: consumers(server) == held_here, "the tracking server knows who holds what")
        serving.stop()
        wait_until(lambda: consumers(server) == [], "it knows that they ended")


def test_what_was_served_before_is_served_while_the_tracking_server_is_away(server: Server, tmp_path: Path) -> None:
    publish(server, tmp_path)
    with served(server, tmp_path) as serving:
        assert serving.stop() == 0
    server.kill()
    with served(server, tmp_path) as serving:
        assert held(serving.url) == [1] * WORKERS
        assert "is taken as it was when it was last asked for: v1" in serving.said()
        server.start()
        promote(server, 2, 1)
        wait_until_held(serving, 2)
