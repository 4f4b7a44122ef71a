"""One run's series over HTTP: thinned, what is new since a cursor, and what has not changed since."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.frames import START_MS, Journal
from tests.server.listening import listening
from tests.server.points import heights
from tests.server.test_metrics_wire import MSGPACK, only, unpacked
from tracker.records import Logged, RunFinished

Journals = Callable[..., Journal]
Batch = list[tuple[str, int, float]]
"""Names, steps and values, in order of arrival."""

PATH = "/api/v1/runs/run1/series"
_numbers = count()


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """Where the app listens."""
    with listening(app) as url:
        yield url


def log(client: FlaskClient, written: Journal, *values: float, name: str = "loss", first_step: int = 0) -> Journal:
    return send(client, written, [(name, step, value) for step, value in enumerate(values, first_step)])


def send(client: FlaskClient, written: Journal, points: Batch) -> Journal:
    """The points as records, a millisecond apart."""
    sent = len(written.frames)
    written.add(*(Logged(step, START_MS + sent + at, {name: one}) for at, (name, step, one) in enumerate(points)))
    assert written.post(client).status_code == 200
    return written


def finish(client: FlaskClient, written: Journal) -> None:
    assert written.add(RunFinished(START_MS + 1000, "finished", 0)).post(client).status_code == 200


def ask(client: FlaskClient, path: str = PATH, **query: Any) -> dict[str, Any]:
    answer = client.get(path, query_string={"metric": "loss", **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({}, {}),
        ({"max_points": 10, "band": "1"}, {"points": 10, "band": True}),
        ({"x": "relative_time", "from": "100", "to": 200.5}, {"x": "relative_time", "range": (100, 200.5)}),
        ({"from": 2900}, {"range": (2900, 1e300)}),
        ({"to": -1}, {"range": (-1e300, -1)}),
        ({"smoothing": "ema:0.9"}, {"smoothing": {"kind": "ema", "amount": 0.9}}),
        ({"x": "metric:lr", "from": 5}, {"x": "metric:lr", "range": (5, 1e300)}),
    ],
    ids=str,
)
def test_it_says_what_the_route_of_many_runs_says(
    query: dict[str, Any], body: dict[str, Any], client: FlaskClient, journal: Journals
) -> None:
    written = journal().started()
    log(client, written, *(math.nan if step % 700 == 3 else step % 13 for step in range(3000)))
    log(client, written, *(float(step) for step in range(8)), name="lr")
    posted = client.post("/api/v1/series", json={"runs": ["run1"], "metrics": ["loss", "lr"], **body})
    assert ask(client, metric=["loss", "lr"], **query)["series"] == posted.json["series"]


def test_messagepack_says_what_json_says(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), 1.0, math.nan, math.inf, 0.25)
    packed = client.get(PATH, query_string={"metric": "loss"}, headers={"Accept": MSGPACK})
    assert (packed.mimetype, "Accept" in packed.vary) == (MSGPACK, True)
    assert unpacked(packed.data) == ask(client)


def test_several_metrics_and_prefixes_may_be_named(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    for name in ("loss", "val/acc", "val/loss", "lr"):
        log(client, written, 1.0, name=name)
    found = client.get(PATH, query_string="metric=lr&metric=val/*").json["series"]
    assert [series["metric"] for series in found] == ["lr", "val/acc", "val/loss"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "metric"),
        ("metric=", "metric[0]"),
        ("metric=loss&x=sideways", "x"),
        ("metric=loss&from=soon", "from"),
        ("metric=loss&to=nan", "to"),
        ("metric=loss&from=2&to=1", "from"),
        ("metric=loss&max_points=2", "max_points"),
        ("metric=loss&smoothing=ema", "smoothing"),
        ("metric=loss&smoothing=ema:1.5", "smoothing"),
        ("metric=loss&smoothing=ema:1e5e5", "smoothing"),
        ("metric=loss&band=perhaps", "band"),
        ("metric=loss&since=!", "since"),
        ("metric=loss&since=gqFh", "since"),
        ("metric=loss&resolution=half", "resolution"),
        ("metric=loss&points=3", "points"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(query: str, field: str, client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), 1.0)
    answer = client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field), answer.text


def test_an_unknown_run_is_not_there(client: FlaskClient) -> None:
    assert client.get("/api/v1/runs/nope/series?metric=loss").json["error"]["code"] == "unknown_run"


class Page:
    """What a reader holds of a run that asks with its last cursor: by series, points with a height, and marks."""

    def __init__(self, client: FlaskClient, path: str, **query: Any) -> None:
        self._client, self._path, self._query = client, path, query
        self._cursor: dict[str, str] = {}
        self.held: dict[int, dict[str, Any]] = {}

    def look(self) -> dict[str, Any]:
        answer = ask(self._client, self._path, **self._query, **self._cursor)
        self._cursor = {"since": answer["cursor"]}
        self.held = self.held if answer["is_delta"] else {}
        for series in answer["series"]:
            before = self.held.get(series["id"], {"points": [], "marks": []})
            kept = before if series["is_delta"] else {"points": [], "marks": []}
            self.held[series["id"]] = {name: kept[name] + found for name, found in points_of(series).items()}
        return answer


def points_of(series: dict[str, Any]) -> dict[str, list[Any]]:
    rows = zip(series["x"], series["steps"], series["values"], strict=True)
    marks = [(mark["x"], mark["kind"]) for mark in series["marks"]]
    return {"points": [row for row in rows if row[2] is not None], "marks": marks}


batches = st.lists(
    st.lists(st.tuples(st.sampled_from(["loss", "val/acc"]), st.integers(0, 40), heights), max_size=8), max_size=6
)
views = st.sampled_from(
    [{"x": "step"}, {"x": "time"}, {"x": "relative_time"}, {"x": "metric:val/acc"}, {"from": 5, "to": 30}]
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=batches, view=views, rising=st.booleans())
def test_what_came_with_cursors_is_the_whole(
    batches: list[Batch], view: dict[str, Any], rising: bool, client: FlaskClient
) -> None:
    run = f"run{next(_numbers)}"
    written = Journal(run).started()
    query = {"metric": ["loss", "val/*"], "max_points": 1000, **view}
    page = Page(client, f"/api/v1/runs/{run}/series", **query)
    for number, batch in enumerate(batches):
        send(client, written, [(name, step + 50 * number * rising, value) for name, step, value in batch])
        page.look()
        whole = ask(client, f"/api/v1/runs/{run}/series", **query)["series"]
        assert page.held == {series["id"]: points_of(series) for series in whole}
        assert page.look()["series"] == []


def test_a_delta_has_only_what_is_new(client: FlaskClient, journal: Journals) -> None:
    written = log(client, journal().started(), 1.0, 2.0)
    page = Page(client, PATH, metric=["loss", "lr"])
    assert page.look()["is_delta"] is False
    log(client, written, 3.0, math.inf, first_step=2)
    answer = page.look()
    (series,) = answer["series"]
    assert (answer["is_delta"], series["is_delta"], series["steps"], series["count"]) == (True, True, [2], 4)
    assert series["marks"] == [{"x": 3.0, "kind": "inf"}]


def test_a_late_point_or_a_smoothed_line_brings_the_series_whole(client: FlaskClient, journal: Journals) -> None:
    written = log(client, journal().started(), 1.0, 2.0, first_step=10)
    plain, smoothed = Page(client, PATH), Page(client, PATH, smoothing="mean:3")
    plain.look(), smoothed.look()
    log(client, written, 0.0, first_step=5)
    (series,) = plain.look()["series"]
    assert (series["is_delta"], series["steps"]) == (False, [5, 10, 11])
    assert smoothed.look()["series"][0]["smoothed"] == [0.5, 1.0, 1.5]


def test_a_cursor_for_another_look_brings_all(client: FlaskClient, journal: Journals) -> None:
    written = log(client, journal().started(), 1.0, 2.0)
    cursor = ask(client)["cursor"]
    assert ask(client, since=cursor)["series"] == []
    for other in ({"x": "time"}, {"max_points": 30}, {"band": 1}, {"from": 0}, {"metric": ["loss", "lr"]}):
        assert ask(client, **{"since": cursor, **other})["is_delta"] is False
    log(client, written, 1.0, name="val/loss")
    cursor = ask(client, metric=["loss", "val/*"])["cursor"]
    log(client, written, 1.0, name="val/acc")
    again = ask(client, metric=["loss", "val/*"], since=cursor)
    assert (again["is_delta"], len(again["series"])) == (False, 3)


def test_too_many_series_have_no_cursor(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    assert written.add(Logged(0, START_MS, {f"many/{place}": 1.0 for place in range(251)})).post(client).is_json
    answer = ask(client, metric="many/*")
    assert (len(answer["series"]), answer["cursor"]) == (251, None)


def test_a_run_that_goes_on_has_no_etag(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), 1.0)
    answer = client.get(PATH, query_string={"metric": "loss"})
    assert (answer.headers.get("ETag"), answer.headers["Cache-Control"]) == (None, "no-store")


def test_a_finished_run_is_not_sent_twice(client: FlaskClient, journal: Journals, url: str) -> None:
    finish(client, log(client, journal().started(), 1.0, 2.0))
    first = requests.get(url + PATH, params={"metric": "loss"}, timeout=20)
    tag = first.headers["ETag"]
    again = requests.get(url + PATH, params={"metric": "loss"}, headers={"If-None-Match": tag}, timeout=20)
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["ETag"] == tag == f'"{tag[1:-1]}"'
    assert "no-cache" in again.headers["Cache-Control"]
    assert {"Accept", "Accept-Encoding"} <= set(again.headers["Vary"].split(", "))


def tag_of(client: FlaskClient, headers: dict[str, str] | None = None, **query: Any) -> str:
    answer = client.get(PATH, query_string={"metric": "loss", **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def test_every_form_of_an_answer_has_an_etag_of_its_own(client: FlaskClient, journal: Journals) -> None:
    finish(client, log(client, journal().started(), 1.0, 2.0))
    queries: list[dict[str, Any]] = [
        {"x": "time"},
        {"max_points": 9},
        {"band": 1},
        {"from": 1},
        {"smoothing": "mean:3"},
    ]
    tags = [tag_of(client), *(tag_of(client, **query) for query in queries)]
    tags += [tag_of(client, {"Accept": MSGPACK}), tag_of(client, {"Accept-Encoding": "gzip"})]
    tags += [tag_of(client, since=ask(client)["cursor"])]
    assert len(set(tags)) == len(tags)
    assert tag_of(client) == tags[0]


def correct(client: FlaskClient, **body: Any) -> None:
    body = {"metric": "loss", "reason": "wrong name", **body}
    assert client.post("/api/v1/projects/digits/corrections", json=body).status_code < 300


def test_an_etag_changes_with_a_point_a_name_and_the_axis(client: FlaskClient, journal: Journals) -> None:
    written = log(client, journal().started(), 1.0)
    log(client, written, 1.0, name="lr")
    finish(client, written)
    seen, over = {tag_of(client)}, {tag_of(client, x="metric:lr")}
    log(client, written, 2.0, first_step=1)
    assert not {tag_of(client)} & seen
    seen |= {tag_of(client)}
    log(client, written, 2.0, name="lr", first_step=1)
    assert tag_of(client) in seen
    assert not {tag_of(client, x="metric:lr")} & over
    correct(client, action="rename", shown_as="objective")
    assert not {tag_of(client)} & seen
    assert only(client.get(PATH, query_string={"metric": "objective"}))["metric"] == "objective"


def test_a_hidden_metric_and_a_deleted_run_are_not_given_by_an_old_etag(client: FlaskClient, journal: Journals) -> None:
    finish(client, log(client, journal().started(), 1.0))
    headers = {"If-None-Match": tag_of(client)}
    correct(client, action="hide")
    assert client.get(PATH, query_string={"metric": "loss"}, headers=headers).json["series"] == []
    headers = {"If-None-Match": tag_of(client)}
    assert client.delete("/api/v1/runs/run1").status_code < 300
    assert client.get(PATH, query_string={"metric": "loss"}, headers=headers).status_code == 404
