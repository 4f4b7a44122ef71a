"""Signing in and out, and who one is."""

from __future__ import annotations

from importlib.metadata import version

from flask import Response, request

from tracker_server.auth import service
from tracker_server.auth.guard import COOKIE
from tracker_server.auth.schema import Me, ServerFacts, SignIn
from tracker_server.http import Api, Call, reply

api = Api("auth")


@api.get("/server", access="public", reply=ServerFacts)
def get_server(call: Call) -> ServerFacts:
    """Which version this server is, and whether it asks for a key."""
    return ServerFacts(version("tracker-ml"), call.settings.needs_key)


@api.get("/me", access="public", reply=Me)
def get_me(call: Call) -> Me:
    """Who is asking."""
    return Me(call.actor, bool(call.actor_id), call.settings.needs_key)


@api.post("/session", access="public", body=SignIn, reply=Me)
def sign_in(call: Call, body: SignIn) -> Response:
    """Sign a browser in with a key; the answer sets a cookie."""
    actor, secret = service.sign_in(call.session, body.key, call.now_ms)
    response = reply(Me(actor.name, True, call.settings.needs_key))
    response.set_cookie(
        COOKIE, secret, max_age=service.SIGNED_IN_MS // 1000, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


@api.delete("/session", access="public", status=204)
def sign_out(call: Call) -> Response:
    """Sign the browser out."""
    service.sign_out(call.session, request.cookies.get(COOKIE, ""))
    response = Response(status=204)
    response.delete_cookie(COOKIE)
    return response
