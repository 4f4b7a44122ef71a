"""Series on their way to a page: as JSON and as MessagePack, smoothed, with bands, and as small as that pays."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.frames import START_MS, Journal
from tracker.records import Logged
from tracker_server.metrics.thinning import extent, thin

MSGPACK = "application/vnd.msgpack"
COLUMNS = {"x": "<f8", "steps": "<i8", "values": "<f8", "smoothed": "<f8", "low": "<f8", "high": "<f8"}
Journals = Callable[..., Journal]


def log(client: FlaskClient, written: Journal, values: Sequence[float], *, first_step: int = 0) -> Journal:
    written.add(*(Logged(step, START_MS + step, {"loss": one}) for step, one in enumerate(values, first_step)))
    assert written.post(client).status_code == 200
    return written


def ask(client: FlaskClient, **view: Any) -> dict[str, Any]:
    return only(client.post("/api/v1/series", json={"runs": ["run1"], "metrics": ["loss"], **view}))


def only(answer: TestResponse) -> dict[str, Any]:
    """The one series of a JSON answer."""
    assert answer.status_code == 200, answer.text
    (series,) = json.loads(answer.data)["series"]
    return dict(series)


def unpacked(body: bytes) -> dict[str, Any]:
    """A MessagePack answer as the JSON one would say it."""
    answer: dict[str, Any] = msgspec.msgpack.decode(body)
    for series in answer["series"]:
        for name, kind in COLUMNS.items():
            numbers = np.frombuffer(series[name], kind).tolist()
            series[name] = [None if math.isnan(number) else number for number in numbers]
    return answer


ROUTES = {"series": "/api/v1/series", "live": "/api/v1/projects/digits/live"}


@pytest.mark.parametrize("path", ROUTES.values(), ids=ROUTES)
def test_messagepack_says_what_json_says(path: str, client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), [math.nan, 1.0, math.inf, -math.inf, 0.25, 2**0.5, math.nan] * 50)
    body = {"runs": ["run1"], "metrics": ["loss"], "points": 60, "band": True}
    body |= {"smoothing": {"kind": "mean", "amount": 5}, "x": "relative_time"}
    listed = client.post(path, json=body)
    packed = client.post(path, json=body, headers={"Accept": f"{MSGPACK}, application/json;q=0.5"})
    assert (listed.mimetype, packed.mimetype) == ("application/json", MSGPACK)
    assert all("Accept" in answer.vary for answer in (listed, packed))
    assert unpacked(packed.data)["series"] == [only(listed)]
    assert len(only(listed)["smoothed"]) == len(only(listed)["x"]) > 60


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", f"{MSGPACK};q=0, */*"])
def test_who_does_not_name_messagepack_gets_json(accept: str, client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), [1.0])
    answer = client.post(ROUTES["series"], json={"runs": ["run1"], "metrics": ["loss"]}, headers={"Accept": accept})
    assert answer.mimetype == "application/json"


def test_a_smoothed_line_is_that_of_all_points_whatever_is_shown(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), [float(step % 7) for step in range(2000)])
    every = ask(client, points=2000, smoothing={"kind": "ema", "amount": 0.9})
    by_step = dict(zip(every["steps"], every["smoothed"], strict=True))
    for view in ({"points": 20}, {"range": (700, 720)}, {"points": 10, "range": (100, 1900)}):
        part = ask(client, smoothing={"kind": "ema", "amount": 0.9}, **view)
        assert part["smoothed"] == [by_step[step] for step in part["steps"]]
        assert part["values"] == [float(step % 7) for step in part["steps"]]


def test_over_another_metric_the_line_is_smoothed_in_order_of_it(client: FlaskClient, journal: Journals) -> None:
    written = journal().started()
    written.add(*(Logged(step, START_MS, {"loss": float(step), "lr": float(-step)}) for step in range(5)))
    assert written.post(client).status_code == 200
    series = ask(client, x="metric:lr", smoothing={"kind": "mean", "amount": 3})
    assert series["smoothed"] == [3.5, 3.0, 2.0, 1.0, 0.5]


def test_what_was_not_asked_for_is_empty(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), [1.0, 2.0])
    series = ask(client)
    assert (series["smoothed"], series["low"], series["high"]) == ([], [], [])


def test_a_smoothed_series_that_has_grown_comes_whole(client: FlaskClient, journal: Journals) -> None:
    written = log(client, journal().started(), [1.0, 2.0])
    body: dict[str, Any] = {"runs": ["run1"], "metrics": ["loss"], "smoothing": {"kind": "mean", "amount": 3}}
    first = only(client.post(ROUTES["live"], json=body))
    log(client, written, [6.0], first_step=2)
    counts = {str(first["id"]): first["count"]}
    again = only(client.post(ROUTES["live"], json={**body, "counts": counts}))
    assert (again["is_delta"], again["values"], again["smoothed"]) == (False, [1.0, 2.0, 6.0], [1.5, 3.0, 4.0])


def test_a_band_of_a_delta_has_each_point_for_itself(client: FlaskClient, journal: Journals) -> None:
    written = log(client, journal().started(), [1.0])
    body: dict[str, Any] = {"runs": ["run1"], "metrics": ["loss"], "band": True}
    first = only(client.post(ROUTES["live"], json=body))
    log(client, written, [6.0, math.nan, 3.0], first_step=1)
    delta = only(client.post(ROUTES["live"], json={**body, "counts": {str(first["id"]): 1}}))
    assert (delta["is_delta"], delta["low"], delta["high"]) == (True, [6.0, None, 3.0], [6.0, None, 3.0])


heights = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf]))


@given(st.lists(st.tuples(st.integers(0, 30), heights), min_size=1, max_size=300), st.integers(3, 40))
def test_a_band_covers_every_point_of_the_line(steps: list[tuple[int, float]], points: int) -> None:
    x = np.cumsum([apart for apart, _ in steps])
    values = np.array([height for _, height in steps])
    chosen = thin(x, values, points).chosen
    low, high = extent(x, values, chosen, points)
    assert ((low <= values[chosen]) & (values[chosen] <= high)).all()
    finite = values[np.isfinite(values)]
    if len(finite):
        assert (low.min(), high.max()) == (finite.min(), finite.max())
        bands = set(zip(low.tolist(), high.tolist(), strict=True))
        assert all(any(bottom <= value <= top for bottom, top in bands) for value in finite.tolist())


def test_a_band_is_of_the_bucket_that_a_point_lies_in(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), [float(step % 10) for step in range(1000)])
    series = ask(client, points=22, band=True)
    assert (set(series["low"]), set(series["high"])) == ({0.0}, {9.0})


def test_a_large_answer_is_compressed_for_who_can_read_that(client: FlaskClient, journal: Journals) -> None:
    log(client, journal().started(), [step / 7 for step in range(2000)])
    body = {"runs": ["run1"], "metrics": ["loss"], "points": 2000}
    plain = client.post(ROUTES["series"], json=body)
    small = client.post(ROUTES["series"], json=body, headers={"Accept-Encoding": "br, gzip"})
    packed = client.post(ROUTES["series"], json=body, headers={"Accept-Encoding": "gzip", "Accept": MSGPACK})
    encodings = [answer.headers.get("Content-Encoding") for answer in (plain, small, packed)]
    assert encodings == [None, "gzip", None]
    assert json.loads(gzip.decompress(small.data)) == plain.json
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 2
    assert "Accept-Encoding" in plain.vary
