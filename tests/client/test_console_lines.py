"""Console output becomes lines; what was redrawn collapses to its last state."""

from __future__ import annotations

import contextlib
import io
import logging
import sys

import pytest

from tracker.console import LONGEST_LINE, Console, Lines


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        pytest.param(["a\nb\n"], ["a", "b"], id="two lines at once"),
        pytest.param(["a", "b", "\n"], ["ab"], id="one line in pieces"),
        pytest.param(["10%\r", "20%\r", "done\n"], ["done"], id="progress, return at the end"),
        pytest.param(["\r10%", "\r20%", "\n"], ["20%"], id="progress, return at the start"),
        pytest.param(["a\r\nb\r\n"], ["a", "b"], id="windows line ends"),
        pytest.param(["\n"], [""], id="empty line"),
        pytest.param(["no end"], ["no end"], id="no line end"),
        pytest.param(["x" * (LONGEST_LINE + 1) + "\n"], ["x" * LONGEST_LINE, "x"], id="too long"),
    ],
)
def test_text_becomes_lines(pieces, lines):
    collector = Lines()
    found = [line for piece in pieces for line in collector.feed(piece)]
    assert found + collector.end() == lines


def test_a_progress_bar_that_runs_for_days_stays_small():
    collector = Lines()
    for count in range(10_000):
        collector.feed(f"\r{count} " + "#" * 100)
    assert collector.end()[0].startswith("9999 ")


@contextlib.contextmanager
def screen():
    """Streams of the test's own in the places of the process's."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


def test_output_is_recorded_and_goes_where_it_went():
    records = []
    with screen() as (out, err):
        console = Console(records.append)
        print("hello")
        sys.stderr.write("oh")
        console.close()
        print("after the end")
    assert [(record.stream, record.text) for record in records] == [("stdout", "hello"), ("stderr", "oh")]
    assert (out.getvalue(), err.getvalue()) == ("hello\nafter the end\n", "oh")


def test_what_recording_itself_prints_is_not_recorded():
    records = []

    def record(line):
        records.append(line)
        print("the disk is full", file=sys.stderr)

    with screen() as (_, err):
        console = Console(record)
        print("hello")
        console.close()
    assert [line.text for line in records] == ["hello"]
    assert err.getvalue() == "the disk is full\n"


def test_what_holds_the_stream_from_before_is_recorded_too():
    records = []
    with screen():
        handler = logging.StreamHandler()
        console = Console(records.append)
        handler.emit(logging.makeLogRecord({"msg": "from a logger"}))
        console.close()
    assert [line.text for line in records] == ["from a logger"]


def test_a_write_that_was_put_over_ours_stays_and_goes_through():
    over = []
    with screen() as (out, _):
        console = Console(lambda line: None)
        ours = sys.stdout.write
        sys.stdout.write = lambda text: over.append(text) or ours(text)
        console.close()
        print("hello")
    assert "".join(over) == out.getvalue() == "hello\n"


def test_text_that_no_encoding_has_is_recorded_with_marks():
    records = []
    with screen():
        console = Console(records.append)
        print("\udcff")
        console.close()
    assert records[0].text == "?"


def test_a_secret_is_printed_and_not_recorded():
    records = []
    with screen() as (out, _):
        console = Console(records.append)
        sys.stdout.write("pass")
        print("word=hunter2")
        console.close()
    assert out.getvalue() == "password=hunter2\n"
    assert [line.text for line in records] == ["password=[redacted]"]
