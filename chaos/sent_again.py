"""Every changing route behind a network that goes wrong, asked by a client that sends the same request again."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence

import requests

from chaos.changes import CASES, Change, Stage
from chaos.outcomes import Outcome
from chaos.processes import fresh_server, fsck
from chaos.proxy import FAULTS, Fault, Proxy, in_order
from chaos.stored import ask
from tests.processes import Server

ATTEMPTS = 10
BESIDE = ("kept_answers", "sqlite_sequence")
"""Tables in which a request that names itself leaves its own trace."""

Rows = dict[str, int]


def sent_again(*, rounds: int, faults: Sequence[Fault] = FAULTS) -> Outcome:
    """Each changing route meets each fault so many times; its effect on the tables must be that of one request."""
    outcome = Outcome(
        "connection cut before, in and after the request, duplicated, reordered: every changing route",
        "exactly one of each, and an answer that says so",
    )
    tried = 0
    with fresh_server() as server, Proxy(server.url) as network:
        for name, prepare in CASES.items():
            direct, once = _effect(server, prepare(Stage(server.url, f"{tried}-once")), server.url)
            outcome.expect(direct.ok, f"{name} fails even without a fault: {direct.status_code} {direct.text}")
            for fault in [*faults] * rounds:
                tried += 1
                change = prepare(Stage(server.url, f"{tried}"))
                network.next_fault = in_order([fault])
                answer, effect = _effect(server, change, network.url, network)
                is_told = answer.ok or (change.shows_secret and _says_answered(answer))
                outcome.expect(is_told, f"{name}, {fault}: answered {answer.status_code} {answer.text}")
                outcome.expect(effect == once, f"{name}, {fault}: added {effect} rows, and one request adds {once}")
        outcome.miss(fsck(server))
    outcome.count(f"{len(CASES)} routes × {len(faults)} faults × {rounds}: {tried} changes, each made once")
    return outcome


def send(url: str, change: Change, key: str) -> requests.Response:
    """As a sensible client does: the same request under the same key, until there is an answer."""
    for left in range(ATTEMPTS, 0, -1):
        try:
            return ask(
                url, change.method, change.path, json=change.json, data=change.data, params=change.params,
                headers={"Idempotency-Key": key},
            )  # fmt: skip
        except requests.ConnectionError:
            if left == 1:
                raise
    raise AssertionError("a request is made at least once")


def _says_answered(answer: requests.Response) -> bool:
    """Whether it says that the request was carried out, and that its secret has been shown."""
    return answer.status_code == 409 and answer.json()["error"]["code"] == "answered_once"


def _effect(server: Server, change: Change, url: str, network: Proxy | None = None) -> tuple[requests.Response, Rows]:
    """Send it; the answer, and how many rows it added to each table once all that was held back has come through."""
    before = rows_of(server)
    answer = send(url, change, str(uuid.uuid4()))
    if network is not None:
        network.settle()
    after = rows_of(server)
    return answer, {table: after[table] - before[table] for table in after if after[table] != before[table]}


def rows_of(server: Server) -> Rows:
    """How many rows each table has."""
    database = sqlite3.connect(f"file:{server.data / 'tracker.db'}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {
            table: int(database.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0])
            for table in tables
            if table not in BESIDE
        }
    finally:
        database.close()
    return counts
