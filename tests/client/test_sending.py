"""What a run has logged arrives, once, however the server behaves meanwhile."""

from __future__ import annotations

import shutil
import time

import pytest

import tracker
from tests.processes import wait_until
from tracker import cli
from tracker.journal import Journal
from tracker.journal_files import path_of
from tracker.records import ConfigChanged, Logged, RecordsLost, RunFinished, RunStarted
from tracker.sender import FLUSH_S, LONGEST_DELAY_S, LONGEST_FLUSH_S, Sender, backoff_s, flush_s

BAD_MANNERS = ["status 500", "html", "hang", "reset", "half an answer"]


def steps(server):
    return [record.step for record in server.records(Logged)]


def test_a_run_arrives_as_it_was_logged(server, start, journals):
    run = start("digits", "first", config={"lr": 0.1}, tags=["baseline"], group="sweep", notes="try")
    for step in range(100):
        run.log({"loss": float(step)})
    run.finish()
    began = server.records(RunStarted)[0]
    assert (began.project, began.name, began.tags, began.group, began.notes) == (
        "digits", "first", ("baseline",), "sweep", "try",
    )  # fmt: skip
    assert server.records(ConfigChanged)[0].values == {"lr": 0.1}
    assert steps(server) == list(range(100))
    assert server.records(RunFinished)[0].status == "finished"
    assert journals() == []


def test_points_arrive_while_the_run_goes_on(server, start):
    start().log({"loss": 1.0})
    server.wait_for(lambda: steps(server) == [0])


def test_records_are_gathered_for_as_long_as_the_server_asks(server, start):
    server.flush_after_ms = 1500
    run = start()
    server.wait_for(lambda: server.records(RunStarted))
    arrivals = []
    for step in range(2):
        run.log({"loss": 1.0})
        server.wait_for(lambda: len(steps(server)) > step)  # noqa: B023
        arrivals.append(time.monotonic())
    assert arrivals[1] - arrivals[0] > 1.0


def test_a_server_that_asks_no_longer_is_told_as_soon_as_usual(server, start):
    server.flush_after_ms = 4000
    run = start()
    server.wait_for(lambda: server.records(RunStarted))
    server.flush_after_ms = None
    run.log({"loss": 1.0})
    server.wait_for(lambda: len(steps(server)) == 1)
    began = time.monotonic()
    run.log({"loss": 1.0})
    server.wait_for(lambda: len(steps(server)) == 2)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("wish", [60_000, -1, "soon", 1.5, True])
def test_the_end_of_a_run_waits_for_no_wish_of_the_server(server, start, wish):
    server.flush_after_ms = wish
    run = start()
    server.wait_for(lambda: server.records(RunStarted))
    run.log({"loss": 1.0})
    began = time.monotonic()
    run.finish()
    assert steps(server) == [0]
    assert time.monotonic() - began < 5


def test_who_waits_for_what_was_recorded_does_not_wait_for_it_to_be_gathered(server, start):
    server.flush_after_ms = 10_000
    run = start()
    run.log({"loss": 1.0})
    server.wait_for(lambda: server.records(Logged))
    run.log({"loss": 2.0})
    began = time.monotonic()
    run.wait_until_stored()
    assert time.monotonic() - began < 5
    assert [record.values["loss"] for record in server.records(Logged)] == [1.0, 2.0]


def test_who_waits_hears_of_a_server_that_stays_away(server, start):
    server.manner = "status 500"
    run = start(finish_timeout_s=0)
    with pytest.raises(tracker.TransportError, match="it broke"):
        run.wait_until_stored(patience_s=0.5)


def test_who_waits_outlasts_a_server_that_is_away_for_a_moment(server, start):
    server.manner = "status 500"
    run = start()
    run.log({"loss": 1.0})
    server.wait_for(lambda: server.request_count)
    server.manner = "well"
    run.wait_until_stored()
    assert len(server.records(Logged)) == 1


def test_how_long_records_are_gathered_is_bounded_and_spread():
    assert flush_s(0) == FLUSH_S
    assert 60 > LONGEST_FLUSH_S * 1.1 >= max(flush_s(3600) for _ in range(20))
    spread = {flush_s(2.5) for _ in range(50)}
    assert len(spread) > 5
    assert 2.25 <= min(spread) <= max(spread) <= 2.75


@pytest.mark.parametrize("manner", BAD_MANNERS)
def test_everything_arrives_when_the_server_is_well_again(server, start, capsys, manner):
    server.manner = manner
    run = start(finish_timeout_s=30)
    run.log({"loss": 1.0})
    server.wait_for(lambda: server.request_count >= 1)
    server.manner = "well"
    server.release.set()
    run.log({"loss": 2.0})
    run.finish()
    assert steps(server) == [0, 1]
    assert capsys.readouterr().err.count("training goes on") == 1


@pytest.mark.parametrize("manner", BAD_MANNERS)
def test_finish_gives_up_in_time_and_says_how_to_send_the_rest(server, start, journals, capsys, manner):
    server.manner = manner
    run = start(finish_timeout_s=0.5)
    run.log({"loss": 1.0})
    run.finish()
    assert f"tracker sync {journals()[0]}" in capsys.readouterr().err
    server.manner = "well"
    server.release.set()
    assert cli.main(["sync", str(journals()[0])]) == 0
    assert steps(server) == [0]
    assert journals() == []


def test_an_answer_that_is_lost_after_the_commit_stores_nothing_twice(server, start):
    server.manner = "cut after commit"
    run = start(finish_timeout_s=30)
    for _ in range(20):
        run.log({"loss": 1.0})
    run.finish()
    assert steps(server) == list(range(20))


def test_a_server_that_has_forgotten_gets_everything_again(server, start):
    run = start()
    run.log({"loss": 1.0})
    server.wait_for(lambda: steps(server) == [0])
    server.next_seq.clear()
    server.payloads.clear()
    run.log({"loss": 2.0})
    run.finish()
    assert steps(server) == [0, 1]


def test_a_wrong_key_stops_the_sending_and_says_how_to_mend_it(server, start, journals, monkeypatch, capsys):
    server.api_key = "right"
    monkeypatch.setenv("TRACKER_API_KEY", "wrong")
    run = start()
    run.log({"loss": 1.0})
    run.finish()
    said = capsys.readouterr().err
    assert said.count("Set TRACKER_API_KEY") == 1
    assert said.count("tracker login") == 1
    assert server.request_count == 1
    monkeypatch.setenv("TRACKER_API_KEY", "right")
    assert cli.main(["sync"]) == 0
    assert steps(server) == [0]


def test_a_refused_record_is_not_sent_again(server, start, journals, capsys):
    server.manner = "refuse"
    run = start()
    run.log({"loss": 1.0})
    run.finish()
    assert server.request_count == 1
    assert "bad_record" in capsys.readouterr().err
    assert len(journals()) == 1


def test_waiting_grows_has_a_limit_and_heeds_the_server():
    assert 0 < backoff_s(1) < backoff_s(20) <= LONGEST_DELAY_S
    assert 30.0 <= backoff_s(1, retry_after_s=30.0) <= 45.0
    assert 60.0 <= backoff_s(1, retry_after_s=1e9) <= 90.0


@pytest.fixture
def send(server):
    """Starts a sender of a journal, and ends it with the test."""
    started = []

    def start(log, **options):
        started.append(Sender(log.path, server.url, None, journal=log, **options))
        return started[-1]

    yield start
    for sender in started:
        sender.drain(5)


def begun(folder, **options):
    log = Journal(path_of(folder, "run1", "w"), **options)
    log.append(RunStarted(1000, "run1", "digits", "w"))
    return log


def test_what_the_server_has_to_say_is_handed_on_with_each_answer(server, send, tmp_path):
    heard = []
    server.commands = [{"kind": "stop", "reason": "somebody asked"}]
    log = begun(tmp_path)
    sender = send(log, on_command=heard.append)
    assert sender.drain(20)
    assert heard == server.commands


def test_a_quiet_run_asks_within_seconds(server, send, tmp_path):
    heard = []
    send(begun(tmp_path), on_command=heard.append)
    server.wait_for(lambda: len(server.records()) == 1)
    server.commands = [{"kind": "stop"}]
    wait_until(lambda: heard != [], "the command has come", timeout_s=6)


def test_a_live_journal_does_not_grow_for_ever(server, send, tmp_path):
    log = begun(tmp_path, reclaim_bytes=5000)
    sender = send(log)
    for start in range(0, 2000, 200):
        for step in range(start, start + 200):
            log.append(Logged(step, step, {"loss": 1.0}))
        server.wait_for(lambda up_to=start + 200: len(steps(server)) == up_to)
    wait_until(lambda: log.path.stat().st_size < 20_000, "what is stored has left the file")
    assert sender.drain(20)
    assert steps(server) == list(range(2000))


def test_a_server_that_has_forgotten_gets_what_is_still_in_the_file(server, send, tmp_path):
    log = begun(tmp_path, reclaim_bytes=100)
    sender = send(log)
    for step in range(50):
        log.append(Logged(step, step, {"loss": 1.0}))
    size = log.path.stat().st_size
    wait_until(lambda: log.path.stat().st_size < size, "what is stored has left the file")
    server.next_seq.clear()
    server.payloads.clear()
    log.append(Logged(50, 50, {"loss": 1.0}))
    assert sender.drain(20)
    assert isinstance(server.records()[0], RunStarted)
    assert steps(server)[-1] == 50


def test_a_file_that_can_be_made_later_only_is_sent_from_its_first_record(server, send, tmp_path):
    in_the_way = tmp_path / "journals"
    in_the_way.write_text("a file")
    log = begun(in_the_way, on_notice=lambda text: None)
    log.append(Logged(0, 0, {"loss": 1.0}))
    sender = send(log)
    in_the_way.unlink()
    log.tend()
    log.append(Logged(1, 1, {"loss": 1.0}))
    server.wait_for(lambda: steps(server) == [1])
    assert isinstance(server.records()[0], RunStarted)
    assert [record.count for record in server.records(RecordsLost)] == [1]
    assert sender.drain(20)


def test_a_run_without_a_file_sends_nothing_and_ends_in_time(server, send, tmp_path):
    (tmp_path / "journals").write_text("a file")
    sender = send(begun(tmp_path / "journals", on_notice=lambda text: None))
    assert not sender.drain(5)
    assert server.request_count == 0


def test_a_removed_journal_is_sent_all_the_same(server, send, tmp_path):
    log = begun(tmp_path / "journals", on_notice=lambda text: None)
    server.manner = "status 500"
    sender = send(log)
    server.wait_for(lambda: server.request_count >= 1)
    shutil.rmtree(tmp_path / "journals")
    log.append(Logged(0, 0, {"loss": 1.0}))
    log.tend()
    log.append(Logged(1, 1, {"loss": 1.0}))
    server.manner = "well"
    assert sender.drain(20)
    assert steps(server) == [0, 1]


@pytest.mark.parametrize("code", ["run_exists", "run_missing"])
def test_a_refused_resume_mode_says_the_command_that_sends_it_all_the_same(server, start, journals, capsys, code):
    server.refused_code = code
    run = start()
    run.log({"loss": 1.0})
    run.finish()
    assert f"tracker sync --resume allow {journals()[0]}" in capsys.readouterr().err
    assert server.request_count == 1


def test_an_offline_run_asks_nothing_of_the_server(server, start, capsys):
    run = start(mode="offline")
    run.log({"loss": 1.0})
    run.finish()
    assert server.request_count == 0
    assert cli.main(["sync"]) == 0
    assert capsys.readouterr().out == "3 of 3 records stored\n"
    assert steps(server) == [0]


def test_a_disabled_run_keeps_nothing(server, start, tracker_dir):
    run = start(mode="disabled")
    run.log({"loss": 1.0})
    run.config.lr = 0.1
    run.finish()
    assert not tracker_dir.exists()
    assert server.request_count == 0


def test_a_server_that_does_not_exist_costs_one_line(start, journals, capsys):
    run = start(url="http://127.0.0.1:9", finish_timeout_s=0.3)
    for _ in range(100):
        run.log({"loss": 1.0})
    run.finish()
    assert capsys.readouterr().err.count("cannot be reached") == 1
    assert len(journals()) == 1


def test_a_refused_run_raises_nothing_in_the_module_functions(server, start):
    server.manner = "refuse"
    start()
    tracker.log({"loss": 1.0})
    tracker.finish()
    assert tracker.run is None


def test_what_an_earlier_process_left_of_the_run_is_sent_before_it_goes_on(server, program, start):
    died = program(
        "import os, tracker\n"
        "run = tracker.init('digits', id='mine', system_interval_s=0, url='http://127.0.0.1:9')\n"
        "run.log({'loss': 1.0})\nos._exit(9)"
    )
    assert died.returncode == 9
    run = start(id="mine")
    run.log({"loss": 2.0})
    run.finish()
    began = [record.time_ms for record in server.records(RunStarted)]
    assert [record.values["loss"] for record in server.records() if hasattr(record, "values")] == [1.0, 2.0]
    assert len(began) == 2
    assert began == sorted(began)
