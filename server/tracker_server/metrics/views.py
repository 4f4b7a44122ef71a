"""The routes of series."""

from __future__ import annotations

from tracker_server import metrics, runs
from tracker_server.http import Api, Call
from tracker_server.metrics.schema import SeriesAnswer, SeriesRequest

api = Api("metrics")


@api.post("/series", access="read", body=SeriesRequest, reply=SeriesAnswer, has_columns=True)
def read_series(call: Call, body: SeriesRequest) -> SeriesAnswer:
    """Many series in one answer, thinned to the points asked for."""
    started = runs.started(call.session, body.runs)
    view = metrics.View(body.x, body.range, body.points, started, body.smoothing, body.band)
    form = metrics.form(as_bytes=call.wants_bytes)
    return SeriesAnswer(metrics.read(call.session, list(started), body.metrics, view, form=form))
