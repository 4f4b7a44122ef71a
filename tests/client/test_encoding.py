"""Media are encoded off the training thread, within bounds, and a process may end at any moment."""

from __future__ import annotations

import signal
import threading

import numpy as np
import PIL.Image
import pytest

import tracker
from tests.client.reading import read_all
from tracker import cli
from tracker.encoding import Encoder
from tracker.journal import Journal
from tracker.journal_files import path_of
from tracker.records import Logged, MediaLogged, RecordsLost, RunFinished, RunStarted

START = """
import os, signal, sys, threading, time
import numpy as np
import tracker
from tracker.media import Encoded, Media
from tracker import kinds

class Slow(Media):
    def encode(self, keep):
        time.sleep(60)
Slow.__module__ = "tracker.slow"

run = tracker.init("digits", system_interval_s=0, capture_code=False, capture_console=False)
"""
PATIENT = START.replace("capture_code=False", "capture_code=False, finish_timeout_s=50")
"""What a child logged is sent last, and a machine that is busy takes longer than the usual 10 s until then."""


@pytest.fixture
def journal(tmp_path):
    """A journal, and what it tells."""
    said: list[str] = []
    made = Journal(path_of(tmp_path, "run1", "w1"), on_notice=said.append)
    made.append(RunStarted(1, "run1", "digits", "w1"))
    made.said = said  # type: ignore[attr-defined]
    yield made
    made.close()


class Held:
    """Work that is done when it is let go."""

    def __init__(self):
        self.may_go = threading.Event()
        self.is_begun = threading.Event()

    def __call__(self):
        self.is_begun.set()
        assert self.may_go.wait(20)
        return media("held")


def media(name):
    return MediaLogged(0, 0, name, "text", "", 0)


def names(journal):
    return [record.name for record in read_all(journal.path) if isinstance(record, MediaLogged)]


def lost(journal):
    return sum(record.count for record in read_all(journal.path) if isinstance(record, RecordsLost))


def test_log_returns_before_a_piece_is_encoded(start):
    class Waits(tracker.Image):
        def encode(self, keep):
            assert may_go.wait(20)
            return super().encode(keep)

    Waits.__module__ = "tracker.tests"
    may_go = threading.Event()
    run = start(mode="offline")
    run.log({"image": Waits(np.zeros((2, 2))), "loss": 1.0})
    assert [type(record) for record in read_all(run.journal_path)][1:] == [Logged]
    may_go.set()
    run.finish()
    assert [type(record) for record in read_all(run.journal_path)][1:] == [Logged, MediaLogged, RunFinished]


def test_what_finds_no_room_is_counted_and_told_once(journal):
    encoder = Encoder(journal, max_bytes=10_000, patience_s=0.0)
    first = Held()
    encoder.add("the first", 6_000, first)
    for number in range(3):
        encoder.add(f"number {number}", 6_000, lambda: media("no"))
    encoder.add("a small one", 3_000, lambda: media("small"))
    first.may_go.set()
    assert encoder.settle(20)
    encoder.add("another", 6_000, lambda: media("another"))  # there is progress again
    encoder.close(20)
    assert names(journal) == ["held", "small", "another"]
    assert journal.lost_count + lost(journal) == 3
    assert ["number 0 was not kept" in line for line in journal.said] == [True]


def test_what_finds_no_room_waits_for_it(journal):
    encoder = Encoder(journal, max_bytes=10_000, patience_s=20.0)
    first = Held()
    encoder.add("the first", 6_000, first)
    assert first.is_begun.wait(20)
    adding = threading.Thread(target=encoder.add, args=("the second", 6_000, lambda: media("second")))
    adding.start()
    first.may_go.set()
    adding.join(20)
    encoder.close(20)
    assert names(journal) == ["held", "second"]
    assert journal.lost_count == 0


def test_a_piece_alone_always_has_room(journal):
    encoder = Encoder(journal, max_bytes=10_000, patience_s=0.0)
    encoder.add("a large one", 50_000, lambda: media("large"))
    encoder.close(20)
    assert names(journal) == ["large"]


def test_a_piece_that_cannot_be_encoded_costs_only_itself(journal):
    encoder = Encoder(journal)

    def fails():
        raise ZeroDivisionError("no")

    encoder.add("the image 'a'", 0, fails)
    encoder.add("the image 'b'", 0, lambda: media("b"))
    encoder.close(20)
    assert names(journal) == ["b"]
    assert journal.lost_count + lost(journal) == 1
    assert "the image 'a' was not kept: ZeroDivisionError: no" in journal.said[0]


def test_a_file_that_cannot_be_read_whole_becomes_a_notice_and_not_an_exception(start, tmp_path, capsys):
    path = tmp_path / "cut.png"
    PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 50), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:1000])
    run = start(mode="offline")
    run.log({"cut": tracker.Image(path, format="jpeg"), "loss": 1.0})
    run.finish()
    assert "Image 'cut' of step 0 was not kept" in capsys.readouterr().err
    assert [record.count for record in read_all(run.journal_path) if isinstance(record, RecordsLost)] == [1]


def test_a_full_disk_costs_the_piece_and_says_so(start, capsys):
    run = start(mode="offline")
    run.journal_path.with_suffix(".blobs").write_text("a file where the folder would be")
    run.log({"image": tracker.Image(np.zeros((2, 2)))})
    run.log({"histogram": tracker.Histogram([1, 2])})  # which has no bytes to be kept
    run.finish()
    assert "set TRACKER_DIR to a folder that has it" in capsys.readouterr().err
    kept = [record.name for record in read_all(run.journal_path) if isinstance(record, MediaLogged)]
    assert kept == ["histogram"]


def test_finish_waits_no_longer_than_it_may(start, capsys):
    run = start(mode="offline", finish_timeout_s=0.0)
    work = Held()
    run._encoder.add("the first", 0, work)
    assert work.is_begun.wait(20)
    run.log({"text": [tracker.Text("a"), tracker.Text("b")]})
    run.finish()
    work.may_go.set()
    records = read_all(run.journal_path)
    assert isinstance(records[-1], RunFinished | RecordsLost)
    assert not [record for record in records if isinstance(record, MediaLogged)]
    assert "Text 'text' of step 0 was not kept: the run ended before" in capsys.readouterr().err


def test_media_after_the_end_are_told(start, capsys):
    run = start(mode="offline")
    run.finish()
    run.log({"text": tracker.Text("a")})
    assert "is over; what is logged to it now is not kept" in capsys.readouterr().err


def test_media_of_a_disabled_run_are_checked_and_not_kept(start, tracker_dir):
    run = start(mode="disabled")
    run.log({"text": tracker.Text("a")})
    with pytest.raises(TypeError, match="is no media"):
        run.log({"text": [3]})
    assert not list(tracker_dir.rglob("*.journal"))


@pytest.mark.parametrize("ending", ["", "run.finish()", "sys.exit(3)", "os.kill(os.getpid(), 15); time.sleep(20)"])
def test_all_that_was_logged_is_there_however_the_program_ends(server, program, ending):
    text = "\nfor i in range(50): tracker.log({'noise': tracker.Image(np.random.rand(64, 64, 3))})\n"
    process = program(START + text + ending)
    assert len(server.records(MediaLogged)) == 50, process.err
    assert len(server.blobs) == 50


def test_media_logged_as_the_interpreter_ends_are_kept(server, program):
    text = """
import atexit
atexit.register(lambda: tracker.log({"last": tracker.Image(np.zeros((4, 4)))}))
"""
    process = program(START + text)
    assert [record.name for record in server.records(MediaLogged)] == ["last"], process.err


def test_a_kill_costs_what_was_not_encoded_and_nothing_else(server, program):
    text = """
tracker.log({"first": tracker.Image(np.zeros((4, 4)))})
while not list(run.journal_path.with_suffix(".blobs").glob("[0-9a-f]*")): time.sleep(0.01)
run._encoder.settle(20)
tracker.log({"slow": Slow(), "loss": 1.0})
os.kill(os.getpid(), 9)
"""
    process = program(START + text, TRACKER_MODE="offline")
    assert process.returncode == -signal.SIGKILL, process.err
    assert cli.main(["sync"]) == 0
    assert [record.name for record in server.records(MediaLogged)] == ["first"]
    assert [record.values for record in server.records(Logged)] == [{"loss": 1.0}]


def test_a_forked_child_keeps_its_media_and_leaves_its_parent_s(server, program):
    text = """
tracker.log({"parent": [tracker.Image(np.random.rand(64, 64, 3)) for _ in range(20)]})
child = os.fork()
if child == 0:
    signal.alarm(60)  # or one that hangs would hold the test
    tracker.log({"child": tracker.Image(np.zeros((4, 4)))})
    os._exit(0)
os.waitpid(child, 0)
"""
    process = program(PATIENT + text)
    assert process.returncode == 0, process.err
    found = [record.name for record in server.records(MediaLogged)]
    assert (found.count("parent"), found.count("child")) == (20, 1), process.err


def test_a_fork_waits_for_the_piece_that_is_being_encoded(server, program):
    text = """
import importlib
class Importing(Media):
    def encode(self, keep):
        begun.set()
        importlib.import_module("slow_module")  # as a library does that is used for the first time
        return Encoded("html", kinds.Html(), keep(b"x"))
Importing.__module__ = "tracker.slow"
open("slow_module.py", "w").write("import time; time.sleep(0.5)")
begun = threading.Event()
tracker.log({"parent": Importing()})
begun.wait(20)
child = os.fork()
if child == 0:
    signal.alarm(60)  # or one that hangs would hold the test
    tracker.log({"child": Importing()})
    os._exit(0)
os.waitpid(child, 0)
"""
    process = program(PATIENT + text, PYTHONPATH=".")
    assert process.returncode == 0, process.err
    assert sorted(record.name for record in server.records(MediaLogged)) == ["child", "parent"]


def test_a_run_waits_for_its_media_where_an_answer_is_the_point(server, start):
    run = start()
    run.log({"images": [tracker.Image(np.random.default_rng(n).random((64, 64, 3))) for n in range(20)]})
    run.wait_until_stored(20)
    assert len(server.records(MediaLogged)) == 20
