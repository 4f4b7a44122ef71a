"""A journal keeps what it was given, whatever happens to its file."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import threading
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.reading import read_all, read_numbered
from tracker import journal_files
from tracker.journal import Journal
from tracker.journal_reader import JournalReader
from tracker.records import Logged, RecordsLost

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
    assert journal_files.is_live(log.path)
    log.close()
    assert not journal_files.is_live(log.path)


def test_a_folder_that_cannot_be_made_costs_one_notice_and_an_exact_count(tmp_path):
    (tmp_path / "file").write_text("in the way")
    notices = []
    log = Journal(tmp_path / "file" / "w.journal", on_notice=notices.append)
    for record in RECORDS:
        log.append(record)
    assert (len(notices), log.lost_count) == (1, len(RECORDS))


def test_a_file_that_could_not_be_made_begins_with_its_first_record_when_it_can(tmp_path):
    in_the_way = tmp_path / "folder"
    in_the_way.write_text("a file")
    notices = []
    log = Journal(in_the_way / "w.journal", on_notice=notices.append)
    for record in RECORDS[:5]:
        log.append(record)
    assert not log.has_file
    in_the_way.unlink()
    log.tend()
    log.append(RECORDS[5])
    kept = read_all(log.path)
    assert (kept[0], kept[1].count, kept[2]) == (RECORDS[0], 4, RECORDS[5])
    assert [seq for seq, _ in read_numbered(log.path)] == [0, 1, 2]
    assert (log.has_file, log.lost_count, len(notices)) == (True, 0, 2)
    assert "4 records were not kept" in notices[1]


@contextmanager
def full_after(size_bytes):
    """No file may grow beyond this size, as on a full disk: the last write is short, those after it fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size_bytes", [0, 5, 100, 1000, 1001, 1002, 1003])
def test_a_full_disk_costs_exactly_what_is_counted(tmp_path, size_bytes):
    notices = []
    log = Journal(tmp_path / "w.journal", on_notice=notices.append)
    with full_after(size_bytes):
        kept_count = sum(log.append(record) for record in RECORDS)
    assert log.lost_count == len(RECORDS) - kept_count > 0
    log.append(RECORDS[0])
    log.close()
    lost = [record for record in read_all(log.path) if isinstance(record, RecordsLost)]
    is_first_kept_later = kept_count == 0
    assert [record.count for record in lost] == [len(RECORDS) - kept_count - is_first_kept_later]
    assert read_all(log.path)[0] == RECORDS[0]
    assert ["cannot be kept" in notices[0], "can be written again" in notices[1], len(notices)] == [True, True, 2]


def test_what_was_lost_is_told_to_the_run_though_nothing_more_is_appended(tmp_path):
    log = Journal(tmp_path / "w.journal", on_notice=lambda text: None)
    log.append(RECORDS[0])
    with full_after(200):
        for record in RECORDS:
            log.append(record)
    log.tend()
    assert isinstance(read_all(log.path)[-1], RecordsLost)
    assert log.lost_count == 0


def test_a_count_that_never_got_into_the_file_is_told_at_the_end(tmp_path):
    notices = []
    log = Journal(tmp_path / "w.journal", on_notice=notices.append)
    with full_after(0):
        for record in RECORDS:
            log.append(record)
        log.close()
    assert len(notices) == 2
    assert f"{len(RECORDS)} records of this run were not kept" in notices[1]


def test_a_folder_that_is_removed_is_made_again_with_all_that_was_in_the_journal(tmp_path):
    notices = []
    log = Journal(tmp_path / "run" / "w.journal", on_notice=notices.append)
    for record in RECORDS[:20]:
        log.append(record)
    shutil.rmtree(tmp_path / "run")
    for record in RECORDS[20:30]:
        assert log.append(record)
    log.tend()
    for record in RECORDS[30:]:
        assert log.append(record)
    assert read_all(log.path) == RECORDS
    assert journal_files.is_live(log.path)
    assert len(notices) == 1


def test_a_removed_folder_is_noticed_at_the_end_at_the_latest(tmp_path):
    log = Journal(tmp_path / "run" / "w.journal", on_notice=lambda text: None)
    log.append(RECORDS[0])
    shutil.rmtree(tmp_path / "run")
    log.append(RECORDS[1])
    log.close()
    assert read_all(log.path) == RECORDS[:2]


def test_a_removed_folder_that_cannot_be_made_again_is_counted_at_the_end(tmp_path):
    notices = []
    log = Journal(tmp_path / "run" / "w.journal", on_notice=notices.append)
    for record in RECORDS:
        log.append(record)
    log.reclaim(10, 0)
    shutil.rmtree(tmp_path / "run")
    (tmp_path / "run").write_text("in the way")
    log.tend()
    log.tend()
    assert len(notices) == 1
    log.close()
    assert len(notices) == 2
    assert f"{len(RECORDS) - 10} records of this run were not kept" in notices[1]


def test_what_the_server_has_is_not_written_again(tmp_path):
    log = Journal(tmp_path / "run" / "w.journal", on_notice=pytest.fail)
    log.append(RECORDS[0])
    log.reclaim(1, log.path.stat().st_size)
    shutil.rmtree(tmp_path / "run")
    log.close()
    assert not log.path.exists()


def test_bytes_that_cannot_be_kept_are_told_once_and_counted(tmp_path):
    notices = []
    log = Journal(tmp_path / "w.journal", on_notice=notices.append)
    log.append(RECORDS[0])
    log.lose("the figure 'a'", "the disk is full")
    log.lose("the figure 'b'", "the disk is full")
    log.append(RECORDS[1])
    log.lose("the figure 'c'", "the disk is full")
    log.append(RECORDS[2])
    assert [record.count for record in read_all(log.path) if isinstance(record, RecordsLost)] == [2, 1]
    assert len(notices) == 1
    assert "the figure 'a'" in notices[0]


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
