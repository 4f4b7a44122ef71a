"""Alerts, definitions of metrics, and the watch for values that are no numbers."""

from __future__ import annotations

import math

import pytest

from tests.client.reading import read_all
from tracker.records import AlertRaised, MetricDefined


def _of(run, kind):
    return [record for record in read_all(run.journal_path) if isinstance(record, kind)]


def test_an_alert_is_recorded_as_it_was_said(start):
    run = start(mode="offline")
    run.alert("loss is high", "at step 3", level="warning")
    (alert,) = _of(run, AlertRaised)
    assert (alert.title, alert.text, alert.level, alert.kind) == ("loss is high", "at step 3", "warning", "alert")


def test_a_metric_is_defined_by_name_or_by_prefix(start):
    run = start(mode="offline")
    run.define_metric("val/*", step_metric="epoch", summary="min", goal="min")
    run.define_metric("lr")
    defined = [(one.pattern, one.step_metric, one.summary, one.goal) for one in _of(run, MetricDefined)]
    assert defined == [("val/*", "epoch", "min", "min"), ("lr", None, None, None)]


@pytest.mark.parametrize(
    ("act", "error", "says"),
    [
        (lambda run: run.alert("x", level="loud"), ValueError, "level must be one of info, warning, error, got 'loud'"),
        (lambda run: run.alert(3), TypeError, "title must be text, got int"),
        (lambda run: run.define_metric("v*l/loss"), ValueError, r"a prefix that ends in '\*', got 'v\*l/loss'"),
        (lambda run: run.define_metric(""), ValueError, "is empty"),
        (lambda run: run.define_metric("a", summary="best"), ValueError, "summary must be one of .*got 'best'"),
        (lambda run: run.define_metric("a", goal="down"), ValueError, "goal must be one of min, max, got 'down'"),
        (lambda run: setattr(run, "on_nan", "panic"), ValueError, "on_nan must be one of warn, stop, got 'panic'"),
    ],
    ids=["level", "title", "pattern", "empty name", "summary", "goal", "on_nan"],
)
def test_a_wrong_word_is_an_error_that_names_it(start, act, error, says):
    with pytest.raises(error, match=says):
        act(start(mode="offline"))


def test_the_first_nan_of_a_metric_is_found_with_the_last_good_values(start, capsys):
    run = start(mode="offline", on_nan="warn")
    for step, loss in enumerate([0.5, 0.25, math.nan, math.nan]):
        run.log({"loss": loss, "lr": 0.1}, step=step)
    (found,) = _of(run, AlertRaised)
    assert (found.kind, found.step, found.level) == ("nan", 2, "warning")
    assert found.details == {"metric": "loss", "value": "nan", "last_good": [[0, 0.5], [1, 0.25]]}
    assert capsys.readouterr().err.count("loss is nan at step 2") == 1
    assert not run.should_stop


def test_only_the_watched_metrics_are_looked_at(start):
    run = start(mode="offline", on_nan="warn", nan_metrics=["train/*"])
    run.log({"val/loss": math.inf, "train/loss": -math.inf})
    assert [record.details["value"] for record in _of(run, AlertRaised)] == ["-inf"]


def test_a_nan_asks_a_program_that_looks_to_stop(start):
    run = start(mode="offline", on_nan="stop")
    assert not run.should_stop
    run.log({"loss": math.nan})
    assert run.should_stop
    run.finish()
    assert read_all(run.journal_path)[-1].status == "stopped"


def test_nothing_is_looked_at_unless_it_is_wished(start):
    run = start(mode="offline")
    run.log({"loss": math.nan})
    assert _of(run, AlertRaised) == []
