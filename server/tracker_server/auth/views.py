"""Signing in and out, who one is, and one's password."""

from __future__ import annotations

from importlib.metadata import version

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from tracker_server.auth import attempts, log, passwords, service, visits
from tracker_server.auth.guard import COOKIE, remember
from tracker_server.auth.models import User
from tracker_server.auth.schema import Me, NewPassword, ServerFacts, SignIn
from tracker_server.db import Database
from tracker_server.errors import Refused, Unauthorized
from tracker_server.http import Api, Call, reply
from tracker_server.rights import Level

api = Api("auth")


@api.get("/server", access="public", reply=ServerFacts)
def get_server(call: Call) -> ServerFacts:
    """Which version this server is, and whether it asks who somebody is."""
    provider = call.settings.oidc.name if call.settings.oidc is not None else None
    return ServerFacts(version("tracker-runs"), call.settings.needs_key, provider)


@api.get("/me", access="public", reply=Me)
def get_me(call: Call) -> Me:
    """Who is asking."""
    user = call.session.get(User, call.actor_id) if call.settings.needs_key else None
    has_password = user is not None and user.password_hash is not None
    is_visitor = not call.rights.is_member and call.rights.reach(Level.READ)
    return Me(
        call.actor, bool(call.actor_id), call.settings.needs_key, call.rights.administers, has_password, is_visitor
    )


@api.post("/session", access="public", body=SignIn, reply=Me, changes=False)
def sign_in(call: Call, body: SignIn) -> Response:
    """Sign a browser in with a name and a password, or with a key; the answer sets a cookie."""
    if bool(body.key) == bool(body.name):
        raise Refused("invalid", "signing in takes a name and a password, or a key", field="name")
    address = request.remote_addr or ""
    attempts.check(call.session, body.name, address, call.now_ms)
    try:
        user_id, key_id = _proven(call, body)
    except Unauthorized:
        with _writing() as session:
            attempts.note_failure(session, body.name, address, call.now_ms)
            session.commit()
        raise
    with _writing() as session:
        attempts.forget(session, body.name, address)
        secret = service.start_session(session, user_id, call.now_ms, key_id=key_id)
        session.commit()
        me = signed_in(session, secret, call)
    response = reply(me)
    remember(response, secret)
    return response


@api.delete("/session", access="public", status=204)
def sign_out(call: Call) -> Response:
    """Sign the browser out, and have it look through no shared link any more."""
    service.sign_out(call.session, request.cookies.get(COOKIE, ""))
    visits.end(call.session, request.cookies.get(visits.COOKIE, ""))
    response = Response(status=204)
    response.delete_cookie(COOKIE)
    response.delete_cookie(visits.COOKIE)
    return response


@api.put("/me/password", access="signed_in", body=NewPassword, status=204)
def change_password(call: Call, body: NewPassword) -> None:
    """Change one's own password; that signs out every other browser of one's own."""
    user = call.session.get_one(User, call.actor_id)
    if user.password_hash is None:
        raise Refused("no_password", f"{user.name} signs in without a password, so there is none to change")
    service.by_password(call.session, user.name, body.old)
    user.password_hash = passwords.hashed(body.password, name=user.name)
    service.end_sessions(call.session, user.id, but=request.cookies.get(COOKIE, ""))
    log.record(call.session, "password.changed", user.name, actor_id=call.actor_id, now_ms=call.now_ms)


def _proven(call: Call, body: SignIn) -> tuple[int, int | None]:
    """Whose name and password, or key, these are: the user, and the key. Raises Unauthorized."""
    if body.key:
        key = service.by_secret(call.session, body.key, call.now_ms)
        return key.user_id, key.id
    return service.by_password(call.session, body.name, body.password).id, None


def signed_in(session: Session, cookie: str, call: Call) -> Me:
    """Who is signed in with this cookie from now on."""
    actor = service.by_cookie(session, cookie, call.now_ms) or service.NOBODY
    user = session.get_one(User, actor.id)
    return Me(actor.name, True, call.settings.needs_key, actor.rights.administers, user.password_hash is not None)


def _writing() -> Session:
    """A transaction of its own: a failure is counted whatever becomes of the request."""
    database: Database = current_app.extensions["tracker.database"]
    return database.writing()
