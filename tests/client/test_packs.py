"""The small files of an artifact of many lie in one file beside the journal, and arrive as any other."""

from __future__ import annotations

import hashlib

import pytest

from tracker import cli, packs
from tracker.journal_files import blobs_of
from tracker.records import ArtifactLogged
from tracker.staging import StagingError, stage_files

COUNT = 100

DIES = """
import os, signal, tracker
run = tracker.init("digits", mode="offline", capture_console=False, capture_code=False, system_interval_s=0)
run.log_artifact("many")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def many(tmp_path):
    """A folder of small files, no two alike, and a large one."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number:03}.txt").write_text(f"content of {number}")
    (folder / "large.bin").write_bytes(b"large" * packs.PACKED_BYTES)
    return folder


def staged_in(run) -> list[str]:
    return sorted(path.suffix for path in blobs_of(run.journal_path).iterdir())


def digests_of(folder) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_what_a_killed_process_logged_is_sent_whole(server, program, many, journals):
    assert program(DIES).returncode == -9
    assert [path.suffix for path in blobs_of(journals()[0]).iterdir()].count(packs.SUFFIX) == 1
    assert cli.main(["sync", str(journals()[0])]) == 0
    assert set(server.blobs) == digests_of(many)
    assert len(server.records(ArtifactLogged)[0].files) == COUNT + 1


def test_a_pack_is_gone_once_it_is_stored_while_the_run_goes_on(server, start, many):
    run = start()
    run.log_artifact(many)
    server.wait_for(lambda: server.records(ArtifactLogged))
    run.log({"loss": 1.0})
    run.finish()
    assert not blobs_of(run.journal_path).exists()
    assert set(server.blobs) == digests_of(many)


def test_what_is_staged_already_is_not_kept_again(server, start, many):
    run = start(mode="offline")
    run.log_artifact(many)
    run.log_artifact(many)
    assert staged_in(run) == ["", packs.SUFFIX]
    (many / "more.txt").write_text("one more")
    run.log_artifact(many)
    assert staged_in(run) == ["", packs.SUFFIX, packs.SUFFIX]
    run.finish()
    assert cli.main(["sync", str(run.journal_path)]) == 0
    assert [len(record.files) for record in server.records(ArtifactLogged)] == [COUNT + 1, COUNT + 1, COUNT + 2]


def test_a_pack_stays_while_it_has_what_the_server_lacks(server, start, many):
    run = start(mode="offline")
    staged = stage_files({path.name: path for path in many.iterdir()}, blobs_of(run.journal_path), lambda *_: None)
    (many / "099.txt").unlink()
    run.log_artifact(many)  # of what is in the pack, all but one
    run.finish()
    delivered(run, server)
    (last,) = [file.digest for file in staged if file.path == "099.txt"]
    assert last in packs.find(blobs_of(run.journal_path), [last])


def delivered(run, server) -> None:
    from tracker.delivery import Delivery
    from tracker.journal_reader import JournalReader
    from tracker.transport import Transport

    delivery = Delivery(JournalReader(run.journal_path), Transport(server.url, None))
    while delivery.step():
        pass
    assert server.records(ArtifactLogged)


def test_a_pack_that_went_holds_up_no_other_record(server, start, many, capsys):
    run = start(mode="offline")
    run.log_artifact(many)
    run.log({"loss": 1.0})
    run.finish()
    next(blobs_of(run.journal_path).glob(f"*{packs.SUFFIX}")).write_bytes(b"")
    assert cli.main(["sync", str(run.journal_path)]) == 1
    assert "name files" in capsys.readouterr().err
    assert server.records(ArtifactLogged) == []


def test_nothing_is_left_of_a_pack_whose_file_cannot_be_read(many, tmp_path):
    files = {path.name: path for path in many.iterdir()} | {"gone": many / "gone"}
    with pytest.raises(FileNotFoundError):
        stage_files(files, tmp_path / "blobs", lambda *_: None)
    assert [path.suffix for path in (tmp_path / "blobs").iterdir()] in ([], [""])


def test_a_pack_that_cannot_be_written_is_an_error_of_staging(many, tmp_path):
    (tmp_path / "blobs").write_text("a file where the folder would be")
    with pytest.raises(StagingError, match="TRACKER_DIR"):
        stage_files({path.name: path for path in many.iterdir()}, tmp_path / "blobs", lambda *_: None)


def test_each_blob_of_a_pack_is_found_where_it_lies(many, tmp_path):
    files = {path.name: path for path in many.iterdir()}
    staged = stage_files(files, tmp_path / "blobs", lambda *_: None)
    found = packs.find(tmp_path / "blobs", [file.digest for file in staged] + ["0" * 64])
    assert found.keys() == {file.digest for file in staged}
    for file in staged:
        place = found[file.digest]
        data = place.path.read_bytes()[place.offset : place.offset + place.size_bytes]
        assert hashlib.sha256(data).hexdigest() == file.digest
