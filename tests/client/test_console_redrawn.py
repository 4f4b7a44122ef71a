"""Lines that are redrawn, one or several below one another, are recorded as they were seen last, and none is lost."""

from __future__ import annotations

import contextlib
import io
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tqdm import tqdm

from tests.processes import wait_until
from tracker.console import LONGEST_LINE, MOST_HELD, Console, Lines
from tracker.records import ConsoleLine

UP, ERASE = "\x1b[1A", "\x1b[2K"

PIECES = st.sampled_from(
    ["\n", "\r", UP, "\x1b[3A", "\x1b[99F", "\x1b[B", "\x1b[2E", ERASE, "\x1b[K", "\x1b[G", "\x1b[1m", "\x1b", " ", "a"]
)  # fmt: skip


class Terminal:
    """A stream that takes lines from what is drawn on it."""

    def __init__(self):
        self.collector = Lines()
        self.lines = []

    def write(self, text):
        self.lines += self.collector.feed(text)

    def flush(self):
        pass


@contextlib.contextmanager
def recording(**options):
    """The records of what is printed meanwhile, on streams of the test's own."""
    records = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        console = Console(records.append, **options)
        try:
            yield records
        finally:
            console.close()


def lines_of(*pieces):
    collector = Lines()
    found = [line for piece in pieces for line in collector.feed(piece)]
    return found + collector.end()


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        pytest.param(["a\n", "b\n", f"{UP}{UP}\r", "c\n", "d\n"], ["a", "b", "c", "d"], id="lines told before"),
        pytest.param(["1\n2", f"\r{UP}3\n4", f"\r{UP}5\n6\n"], ["1", "5", "6"], id="two rows"),
        pytest.param(["1\n2", "\r\x1b[", "1A3\n4\n"], ["1", "3", "4"], id="a code in two writes"),
        pytest.param(["a\x1b", "[3", "2mb\n"], ["a\x1b[32mb"], id="a colour in three writes"),
        pytest.param(["a\x1b["], ["a\x1b["], id="the beginning of a code at the end"),
        pytest.param(["\r 50%", "\r    \r", "a\n"], ["a"], id="a bar that was wiped away"),
        pytest.param(["\r 50%", "\r\x1b[K", "\n"], [], id="a bar that was erased"),
        pytest.param(["\r 99%", "\r100%\n", "a\n"], ["100%", "a"], id="a line after a bar"),
    ],
)
def test_rows_become_lines(pieces, lines):
    assert lines_of(*pieces) == lines


def test_log_lines_above_a_live_table_come_at_once():
    """As rich draws: the live rows are erased, the line is printed in their place, and they come again below."""
    terminal = Terminal()
    terminal.write("row 1\nrow 2\nrow 3")
    for count in range(5):
        terminal.write(f"\r{ERASE}{UP}{ERASE}{UP}{ERASE}line {count}\nrow 1\nrow 2\nrow 3 of {count}")
        assert terminal.lines[-1] == f"line {count}"
    terminal.write("\n")
    found = terminal.lines + terminal.collector.end()
    assert found[-3:] == ["row 1", "row 2", "row 3 of 4"]
    assert len(found) <= 5 + 2 * 3, "at most the first states come too"


@pytest.mark.parametrize(("leave", "inner"), [(True, ["inner 3/3"]), (False, [])], ids=["left", "wiped"])
def test_nested_bars_of_tqdm_are_their_last_states(leave, inner):
    terminal = Terminal()
    options = {"file": terminal, "mininterval": 0, "bar_format": "{desc} {n_fmt}/{total_fmt}"}
    for epoch in tqdm(range(2), desc="outer", **options):
        for _ in tqdm(range(3), desc="inner", leave=leave, position=1, **options):
            pass
        tqdm.write(f"epoch {epoch}", file=terminal)
    terminal.write("done\n")
    found = terminal.lines + terminal.collector.end()
    assert [line for line in found if "epoch" in line] == ["epoch 0", "epoch 1"]
    assert found[-2:] == ["outer 2/2", "done"]
    assert [line for line in found if "inner" in line] == inner * 2
    assert len(found) <= 4 + 2 + 2 * len(inner), "at most the first states come too"


@given(st.lists(PIECES, max_size=40), st.data())
def test_the_same_lines_come_however_the_text_is_cut(pieces, data):
    text = "".join(pieces)
    bounds = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    cut = [text[start:end] for start, end in zip([0, *bounds], [*bounds, len(text)], strict=True)]
    assert lines_of(*cut) == lines_of(text)


@given(st.lists(PIECES, max_size=40))
def test_a_line_after_whatever_was_drawn_is_recorded(pieces):
    assert "the last line" in lines_of(*pieces, "\n", "the last line\n")


@given(st.lists(st.sampled_from(["a", "b\n", "", "\n", "\x1b[1mc\n"]), max_size=20))
def test_text_without_codes_is_recorded_line_by_line(pieces):
    lines = "".join(pieces).split("\n")
    assert lines_of(*pieces) == (lines if lines[-1] else lines[:-1])


def test_what_is_held_is_bounded():
    collector = Lines()
    for _ in range(200):
        collector.feed("\x1b[99A")
        collector.feed("\n".join("x" * 1000 for _ in range(MOST_HELD)))
    assert len(collector.end()) <= MOST_HELD + 1
    collector.feed("a\nb" + UP)
    held = sum(len(line) for _ in range(100) for line in collector.feed("x" * LONGEST_LINE))
    assert held >= 98 * LONGEST_LINE, "a row without an end does not grow for ever"


def test_what_is_held_is_recorded_when_nothing_follows():
    with recording(quiet_s=0.01) as records:
        sys.stderr.write(f"1\n2\r{UP}3\n4\n")
        wait_until(lambda: [record.text for record in records] == ["1", "3", "4"], "the held lines are recorded")


def test_a_secret_in_a_held_line_is_not_recorded():
    with recording() as records:
        sys.stdout.write(f"1\n2\r{UP}pass")
        sys.stdout.write("word=\x1b[")
        sys.stdout.write("Khunter2\n4\n")
    assert [record.text for record in records] == ["1", "password=[redacted]", "4"]


def test_the_watching_thread_ends_with_the_capture():
    before = {thread for thread in threading.enumerate() if thread.name == "tracker-console"}
    with recording():
        (watching,) = {thread for thread in threading.enumerate() if thread.name == "tracker-console"} - before
        assert watching.daemon
    wait_until(lambda: not watching.is_alive(), "the thread has ended")


TRAINING = """
import os, signal, sys, time
import tracker
run = tracker.init("digits", system_interval_s=0, capture_code=False)
sys.stdout.write("1\\n2\\r\\x1b[1A3\\n4")
"""

ENDINGS = {
    "return": "",
    "exception": "raise ValueError('no data')",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(20)",
    "a fork": "if not os.fork():\n    print('child')\n    os._exit(0)\nos.wait()",
}


@pytest.mark.parametrize("ending", [pytest.param(text, id=name) for name, text in ENDINGS.items()])
def test_lines_that_are_held_at_the_end_are_recorded(server, program, ending):
    program(TRAINING + ending)
    assert [line.text for line in server.records(ConsoleLine) if line.stream == "stdout"] == ["1", "3", "4"]
