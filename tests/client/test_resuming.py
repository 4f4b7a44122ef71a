"""Going on with a run, and starting one from another's history: what `init` and `fork` write for the server."""

from __future__ import annotations

import pytest

import tracker
from tests.client.reading import read_all
from tracker.records import Logged, LoggedOnward, MediaLogged


def _logged(run):
    return [record for record in read_all(run.journal_path) if isinstance(record, Logged | LoggedOnward | MediaLogged)]


def test_a_new_run_counts_its_own_steps(start):
    run = start(mode="offline")
    run.log({"loss": 1.0})
    run.log({"loss": 1.0})
    assert [(type(record), record.step) for record in _logged(run)] == [(Logged, 0), (Logged, 1)]
    assert not read_all(run.journal_path)[0].is_resumed


def test_a_joined_run_counts_onward_until_a_step_is_named(start):
    run = start(mode="offline", id="mine")
    run.log({"loss": 1.0})
    run.log({"loss": 2})
    run.log({"loss": 1.0}, step=70)
    run.log({"loss": 1.0})
    kinds = [(type(record), record.step) for record in _logged(run)]
    assert kinds == [(LoggedOnward, 0), (LoggedOnward, 1), (Logged, 70), (Logged, 71)]
    assert read_all(run.journal_path)[0].is_resumed


def test_a_figure_of_a_joined_run_counts_onward_too(start):
    graph_objects = pytest.importorskip("plotly.graph_objects")
    run = start(mode="offline", id="mine")
    run.log({"confusion": graph_objects.Figure()})
    run.finish()
    (figure,) = _logged(run)
    assert (figure.step, figure.is_onward) == (0, True)


def test_resuming_from_a_checkpoint_goes_on_after_its_step(start):
    run = start(mode="offline", id="mine", resume="must", resume_from_step=40)
    run.log({"loss": 1.0})
    began = read_all(run.journal_path)[0]
    assert (began.resume, began.resume_from_step) == ("must", 40)
    assert [(type(record), record.step) for record in _logged(run)] == [(Logged, 41)]
    assert run.last_step == 41


def test_a_fork_goes_on_after_the_step_it_begins_with(start):
    start(mode="offline").finish()
    run = tracker.fork("parent-run", 30, mode="offline", capture_console=False, capture_code=False, system_interval_s=0)
    run.log({"loss": 1.0})
    began = read_all(run.journal_path)[0]
    assert (began.fork_of, began.fork_step, began.resume, began.project) == ("parent-run", 30, "never", "")
    assert began.run_id != "parent-run"
    assert [record.step for record in _logged(run)] == [31]
    run.finish()


def test_the_environment_names_the_run_to_go_on_with(start, monkeypatch):
    monkeypatch.setenv("TRACKER_RUN_ID", "from-outside")
    run = start(mode="offline", resume="allow")
    assert run.id == "from-outside"
    assert read_all(run.journal_path)[0].is_resumed


def test_writers_of_one_run_call_it_the_same(start):
    assert start(mode="offline", id="mine").name == start(mode="offline", id="mine").name


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"resume": "yes", "id": "a"}, ValueError, "resume must be one of allow, must, never, got 'yes'"),
        ({"resume": "must"}, ValueError, r"resume needs the id of the run to go on with: init\(id=…\)"),
        ({"resume_from_step": 4}, ValueError, "resume_from_step needs the id"),
        ({"resume_from_step": 4.5, "id": "a"}, TypeError, "resume_from_step must be an integer, got float: 4.5"),
        ({"resume_from_step": 4, "id": "a", "resume": "never"}, ValueError, "resume='never'"),
        ({"fork_of": "a"}, ValueError, "needs both fork_of and fork_step, got 'a' and None"),
        ({"fork_of": "a", "fork_step": 1, "id": "b"}, ValueError, "a fork is a new run"),
        ({"fork_of": "a b", "fork_step": 1}, ValueError, "a run's id must be"),
        ({"parent": "a b"}, ValueError, "a run's id must be"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_history_that_cannot_be_meant_is_an_error(start, arguments, error, says):
    with pytest.raises(error, match=says):
        start(mode="offline", **arguments)


def test_a_project_may_be_left_out_of_a_fork_alone(start):
    with pytest.raises(TypeError, match="project must be text"):
        start(None, mode="offline")
