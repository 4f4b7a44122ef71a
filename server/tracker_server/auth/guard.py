"""The one place that decides whether a request may go on, from the access that its route declares."""

from __future__ import annotations

import time

from flask import Flask, current_app, g, request

from tracker_server.auth import service
from tracker_server.db import Database
from tracker_server.errors import Unauthorized
from tracker_server.http.api import route_of_request
from tracker_server.settings import Settings

COOKIE = "tracker_session"


def install(app: Flask, operator: service.Actor) -> None:
    """Ask every request who it is, before its view. `operator` is who acts on a server that needs no key."""
    app.extensions["tracker.operator"] = operator
    app.before_request(_authenticate)


def _authenticate() -> None:
    settings: Settings = current_app.extensions["tracker.settings"]
    operator: service.Actor = current_app.extensions["tracker.operator"]
    actor = operator if not settings.needs_key else _who()
    g.actor_id, g.actor = (actor.id, actor.name) if actor is not None else (0, "")
    route = route_of_request()
    if actor is None and route is not None and route.access != "public":
        raise Unauthorized(
            "unauthorized",
            "this server needs a key: sign in on its page, or set TRACKER_API_KEY in the client's environment",
        )


def _who() -> service.Actor | None:
    """Whose key or cookie the request carries. A wrong key is not rescued by a cookie."""
    database: Database = current_app.extensions["tracker.database"]
    now_ms = time.time_ns() // 1_000_000
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    with database.reading() as session:
        if scheme.lower() == "bearer":
            return service.by_key(session, secret.strip(), now_ms)
        cookie = request.cookies.get(COOKIE)
        return service.by_cookie(session, cookie, now_ms) if cookie else None
