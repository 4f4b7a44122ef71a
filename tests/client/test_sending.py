"""What a run has logged arrives, once, however the server behaves meanwhile."""

from __future__ import annotations

import pytest

import tracker
from tracker import cli
from tracker.records import ConfigChanged, Logged, RunFinished, RunStarted
from tracker.sender import LONGEST_DELAY_S, backoff_s

BAD_MANNERS = ["status 500", "html", "hang"]


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
    assert backoff_s(1, retry_after_s=30.0) == 30.0


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
