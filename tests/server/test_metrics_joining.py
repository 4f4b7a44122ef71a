"""One metric drawn over another, through the route of series."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tests.frames import START_MS, Journal
from tracker.records import Logged

Journals = Callable[..., Journal]


def log(client: FlaskClient, written: Journal, *rows: tuple[int, dict[str, float]]) -> None:
    written.add(*(Logged(step, START_MS + place, values) for place, (step, values) in enumerate(rows)))
    assert written.post(client).status_code == 200


def over(client: FlaskClient, x: str, metric: str = "loss", **view: Any) -> list[dict[str, Any]]:
    body = {"runs": ["run1"], "metrics": [metric], "x": f"metric:{x}", **view}
    answer = client.post("/api/v1/series", json=body)
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["series"]
    return found


def test_a_point_stands_at_the_value_of_its_step_or_the_last_before(client: FlaskClient, journal: Journals) -> None:
    rows = [(0, {"loss": 9.0}), (1, {"loss": 8.0, "epoch": 0.5}), (2, {"loss": 7.0}), (3, {"loss": 6.0, "epoch": 1.0})]
    log(client, journal().started(), *rows)
    (series,) = over(client, "epoch")
    assert (series["x"], series["steps"], series["values"]) == ([0.5, 0.5, 1.0], [1, 2, 3], [8.0, 7.0, 6.0])
    assert (series["is_exact"], series["is_delta"], series["count"]) == (True, False, 4)


def test_points_are_in_order_of_x_and_of_steps_where_x_is_the_same(client: FlaskClient, journal: Journals) -> None:
    rows = [(step, {"loss": float(step), "lr": lr}) for step, lr in enumerate((0.3, 0.2, 0.1, 0.2))]
    log(client, journal().started(), *rows)
    (series,) = over(client, "lr")
    assert (series["x"], series["steps"]) == ([0.1, 0.2, 0.2, 0.3], [2, 1, 3, 0])


def test_an_x_that_is_no_number_is_passed_over(client: FlaskClient, journal: Journals) -> None:
    rows = [(step, {"loss": float(step), "lr": lr}) for step, lr in enumerate((1.0, math.nan, math.inf, 2.0))]
    log(client, journal().started(), *rows)
    assert over(client, "lr")[0]["x"] == [1.0, 1.0, 1.0, 2.0]


def test_a_value_that_is_no_number_is_a_gap_with_its_mark(client: FlaskClient, journal: Journals) -> None:
    rows = [(step, {"loss": loss, "epoch": step / 2}) for step, loss in enumerate((1.0, math.nan, 3.0))]
    log(client, journal().started(), *rows)
    (series,) = over(client, "epoch")
    assert (series["values"], series["marks"]) == ([1.0, None, 3.0], [{"x": 0.5, "kind": "nan"}])


def test_of_two_values_of_x_at_one_step_the_later_counts(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), (0, {"epoch": 1.0}), (0, {"epoch": 2.0}), (0, {"loss": 5.0}))
    assert over(client, "epoch")[0]["x"] == [2.0]


def test_a_run_without_that_metric_is_left_out(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), (0, {"loss": 1.0}))
    assert over(client, "epoch") == []


def test_a_range_is_of_x_and_its_neighbours_come_along(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), *((step, {"loss": 1.0, "epoch": step / 10}) for step in range(100)))
    (series,) = over(client, "epoch", range=[2.0, 3.0])
    assert (series["x"][0], series["x"][-1], series["points_in_range"]) == (1.9, 3.1, 13)


def test_another_rank_is_drawn_over_its_own_or_the_main_ones(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), (0, {"epoch": 7.0, "loss": 1.0}))
    log(client, journal(writer="w1", label="rank1").started(), (0, {"loss": 1.0}))
    log(client, journal(writer="w2", label="rank2").started(), (0, {"loss": 1.0, "epoch": 8.0}))
    assert [(series["label"], series["x"]) for series in over(client, "epoch")] == [
        ("", [7.0]),
        ("rank1", [7.0]),
        ("rank2", [8.0]),
    ]


def test_a_live_page_gets_a_changed_series_whole(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    log(client, written, (0, {"loss": 1.0, "epoch": 0.5}))
    (series,) = over(client, "epoch")
    log(client, written, (1, {"loss": 2.0, "epoch": 1.0}))
    watched = {"runs": ["run1"], "metrics": ["loss"], "x": "metric:epoch", "counts": {series["id"]: series["count"]}}
    answer: Any = client.post("/api/v1/projects/digits/live", json=watched).json
    assert [(one["is_delta"], one["x"]) for one in answer["series"]] == [(False, [0.5, 1.0])]


def test_an_axis_that_is_none_is_refused(client: FlaskClient) -> None:
    body = {"runs": ["run1"], "metrics": ["loss"], "x": "epoch"}
    assert client.post("/api/v1/series", json=body).status_code == 422
