"""Formulas over metrics: how they are read and reckoned, and what a chart is sent of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.frames import START_MS, Journal
from tests.server.logged import log_run
from tests.server.test_metrics_history_route import Page, ask, finish, send, tag_of
from tracker.records import Logged
from tracker_server import metrics
from tracker_server.errors import Refused
from tracker_server.metrics import formulas, grouping
from tracker_server.metrics.schema import SeriesColumns, Smoothing

EVERY = metrics.View(points=10_000)
M = {"loss": np.array([1.0, 4.0, 0.5]), "val/loss": np.array([2.0, 1.0, 8.0]), "a.b": np.array([0.25, 2.0, 3.0])}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("loss", [1, 4, 0.5]),
        ("loss / 'val/loss'", [0.5, 4, 0.0625]),
        ('"val/loss"-loss', [1, -3, 7.5]),
        ("`val/loss` - 1 - loss", [0, -4, 6.5]),
        ("2 * a.b ** 2", [0.125, 8, 18]),
        ("-loss ** 2", [-1, -16, -0.25]),
        ("2 ** -loss", [0.5, 1 / 16, 2**-0.5]),
        ("2 ** 3 ** loss", [8, 2**81, 2 ** (3**0.5)]),
        ("(loss + .5e1) * +2", [12, 18, 11]),
        ("min(loss, 'val/loss', 3)", [1, 1, 0.5]),
        ("max(loss, 2)", [2, 4, 2]),
        ("log10(exp(log(loss * 100)))", [2, math.log10(400), math.log10(50)]),
        ("abs(-sqrt(loss))", [1, 2, math.sqrt(0.5)]),
    ],
)
def test_a_formula_is_reckoned_as_python_would(text: str, values: Sequence[float]) -> None:
    formula = formulas.read(text)
    assert formula.reckon(M) == pytest.approx(values)
    assert eval(formula.python(), {"np": np, "m": M}) == pytest.approx(values)


@pytest.mark.parametrize("text", ["log(a)", "log10(a)", "sqrt(a - 1)", "1 / a", "a / a", "a ** -1", "(a - 1) ** 0.5"])
def test_what_is_undefined_is_nan(text: str) -> None:
    first, second = formulas.read(text).reckon({"a": np.array([0.0, 1.0])})
    assert math.isnan(first)
    assert math.isfinite(second)


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 1, "is missing"),
        ("1 + 2", 1, "name one"),
        ("loss +", 7, "a number, a metric or a function is missing"),
        ("loss loss", 6, "a sign (+ - * / **) or the end is missing"),
        ("log(loss", 9, "a closing bracket is missing"),
        ("ln(loss)", 1, "the functions are log, log10"),
        ("__import__('os')", 1, "there is no function"),
        ("log(loss, 2)", 1, "of one part"),
        ("min(loss)", 1, "two parts or more"),
        ("loss ^ 2", 6, "write ** for a power"),
        ("loss; 2", 5, "stands in quotes"),
        ("'loss", 1, "ends with the same quote"),
        ("1e999 * loss", 1, "too large"),
        ("'val/*'", 1, "no pattern"),
        ("(" * 40 + "loss" + ")" * 40, 31, "at most 30 deep"),
        ("-" * 400 + "loss", 31, "at most 30 deep"),
        ("loss + " * 80 + "1", 501, "at most 500 characters"),
        (" + ".join(f"m{number}" for number in range(21)), 111, "at most 20 metrics"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_text_that_is_no_formula_is_refused_with_the_place(text: str, position: int, problem: str) -> None:
    with pytest.raises(Refused, match=f"at character {position},") as refused:
        formulas.read(text)
    assert problem in refused.value.message
    assert (refused.value.code, refused.value.details) == ("bad_formula", {"position": position})


def log(session: Session, points: Sequence[tuple[int, dict[str, float]]], label: str = "") -> None:
    records = [Logged(step, START_MS + step, values) for step, values in points]
    metrics.append(session, "run1", label, "metric", records)


def drawn(session: Session, text: str, view: metrics.View = EVERY, **more: Any) -> list[SeriesColumns]:
    return metrics.read(session, ["run1"], [f"formula:{text}"], view, **more)


def test_points_stand_where_all_metrics_have_one(session: Session) -> None:
    log_run(session)
    log(session, [(step, {"a": step + 1.0}) for step in (0, 1, 3, 4, 6, 9)])
    log(session, [(step, {"b": 2.0}) for step in (9, 6, 5, 3)])
    (answer,) = drawn(session, "a / b")
    assert (answer.x, answer.values) == ([3, 6, 9], [2, 3.5, 5])
    assert (answer.metric, answer.run, answer.points_in_range, answer.is_exact) == ("formula:a / b", "run1", 3, True)
    assert drawn(session, "a / c") == []


def test_of_a_step_that_was_logged_twice_the_last_point_counts(session: Session) -> None:
    log_run(session)
    log(session, [(1, {"a": 1.0, "b": 1.0}), (2, {"a": 2.0}), (2, {"a": 3.0, "b": 1.0}), (1, {"a": 4.0})])
    assert drawn(session, "a / b")[0].values == [4, 3]
    assert drawn(session, "a * 10")[0].values == [10, 40, 20, 30]


def test_what_is_undefined_is_a_gap_with_a_mark(session: Session) -> None:
    log_run(session)
    log(session, list(enumerate([{"a": value} for value in (1.0, 0.0, math.e, -1.0, math.inf)])))
    (answer,) = drawn(session, "log(a)")
    assert (answer.x, answer.values) == ([0, 1, 2], [0, None, 1])
    assert [(mark.x, mark.kind) for mark in answer.marks] == [(1, "nan"), (3, "nan"), (4, "inf")]


def test_each_process_is_reckoned_with_the_main_ones_metrics_where_it_has_none(session: Session) -> None:
    log_run(session)
    log(session, [(0, {"lr": 0.5, "loss": 1.0})])
    log(session, [(0, {"loss": 4.0})], "rank1")
    log(session, [(0, {"gpu": 1.0})], "rank2")
    assert [(one.label, one.values) for one in drawn(session, "loss * lr")] == [("", [0.5]), ("rank1", [2.0])]


def test_it_is_reckoned_before_it_is_thinned_and_smoothed(session: Session) -> None:
    log_run(session)
    log(session, [(step, {"a": 2.0 + math.sin(step), "b": 1.0 + step % 7}) for step in range(3000)])
    (exact,) = drawn(session, "log(a) / b", metrics.View(points=10_000, smoothing=Smoothing("ema", 0.9)))
    assert exact.values == pytest.approx([math.log(2 + math.sin(step)) / (1 + step % 7) for step in range(3000)])
    (thinned,) = drawn(
        session, "log(a) / b", metrics.View(points=50, range=(500, 900), smoothing=Smoothing("ema", 0.9), band=True)
    )
    steps = [int(x) for x in thinned.x]
    assert (thinned.is_exact, len(steps) <= 52, steps[0], steps[-1]) == (False, True, 499, 901)
    assert thinned.values == [exact.values[step] for step in steps]
    assert thinned.smoothed == pytest.approx([exact.smoothed[step] for step in steps])
    assert min(thinned.low) == min(value for value in exact.values[499:902] if value is not None)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ("time", [START_MS + 1, START_MS + 2]),
        ("relative_time", [1, 2]),
        ("metric:epoch", [10, 20]),
        ("metric:nothing", None),
    ],
)
def test_it_is_drawn_over_every_axis(x: str, expected: list[float] | None, session: Session) -> None:
    log_run(session)
    log(session, [(step, {"a": step, "b": 2.0, "epoch": step * 10.0}) for step in (1, 2)])
    found = drawn(session, "a * b", metrics.View(x, started_ms={"run1": START_MS}))
    assert [(one.x, one.values) for one in found] == ([(expected, [2, 4])] if expected else [])


def test_it_comes_whole_when_anything_it_is_of_is_new_and_else_not_at_all(session: Session) -> None:
    log_run(session)
    log(session, [(step, {"a": 1.0}) for step in range(4)])
    log(session, [(0, {"b": 2.0})])
    (before,) = drawn(session, "a / b")
    counts = {before.id: before.count}
    assert drawn(session, "a / b", counts=counts) == []
    log(session, [(2, {"b": 4.0})])  # late: it meets a point of `a` that was sent long ago
    (after,) = drawn(session, "a / b", counts=counts)
    assert (after.id, after.is_delta, after.x, after.values) == (before.id, False, [0, 2], [0.5, 0.25])


def test_one_run_is_followed_by_cursors(client: FlaskClient, journal: Callable[..., Journal]) -> None:
    written = send(client, journal().started(), [("a", 0, 1.0), ("b", 0, 2.0), ("a", 1, 3.0)])
    page = Page(client, "/api/v1/runs/run1/series", metric=["a", "formula:a / b"])
    page.look()
    assert page.look()["series"] == []
    send(client, written, [("b", 1, 6.0)])
    answer = page.look()
    assert (answer["is_delta"], [one["metric"] for one in answer["series"]]) == (True, ["formula:a / b"])
    assert answer["series"][0]["values"] == [0.5, 0.5]
    finish(client, written)
    assert tag_of(client, metric="formula:a / b") != tag_of(client, metric="formula:b / a")
    assert ask(client, metric="formula:a / b")["series"] == answer["series"]


def test_what_a_formula_is_of_can_be_asked_before_it_is_drawn(client: FlaskClient) -> None:
    answer = client.post("/api/v1/formulas", json={"formula": 'log("val/loss") - loss / "val/loss"'})
    assert answer.json == {
        "metrics": ["val/loss", "loss"],
        "python": '(np.log(m["val/loss"]) - (m["loss"] / m["val/loss"]))',
    }
    refused = client.post("/api/v1/formulas", json={"formula": "train/"})
    assert (refused.status_code, refused.json["error"]["position"]) == (422, 7)


@pytest.mark.parametrize("x", ["step", "relative_time", "metric:epoch"])
def test_a_group_is_of_its_runs_formulas(x: str, session: Session) -> None:
    started = {}
    for run_id, share in (("r1", 1.0), ("r2", 2.0), ("r3", 6.0)):
        started[run_id] = log_run(session, run_id).started_ms
        points = [
            Logged(step, started[run_id] + step, {"a": share * (step + 1), "b": 2.0, "epoch": step})
            for step in range(3)
        ]
        metrics.append(session, run_id, "", "metric", points)
    metrics.append(session, "r1", "", "metric", [Logged(9, started["r1"] + 9, {"a": 1.0})])
    view = grouping.GroupView(x, started_ms=started, band="min_max")
    plain, reckoned = grouping.read(session, [["r1", "r2", "r3"]], ["formula:a / b", "b"], view)
    assert (plain.metric, reckoned.metric, reckoned.run_count) == ("b", "formula:a / b", 3)
    assert (reckoned.x.tolist(), reckoned.n.tolist()) == ([0, 1, 2], [3, 3, 3])
    assert (reckoned.center.tolist(), reckoned.high.tolist()) == ([1.5, 3, 4.5], [3, 6, 9])


def test_a_formula_that_cannot_be_read_is_refused_wherever_it_is_drawn(
    client: FlaskClient, journal: Callable[..., Journal]
) -> None:
    send(client, journal().started(), [("a", 0, 1.0)])
    bad = {"runs": ["run1"], "metrics": ["formula:a +"]}
    for answer in (
        client.post("/api/v1/series", json=bad),
        client.post("/api/v1/projects/digits/live", json=bad),
        client.post("/api/v1/groups/series", json={"project": "digits", "metrics": ["formula:a +"]}),
        client.get("/api/v1/runs/run1/series", query_string={"metric": "formula:a +"}),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_formula")
    full = client.get("/api/v1/runs/run1/series", query_string={"metric": "formula:a", "resolution": "full"})
    assert (full.status_code, full.json["error"]["field"]) == (422, "metric")
