"""Many at once on one server: versions without gap or repeat, and no move that did not see what it replaced."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from flask import Flask

from tests.server.model_registry import Registry, make_artifacts

THREADS = 20
ATTEMPTS = 500
T = TypeVar("T")


def at_once(app: Flask, act: Callable[[Registry, int], T]) -> list[T]:
    """Carry out an act in every thread, each with a client of its own, all beginning together."""
    gate = Barrier(THREADS)

    def begin(number: int) -> T:
        client = app.test_client()
        client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
        gate.wait(timeout=30)
        return act(Registry(client), number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def registry(app: Flask) -> Registry:
    return Registry(app.test_client())


def test_threads_that_register_at_once_get_every_number_once(app: Flask) -> None:
    artifacts = make_artifacts(app, THREADS)
    answers = at_once(app, lambda digits, number: digits.register(artifacts[number]))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json["version"] for answer in answers) == list(range(1, THREADS + 1))
    assert registry(app).trail() == [
        ("model.created", None, None, None),
        *(("version.registered", None, None, number) for number in range(1, THREADS + 1)),
    ]


def test_threads_that_register_the_same_make_one_version(app: Flask) -> None:
    (artifact,) = make_artifacts(app, 1)
    answers = at_once(app, lambda digits, _number: digits.register(artifact))
    assert sorted(answer.status_code for answer in answers) == [200] * (THREADS - 1) + [201]
    assert {answer.json["version"] for answer in answers} == {1}
    assert registry(app).detail()["version_count"] == 1


def test_of_threads_that_saw_the_same_holder_one_moves_the_alias(app: Flask) -> None:
    artifacts = make_artifacts(app, THREADS)
    answers = at_once(app, lambda digits, number: digits.move(replaces=None, artifact_version_id=artifacts[number]))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (THREADS - 1)
    detail = registry(app).detail()
    assert (detail["version_count"], len(detail["history"])) == (1, 3)


def test_every_move_saw_the_value_that_it_replaced(app: Flask) -> None:
    artifacts = make_artifacts(app, THREADS)

    def promote(digits: Registry, number: int) -> tuple[int | None, int]:
        """Look and promote until it succeeds: what was seen, and what holds the alias then."""
        for _ in range(ATTEMPTS):
            found = digits.resolve("production")
            seen = found.json["version"] if found.status_code == 200 else None
            answer = digits.move(replaces=seen, artifact_version_id=artifacts[number])
            if answer.status_code == 200:
                return seen, answer.json["version"]
            assert answer.status_code == 409, answer.text
        raise AssertionError(f"thread {number} was never first in {ATTEMPTS} attempts")

    moves = at_once(app, promote)
    trail = [(before, after) for action, _, before, after in registry(app).trail() if action == "alias.moved"]
    assert sorted(trail, key=str) == sorted(moves, key=str)
    assert [before for before, _ in trail] == [None, *(after for _, after in trail[:-1])]
    assert sorted(after for _, after in trail) == list(range(1, THREADS + 1))
    assert registry(app).holder() == trail[-1][1]
