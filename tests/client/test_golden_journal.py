"""The journal's format, held by files: one of each version of the records, the newest is `every_record`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.reading import read_all
from tracker import cli, kinds
from tracker.records import COPIED_RECORDS, KNOWN_RECORDS, MediaLogged, RunStarted, encode, frame

GOLDEN = Path(__file__).parent.parent / "journal"


@pytest.mark.parametrize("version", ["first_version", "every_record", "first_copy", "every_copy", "every_media"])
def test_a_golden_journal_reads_as_it_was_written(version, capsys):
    assert cli.main(["journal", "show", str(GOLDEN / f"{version}.journal")]) == 0
    assert capsys.readouterr().out == (GOLDEN / f"{version}.jsonl").read_text(encoding="utf-8")


def test_the_golden_journal_has_every_type_of_record():
    kinds = {type(record) for record in read_all(GOLDEN / "every_record.journal")}
    assert kinds == set(KNOWN_RECORDS.__args__)


def test_the_golden_copy_has_every_type_of_record_that_only_copies_have():
    started, *kinds = [type(record) for record in read_all(GOLDEN / "every_copy.journal")]
    assert started is RunStarted
    assert set(kinds) == set(COPIED_RECORDS.__args__)


@pytest.mark.parametrize("name", ["every_record", "every_copy", "every_media"])
def test_writing_its_records_gives_its_bytes(name):
    path = GOLDEN / f"{name}.journal"
    again = b"".join(frame(seq, encode(record)) for seq, record in enumerate(read_all(path)))
    assert again == path.read_bytes()


def test_the_golden_media_are_of_every_kind_and_as_their_kinds_say():
    media = [record for record in read_all(GOLDEN / "every_media.journal") if isinstance(record, MediaLogged)]
    assert {record.kind for record in media} == set(kinds.KINDS)
    for record in media:
        details = kinds.read(record.kind, record.details)
        assert kinds.read(record.kind, kinds.write(details)) == details
        assert set(record.details) <= set(details.__struct_fields__)


def test_a_record_of_a_newer_version_keeps_its_bytes():
    kept = read_all(GOLDEN / "from_the_future.journal")
    assert [type(record).__name__ for record in kept] == ["RunStarted", "UnknownRecord", "Logged"]
