"""Every request from its arrival to its answer: its id, its line in the log, its place among what is counted.

What always holds: of what a request says, only its method, the pattern of its route and an id that it names are told
on: no address, since secrets may stand in one, no header, no body. An id from outside is but a name: nothing is looked
up by it.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Final

from flask import Flask, Response, current_app, g, request

from tracker_server.vitals import NO_ROUTE, Vitals, method_of

log = logging.getLogger("tracker.requests")

HEADER: Final = "X-Request-Id"
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install(app: Flask) -> None:
    """Before all else is installed: what comes first measures all the rest."""
    app.before_request(_begin)
    app.after_request(_end)


def route_told() -> str:
    """The pattern of the path that was asked for."""
    return request.url_rule.rule if request.url_rule is not None else NO_ROUTE


def _begin() -> None:
    g.begun_s = time.perf_counter()
    named = request.headers.get(HEADER, "")
    g.request_id = named if _ID.fullmatch(named) else secrets.token_hex(6)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    method, route, status = method_of(request.method), route_told(), response.status_code
    seconds = time.perf_counter() - g.begun_s
    vitals: Vitals = current_app.extensions["tracker.vitals"]
    vitals.note_request(method, route, status, seconds)
    if log.isEnabledFor(logging.INFO):
        ms, actor_id = round(seconds * 1000, 1), g.get("actor_id", 0)
        fields = {"method": method, "route": route, "status": status, "ms": ms, "actor_id": actor_id}
        # The id is said too: lines for people have no fields.
        message = "%s %s %d in %s ms, actor %d, request %s"
        log.info(message, method, route, status, ms, actor_id, g.request_id, extra={"fields": fields})
    return response
