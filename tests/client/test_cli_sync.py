"""`tracker sync` sends what was left behind, says what it could not, and ends with a status that tells."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tracker import cli
from tracker.records import Logged


@pytest.fixture
def left_behind(start, journals):
    """A journal of 12 records that nothing has been sent of: its start, ten points, its end."""
    run = start(mode="offline")
    for step in range(10):
        run.log({"loss": float(step)})
    run.finish()
    return journals()[0]


def steps(server):
    return [record.step for record in server.records(Logged)]


def test_everything_is_sent_and_the_journal_is_gone(server, left_behind, capsys):
    capsys.readouterr()
    assert cli.main(["sync"]) == 0
    assert capsys.readouterr().out == "12 of 12 records stored\n"
    assert steps(server) == list(range(10))
    assert not left_behind.exists()


def test_nothing_to_send_is_fine(server, capsys):
    assert cli.main(["sync"]) == 0
    assert capsys.readouterr().out == "0 of 0 records stored\n"


def test_a_journal_that_somebody_keeps_elsewhere_stays_and_is_stored_once(server, left_behind, tmp_path):
    kept = tmp_path / "copy" / left_behind.parent.name / left_behind.name
    kept.parent.mkdir(parents=True)
    shutil.copy(left_behind, kept)
    assert [cli.main(["sync", str(kept)]) for _ in range(2)] == [0, 0]
    assert steps(server) == list(range(10))
    assert kept.exists()


def test_a_damaged_journal_gives_what_it_has_and_says_so(server, left_behind, capsys):
    data = bytearray(left_behind.read_bytes())
    data[len(data) // 2] ^= 1
    left_behind.write_bytes(data)
    assert cli.main(["sync"]) == 1
    said = capsys.readouterr()
    assert said.out == "11 of 12 records stored\n"
    assert "1 records are damaged" in said.err
    assert len(steps(server)) == 9
    assert left_behind.with_suffix(".damaged").exists()
    assert cli.main(["sync"]) == 0


def test_a_torn_last_record_is_told(server, left_behind, capsys):
    left_behind.write_bytes(left_behind.read_bytes()[:-3])
    assert cli.main(["sync"]) == 1
    said = capsys.readouterr()
    assert said.out == "11 of 12 records stored\n"
    assert "cut off" in said.err


def test_a_server_that_is_away_leaves_the_journal(left_behind, capsys):
    assert cli.main(["sync", "--url", "http://127.0.0.1:9", "--timeout", "0"]) == 1
    assert capsys.readouterr().out == "0 of 12 records stored\n"
    assert left_behind.exists()


def test_a_journal_without_its_first_record_is_refused(server, left_behind, capsys):
    data = bytearray(left_behind.read_bytes())
    data[25] ^= 1
    left_behind.write_bytes(data)
    assert cli.main(["sync"]) == 1
    assert "does not know this run" in capsys.readouterr().err
    assert left_behind.exists()


def test_a_path_with_nothing_there_is_told(server, tmp_path, capsys):
    assert cli.main(["sync", str(tmp_path / "gone.journal")]) == 1
    assert "there is nothing at" in capsys.readouterr().err


def test_an_unknown_command_lists_those_there_are(capsys):
    assert cli.main(["fly"]) == 2
    said = capsys.readouterr().err
    assert "no command 'fly'" in said
    assert "sync" in said
    assert "server" in said


def test_the_version_is_told(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tracker ")


def test_the_server_command_says_which_extra_it_needs():
    text = "import sys; sys.modules['flask'] = None; from tracker import cli; sys.exit(cli.main(['server']))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "tracker-ml[server]"' in done.stderr


def test_a_damaged_journal_is_shown_as_far_as_it_goes(left_behind, capsys):
    left_behind.write_bytes(left_behind.read_bytes()[:-3])
    capsys.readouterr()
    assert cli.main(["journal", "show", str(left_behind)]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 11
    assert "is damaged" in said.err
