"""Groups of runs: which runs are together, and curves that say what a plain loop over all their points says."""

from __future__ import annotations

import math
import statistics as plain
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, get_args

import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import BACKENDS, NOW_MS
from tests.server.test_metrics_store import opened
from tests.server.test_search_table import LOST_AFTER_MS, add, log, statements
from tracker.records import Logged
from tracker_server import auth, metrics, runs
from tracker_server.db import Database
from tracker_server.errors import NotFound, Refused
from tracker_server.metrics import grouping
from tracker_server.metrics.grouping import Curve, GroupView
from tracker_server.metrics.models import NameRule
from tracker_server.metrics.schema import Smoothing
from tracker_server.metrics.smoothing import smooth
from tracker_server.metrics.statistics import Band, Statistic, interval
from tracker_server.search import groups
from tracker_server.search.groups_schema import CurveColumns, GroupsAnswer, GroupsRequest

TINY = metrics.Limits(tail_rows=3, tail_points=24, seal_points=5, least_points=2, chunk_points=8)
"""Limits that a handful of points goes past."""

EXAMPLES = {"sqlite": 120, "postgres": 25}

_numbers = count()

heights = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf]))
points = st.tuples(st.integers(-3, 15), st.integers(0, 20), heights)
runs_of_points = st.lists(st.lists(st.lists(points, max_size=12), max_size=3), min_size=1, max_size=5)
ranges = st.none() | st.tuples(st.floats(-4, 16), st.floats(-4, 16)).map(lambda ends: (min(ends), max(ends)))


def ask(session: Session, **wanted: Any) -> GroupsAnswer:
    request = GroupsRequest(**{"project": "digits", "metrics": ["loss"], **wanted})
    return groups.read(session, request, now_ms=NOW_MS, lost_after_ms=LOST_AFTER_MS, as_bytes=False)


def found(answer: GroupsAnswer) -> list[tuple[list[Any], list[str]]]:
    return [(group.values, group.runs) for group in answer.groups]


def curve(answer: GroupsAnswer, group: int = 0) -> CurveColumns:
    (only,) = answer.groups[group].curves
    return only


@dataclass(frozen=True)
class Row:
    x: float
    center: float
    low: float
    high: float
    n: int


def modelled(lines: Sequence[dict[int, float]], view: GroupView) -> list[Row]:
    """What is at each x of these lines, given as values by x."""
    low, high = view.range or (-math.inf, math.inf)
    grid = sorted({x for line in lines for x in line if low <= x <= high})
    rows = []
    for x in grid:
        values = [value for line in lines if math.isfinite(value := _at(line, x, interpolates=view.interpolates))]
        rows.append(_row(x, values, view))
    return rows


def _at(line: dict[int, float], x: int, *, interpolates: bool) -> float:
    if x in line or not interpolates:
        return line.get(x, math.nan)
    before = max((other for other in line if other < x), default=None)
    after = min((other for other in line if other > x), default=None)
    if before is None or after is None or not math.isfinite(line[before]) or not math.isfinite(line[after]):
        return math.nan
    share = (x - before) / (after - before)
    return line[before] * (1 - share) + line[after] * share


def _row(x: float, values: list[float], view: GroupView) -> Row:
    if not values:
        return Row(x, math.nan, math.nan, math.nan, 0)
    center = {"mean": plain.fmean, "median": plain.median, "min": min, "max": max}[view.statistic](values)
    if view.band == "min_max":
        return Row(x, center, min(values), max(values), len(values))
    if view.band == "none" or len(values) < 2:
        return Row(x, center, math.nan, math.nan, len(values))
    spread = plain.stdev(values) / (math.sqrt(len(values)) if view.band == "stderr" else 1)
    return Row(x, center, plain.fmean(values) - spread, plain.fmean(values) + spread, len(values))


def assert_rows(made: Curve, wanted: list[Row]) -> None:
    assert made.x.tolist() == [row.x for row in wanted]
    assert made.n.tolist() == [row.n for row in wanted]
    assert (made.x_count, made.is_exact) == (len(wanted), True)
    for column in ("center", "low", "high"):
        expected = [getattr(row, column) for row in wanted]
        assert getattr(made, column).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-3, nan_ok=True)


def line_of(arrived: Sequence[tuple[int, int, float]], x: str, started_ms: int) -> dict[int, float]:
    """The last value to arrive at each x."""
    zero = started_ms if x == "relative_time" else 0
    return {(step if x == "step" else time) - zero: value for step, time, value in arrived}


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_curve_is_that_of_a_plain_loop_over_all_points(
    backend: str, make_database_url: Callable[[str], str]
) -> None:
    views = st.builds(
        GroupView,
        x=st.sampled_from(["step", "time", "relative_time"]),
        range=ranges,
        points=st.just(1000),
        statistic=st.sampled_from(get_args(Statistic)),
        band=st.sampled_from([band for band in get_args(Band) if band != "ci95"]),
        interpolates=st.booleans(),
        points_at_once=st.sampled_from([1, 9, 10_000]),
    )

    @settings(max_examples=EXAMPLES[backend], deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(runs_of_points, views)
    def check(logged: list[list[list[tuple[int, int, float]]]], view: GroupView) -> None:
        with database.writing() as session:
            actor = auth.ensure_operator(session, "ada", NOW_MS)
            ids = [add(session, actor, f"r{next(_numbers):06}").id for _ in logged]
            view.started_ms.update({run_id: number for number, run_id in enumerate(ids)})
            for run_id, batches in zip(ids, logged, strict=True):
                for batch in batches:
                    records = [Logged(step, time, {"loss": value}) for step, time, value in batch]
                    metrics.append(session, run_id, "", "metric", records, limits=TINY)
            arrived = {run_id: list(chain(*batches)) for run_id, batches in zip(ids, logged, strict=True)}
            halves = [ids[::2], ids[1::2]]
            made = list(grouping.read(session, halves, ["loss"], view))
            assert [one.group for one in made] == [
                number for number, half in enumerate(halves) if any(arrived[run_id] for run_id in half)
            ]
            for one in made:
                members = [run_id for run_id in halves[one.group] if arrived[run_id]]
                lines = [line_of(arrived[run_id], view.x, view.started_ms[run_id]) for run_id in members]
                assert one.run_count == len(members)
                assert_rows(one, modelled(lines, view))

    with opened(make_database_url(backend)) as database:
        check()


def test_runs_with_the_same_values_of_the_keys_are_one_group(session: Session, actor: auth.Actor) -> None:
    for number, lr in enumerate([0.1, 1, 0.1, 1.0, True, "high", None, [1, 2]]):
        add(session, actor, f"r{number}", config={"optim": {"lr": lr}}, logged={"loss": [float(number)]})
    add(session, actor, "r8", logged={"loss": [8.0]})
    answer = ask(session, group_by=["config.optim.lr"])
    assert answer.keys == ["config.optim.lr"]
    assert found(answer) == [
        ([0.1], ["r0", "r2"]),
        ([1], ["r1", "r3"]),
        ([True], ["r4"]),
        (["high"], ["r5"]),
        ([[1, 2]], ["r7"]),
        ([None], ["r6", "r8"]),
    ]
    assert [curve(answer, group).center for group in range(6)] == [[1.0], [2.0], [4.0], [5.0], [7.0], [7.0]]


def test_runs_that_differ_only_in_the_keys_left_out_are_one_group(session: Session, actor: auth.Actor) -> None:
    for lr in (0.1, 0.01):
        for seed in range(3):
            config = {"lr": lr, "seed": seed, "init": {"seed": seed}, "model": {"depth": 4}}
            add(session, actor, f"lr{lr}-{seed}", config=config, logged={"loss": [lr, lr + seed]})
    answer = ask(session, except_keys=["config.seed", "config.init"], band="min_max")
    assert answer.keys == ["config.lr"]
    assert found(answer) == [
        ([0.01], ["lr0.01-0", "lr0.01-1", "lr0.01-2"]),
        ([0.1], ["lr0.1-0", "lr0.1-1", "lr0.1-2"]),
    ]
    made = curve(answer)
    assert (made.center, made.low, made.high, made.n) == ([0.01, 1.01], [0.01, 0.01], [0.01, 2.01], [3, 3])


def test_configs_that_are_all_equal_are_one_group_without_keys(session: Session, actor: auth.Actor) -> None:
    for seed in range(3):
        add(session, actor, f"r{seed}", config={"seed": seed, "lr": 0.1})
    assert found(ask(session, except_keys=["config.seed"])) == [([], ["r0", "r1", "r2"])]
    assert len(ask(session, except_keys=[]).groups) == 3


def test_without_keys_all_runs_are_one_group(session: Session, actor: auth.Actor) -> None:
    for number in range(3):
        add(session, actor, f"r{number}", logged={"loss": [float(number)]})
    assert found(ask(session)) == [([], ["r0", "r1", "r2"])]


def test_groups_are_those_that_filters_state_with_runs_in_several(session: Session, actor: auth.Actor) -> None:
    for number, tags in enumerate([("new",), ("new", "big"), ("big",), ()]):
        add(session, actor, f"r{number}", tags=tags, config={"lr": number}, logged={"loss": [float(number)]})
    answer = ask(session, groups=['"new" in tags', '"big" in tags', "config.lr > 9"], filter="config.lr < 3")
    assert found(answer) == [([], ["r0", "r1"]), ([], ["r1", "r2"]), ([], [])]
    assert (curve(answer, 0).center, curve(answer, 1).center, answer.groups[2].curves) == ([0.5], [1.5], [])


def test_of_large_groups_the_newest_runs_are_read_and_how_many_there_are(session: Session, actor: auth.Actor) -> None:
    for number in range(5):
        logged = {"loss": [float(number)]}
        add(session, actor, f"r{4 - number}", tags=("new",), created_ms=NOW_MS + number, logged=logged)
    add(session, actor, "rare", tags=("rare",), logged={"loss": [9.0]})
    stated = {"groups": ['"new" in tags', '"rare" in tags'], "newest": 2}
    answer = ask(session, **stated)
    assert found(answer) == [([], ["r0", "r1"]), ([], ["rare"])]
    assert [(group.run_count, group.matched) for group in answer.groups] == [(2, 5), (1, 1)]
    assert (curve(answer, 0).center, curve(answer, 0).run_count) == ([3.5], 2)
    assert [group.matched for group in ask(session, **stated, filter='"rare" in tags').groups] == [0, 1]


def test_newest_is_of_groups_that_filters_state(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a")
    with pytest.raises(Refused, match="newest is of each of groups"):
        ask(session, newest=5, group_by=["name"])


def test_runs_are_grouped_by_what_they_are(session: Session, actor: auth.Actor) -> None:
    one = add(session, actor, "a", group="sweep", job_type="train", tags=("new", "big"))
    runs.set_environment(session, one, {"user": "ada"})
    add(session, actor, "b", group="sweep", job_type="eval", tags=("big", "new"), status="failed")
    add(session, actor, "c", heard_ms=NOW_MS - LOST_AFTER_MS - 1)
    assert found(ask(session, group_by=["group"])) == [(["sweep"], ["a", "b"]), ([None], ["c"])]
    assert found(ask(session, group_by=["tags"])) == [([["big", "new"]], ["a", "b"]), ([[]], ["c"])]
    assert found(ask(session, group_by=["status"])) == [(["failed"], ["b"]), (["lost"], ["c"]), (["running"], ["a"])]
    by_two = ask(session, group_by=["job_type", "user"])
    assert found(by_two) == [(["eval", None], ["b"]), (["train", "ada"], ["a"]), ([None, None], ["c"])]


def test_runs_are_those_of_a_search(session: Session, actor: auth.Actor) -> None:
    for number in range(4):
        add(session, actor, f"r{number}", config={"lr": number}, status="failed" if number == 3 else "running")
    assert found(ask(session, filter="config.lr >= 1", status=["running"])) == [([], ["r1", "r2"])]
    assert found(ask(session, runs=["r3", "r1", "nobody"], filter="config.lr > 1")) == [([], ["r3"])]
    assert found(ask(session, runs=[])) == []
    with pytest.raises(NotFound, match="nowhere"):
        ask(session, project="nowhere")


def test_a_run_counts_only_where_it_has_a_point(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [0.0, 1.0, math.nan, 3.0]})
    add(session, actor, "b")
    log(session, "b", {"loss": [10.0]}, first_step=1)
    log(session, "b", {"loss": [30.0]}, first_step=3)
    made = curve(ask(session, band="std"))
    assert (made.x, made.n) == ([0, 1, 2, 3], [1, 2, 0, 2])
    assert made.center == [0.0, 5.5, None, 16.5]
    assert made.low == [None, pytest.approx(5.5 - 4.5 * math.sqrt(2)), None, pytest.approx(16.5 - 13.5 * math.sqrt(2))]
    assert (made.is_exact, made.is_interpolated, made.x_count, made.run_count) == (True, False, 4, 2)


def test_interpolation_is_said_and_never_goes_beyond_a_run(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [0.0] * 5})
    add(session, actor, "b")
    log(session, "b", {"loss": [10.0]}, first_step=1)
    log(session, "b", {"loss": [30.0]}, first_step=3)
    made = curve(ask(session, align="interpolate"))
    assert (made.center, made.n) == ([0.0, 5.0, 10.0, 15.0, 0.0], [1, 2, 2, 2, 1])
    assert made.is_interpolated
    assert not curve(ask(session, runs=["a"], align="interpolate")).is_interpolated
    zoomed = curve(ask(session, align="interpolate", range=(2, 2)))
    assert (zoomed.x, zoomed.center, zoomed.n) == ([2], [10.0], [2])


def test_one_value_has_extremes_but_no_spread(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [2.0]})
    bands = {band: curve(ask(session, band=band)) for band in get_args(Band)}
    assert {band: (made.low, made.high) for band, made in bands.items()} == {
        "none": ([], []),
        "min_max": ([2.0], [2.0]),
        "std": ([None], [None]),
        "stderr": ([None], [None]),
        "ci95": ([None], [None]),
    }


def test_the_bootstrap_interval_is_that_of_the_values_at_each_x(session: Session, actor: auth.Actor) -> None:
    values = np.random.default_rng(5).normal(size=(8, 30))
    for number, row in enumerate(values.tolist()):
        add(session, actor, f"r{number}", logged={"loss": row})
    answer = ask(session, band="ci95", statistic="median")
    low, high = interval(values, "median")
    assert curve(answer).low == pytest.approx(low.tolist())
    assert curve(answer).high == pytest.approx(high.tolist())
    assert answer.resamples == 1000
    assert ask(session, band="ci95", statistic="median") == answer


def test_many_x_are_thinned_to_the_extremes_of_line_and_band(session: Session, actor: auth.Actor) -> None:
    for number in range(3):
        values = [math.sin(step / 50) for step in range(3000)]
        values[700 + number], values[1500] = 50.0 if number == 1 else 0.0, -9.0
        add(session, actor, f"r{number}", logged={"loss": values})
    for band in ("min_max", "ci95"):
        made = curve(ask(session, band=band, points=120))
        assert (made.is_exact, made.x_count) == (False, 3000)
        assert len(made.x) <= 120
        assert {0.0, 701.0, 1500.0, 2999.0} <= set(made.x)
    whole = curve(ask(session, band="ci95", points=10_000))
    places = [whole.x.index(x) for x in made.x]
    assert made.low == pytest.approx([whole.low[place] for place in places])
    assert made.high == pytest.approx([whole.high[place] for place in places])


def test_a_curve_over_another_metric_stands_at_its_values(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"epoch": [0.0, 0.0, 1.0], "loss": [5.0, 4.0, 3.0]})
    add(session, actor, "b", logged={"epoch": [0.0, 1.0], "loss": [7.0, 9.0]})
    add(session, actor, "c", logged={"loss": [100.0]})
    made = curve(ask(session, x="metric:epoch"))
    assert (made.x, made.center, made.n, made.run_count) == ([0.0, 1.0], [5.5, 6.0], [2, 2], 2)


def test_the_main_process_speaks_for_a_run_else_the_first(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [1.0]})
    add(session, actor, "b")
    for label, value in (("rank2", 20.0), ("rank1", 10.0)):
        log(session, "a", {"loss": [99.0], "acc": [value]}, label=label)
    made = {one.metric: one.center for one in ask(session, metrics=["*", "loss", "acc"]).groups[0].curves}
    assert made == {"acc": [10.0], "loss": [1.0]}


def test_superseded_points_do_not_count(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"loss": [1.0, 2.0, 3.0]})
    metrics.supersede(session, "a", "", 1, after=0)
    log(session, "a", {"loss": [7.0]}, first_step=1)
    made = curve(ask(session))
    assert (made.x, made.center) == ([0, 1], [1.0, 7.0])


def test_metrics_go_by_the_names_they_are_shown_by(session: Session, actor: auth.Actor) -> None:
    run = add(session, actor, "a", logged={"environment": [1.0]})
    add(session, actor, "b", logged={"eval/reward": [3.0]})
    session.add(NameRule(id=1, project_id=run.project_id, name="environment", shown_as="eval/reward"))
    session.flush()
    (made,) = ask(session, metrics=["eval/*"]).groups[0].curves
    assert (made.metric, made.center, made.run_count) == ("eval/reward", [2.0], 2)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"group_by": ["lr"]}, "cannot be grouped by 'lr': a key is 'config.<key>' or one of group, job_type"),
        ({"group_by": ["config."]}, "cannot be grouped by 'config.'"),
        ({"except_keys": ["seed"]}, "by 'seed': what is left out is a config key, 'config.<key>'"),
        ({"group_by": ["name"], "except_keys": []}, "send one of them"),
        ({"filter": "lr > 1"}, "lr"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_grouping_is_refused_with_what_is(
    session: Session, actor: auth.Actor, wanted: dict[str, Any], message: str
) -> None:
    add(session, actor, "a")
    with pytest.raises(Refused, match=message):
        ask(session, **wanted)


def test_too_many_groups_are_refused_with_the_way_out(session: Session, actor: auth.Actor) -> None:
    for number in range(groups.MAX_GROUPS + 1):
        add(session, actor, f"r{number:03}")
    with pytest.raises(Refused, match=r"201 groups, more than the 200 .* group by fewer keys"):
        ask(session, group_by=["id"])


@pytest.mark.parametrize("points_at_once", [200, grouping.POINTS_AT_ONCE], ids=["in ranges", "in memory"])
@pytest.mark.parametrize("x", ["step", "metric:epoch"])
@pytest.mark.parametrize("band", ["min_max", "std"])
def test_a_curve_is_smoothed_over_all_x_before_it_is_cut_and_thinned(
    session: Session, actor: auth.Actor, band: Band, x: str, points_at_once: int
) -> None:
    for run, shift in (("a", 0.0), ("b", 3.0)):
        loss = [shift + math.sin(step) + step % 5 for step in range(400)]
        add(session, actor, run, logged={"loss": loss, "epoch": [float(step) for step in range(400)]})
        metrics.seal(session, run, limits=TINY)
    if x != "step":
        points_at_once = grouping.POINTS_AT_ONCE
    how = Smoothing("ema", 0.9)
    (exact,) = grouping.read(session, [["a", "b"]], ["loss"], GroupView(x, points=500, band=band))
    view = GroupView(x, (100, 299), 40, band=band, smoothing=how, points_at_once=points_at_once)
    (made,) = grouping.read(session, [["a", "b"]], ["loss"], view)
    at = np.searchsorted(exact.x, made.x)
    assert (made.x_count, made.is_exact, made.x[0], made.x[-1]) == (200, False, 100, 299)
    assert made.center.tolist() == exact.center[at].tolist()
    for mine, whole in ((made.smoothed, exact.center), (made.low, exact.low), (made.high, exact.high)):
        assert mine == pytest.approx(smooth(exact.x, whole, how)[at])


def test_an_interval_by_bootstrap_is_not_smoothed_and_the_line_comes_only_where_it_was_asked(
    session: Session, actor: auth.Actor
) -> None:
    for run in ("a", "b"):
        add(session, actor, run, logged={"loss": [float(step % 3) for step in range(9)]})
    session.flush()
    rough, smoothed = (curve(ask(session, band="ci95", smoothing=how)) for how in (None, Smoothing("mean", 5)))
    assert (rough.smoothed, len(smoothed.smoothed)) == ([], 9)
    assert (smoothed.low, smoothed.high) == (rough.low, rough.high)


def test_too_many_points_over_a_metric_are_refused(session: Session, actor: auth.Actor) -> None:
    add(session, actor, "a", logged={"epoch": [0.0] * 9, "loss": [5.0] * 9})
    with pytest.raises(Refused, match="at most 10 points, and 'loss' has 18"):
        list(grouping.read(session, [["a"]], ["loss"], GroupView(x="metric:epoch", points_at_once=10)))


def test_many_runs_cost_as_many_statements_as_few(database: Database, session: Session, actor: auth.Actor) -> None:
    for number in range(40):
        add(session, actor, f"r{number:02}", config={"lr": number % 5}, logged={"loss": [1.0] * 40, "acc": [1.0] * 40})
        metrics.seal(session, f"r{number:02}", limits=TINY)
    session.flush()
    session.expunge_all()
    with statements(database) as few:
        ask(session, runs=["r00"], group_by=["config.lr"], metrics=["loss", "acc"])
    session.expunge_all()
    with statements(database) as many:
        ask(session, group_by=["config.lr"], metrics=["loss"])
    assert len(many) <= len(few) + 4 <= 12


def test_groups_over_http(client: FlaskClient, session: Session, actor: auth.Actor) -> None:
    for seed in range(3):
        add(session, actor, f"r{seed}", config={"lr": 0.1, "seed": seed}, logged={"loss": [float(seed)]})
    session.commit()
    body = {"project": "digits", "metrics": ["loss"], "except_keys": ["config.seed"], "band": "stderr"}
    answer = client.post("/api/v1/groups/series", json=body)
    assert answer.json is not None
    (group,) = answer.json["groups"]
    assert (group["values"], group["run_count"], group["runs"]) == ([], 3, ["r0", "r1", "r2"])
    (made,) = group["curves"]
    assert (made["center"], made["n"]) == ([1.0], [3])
    assert made["high"] == [pytest.approx(1 + 1 / math.sqrt(3))]
    assert client.post("/api/v1/groups/series", json={**body, "align": "sideways"}).status_code == 422
    assert client.post("/api/v1/groups/series", json={**body, "points": 2}).status_code == 422
