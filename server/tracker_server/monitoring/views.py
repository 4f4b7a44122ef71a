"""The route of measurements."""

from __future__ import annotations

from flask import Response, current_app

from tracker_server.http import Api, Call
from tracker_server.monitoring import service
from tracker_server.vitals import TEXT, Vitals

api = Api("monitoring")


@api.get("/metrics", media_types=("text/plain",))
def read_measurements(call: Call) -> Response:
    """What this server measures of itself, in Prometheus' own format. Also at `/metrics`."""
    vitals: Vitals = current_app.extensions["tracker.vitals"]
    readings = service.look(call.session, call.settings, now_ms=call.now_ms)
    return Response(vitals.text(readings), content_type=TEXT, headers={"Cache-Control": "no-store"})
