"""Every point of a run, streamed: all of them, as they were, in order of arrival, and few of them in memory."""

from __future__ import annotations

import json
import math
import struct
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

import msgspec
import numpy as np
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import NOW_MS
from tests.frames import START_MS, Journal
from tests.server.listening import listening
from tests.server.logged import log_run, writing
from tests.server.points import Model, Point, logs
from tracker.query.stream import parts as parts_of
from tracker.records import Logged, RunFinished
from tracker_server import metrics
from tracker_server.db import Database
from tracker_server.errors import Conflict
from tracker_server.metrics import reading, streaming

MSGPACK = "application/vnd.msgpack"
PATH = "/api/v1/runs/run1/series"
FULL = {"metric": ["loss", "val/*"], "resolution": "full"}
Journals = Callable[..., Journal]
Points = dict[tuple[str, str, int], list[Point]]
"""By metric, label and segment."""

SMALL = metrics.Limits(tail_rows=3, tail_points=24, seal_points=5, least_points=2, chunk_points=8)
HIGHEST = 2**63 - 1
ODD = [
    (7, 5, 0.1),
    (-(2**63), 3, math.nan),
    (HIGHEST, 4, -math.inf),
    (7, 4, math.inf),
    (2**53 + 1, -9, -0.0),
    (0, HIGHEST, 5e-324),
]
"""Steps, times and values that are hard to carry."""

_numbers = count()


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """Where the app listens."""
    with listening(app) as url:
        yield url


def send(client: FlaskClient, written: Journal, points: Iterable[Point], name: str = "loss") -> Journal:
    written.add(*(Logged(step, time_ms, {name: value}) for step, time_ms, value in points))
    assert written.post(client).status_code == 200
    return written


def from_lines(body: bytes) -> Points:
    """The points of a stream of JSON."""
    found: Points = defaultdict(list)
    for part in map(json.loads, body.splitlines()):
        key = (part["metric"], part["label"], part["segment"])
        assert part["first"] == len(found[key]) < part["count"]
        values = [float(value) for value in part["values"]]
        found[key] += zip(part["steps"], part["times"], values, strict=True)
    return dict(found)


def from_msgpack(body: bytes) -> Points:
    """The points of a stream of MessagePack, cut into pieces of seven bytes."""
    found: Points = defaultdict(list)
    for part in parts_of(body[start : start + 7] for start in range(0, len(body), 7)):
        columns = (
            np.frombuffer(part.steps, "<i8"),
            np.frombuffer(part.times, "<i8"),
            np.frombuffer(part.values, "<f8"),
        )
        found[part.metric, part.label, part.segment] += zip(*(column.tolist() for column in columns), strict=True)
    return dict(found)


def bits(points: Points) -> dict[Any, list[bytes]]:
    return {key: [struct.pack("<qqd", *point) for point in found] for key, found in points.items()}


def test_every_point_comes_as_it_was_and_in_order_of_arrival(client: FlaskClient, journal: Journals, url: str) -> None:
    send(client, send(client, journal().started(), ODD), ODD[::-1], "val/acc")
    lines = requests.get(url + PATH, params=FULL, timeout=20)
    packed = requests.get(url + PATH, params=FULL, headers={"Accept": MSGPACK}, timeout=20)
    assert (lines.headers["Content-Type"], packed.headers["Content-Type"]) == ("application/x-ndjson", MSGPACK)
    expected = {("loss", "", 0): ODD, ("val/acc", "", 0): ODD[::-1]}
    assert bits(from_lines(lines.content)) == bits(from_msgpack(packed.content)) == bits(expected)
    assert lines.headers["X-Tracker-Points"] == packed.headers["X-Tracker-Points"] == "12"
    assert lines.headers["Vary"] == packed.headers["Vary"] == "Accept"


def test_a_part_is_a_messagepack_map_with_binary_columns(client: FlaskClient, journal: Journals) -> None:
    send(client, journal(label="rank1").started(), [(3, START_MS, 0.5), (1, START_MS + 1, math.nan)])
    part = msgspec.msgpack.decode(client.get(PATH, query_string=FULL, headers={"Accept": MSGPACK}).data)
    assert isinstance(part.pop("id"), int)
    assert part == {
        "metric": "loss",
        "label": "rank1",
        "segment": 0,
        "count": 2,
        "first": 0,
        "steps": struct.pack("<qq", 3, 1),
        "times": struct.pack("<qq", START_MS, START_MS + 1),
        "values": struct.pack("<dd", 0.5, math.nan),
    }


def test_a_stream_of_nothing_is_empty(client: FlaskClient, journal: Journals) -> None:
    journal().started().post(client)
    answer = client.get(PATH, query_string=FULL)
    assert (answer.status_code, answer.data, answer.headers["X-Tracker-Points"]) == (200, b"", "0")


def test_series_are_those_of_the_route_of_many_runs(client: FlaskClient, journal: Journals) -> None:
    """Superseded segments, forks, renamed and hidden metrics, and those in the trash."""
    points = [(step, START_MS + step, float(step)) for step in range(6)]
    first = journal().started()
    for name in ("loss", "val/a", "val/b", "val/c"):
        send(client, first, points, name)
    again = journal(writer="w1").started(START_MS + 50, is_resumed=True, resume_from_step=3)
    send(client, again, [(4, START_MS + 60, 9.0)])
    send(client, journal("fork").started(START_MS + 70, fork_of="run1", fork_step=2), [(3, START_MS + 80, -1.0)])
    for body in (
        {"action": "rename", "metric": "val/a", "shown_as": "val/z"},
        {"action": "hide", "metric": "val/b"},
        {"action": "delete", "metric": "val/c", "run": "run1"},
    ):
        answer = client.post("/api/v1/projects/digits/corrections", json={**body, "reason": "a test"})
        assert answer.status_code < 300, answer.text
    for run in ("run1", "fork"):
        body = {"runs": [run], "metrics": FULL["metric"], "x": "time", "points": 1000}
        shown = {
            (one["metric"], one["label"], one["segment"]): list(zip(one["steps"], one["values"], strict=True))
            for one in client.post("/api/v1/series", json=body).json["series"]
        }
        found = from_lines(client.get(f"/api/v1/runs/{run}/series", query_string=FULL).data)
        by_time = {key: sorted(line, key=lambda point: point[1]) for key, line in found.items()}
        assert {key: [(step, y) for step, _, y in line] for key, line in by_time.items()} == shown
        assert len(shown) == (4 if run == "run1" else 3)


@pytest.mark.parametrize(
    "given", ["x=time", "from=1", "to=1", "max_points=9", "band=1", "smoothing=ema:0.5", "since=x"]
)
def test_what_would_choose_among_the_points_is_refused(given: str, client: FlaskClient) -> None:
    Journal().started().post(client)
    answer = client.get(f"{PATH}?metric=loss&resolution=full&{given}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, given.partition("=")[0])


def test_a_finished_run_is_not_streamed_twice(client: FlaskClient, journal: Journals) -> None:
    written = send(client, journal().started(), ODD)
    assert "ETag" not in client.get(PATH, query_string=FULL).headers
    written.add(RunFinished(START_MS, "finished", 0)).post(client)
    first = client.get(PATH, query_string=FULL)
    tags = {"If-None-Match": first.headers["ETag"]}
    assert client.get(PATH, query_string=FULL, headers=tags).status_code == 304
    thinned = client.get(PATH, query_string={"metric": FULL["metric"]}, headers=tags)
    packed = client.get(PATH, query_string=FULL, headers={**tags, "Accept": MSGPACK})
    assert (thinned.status_code, packed.status_code) == (200, 200)
    send(client, written, ODD)
    assert client.get(PATH, query_string=FULL, headers=tags).status_code == 200


def began(database: Database, run: str) -> list[streaming.Wanted]:
    with database.reading() as session:
        return streaming.wanted(reading.find(session, [run], ["loss", "acc", "val/*"]))


def append(database: Database, run: str, records: Iterable[Logged], *, label: str = "") -> None:
    with database.writing() as session:
        metrics.append(session, run, label, "metric", records, limits=SMALL)
        session.commit()


def seal(database: Database, run: str) -> None:
    with database.writing() as session:
        metrics.seal(session, run, limits=SMALL)
        session.commit()


def started(database: Database) -> str:
    with database.writing() as session:
        run = log_run(session, f"run{next(_numbers)}").id
        session.commit()
    return run


def joined(parts: Iterable[streaming.Part]) -> dict[tuple[str, str], list[Point]]:
    found: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for part in parts:
        line = found[part.series.label, part.series.name]
        assert part.first == len(line)
        line += zip(part.points.steps.tolist(), part.points.times.tolist(), part.points.values.tolist(), strict=True)
    return dict(found)


batches = st.lists(st.tuples(st.sampled_from(["", "rank1"]), st.lists(logs, max_size=20)), min_size=1, max_size=5)
meanwhile = st.lists(st.one_of(st.just("seal"), st.lists(logs, max_size=30)), max_size=8)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=batches, meanwhile=meanwhile, at_once=st.sampled_from([1, 5, 16, 1000]))
def test_what_arrives_or_is_sealed_meanwhile_changes_nothing(
    before: list[tuple[str, list[Logged]]], meanwhile: list[Any], at_once: int, database: Database
) -> None:
    run, model = started(database), Model()
    for label, records in before:
        append(database, run, records, label=label)
        model.add(label, records)

    def disturbed() -> Iterator[streaming.Part]:
        acts = iter(meanwhile)
        for part in streaming.stream(database.reading, began(database, run), points_at_once=at_once):
            yield part
            act = next(acts, None)
            if act == "seal":
                seal(database, run)
            elif act is not None:
                append(database, run, act)

    found, expected = joined(disturbed()), {key: points for key, points in model.series.items() if points}
    assert bits(found) == bits(expected)  # type: ignore[arg-type]


def supersede(database: Database, run: str) -> None:
    with database.writing() as session:
        metrics.supersede(session, run, "", 1, after=20, limits=SMALL)
        session.commit()


def discard(database: Database, run: str) -> None:
    (series,) = began(database, run)
    with database.writing() as session:
        metrics.trash.discard(session, [series.id], 1)
        session.commit()


def purge(database: Database, run: str) -> None:
    with database.writing() as session:
        metrics.delete(session, run)
        session.commit()


@pytest.mark.parametrize("take_away", [supersede, discard, purge], ids=lambda one: one.__name__)
def test_a_stream_breaks_off_where_points_are_taken_away(
    take_away: Callable[[Database, str], None], database: Database
) -> None:
    run = started(database)
    append(database, run, [Logged(step, step, {"loss": 1.0}) for step in range(40)])
    parts = streaming.stream(database.reading, began(database, run), points_at_once=8)
    assert len(next(parts).points) >= 8
    take_away(database, run)
    with pytest.raises(Conflict, match="'loss' were taken away"):
        list(parts)


@pytest.mark.parametrize("take_away", [supersede, discard, purge], ids=lambda one: one.__name__)
def test_a_stream_that_is_read_anew_after_that_is_what_is_there(
    take_away: Callable[[Database, str], None], database: Database
) -> None:
    run = started(database)
    append(database, run, [Logged(step, step, {"loss": 1.0}) for step in range(40)])
    take_away(database, run)
    found = [
        (part.series.segment, len(part.points)) for part in streaming.stream(database.reading, began(database, run))
    ]
    assert sorted(found) == ([(0, 21), (1, 19)] if take_away is supersede else [])


def fill(app: Flask, point_count: int, names: tuple[str, ...]) -> None:
    """A run with so many points of each of these, in five batches."""
    with writing(app) as session:
        log_run(session)
        for steps in np.array_split(np.arange(point_count), 5):
            arrivals = metrics.Arrivals()
            arrivals.add_columns(names, steps, NOW_MS + steps, np.stack([np.sin(steps)] * len(names)))
            metrics.append(session, "run1", "", "metric", arrivals)


def test_a_long_series_comes_in_parts_and_is_never_in_memory_whole(app: Flask, client: FlaskClient) -> None:
    point_count = 2_000_000
    fill(app, point_count, ("loss",))
    tracemalloc.start()
    answer = client.get(PATH, query_string=FULL, headers={"Accept": MSGPACK}, buffered=False)
    size = sum(len(piece) for piece in answer.iter_encoded())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 24 * point_count < size < 24.01 * point_count
    assert peak < size / 2


def test_many_series_come_with_few_statements(app: Flask, client: FlaskClient, database: Database) -> None:
    names = tuple(f"val/{number}" for number in range(1500))
    fill(app, 40, names)
    parts = list(streaming.stream(database.reading, began(database, "run1")))
    assert [len(part.points) for part in parts] == [40] * 1500
    opened = []

    def counted() -> Any:
        opened.append(1)
        return database.reading()

    list(streaming.stream(counted, began(database, "run1")))
    assert len(opened) == 1


def test_a_series_is_cut_where_its_chunks_end(app: Flask, database: Database) -> None:
    fill(app, 300_000, ("loss", "acc"))
    sizes = defaultdict(list)
    for part in streaming.stream(database.reading, began(database, "run1")):
        sizes[part.series.name].append(len(part.points))
    assert {name: sum(found) for name, found in sizes.items()} == {"loss": 300_000, "acc": 300_000}
    assert max(map(max, sizes.values())) <= streaming.PART_POINTS
