"""Whatever has happened to a journal's file, sync stores every whole record of it and says what it skipped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.client.reading import read_all
from tracker import cli
from tracker.journal import Journal
from tracker.journal_files import blobs_of
from tracker.journal_reader import JournalReader
from tracker.records import (
    Acknowledged,
    ConsoleLine,
    Logged,
    MediaLogged,
    RunFinished,
    RunStarted,
    decode,
    encode,
    frame,
    read_frames,
)

RECORDS = [
    RunStarted(1000, "run1", "digits", "w"),
    *(Logged(step, 1000 + step, {"loss": step / 7, "val/acc": float(step)}) for step in range(90)),
    ConsoleLine(2000, "stdout", "a frame's mark \udcf5TRJ in a text".encode("utf-8", "replace").decode()),
    RunFinished(2001, "finished", 0),
]
LAST_BYTES = 4096


@pytest.fixture
def whole(tmp_path) -> bytes:
    """The bytes of a journal in which nothing is wrong."""
    log = Journal(tmp_path / "whole" / "run1" / "w.journal")
    for record in RECORDS:
        log.append(record)
    log.close()
    data = log.path.read_bytes()
    assert len(data) > LAST_BYTES
    return data


@pytest.fixture
def sync(server, tmp_path, capsys):
    """Syncs many variants of a journal in one call; for each its outcome and the records that the server has of it."""

    def send(variants: Iterable[bytes]) -> tuple[int, list[tuple[dict, list]]]:
        folder = tmp_path / "variants"
        runs = []
        for number, data in enumerate(variants):
            runs.append(f"run{number:05}")
            write(folder / runs[-1] / "w.journal", data)
        capsys.readouterr()
        status = cli.main(["sync", "--json", str(folder)])
        outcomes = json.loads(capsys.readouterr().out)["journals"]
        assert [outcome["run"] for outcome in outcomes] == runs
        return status, [(outcome, stored_of(server, run)) for outcome, run in zip(outcomes, runs, strict=True)]

    return send


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def stored_of(server, run) -> list:
    payloads = server.payloads.get((run, "w"), {})
    return [decode(payloads[seq]) for seq in sorted(payloads)]


def ends_of(data: bytes) -> list[int]:
    return [frame.end for frame in read_frames(data)]


def test_a_journal_cut_at_any_byte_of_its_end_gives_every_whole_record(whole, sync):
    cuts = range(len(whole) - LAST_BYTES, len(whole))
    ends = ends_of(whole)
    status, results = sync(whole[:cut] for cut in cuts)
    assert status == 1
    for cut, (outcome, stored) in zip(cuts, results, strict=True):
        whole_count = sum(end <= cut for end in ends)
        is_torn = cut not in ends
        assert stored == RECORDS[:whole_count]
        assert (outcome["stored"], outcome["total"]) == (whole_count, whole_count + is_torn)
        assert ("cut off" in outcome["skipped"]) == is_torn


@pytest.mark.parametrize("hit", [45, 91, 92], ids=["in the middle", "before the last", "last"])
def test_a_record_with_any_byte_flipped_costs_that_record_alone(whole, sync, hit):
    ends = ends_of(whole)
    places = [(at, flip) for at in range(ends[hit - 1], ends[hit]) for flip in (0x01, 0x80, 0xFF)]
    status, results = sync(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :] for at, flip in places)
    assert status == 1
    for outcome, stored in results:
        assert stored == RECORDS[:hit] + RECORDS[hit + 1 :]
        assert (outcome["stored"], outcome["total"]) == (len(RECORDS) - 1, len(RECORDS))
        assert ("cut off" if hit == len(RECORDS) - 1 else "1 records are damaged") in outcome["skipped"]


def test_a_first_record_with_any_byte_flipped_is_refused_and_nothing_of_the_file_is_touched(whole, sync, tmp_path):
    first_end = ends_of(whole)[0]
    status, results = sync(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(first_end))
    assert status == 1
    for outcome, stored in results:
        assert (stored, outcome["stored"]) == ([], 0)
        assert "the record that starts it is not in the journal" in outcome["skipped"]
    assert len(list((tmp_path / "variants").rglob("*.journal"))) == first_end


def test_two_damaged_stretches_are_counted_together(whole, sync):
    ends = ends_of(whole)
    data = bytearray(whole)
    data[ends[9] + 3] ^= 1
    data[ends[19] + 30 : ends[24] - 5] = bytes(ends[24] - 5 - ends[19] - 30)
    [(outcome, stored)] = sync([bytes(data)])[1]
    assert stored == RECORDS[:10] + RECORDS[11:20] + RECORDS[25:]
    assert "6 records are damaged" in outcome["skipped"]


def test_a_file_without_a_single_record_is_nothing(server, sync):
    status, results = sync([b""])
    assert (status, results[0][0]["total"], server.records()) == (0, 0, [])


def name_a_blob(log: Journal, step: int) -> str:
    """Log media whose bytes lie beside the journal; their digest."""
    digest = hashlib.sha256(b"%d" % step).hexdigest()
    write(blobs_of(log.path) / digest, b"%d" % step)
    log.append(MediaLogged(step, step, "figure", "plotly", digest, 1))
    return digest


@pytest.mark.parametrize("gone", [{0}, {1}, {2}, {0, 1}, {0, 2}, {0, 1, 2}], ids=str)
def test_a_record_whose_bytes_are_gone_does_not_hold_up_the_others(server, tmp_path, capsys, gone):
    log = Journal(tmp_path / "kept" / "run1" / "w.journal")
    log.append(RECORDS[0])
    digests = []
    for step in range(3):
        digests.append(name_a_blob(log, step))
        log.append(RECORDS[1 + step])
    log.close()
    for step in gone:
        (blobs_of(log.path) / digests[step]).unlink()
    assert cli.main(["sync", str(log.path)]) == 1
    media = [record.step for record in stored_of(server, "run1") if isinstance(record, MediaLogged)]
    assert media == [step for step in range(3) if step not in gone]
    assert [record for record in stored_of(server, "run1") if isinstance(record, Logged)] == RECORDS[1:4]
    said = capsys.readouterr()
    assert said.out == f"{7 - len(gone)} of 7 records stored\n"
    assert f"{len(gone)} records name files" in said.err


@pytest.fixture
def reclaimed(server, tmp_path):
    """A journal that 60 records have left, because the server has them; 33 are in it."""
    log = Journal(tmp_path / "live" / "run1" / "w.journal", reclaim_bytes=100)
    for record in RECORDS[:60]:
        log.append(record)
    with JournalReader(log.path) as reader:
        batch = reader.read()
        server.take("run1", "w", batch.data, False)
        assert log.reclaim(reader.next_seq, reader.offset)
    for record in RECORDS[60:]:
        log.append(record)
    log.close()
    return log.path


def test_what_has_left_the_file_is_not_missed_by_the_server_that_has_it(server, reclaimed, capsys):
    assert cli.main(["sync", str(reclaimed)]) == 0
    assert capsys.readouterr().out == f"{len(RECORDS)} of {len(RECORDS)} records stored\n"
    assert stored_of(server, "run1") == RECORDS


def test_what_has_left_the_file_is_counted_by_another_server(server, reclaimed, capsys):
    server.next_seq.clear()
    server.payloads.clear()
    assert cli.main(["sync", str(reclaimed)]) == 1
    assert stored_of(server, "run1") == RECORDS[:1] + RECORDS[60:]
    said = capsys.readouterr()
    assert said.out.startswith(f"{len(RECORDS) - 59} of {len(RECORDS)} records stored\n")
    assert "59 records are no longer in the file" in said.err


def test_what_has_left_the_file_is_counted_from_where_a_server_stands(server, reclaimed, capsys):
    server.next_seq["run1", "w"] = 40
    assert cli.main(["sync", str(reclaimed)]) == 1
    assert "20 records are no longer in the file" in capsys.readouterr().err


def test_a_cut_journal_that_was_reclaimed_gives_every_whole_record(server, reclaimed, tmp_path, capsys):
    data = reclaimed.read_bytes()
    ends = ends_of(data)
    assert isinstance(read_all(reclaimed)[1], Acknowledged)
    for cut in range(ends[1], ends[4]):
        run = f"run{cut}"
        server.take(run, "w", b"".join(encoded(RECORDS[:60])), False)
        write(tmp_path / "cut" / run / "w.journal", data[:cut])
    capsys.readouterr()
    assert cli.main(["sync", "--json", str(tmp_path / "cut")]) == 1
    for outcome in json.loads(capsys.readouterr().out)["journals"]:
        cut = int(outcome["run"].removeprefix("run"))
        whole_count = sum(end <= cut for end in ends) - 2
        assert stored_of(server, outcome["run"]) == RECORDS[: 60 + whole_count]
        assert outcome["stored"] == 60 + whole_count


def encoded(records) -> list[bytes]:
    return [frame(seq, encode(record)) for seq, record in enumerate(records)]
