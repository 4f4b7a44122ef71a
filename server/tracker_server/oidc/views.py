"""The routes to the provider and back."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from tracker_server.auth import guard
from tracker_server.auth.service import start_session
from tracker_server.db import Database
from tracker_server.errors import ApiError, NotFound
from tracker_server.http import Api, Call, reply
from tracker_server.oidc import service
from tracker_server.oidc.provider import Provider
from tracker_server.oidc.schema import Address, Destination, Return

api = Api("oidc")

log = logging.getLogger(__name__)

COOKIE = "tracker_oidc"
PATH = "/api/v1/session/oidc"
CALLBACK = f"{PATH}/callback"


@api.post("/session/oidc", access="public", body=Destination, reply=Address, changes=False)
def begin_oidc(call: Call, body: Destination) -> Response:
    """Begin to sign in through the provider: the answer says where the browser is to go."""
    provider = _provider()
    with _writing() as session:
        attempt = service.begin(session, body.to, call.now_ms)
        session.commit()
    url = provider.address(
        state=attempt.state, nonce=attempt.nonce, verifier=attempt.verifier, redirect_uri=_redirect_uri()
    )
    response = reply(Address(url))
    response.set_cookie(
        COOKIE, attempt.state, max_age=service.GOOD_MS // 1000, path=PATH, httponly=True, samesite="Lax",
        secure=request.is_secure,
    )  # fmt: skip
    return response


@api.get("/session/oidc/callback", access="public", query=Return, status=302)
def end_oidc(call: Call, query: Return) -> Response:
    """Where the provider sends the browser back to: signs it in, and goes to the page that it came from."""
    destination = "/"
    if query.error and not query.state:  # some providers leave it out; there is nothing to be signed in to
        return _back(destination, "denied")
    try:
        with _writing() as session:
            attempt = service.take(session, query.state, request.cookies.get(COOKIE, ""), call.now_ms)
            destination = attempt.destination
            session.commit()
        if not query.code:
            return _back(destination, "denied")
        claims = _provider().redeem(
            query.code, nonce=attempt.nonce, verifier=attempt.verifier, redirect_uri=_redirect_uri()
        )
        with _writing() as session:
            user = service.user_of(session, _provider().settings, claims, call.now_ms)
            secret = start_session(session, user.id, call.now_ms)
            session.commit()
    except ApiError as error:
        log.warning("A sign-in through the provider failed: %s: %s", error.code, error.message)
        return _back(destination, error.code)
    response = _back(destination, None)
    guard.remember(response, secret)
    return response


def _back(destination: str, failure: str | None) -> Response:
    """To the page. A failure stands in the fragment, where the page reads it and no server does."""
    page = urlsplit(destination)
    told = page if failure is None else page._replace(fragment=f"oidc={failure}")
    response = Response(status=302, headers={"Location": told.geturl(), "Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, path=PATH)
    return response


def _redirect_uri() -> str:
    return f"{request.host_url.rstrip('/')}{CALLBACK}"


def _provider() -> Provider:
    found: Provider | None = current_app.extensions["tracker.oidc"]
    if found is None:
        raise NotFound("no_provider", "this server has people sign in by itself; --oidc-issuer names a provider")
    return found


def _writing() -> Session:
    """Short transactions of its own: none is held while the provider is asked."""
    database: Database = current_app.extensions["tracker.database"]
    return database.writing()
