"""Files are read in a process that can do little, and that may die without costing anybody anything."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server.reading import Found, Task
from tracker_server.confined.pool import Pool
from tracker_server.errors import Refused, Unavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TRACKER_SECRET", "hush")
    made = Pool("tests.server.reading", timeout_s=10)
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("words")
    return path


def asked(pool: Pool, file: Path, what: str) -> str:
    return pool.read("trial.do", [file], Task(what), Found, expected="a file of words").text


def test_a_file_is_read_by_one_process_that_stays(pool: Pool, file: Path) -> None:
    assert asked(pool, file, "read") == "words"
    first = asked(pool, file, "pid")
    assert asked(pool, file, "pid") == first
    assert asked(pool, file, "print") == "printed"  # what a library prints is no answer
    assert asked(pool, file, "pid") == first


def test_the_process_has_nothing_of_the_servers(pool: Pool, file: Path) -> None:
    assert "TRACKER_SECRET" not in asked(pool, file, "environment").split()
    loaded = set(asked(pool, file, "modules").split())
    assert not loaded & {"flask", "sqlalchemy", "tracker_server.db", "tracker_server.app"}


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("crash", "SIGSEGV"),
        ("eat", "memory"),
        ("shout", "bytes"),
        ("write", "File too large"),
        ("connect", "may not do socket."),
        ("program", "may not do os.system"),
        ("open", "Too many open files"),
        ("doubt", "its footer lies"),
        ("panic", "SystemExit"),
    ],
)
def test_whatever_a_file_does_to_its_reader_the_next_one_is_read(
    pool: Pool, file: Path, tmp_path: Path, what: str, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as caught:
        asked(pool, file, what)
    assert caught.value.code == "unreadable_file"
    assert "cannot be read as a file of words" in caught.value.message
    other = tmp_path / "other"
    other.write_text("other words")
    assert asked(pool, other, "read") == "other words"


@pytest.mark.parametrize(("what", "reason"), [("sleep", "longer than"), ("spin", "longer than|CPU time")])
def test_endless_work_ends(monkeypatch: pytest.MonkeyPatch, file: Path, what: str, reason: str) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pool = Pool("tests.server.reading", timeout_s=0.5)
    with pytest.raises(Refused, match=reason):
        asked(pool, file, what)
    pool.close()


def test_a_file_that_kills_its_reader_is_not_tried_again_at_once(pool: Pool, file: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="SIGSEGV"):
        asked(pool, file, "crash")
    with pytest.raises(Refused, match="it is tried again in"):
        asked(pool, file, "read")


def test_what_a_reader_refuses_is_said_as_it_was(pool: Pool, file: Path) -> None:
    with pytest.raises(Refused) as caught:
        asked(pool, file, "refuse")
    refused = caught.value
    assert (refused.code, refused.field, refused.details) == ("bad_filter", "filter", {"position": 3})


def test_one_that_ended_while_nobody_asked_is_replaced(pool: Pool, file: Path) -> None:
    first = asked(pool, file, "pid")
    pool.close()
    assert asked(pool, file, "pid") != first


def test_many_who_ask_at_once_have_two_processes(pool: Pool, file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: asked(pool, file, "pid"), range(24)))
    assert 1 <= len(set(found)) <= 2


def test_readers_that_cannot_start_are_no_fault_of_the_file(file: Path) -> None:
    started_s = time.monotonic()
    with pytest.raises(Unavailable, match="says why"):
        asked(Pool("tests.server.no_such_module"), file, "read")
    assert time.monotonic() - started_s < 30
