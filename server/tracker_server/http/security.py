"""What holds for every request before any view: the Host it names, where it comes from, what its answer may do.

A browser sends requests to this server on behalf of any page that its user has open. So the Host must be one of ours (a
name that was rebound to this address is not), and a request that changes something must come from our own pages or
from a program, never from a form or script of another site.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from tracker_server.errors import Forbidden
from tracker_server.settings import Settings

PROGRAM_HEADER = "X-Tracker-Client"
"""A header that a form cannot send, and a script of another site not without a permission that we never give."""

_SOURCES = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"
)
PAGE_POLICY = f"{_SOURCES}; frame-ancestors 'none'"

EMBED_POLICY = f"{_SOURCES}; frame-ancestors *"
"""For the pages below `/embed/`, which show charts and change nothing: they alone may stand in pages of others."""

INERT_POLICY = "sandbox; default-src 'none'"
"""For bytes that users stored: whatever they are, they do nothing in our origin."""


def install(app: Flask) -> None:
    """Put the checks before every request and the headers on every answer."""
    app.before_request(_check_host)
    app.before_request(_check_origin)
    app.after_request(_add_headers)


def _check_host() -> None:
    settings: Settings = current_app.extensions["tracker.settings"]
    name = _host_name(request.host)
    if "*" not in settings.allowed_hosts and name not in settings.allowed_hosts:
        raise Forbidden(
            "unknown_host",
            f"this server does not answer to the name {name!r}; start it with --allowed-host {name} if it should",
        )


def _host_name(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "").lower()


def _check_origin() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.headers.get(PROGRAM_HEADER):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    is_same = site == "same-origin" or (site is None and origin is not None and urlsplit(origin).netloc == request.host)
    if not is_same:
        raise Forbidden(
            "cross_site",
            "a request that changes something must come from this server's own pages; a program adds the header "
            f"{PROGRAM_HEADER}",
        )


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return response
