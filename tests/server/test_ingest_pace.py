"""The more live runs there are, the longer each gathers what it logs; few are asked for nothing unusual."""

from __future__ import annotations

from dataclasses import replace

from tests.frames import Journal
from tracker_server.app import create_app
from tracker_server.ingest.pace import FORGOTTEN_AFTER_S, LONGEST_S, Pace
from tracker_server.settings import Settings


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_few_writers_gather_for_as_long_as_they_always_do() -> None:
    pace = Pace(400)
    assert {pace.heard(f"run{number}", "w0") for number in range(200)} == {None}


def test_writers_together_send_no_more_than_was_asked_for() -> None:
    pace = Pace(400)
    asked_ms = [pace.heard(f"run{number}", "w0") for number in range(1000)][-1]
    assert asked_ms is not None
    assert 1000 / (asked_ms / 1000) <= 400


def test_the_writers_of_one_run_count_each_and_once() -> None:
    pace = Pace(10)
    for _ in range(5):
        asked_ms = [pace.heard("run1", f"w{rank}") for rank in range(20)][-1]
    assert asked_ms == 2000


def test_nobody_gathers_for_longer_than_the_longest() -> None:
    pace = Pace(1)
    assert [pace.heard(f"run{number}", "w0") for number in range(100)][-1] == 1000 * LONGEST_S


def test_writers_that_have_fallen_silent_do_not_count() -> None:
    clock = Clock()
    pace = Pace(10, clock)
    for number in range(40):
        pace.heard(f"run{number}", "w0")
    clock.now_s = FORGOTTEN_AFTER_S / 2
    assert pace.heard("run0", "w0") == 4000
    clock.now_s += FORGOTTEN_AFTER_S / 2 + 0.1
    assert pace.heard("run1", "w0") is None


def test_an_answer_to_records_says_how_long_to_gather(settings: Settings) -> None:
    settings.data.mkdir()
    app = create_app(replace(settings, live_requests_per_s=0.5))
    client = app.test_client()
    client.environ_base["HTTP_X_TRACKER_CLIENT"] = "test"
    journal = Journal().started()
    assert journal.post(client).get_json()["flush_after_ms"] == 2000
    assert "flush_after_ms" not in journal.post(client, 1).get_json()
    app.extensions["tracker.database"].close()
