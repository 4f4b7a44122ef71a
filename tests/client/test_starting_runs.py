"""What `init` takes, and what it says to anything else."""

from __future__ import annotations

import pytest

import tracker
from tests.client.reading import read_all
from tracker import names


def test_ids_sort_by_the_time_they_were_made():
    made = [names.new_run_id(time_ms) for time_ms in (1, 2, 40, 1_750_000_000_000, 1_750_000_000_001)]
    assert made == sorted(made)
    assert {len(run_id) for run_id in made} == {16}


def test_a_run_without_a_name_gets_one(start):
    run = start(mode="offline")
    began = read_all(run.journal_path)[0]
    assert began.is_name_generated
    assert began.name == run.name
    assert "-" in run.name


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"project": ""}, ValueError, "project must not be empty"),
        ({"project": "a/b"}, ValueError, "no '/'.*got 'a/b'"),
        ({"project": 3}, TypeError, "project must be text, got int: 3"),
        ({"mode": "quiet"}, ValueError, "mode must be one of online, offline, disabled, got 'quiet'"),
        ({"url": "localhost"}, ValueError, "must look like http://127.0.0.1:8090, got 'localhost'"),
        ({"tags": "baseline"}, TypeError, r"write \['baseline'\]"),
        ({"id": "a/b"}, ValueError, "a run's id must be"),
        ({"system_interval_s": -1}, ValueError, "system_interval_s must be"),
        ({"config": [1]}, TypeError, "config must be a mapping"),
        ({"lr": 0.1}, TypeError, r"init\(\) has no argument 'lr', got 0.1; .* goes into config=\{'lr': …\}"),
        ({"tag": ["a"]}, TypeError, r"no argument 'tag', got \['a'\]; did you mean 'tags'\?"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_argument_is_an_error_that_names_it(start, arguments, error, says):
    with pytest.raises(error, match=says):
        start(**{"project": "digits", "mode": "offline"} | arguments)


def test_the_module_functions_act_on_the_run_that_started_last(start):
    first = start(mode="offline")
    second = start(mode="offline")
    assert first.is_finished
    assert tracker.run is second
    tracker.config.lr = 0.1
    tracker.summary["best"] = 1.0
    tracker.log({"loss": 1.0})
    assert [type(record).__name__ for record in read_all(second.journal_path)] == [
        "RunStarted", "ConfigChanged", "SummaryChanged", "Logged",
    ]  # fmt: skip


def test_logging_to_a_run_that_is_over_is_told_once(start, capsys):
    run = start(mode="offline")
    run.finish()
    for _ in range(3):
        run.log({"loss": 1.0})
    assert capsys.readouterr().err.count("is over") == 1


def test_the_environment_chooses_where_and_how(start, monkeypatch, tmp_path):
    monkeypatch.setenv("TRACKER_MODE", "offline")
    (tmp_path / "settings.toml").write_text('url = "http://tracker.example:9000"\napi_key = "k"\n')
    run = start()
    assert (run.mode, run.url) == ("offline", f"http://tracker.example:9000/r/{run.id}")


@pytest.mark.parametrize("value", ["many", "-1", "0", "inf"])
def test_a_cap_on_journals_that_is_no_number_of_bytes_is_an_error(start, monkeypatch, value):
    monkeypatch.setenv("TRACKER_MAX_JOURNAL_BYTES", value)
    with pytest.raises(ValueError, match=f"must be a number of bytes, such as 10e9, got '{value}'"):
        start(mode="offline")


def test_no_secret_of_the_program_leaves_in_words(start, monkeypatch):
    monkeypatch.setenv("TRACKER_API_KEY", "trk-0123456789abcdef")
    run = start(mode="offline", notes="with trk-0123456789abcdef", config={"db": {"password": "hunter2!"}, "lr": 0.1})
    run.summary["endpoint"] = "https://ada:hunter2!@example.org/x"
    run.alert("key", "trk-0123456789abcdef")
    run.finish("failed", error="ValueError: trk-0123456789abcdef")
    text = run.journal_path.read_bytes()
    assert b"trk-0123456789abcdef" not in text
    assert b"hunter2!" not in text
    assert run.config.db.password == "hunter2!"
