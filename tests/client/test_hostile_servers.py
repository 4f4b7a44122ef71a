"""Networks and servers that go wrong, over real sockets: training never notices, and what is stored is stored once."""

from __future__ import annotations

import re

import pytest

from tests.client.hostile_server import HostileServer
from tracker.records import Logged

TRAIN = """
import time, tracker
run = tracker.init("digits", system_interval_s=0, capture_code=False, finish_timeout_s=25)
begun = time.monotonic()
for step in range(3000):
    run.log({"loss": float(step)})
print(time.monotonic() - begun)
"""

MANNERS = [
    "reset in the body", "cut after commit", "half an answer", "429", "503", "html", "html 500", "not http", "nothing",
    "redirect to itself",
]  # fmt: skip


@pytest.fixture
def hostile(server, monkeypatch):
    """Puts the ways in which connections go, one after the other, before the server."""
    made = []

    def stand_before(*manners: str) -> HostileServer:
        made.append(HostileServer(server.url, list(manners)))
        monkeypatch.setenv("TRACKER_URL", made[-1].url)
        return made[-1]

    yield stand_before
    for one in made:
        one.close()


def assert_all_stored_once(server):
    assert [(record.step, record.values["loss"]) for record in server.records(Logged)] == [
        (step, float(step)) for step in range(3000)
    ]


@pytest.mark.parametrize("manner", MANNERS)
def test_everything_is_stored_once_when_the_network_is_well_again(server, hostile, program, manner):
    hostile(manner, manner)
    process = program(TRAIN)
    assert (process.returncode, re.findall("Traceback", process.err)) == (0, []), process.err
    assert_all_stored_once(server)
    assert process.err.count("training goes on") <= 1


def test_one_thing_going_wrong_after_the_other_is_told_once(server, hostile, program):
    hostile("reset in the body", "cut after commit", "html", "half an answer")
    process = program(TRAIN)
    assert process.returncode == 0, process.err
    assert_all_stored_once(server)
    assert process.err.count("training goes on") == 1


# what is stored behind each cut is there, so that network does get well
@pytest.mark.parametrize("manner", ["hang", *(manner for manner in MANNERS if manner != "cut after commit")])
def test_logging_does_not_wait_for_a_network_that_never_gets_well(server, hostile, program, journals, manner):
    hostile(*[manner] * 1000)
    process = program(TRAIN.replace("finish_timeout_s=25", "finish_timeout_s=0.5"))
    assert process.returncode == 0, process.err
    assert float(process.out) < 1.0
    assert process.err.count(f"tracker sync {journals()[0]}") == 1


def test_a_key_that_is_refused_is_told_once_and_keeps_everything(server, hostile, program, journals):
    server.api_key = "right"
    hostile()
    process = program(TRAIN, TRACKER_API_KEY="wrong")
    assert process.returncode == 0, process.err
    assert process.err.count("refused this run's") == 1
    assert process.err.rstrip().endswith(f"tracker sync {journals()[0]}")
    assert len(journals()) == 1
    assert server.records(Logged) == []
