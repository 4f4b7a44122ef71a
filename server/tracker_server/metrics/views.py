"""The routes of series."""

from __future__ import annotations

import math

import msgspec
from flask import Response, after_this_request, current_app, request

from tracker_server import metrics, runs
from tracker_server.db import Database
from tracker_server.errors import Refused
from tracker_server.http import Api, Call, reply_streamed
from tracker_server.metrics import formulas, one_run, streaming
from tracker_server.metrics.schema import (
    POINTS,
    FormulaFacts,
    FormulaRequest,
    RunSeriesAnswer,
    RunSeriesQuery,
    SeriesAnswer,
    SeriesPart,
    SeriesRequest,
    Smoothing,
)

api = Api("metrics")


@api.post("/series", access="read", body=SeriesRequest, reply=SeriesAnswer, has_columns=True)
def read_series(call: Call, body: SeriesRequest) -> SeriesAnswer:
    """Many series in one answer, thinned to the points asked for."""
    started = runs.started(call.session, body.runs)
    view = metrics.View(body.x, body.range, body.points, started, body.smoothing, body.band)
    form = metrics.form(as_bytes=call.wants_bytes)
    return SeriesAnswer(metrics.read(call.session, list(started), body.metrics, view, form=form))


@api.post("/formulas", body=FormulaRequest, reply=FormulaFacts, access="signed_in", changes=False)
def read_formula(call: Call, body: FormulaRequest) -> FormulaFacts:
    """What a formula is of, before it is drawn; one that cannot be read is refused with the place."""
    found = formulas.read(body.formula)
    return FormulaFacts(list(found.metrics), found.python())


@api.get("/runs/<run_id>/series", query=RunSeriesQuery, reply=RunSeriesAnswer, has_columns=True, streamed=SeriesPart)
def read_run_series(call: Call, run_id: str, query: RunSeriesQuery) -> RunSeriesAnswer | Response:
    """One run's series: thinned, what is new since a cursor, or every point. A finished run's answer has an ETag."""
    run = runs.get(call.session, run_id)
    seen = one_run.look(call.session, run.id, query.metric, _view(run, query))
    tag = one_run.tag(seen, query.since, query.resolution, *_encoding(call)) if run.status != "running" else None
    if tag is not None and request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    answer = _every_point(call, seen) if query.resolution == "full" else _answer(call, seen, query.since)
    if tag is not None:
        after_this_request(lambda response: _tagged(response, tag))
    return answer


def _answer(call: Call, seen: one_run.Look, since: str | None) -> RunSeriesAnswer:
    return one_run.answer(call.session, seen, since, metrics.form(as_bytes=call.wants_bytes))


def _every_point(call: Call, seen: one_run.Look) -> Response:
    """The stream of all points; how many these are is told before, so that one that breaks off is known."""
    database: Database = current_app.extensions["tracker.database"]
    series = streaming.wanted(seen.found)
    send = streaming.packed if call.wants_bytes else streaming.line
    response = reply_streamed(map(send, streaming.stream(database.reading, series)), as_msgpack=call.wants_bytes)
    response.headers["X-Tracker-Points"] = str(sum(one.count for one in series))
    return response


def _view(run: runs.Run, query: RunSeriesQuery) -> metrics.View:
    """How the query looks at a run. Raises Refused, naming the parameter that is wrong."""
    if query.resolution == "full":
        _refuse_beside_full(query)
    low, high = query.low, query.high
    for name, bound in (("from", low), ("to", high)):
        if bound is not None and not math.isfinite(bound):
            raise Refused(
                "invalid", f"{name} must be a finite number, got {bound}; leave it out for no end", field=name
            )
    if low is not None and high is not None and low > high:
        raise Refused("invalid", f"from is {low:g}, and so above to, which is {high:g}; swap them", field="from")
    is_part = low is not None or high is not None
    bounds = (-math.inf if low is None else low, math.inf if high is None else high) if is_part else None
    points = POINTS if query.max_points is None else query.max_points
    started = {run.id: run.started_ms}
    return metrics.View(query.x, bounds, points, started, _smoothing(query.smoothing), query.band)


def _refuse_beside_full(query: RunSeriesQuery) -> None:
    """Raises Refused for what would choose among the points, or change them."""
    given = {
        "a formula in metric": any(formulas.is_formula(name) for name in query.metric),
        "x": query.x != "step",
        "from": query.low is not None,
        "to": query.high is not None,
        "max_points": query.max_points is not None,
        "smoothing": query.smoothing is not None,
        "band": query.band,
        "since": query.since is not None,
    }
    for name, is_given in given.items():
        if is_given:
            message = f"resolution=full gives every point as it arrived, so {name} says nothing there; leave it out"
            raise Refused("invalid", message, field=name.rpartition(" ")[2])


def _smoothing(text: str | None) -> Smoothing | None:
    if text is None:
        return None
    kind, _, amount = text.partition(":")
    try:
        return msgspec.convert({"kind": kind, "amount": amount}, Smoothing, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("invalid", f"smoothing {text!r}: {error}", field="smoothing") from error


def _encoding(call: Call) -> tuple[bool, bool]:
    """What else the bytes of an answer depend on: MessagePack or JSON, and whether that may be compressed."""
    return call.wants_bytes, bool(request.accept_encodings["gzip"])


def _tagged(response: Response, tag: str) -> Response:
    """The answer with its ETag: to be kept by who asked, and to be asked for again each time."""
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Accept", "Accept-Encoding"])
    return response
