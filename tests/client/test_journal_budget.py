"""What a journal may take of the disk: the cap on all of them together, and giving back what the server has."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.reading import read_all, read_numbered
from tests.processes import wait_until
from tracker import journal_files
from tracker.journal import Journal
from tracker.journal_files import path_of
from tracker.journal_reader import JournalReader
from tracker.records import Acknowledged, Logged, RecordsLost, RunStarted

STARTED = RunStarted(1000, "run1", "digits", "w")


def point(step):
    return Logged(step, 1000 + step, {"loss": step / 7, "val/acc": float(step)})


def begun(folder, **options):
    """A journal in the place where a client keeps it, with its first record."""
    log = Journal(path_of(folder, "run1", "w"), **options)
    log.append(STARTED)
    return log


def begin_elsewhere(folder: Path, size_bytes: int) -> Path:
    """A journal that another process has left behind."""
    path = path_of(folder, "run0", "w")
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(size_bytes))
    return path


def read_to_the_end(reader):
    """As a sender does that has everything acknowledged; the numbers of what it was given."""
    seqs = []
    while (batch := reader.read(2000)) is not None:
        seqs += range(batch.first_seq, batch.next_seq)
    return seqs


# The cap


def test_at_the_cap_records_are_counted_and_one_notice_says_what_helps(tmp_path):
    notices = []
    log = begun(tmp_path, max_bytes=4000, on_notice=notices.append)
    kept = sum(log.append(point(step)) for step in range(200))
    assert 20 < kept < 200
    assert log.lost_count == 200 - kept
    assert 4000 <= log.path.stat().st_size < 4100
    [said] = [text for text in notices if "cannot be kept" in text]
    assert "cap of 4,000 bytes" in said
    assert "tracker sync" in said
    assert "TRACKER_MAX_JOURNAL_BYTES" in said


def test_records_are_kept_again_when_other_journals_are_gone(tmp_path):
    other = begin_elsewhere(tmp_path, 5000)
    log = begun(tmp_path, max_bytes=5000, on_notice=lambda text: None)
    steps = iter(range(9))
    log.tend()
    assert not log.append(point(next(steps)))
    journal_files.remove(other)
    log.tend()
    assert log.append(point(next(steps)))
    kept = read_all(log.path)
    lost = sum(record.count for record in kept if isinstance(record, RecordsLost))
    assert lost + sum(isinstance(record, Logged) for record in kept) == next(steps)


def test_a_warning_comes_before_the_cap(tmp_path):
    notices = []
    begin_elsewhere(tmp_path, 8500)
    log = begun(tmp_path, max_bytes=10_000, on_notice=notices.append)
    log.tend()
    assert log.append(point(0))
    [said] = notices
    for what in ("of the 10,000 bytes", str(tmp_path), "tracker sync", "TRACKER_MAX_JOURNAL_BYTES"):
        assert what in said


def test_a_journal_that_grows_past_four_fifths_of_the_cap_is_warned_of(tmp_path):
    notices = []
    log = begun(tmp_path, max_bytes=1_000_000, on_notice=notices.append)
    steps = iter(range(100_000))
    log.tend()
    while log.path.stat().st_size < 800_000:
        assert notices == []
        for _ in range(100):
            log.append(point(next(steps)))
    wait_until(lambda: notices != [], "the thread that was woken has warned")
    assert log.append(point(next(steps)))
    assert log.lost_count == 0


def test_staged_bytes_do_not_count(tmp_path):
    blobs = tmp_path / "run0" / "w.blobs"
    blobs.mkdir(parents=True)
    (blobs / "0123").write_bytes(bytes(10_000))
    log = begun(tmp_path, max_bytes=5000, on_notice=lambda text: None)
    log.tend()
    assert log.append(point(0))


# Giving back


def test_what_is_stored_leaves_the_file(tmp_path):
    log = begun(tmp_path, reclaim_bytes=1000)
    for step in range(100):
        log.append(point(step))
    with JournalReader(log.path) as reader:
        read_to_the_end(reader)
        log.append(point(100))
        assert log.reclaim(reader.next_seq, reader.offset)
    log.append(point(101))
    numbered = read_numbered(log.path)
    assert [seq for seq, _ in numbered] == [0, 100, 101, 102]
    assert [numbered[0][1], numbered[2][1], numbered[3][1]] == [STARTED, point(100), point(101)]
    assert isinstance(numbered[1][1], Acknowledged)
    assert (log.next_seq, log.path.stat().st_size < 500) == (103, True)


def test_a_file_is_left_alone_until_it_is_worth_it_and_little_would_be_copied(tmp_path):
    log = begun(tmp_path, reclaim_bytes=5_000_000)
    large = Logged(0, 0, {f"metric{index}": 1.0 for index in range(50_000)})
    with JournalReader(log.path) as reader:
        for _ in range(6):
            log.append(large)
        read_to_the_end(reader)
        assert not log.reclaim(2, 1_000_000)
        for _ in range(6):
            log.append(large)
        assert not log.reclaim(reader.next_seq, reader.offset)


def test_a_place_that_is_not_where_the_record_begins_changes_nothing(tmp_path):
    log = begun(tmp_path, reclaim_bytes=10)
    for step in range(10):
        log.append(point(step))
    before = read_all(log.path)
    assert not log.reclaim(5, 333)
    assert not log.reclaim(5, log.path.stat().st_size)
    assert read_all(log.path) == before


def test_the_journal_stays_live_and_private_and_no_draft_is_left(tmp_path):
    log = begun(tmp_path, reclaim_bytes=10)
    log.append(point(0))
    with JournalReader(log.path) as reader:
        read_to_the_end(reader)
        assert log.reclaim(reader.next_seq, reader.offset)
    assert journal_files.is_live(log.path)
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(log.path.parent) == [log.path.name]
    log.close()
    assert not journal_files.is_live(log.path)


def test_a_reader_goes_on_in_the_file_that_took_the_place(tmp_path):
    log = begun(tmp_path, reclaim_bytes=10)
    with JournalReader(log.path) as ahead, JournalReader(log.path) as behind:
        for step in range(20):
            log.append(point(step))
        read_to_the_end(ahead)
        assert log.reclaim(ahead.next_seq, ahead.offset)
        log.append(point(20))
        assert read_to_the_end(ahead) == [21]
        assert read_to_the_end(behind) == list(range(22))
        assert (ahead.missing_count, behind.missing_count) == (0, 0)


def test_what_was_taken_out_is_not_missing_and_is_one_batch(tmp_path):
    log = begun(tmp_path, reclaim_bytes=10)
    for step in range(20):
        log.append(point(step))
    with JournalReader(log.path) as reader:
        read_to_the_end(reader)
        log.reclaim(reader.next_seq, reader.offset)
    log.append(point(20))
    with JournalReader(log.path) as reader:
        batches = [reader.read() for _ in range(3)]
        assert [(batch.first_seq, batch.next_seq, batch.is_stored) for batch in batches] == [
            (0, 1, False), (1, 21, True), (21, 22, False),
        ]  # fmt: skip
        assert (reader.read(), reader.missing_count, reader.tail_bytes) == (None, 0, 0)
        for seq, first in [(0, 0), (1, 1), (7, 1), (20, 1), (21, 21)]:
            reader.rewind(seq)
            assert reader.read().first_seq == first


def test_threads_append_on_while_room_is_made(tmp_path):
    log = begun(tmp_path, reclaim_bytes=100)
    threads = [threading.Thread(target=lambda: [log.append(point(step)) for step in range(3000)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    with JournalReader(log.path) as reader:
        seqs = []
        while any(thread.is_alive() for thread in threads) or reader.next_seq < log.next_seq:
            seqs += read_to_the_end(reader)
            log.reclaim(reader.next_seq, reader.offset)
    assert seqs == list(range(9001))
    assert log.path.stat().st_size < 9001 * 40


ACTIONS = st.lists(st.sampled_from(["append", "append many", "acknowledge", "reopen", "die in between"]), max_size=40)


@settings(max_examples=150, deadline=None)
@given(actions=ACTIONS)
def test_a_reader_sees_exactly_what_is_not_acknowledged(tmp_path_factory, actions):
    log = begun(tmp_path_factory.mktemp("reclaim"), reclaim_bytes=200)
    reader = JournalReader(log.path)
    acked = 0
    for action in actions:
        if action == "append":
            log.append(point(log.next_seq))
        elif action == "append many":
            for _ in range(30):
                log.append(point(log.next_seq))
        elif action == "acknowledge":
            reader.read(600)
            acked = reader.next_seq
            log.reclaim(acked, reader.offset)
        elif action == "reopen":
            reader.close()
            reader = JournalReader(log.path)
            reader.rewind(acked)
        else:  # what a process that dies while it writes the new file leaves beside the old one
            log.path.with_suffix(".draft").write_bytes(b"\xf5TRJ half of it")
    fresh = JournalReader(log.path)
    fresh.rewind(acked)
    seen = [seq for seq in read_to_the_end(fresh) if seq >= acked]
    assert seen == list(range(acked, log.next_seq))
    assert read_to_the_end(reader) == seen
    assert (fresh.missing_count, fresh.tail_bytes, reader.missing_count) == (0, 0, 0)
    steps = [record.step for seq, record in read_numbered(log.path) if seq >= max(1, acked)]
    assert steps == list(range(max(1, acked), log.next_seq))
    reader.close()
    fresh.close()
    log.close()
    journal_files.remove(log.path)
    assert not log.path.parent.exists()


APPEND_AND_RECLAIM_FOR_EVER = """
import sys
from pathlib import Path
from tracker.journal import Journal
from tracker.journal_reader import JournalReader
from tracker.records import Logged, RunStarted

log = Journal(Path(sys.argv[1]), reclaim_bytes=300)
log.append(RunStarted(1000, "run1", "digits", "w"))
reader = JournalReader(log.path)
while True:
    for _ in range(5):
        log.append(Logged(log.next_seq, 0, {"loss": 1.0}))
    reader.read(200)
    log.reclaim(reader.next_seq, reader.offset)
    print(reader.next_seq, log.next_seq, flush=True)
"""


@pytest.mark.parametrize("round_number", range(8))
def test_a_process_that_is_killed_leaves_a_whole_file(tmp_path, round_number):
    path = path_of(tmp_path, "run1", "w")
    command = [sys.executable, "-c", APPEND_AND_RECLAIM_FOR_EVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(20 + 37 * round_number):
            last = process.stdout.readline()
        process.kill()
        said = (last + process.stdout.read()).rpartition("\n")[0]
    acked, appended = map(int, said.splitlines()[-1].split())
    with JournalReader(path) as reader:
        reader.rewind(acked)
        assert set(range(acked, appended)) <= set(read_to_the_end(reader))
        assert (reader.missing_count, reader.tail_bytes) == (0, 0)
    assert list(journal_files.find(tmp_path)) == [path]
    journal_files.remove(path)
    assert not path.parent.exists()
