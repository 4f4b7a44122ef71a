"""The routes of series."""

from __future__ import annotations

import math

import msgspec
from flask import Response, after_this_request, request

from tracker_server import metrics, runs
from tracker_server.errors import Refused
from tracker_server.http import Api, Call
from tracker_server.metrics import one_run
from tracker_server.metrics.schema import (
    POINTS,
    RunSeriesAnswer,
    RunSeriesQuery,
    SeriesAnswer,
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


@api.get("/runs/<run_id>/series", query=RunSeriesQuery, reply=RunSeriesAnswer, has_columns=True)
def read_run_series(call: Call, run_id: str, query: RunSeriesQuery) -> RunSeriesAnswer | Response:
    """One run's series: thinned, or what is new since a cursor. A finished run's answer has an ETag."""
    run = runs.get(call.session, run_id)
    seen = one_run.look(call.session, run.id, query.metric, _view(run, query))
    tag = one_run.tag(seen, query.since, *_encoding(call)) if run.status != "running" else None
    if tag is not None and request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    answer = one_run.answer(call.session, seen, query.since, metrics.form(as_bytes=call.wants_bytes))
    if tag is not None:
        after_this_request(lambda response: _tagged(response, tag))
    return answer


def _view(run: runs.Run, query: RunSeriesQuery) -> metrics.View:
    """How the query looks at a run. Raises Refused, naming the parameter that is wrong."""
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
