"""A run that is asked to stop: by the server's answer, in a program that looks and in one that does not."""

from __future__ import annotations

import signal

import pytest

from tests.client.reading import read_all
from tracker.records import Logged, RunFinished, RunStarted

STOP = {"type": "stop", "by": "ada", "reason": "it diverges"}

LOOKS = """
import time, tracker
with tracker.init("digits", system_interval_s=0) as run:
    end = time.monotonic() + 30
    while not run.should_stop and time.monotonic() < end:
        run.log({"loss": 1.0})
        time.sleep(0.01)
print("left by itself", run.should_stop)
"""

NEVER_LOOKS = """
import time, tracker
with tracker.init("digits", system_interval_s=0, on_stop=ON_STOP) as run:
    try:
        time.sleep(30 if ON_STOP == "interrupt" else 2)
    finally:
        run.log({"cleaned_up": 1.0})
print("to the end")
"""


def _ending(server):
    (ending,) = server.records(RunFinished)
    return ending.status


def test_a_program_that_looks_leaves_by_itself(server, program):
    process = program(LOOKS, wait=False)
    server.wait_for(lambda: server.records(Logged))
    server.commands = [STOP]
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out.strip()) == (0, "left by itself True")
    assert err.count("stop was asked for by ada (it diverges); run.should_stop is True") == 1
    assert _ending(server) == "stopped"


def test_a_program_that_never_looks_is_interrupted_and_cleans_up(server, program):
    process = program(NEVER_LOOKS.replace("ON_STOP", "'interrupt'"), wait=False)
    server.wait_for(lambda: server.records(RunStarted))
    server.commands = [STOP]
    out, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert out == ""
    assert "this program does not look at run.should_stop" in err
    assert [record.values for record in server.records(Logged)] == [{"cleaned_up": 1.0}]
    assert _ending(server) == "stopped"


def test_a_program_may_forbid_to_be_interrupted(server, program):
    server.commands = [STOP]
    process = program(NEVER_LOOKS.replace("ON_STOP", "'flag'"))
    assert (process.returncode, process.out.strip()) == (0, "to the end")
    assert _ending(server) == "stopped"


def test_a_run_that_is_ending_is_not_interrupted_at_it(server, program):
    server.manner = "status 500"
    process = program(
        "import threading, time, tracker\nrun = tracker.init('digits', system_interval_s=0)\n"
        "print('ending', flush=True)\nrun.finish()\nprint('to the end')",
        wait=False,
    )
    assert process.stdout.readline() == "ending\n"
    server.commands, server.manner = [STOP], "well"
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "to the end\n")


def test_a_command_that_is_not_known_is_passed_over(server, start):
    server.commands = [{"type": "dance"}, {}]
    run = start()
    server.wait_for(lambda: server.records(RunStarted))
    run.finish()
    assert not run.should_stop
    assert _ending(server) == "finished"


def test_a_run_that_was_not_asked_ends_as_it_says(start):
    run = start(mode="offline")
    run.finish()
    assert read_all(run.journal_path)[-1].status == "finished"


@pytest.mark.parametrize("word", ["quietly", None], ids=["other word", "none"])
def test_what_to_do_when_asked_is_one_of_two_words(start, word):
    with pytest.raises(ValueError, match=f"on_stop must be one of interrupt, flag, got {word!r}"):
        start(mode="offline", on_stop=word)
