"""Hostile requests at every route of the app, while somebody watches what it answers, writes and takes."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from chaos.attacks import Attack, Known, attacks
from chaos.changes import Stage
from chaos.hostile_words import MARK
from chaos.outcomes import Outcome
from chaos.processes import MIB, fresh_folder, fsck, memory_of
from chaos.proxy import read_message
from tests.frames import START_MS, Journal
from tests.processes import Server
from tracker.records import ArtifactFile, ArtifactLogged, ConfigChanged, ConsoleLine, Logged, MediaLogged

LONGEST_S = 2.0
HEALTHY_S = 1.0
MOST_MEMORY_MIB = 100
GIVEN_UP_S = 30.0
AT_ONCE = 4
PORTION = 200

HASHING = ("POST /session", "POST /people", "PATCH /people/<person>", "PUT /me/password")
"""Routes that hash a password, which takes time and memory by intent: asked one at a time, and weighed apart."""

HASHING_MIB = 128
"""What two passwords take that are hashed at once, the most that there are."""

PROTOCOL = (501, 505)
"""What gunicorn, before the app, answers to a version or an encoding of HTTP that it does not speak."""


@dataclass(frozen=True)
class Answer:
    """The status of an answer, 0 for a connection that was closed without one; whether the app gave it."""

    attack: Attack
    status: int
    seconds: float
    is_of_app: bool


@dataclass
class Watch:
    """What was seen of the server from beside."""

    health_s: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def hostile(*, share: float, patience: float = 1.0, seed: int = 7) -> Outcome:
    """This share of all attacks, drawn by chance. `patience` multiplies the times that are allowed."""
    outcome = Outcome(
        "hostile requests (paths, hosts, origins, bodies, filters, names)",
        f"0 × 5xx, 0 bytes outside, each < {LONGEST_S:g} s, memory < +{MOST_MEMORY_MIB} MB, "
        f"/healthz < {HEALTHY_S:g} s meanwhile",
    )
    with fresh_folder() as folder, Server(folder / "inside" / "server", settings={"TMPDIR": str(folder)}) as server:
        known = _furnish(server.url)
        outside = _outside(folder, server.data)
        apart = _Apart()
        drawn = apart.of(_drawn(known, share, seed))
        with _watched(server) as watch:
            answers = [*_answers(server, drawn, AT_ONCE), *_answers(server, apart.changing, AT_ONCE)]
        _judge(outcome, answers, watch, MOST_MEMORY_MIB, patience)
        with _watched(server) as watch:
            answers = list(_answers(server, apart.hashing, 1))
        outcome.count("of routes that hash a password:")
        _judge(outcome, answers, watch, MOST_MEMORY_MIB + HASHING_MIB, patience)
        changed = sorted(map(str, _outside(folder, server.data) ^ outside)) + _marked(folder, server.data)
        outcome.expect(not changed, f"files came, went or changed outside the data folder: {changed}")
        outcome.count(f"{len(changed)} files outside")
        outcome.miss(fsck(server))
    return outcome


def _furnish(url: str) -> Known:
    """A run with a little of everything, and the parts of paths that lead to it."""
    stage = Stage(url, "attacked")
    data = b'{"data": []}'
    digest = hashlib.sha256(data).hexdigest()
    stage.do("PUT", f"/blobs/{digest}", data=data)
    run = stage.make_run(
        *(Logged(step, START_MS + step, {"loss": 1.0 / step, "acc": float(step)}) for step in range(1, 300)),
        *(ConsoleLine(START_MS, "stdout", "a" * number) for number in range(300)),
        ConfigChanged(START_MS, {"lr": 0.1, "name": "a" * 200}),
        ArtifactLogged(START_MS, "model", "model", (ArtifactFile("model.pt", digest, len(data)),)),
        MediaLogged(0, START_MS, "figure", "plotly", digest, len(data)),
    )
    again = Journal(run_id=run, project=stage.project, writer="w1")
    again.started(START_MS + 5000, is_resumed=True, resume_from_step=100)
    again.add(Logged(101, START_MS + 6000, {"loss": 2.0}))
    stage.do("POST", f"/runs/{run}/journal", params={"writer": "w1"}, data=again.body())
    (version,) = stage.do("GET", f"/runs/{run}/artifacts")["artifacts"]
    (media,) = stage.do("GET", f"/runs/{run}/media")["media"]
    body = {"artifact_version_id": version["id"], "replaces": None, "reason": "it is better"}
    stage.do("POST", "/models/net/aliases/production", json=body)
    view = stage.do("POST", f"/projects/{stage.project}/views", json={"name": "mine", "parameters": {}})
    return Known({
        "project": stage.project, "run_id": run, "digest": digest, "version_id": str(version["id"]), "name": "net",
        "path": "model.pt", "media_id": str(media["id"]), "alias": "production", "version": "1", "view_id": view["id"],
        "number": "1", "entry_id": "1",
    })  # fmt: skip


@dataclass
class _Apart:
    """Attacks that are kept for later: those that may take away what others need, and those that take long."""

    changing: list[Attack] = field(default_factory=list)
    hashing: list[Attack] = field(default_factory=list)

    def of(self, drawn: Iterable[Attack]) -> Iterator[Attack]:
        """The attacks that are for now."""
        for one in drawn:
            if one.route in HASHING:
                self.hashing.append(one)
            elif one.changes:
                self.changing.append(one)
            else:
                yield one


def _drawn(known: Known, share: float, seed: int) -> Iterator[Attack]:
    chance = random.Random(seed)
    return (one for one in attacks(known) if chance.random() < share)


def _answers(server: Server, drawn: Iterable[Attack], at_once: int) -> Iterator[Answer]:
    """The answer to each; so many are asked at the same time."""
    where = (str(urlsplit(server.url).hostname), server.port)
    left = iter(drawn)
    with ThreadPoolExecutor(at_once) as pool:
        while portion := list(islice(left, PORTION)):
            yield from pool.map(lambda one: _send(where, one), portion)


def _send(where: tuple[str, int], attack: Attack) -> Answer:
    begun = time.monotonic()
    status, is_of_app = 0, False
    try:
        with socket.create_connection(where, GIVEN_UP_S) as connection, connection.makefile("rb") as source:
            _send_all(connection, attack.head + attack.body)
            answer = read_message(source, is_answer=True)
        if answer is not None:
            status = int(answer.head.split(b" ", 2)[1])
            is_of_app = b"x-request-id:" in answer.head.lower()
    except ConnectionError:
        pass  # it is closed without an answer: a way to refuse what is no HTTP
    return Answer(attack, status, time.monotonic() - begun, is_of_app)


def _send_all(connection: socket.socket, data: bytes) -> None:
    """Send it and end; a server that has refused the request by its head does not read on."""
    try:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        return  # it has hung up already; what it said before is read


def _judge(outcome: Outcome, answers: Iterable[Answer], watch: Watch, most_mib: int, patience: float) -> None:
    statuses: Counter[int] = Counter()
    slowest, protocol = 0.0, 0
    for one in answers:
        statuses[one.status] += 1
        slowest = max(slowest, one.seconds)
        what = f"{one.attack.route}, {one.attack.what}"
        is_of_protocol = one.status in PROTOCOL and not one.is_of_app
        protocol += is_of_protocol
        outcome.expect(one.status < 500 or is_of_protocol, f"{what}: answered {one.status}")
        outcome.expect(one.seconds < LONGEST_S * patience, f"{what}: answered {one.status} after {one.seconds:.1f} s")
    more_mib = (max(watch.memory) - watch.memory[0]) / MIB
    outcome.expect(more_mib < most_mib, f"the server took {more_mib:.0f} MB more")
    outcome.expect(max(watch.health_s) < HEALTHY_S * patience, f"/healthz took {max(watch.health_s):.2f} s")
    told = ", ".join(f"{count} × {status or 'closed'}" for status, count in sorted(statuses.items()))
    outcome.count(f"{statuses.total():,} requests: {told}")
    outcome.count(*[f"{protocol} × 501 or 505 by gunicorn, to an HTTP that it does not speak"] * bool(protocol))
    outcome.count(f"the slowest {slowest:.2f} s", f"memory +{more_mib:.0f} MB")
    outcome.count(f"/healthz {max(watch.health_s):.2f} s at most, asked {len(watch.health_s)} times")


@contextmanager
def _watched(server: Server) -> Iterator[Watch]:
    """Ask again and again whether the server is healthy, and how much memory it has."""
    watch, is_over = Watch(), threading.Event()

    def look() -> None:
        while not is_over.is_set():
            watch.memory.append(memory_of(server))
            begun = time.monotonic()
            try:
                urllib.request.urlopen(f"{server.url}/healthz", timeout=GIVEN_UP_S).close()
            except OSError:
                watch.health_s.append(GIVEN_UP_S)
            else:
                watch.health_s.append(time.monotonic() - begun)
            is_over.wait(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        is_over.set()
        thread.join()


def _outside(folder: Path, data: Path) -> set[tuple[Path, int, int]]:
    """Every file below the folder that is not the server's, with its size and time."""
    files = (path for path in folder.rglob("*") if path.is_file() and data not in path.parents)
    return {(path, path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def _marked(folder: Path, data: Path) -> list[str]:
    """What has the mark of our hostile names where an escape would lead: beside us, in /tmp, at the root, at home."""
    places = [folder.parent, Path("/tmp"), Path("/"), Path("/etc"), Path.home(), Path.cwd()]
    beside = [path for place in places if place.is_dir() for path in place.iterdir() if MARK in path.name]
    inside = [path for path in data.rglob("*") if MARK in path.name]
    return [str(path) for path in beside + inside]
