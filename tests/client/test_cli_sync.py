"""`tracker sync` sends what was left behind, says what it could not, and ends with a status that tells."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.processes import TRACKER
from tracker import cli
from tracker.journal import Journal
from tracker.journal_reader import JournalReader
from tracker.records import Logged, RunFinished


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


@pytest.fixture
def follow():
    """Starts `tracker sync --follow` in a process of its own."""
    started = []

    def start(*arguments: str):
        command = [TRACKER, "sync", "--follow", *arguments]
        started.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


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


def test_a_journal_that_is_given_twice_and_lies_in_a_folder_given_too_is_sent_once(server, left_behind, capsys):
    again = left_behind.parent / ".." / left_behind.parent.name / left_behind.name
    capsys.readouterr()
    assert cli.main(["sync", str(left_behind), str(again), str(left_behind.parent), str(left_behind.parent)]) == 0
    assert capsys.readouterr().out == "12 of 12 records stored\n"


def test_the_outcome_is_told_as_json(server, left_behind, tmp_path, capsys):
    torn = tmp_path / "copy" / "run7" / left_behind.name
    torn.parent.mkdir(parents=True)
    torn.write_bytes(left_behind.read_bytes()[:-3])
    gone = tmp_path / "gone.journal"
    capsys.readouterr()
    assert cli.main(["sync", "--json", str(left_behind), str(torn), str(gone)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], told["total"]) == (23, 24)
    by_path = {outcome.pop("path"): outcome for outcome in told["journals"]}
    assert by_path[str(left_behind)] == {"run": left_behind.parent.name, "stored": 12, "total": 12, "skipped": ""}
    assert (by_path[str(torn)]["stored"], by_path[str(torn)]["total"]) == (11, 12)
    assert "cut off" in by_path[str(torn)]["skipped"]
    assert "there is nothing at" in by_path[str(gone)]["skipped"]


def test_a_server_that_is_away_is_not_waited_for_once_for_each_journal(left_behind, tmp_path, capsys):
    for number in range(20):
        path = tmp_path / "more" / f"run{number}" / "w.journal"
        path.parent.mkdir(parents=True)
        shutil.copy(left_behind, path)
    assert cli.main(["sync", "--url", "http://127.0.0.1:9", "--timeout", "0.5", str(tmp_path / "more")]) == 1
    assert capsys.readouterr().out.endswith(f"0 of {20 * 12} records stored\n")


def test_a_refusal_says_how_to_mend_it(server, left_behind, monkeypatch, capsys):
    server.api_key = "right"
    monkeypatch.setenv("TRACKER_API_KEY", "wrong")
    assert cli.main(["sync"]) == 1
    said = capsys.readouterr().err
    assert "TRACKER_API_KEY" in said
    assert "tracker login" in said
    assert server.request_count == 1


def test_a_fork_of_a_run_that_is_not_there_is_told_of_the_id_and_of_no_version(server, left_behind, capsys):
    server.refused_code = "unknown_parent"
    assert cli.main(["sync"]) == 1
    said = capsys.readouterr().err
    assert "call fork() with the right id" in said
    assert "same version" not in said


@pytest.mark.parametrize("code", ["run_exists", "run_missing"])
def test_a_run_that_may_not_be_resumed_is_sent_when_that_is_allowed(server, left_behind, capsys, code):
    server.refused_code = code
    assert cli.main(["sync"]) == 1
    assert f"tracker sync --resume allow {left_behind}" in capsys.readouterr().err
    assert left_behind.exists()
    assert cli.main(["sync", "--resume", "allow", str(left_behind)]) == 0
    assert steps(server) == list(range(10))
    assert server.resume_modes == [None, "allow"]


@pytest.mark.parametrize(
    "arguments",
    [["--resume", "allow"], ["--resume", "never", "here"], ["--timeout", "soon"], ["--fast"]],
    ids=["resume without a path", "a mode that is not allowed", "no number", "no option"],
)
def test_a_wrong_use_ends_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as ending:
        cli.main(["sync", *arguments])
    assert ending.value.code == 2


def test_the_help_lists_the_exit_statuses(capsys):
    with pytest.raises(SystemExit) as ending:
        cli.main(["sync", "--help"])
    assert ending.value.code == 0
    said = capsys.readouterr().out
    for status in ("0    everything", "1    something", "2    used wrongly", "130  interrupted"):
        assert status in said


def test_a_journal_that_is_still_written_is_sent_as_far_as_it_goes_and_stays(server, start, journals, capsys):
    run = start(mode="offline")
    run.log({"loss": 1.0})
    capsys.readouterr()
    assert cli.main(["sync"]) == 0
    assert capsys.readouterr().out == "2 of 2 records stored\n"
    run.log({"loss": 2.0})
    run.finish()
    assert len(journals()) == 1
    assert cli.main(["sync"]) == 0
    assert steps(server) == [0, 1]
    assert journals() == []


def test_following_goes_on_until_the_run_has_ended_and_all_is_stored(server, start, journals, follow):
    run = start(mode="offline")
    process = follow()
    for step in range(3):
        run.log({"loss": 1.0})
        server.wait_for(lambda up_to=step: steps(server) == list(range(up_to + 1)))
    run.finish()
    assert (process.wait(20), process.stdout.read()) == (0, "5 of 5 records stored\n")
    assert len(server.records(RunFinished)) == 1
    assert journals() == []


def test_following_a_folder_takes_in_runs_that_start_later(server, start, follow):
    first = start(mode="offline")
    process = follow()
    server.wait_for(lambda: len(server.records()) == 1)
    second = start("digits", mode="offline")  # which finishes the first
    assert first.is_finished
    second.log({"loss": 1.0})
    server.wait_for(lambda: steps(server) == [0])
    second.finish()
    assert (process.wait(20), process.stdout.read()) == (0, "5 of 5 records stored\n")


def test_following_goes_on_in_a_file_that_takes_the_place_of_the_first(server, tmp_path, follow):
    log = Journal(tmp_path / "kept" / "run1" / "w.journal", reclaim_bytes=10)
    for step in range(50):
        log.append(Logged(step, 0, {"loss": 1.0}))
    process = follow(str(log.path))
    server.wait_for(lambda: len(steps(server)) == 50)
    with JournalReader(log.path) as reader:
        reader.read()
        assert log.reclaim(reader.next_seq, reader.offset)
    log.append(Logged(50, 0, {"loss": 1.0}))
    server.wait_for(lambda: len(steps(server)) == 51)
    log.close()
    assert (process.wait(20), process.stdout.read()) == (0, "51 of 51 records stored\n")


def test_following_ends_when_the_run_sends_its_last_records_itself(server, start, journals, follow):
    run = start()
    run.log({"loss": 1.0})
    process = follow()
    server.wait_for(lambda: server.request_count >= 2)
    run.finish()
    assert process.wait(20) == 0
    assert steps(server) == [0]
    assert journals() == []


def test_an_interrupt_ends_the_following_with_130(server, start, journals, follow):
    run = start(mode="offline")
    run.log({"loss": 1.0})
    process = follow()
    server.wait_for(lambda: steps(server) == [0])
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert "run it again" in process.stderr.read()
    assert len(journals()) == 1


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
    assert 'pip install "tracker-runs[server]"' in done.stderr


def test_a_damaged_journal_is_shown_as_far_as_it_goes(left_behind, capsys):
    left_behind.write_bytes(left_behind.read_bytes()[:-3])
    capsys.readouterr()
    assert cli.main(["journal", "show", str(left_behind)]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 11
    assert "is damaged" in said.err


def test_a_journal_that_records_have_left_is_shown_as_whole(tmp_path, capsys):
    log = Journal(tmp_path / "w.journal", reclaim_bytes=10)
    for step in range(10):
        log.append(Logged(step, 0, {"loss": 1.0}))
    with JournalReader(log.path) as reader:
        reader.read()
        assert log.reclaim(reader.next_seq, reader.offset)
    log.append(Logged(10, 0, {"loss": 1.0}))
    assert cli.main(["journal", "show", str(log.path)]) == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["seq"], line["type"]) for line in shown] == [(0, "logged"), (9, "acknowledged"), (10, "logged")]
