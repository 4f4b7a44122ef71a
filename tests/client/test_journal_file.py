"""A journal keeps what it was given, whatever happens to its file."""

from __future__ import annotations

import os
import stat
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.reading import read_all, read_numbered
from tracker import journal
from tracker.journal import Journal
from tracker.journal_reader import JournalReader
from tracker.records import Logged

RECORDS = [Logged(step, 1000 + step, {"loss": step / 7, "val/acc": float(step)}) for step in range(40)]


def written(path, records=RECORDS):
    log = Journal(path)
    for record in records:
        log.append(record)
    log.close()
    return path


def test_records_are_read_back_in_order(tmp_path):
    assert read_all(written(tmp_path / "w.journal")) == RECORDS


def test_a_record_is_in_the_file_when_append_returns(tmp_path):
    log = Journal(tmp_path / "w.journal")
    log.append(RECORDS[0])  # and never closed
    assert read_all(log.path) == RECORDS[:1]


def test_only_the_user_may_read_a_journal(tmp_path):
    path = written(tmp_path / "new" / "folder" / "w.journal")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_many_threads_append_without_a_hole(tmp_path):
    log = Journal(tmp_path / "w.journal")
    threads = [threading.Thread(target=lambda: [log.append(record) for record in RECORDS]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [seq for seq, _ in read_numbered(log.path)] == list(range(8 * len(RECORDS)))


def test_a_journal_is_live_until_it_is_closed(tmp_path):
    log = Journal(tmp_path / "w.journal")
    assert journal.is_live(log.path)
    log.close()
    assert not journal.is_live(log.path)


def test_a_folder_that_cannot_be_made_costs_one_notice_and_an_exact_count(tmp_path):
    (tmp_path / "file").write_text("in the way")
    notices = []
    log = Journal(tmp_path / "file" / "w.journal", on_notice=notices.append)
    for record in RECORDS:
        log.append(record)
    assert (len(notices), log.lost_count) == (1, len(RECORDS))


def test_a_reader_sees_what_is_appended_later(tmp_path):
    log = Journal(tmp_path / "w.journal")
    log.append(RECORDS[0])
    with JournalReader(log.path) as reader:
        assert reader.read().next_seq == 1
        assert reader.read() is None
        log.append(RECORDS[1])
        assert reader.read().next_seq == 2


@pytest.mark.parametrize("seq", [0, 1, 17, 39, 40])
def test_rewinding_goes_to_the_record_of_that_number(tmp_path, seq):
    with JournalReader(written(tmp_path / "w.journal")) as reader:
        while reader.read() is not None:
            pass
        reader.rewind(seq)
        batch = reader.read()
        assert (batch.first_seq if batch else 40) == seq


def test_a_record_larger_than_a_batch_is_read(tmp_path):
    records = [RECORDS[0], Logged(1, 1, {f"metric{index}": 1.0 for index in range(2000)}), RECORDS[2]]
    assert read_all(written(tmp_path / "w.journal", records)) == records


def frame_ends(data: bytes) -> list[int]:
    ends, offset = [], 0
    while offset < len(data):
        offset += 20 + int.from_bytes(data[offset + 12 : offset + 16], "little")
        ends.append(offset)
    return ends


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(min_value=0), records=st.integers(min_value=1, max_value=40))
def test_a_cut_anywhere_keeps_every_whole_record(tmp_path_factory, cut, records):
    path = written(tmp_path_factory.mktemp("cut") / "w.journal", RECORDS[:records])
    data = path.read_bytes()
    at = cut % (len(data) + 1)
    path.write_bytes(data[:at])
    assert read_all(path) == RECORDS[: sum(end <= at for end in frame_ends(data))]


@settings(max_examples=300, deadline=None)
@given(where=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_flipped_byte_costs_one_record_and_is_counted(tmp_path_factory, where, flip):
    path = written(tmp_path_factory.mktemp("flip") / "w.journal")
    data = bytearray(path.read_bytes())
    ends = frame_ends(data)
    at = where % len(data)
    data[at] ^= flip
    path.write_bytes(data)
    hit = sum(end <= at for end in ends)
    assert read_all(path) == RECORDS[:hit] + RECORDS[hit + 1 :]
    with JournalReader(path) as reader:
        while reader.read() is not None:
            pass
        is_last = hit == len(RECORDS) - 1
        assert (reader.missing_count, reader.tail_bytes > 0) == ((0, True) if is_last else (1, False))


@pytest.mark.parametrize("garbage", [b"\xf5TRJ" * 9, os.urandom(3000), b"\0" * 5000], ids=["magic", "noise", "zeros"])
def test_garbage_between_records_is_passed_over(tmp_path, garbage):
    path = written(tmp_path / "w.journal")
    data = path.read_bytes()
    at = frame_ends(data)[9]
    path.write_bytes(data[:at] + garbage + data[at:])
    assert read_all(path) == RECORDS
