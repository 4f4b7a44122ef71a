"""What holds for every request before any view: the Host it names, where it comes from, what its answer may do.

A browser sends requests to this server on behalf of any page that its user has open. So the Host must be one of ours (a
name that was rebound to this address is not), and a request that changes something must come from our own pages or
from a program, never from a form or script of another site.
"""

from __future__ import annotations

import functools
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from tracker_server.errors import AddressTooLong, Forbidden
from tracker_server.settings import LOOPBACK_HOSTS, Settings

PROGRAM_HEADER = "X-Tracker-Client"
"""A header that a form cannot send, and a script of another site not without a permission that we never give."""

_SOURCES = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"
)
EMBED_POLICY = f"{_SOURCES}; connect-src 'self'; frame-ancestors *"
"""For the pages below `/embed/`, which show charts and change nothing: they alone may stand in pages of others."""

_OWN_MACHINE = ("http://127.0.0.1:*", "http://localhost:*")

MAX_PATH = 2000
"""Of an address, in characters; the path of a file in an artifact has 1,000 at most."""

MAX_QUERY = 8190
"""In bytes, as they come; it is also the most that the server reads of a request's first line."""

INERT_POLICY = "sandbox; default-src 'none'"
"""For every answer but a page, stored bytes among them: opened in a browser it does nothing in our origin."""


def install(app: Flask) -> None:
    """Put the checks before every request and the headers on every answer."""
    app.before_request(_check_address)
    app.before_request(_check_host)
    app.before_request(_check_origin)
    app.after_request(_add_headers)


@functools.lru_cache(maxsize=8)
def page_policy(settings: Settings) -> str:
    """For pages: besides this server they may ask those that serve models, so that one can be tried from its page.

    Where page and server are on one machine, that is whatever listens there; else what the server was told of. A proxy
    in front means that pages are on other machines, which have ports of their own.
    """
    is_own_machine = settings.host in LOOPBACK_HOSTS and not settings.proxies
    asked = ("'self'", *(_OWN_MACHINE if is_own_machine else ()), *settings.serving_origins)
    return f"{_SOURCES}; connect-src {' '.join(asked)}; frame-ancestors 'none'"


def _check_address() -> None:
    """Before anything reads the address: how long its parts may be, whatever serves this app."""
    for what, size, limit in (
        ("path", len(request.path), MAX_PATH),
        ("query", len(request.query_string), MAX_QUERY),
    ):
        if size > limit:
            raise AddressTooLong(
                "address_too_long",
                f"the {what} of the address has {size:,} characters, and at most {limit:,} are read; ask for less at "
                "once, or by a route that takes it in a body",
            )


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
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if not _is_ours():
        raise Forbidden(
            "cross_site",
            "a request that changes something must come from this server's own pages; a program adds the header "
            f"{PROGRAM_HEADER}",
        )


def _is_ours() -> bool:
    """What a browser says of where a request comes from counts, and only where it says nothing what a program does."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is not None:
        return _place(origin) == request.host
    return bool(request.headers.get(PROGRAM_HEADER))


def _place(origin: str) -> str | None:
    """The name and port that an origin is of; None where it is none, as in `http://[`."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _add_headers(response: Response) -> Response:
    is_page = not request.path.startswith(("/api/", "/metrics"))
    settings: Settings = current_app.extensions["tracker.settings"]
    response.headers.setdefault("Content-Security-Policy", page_policy(settings) if is_page else INERT_POLICY)
    if response.mimetype == "application/octet-stream":
        response.headers.setdefault("Content-Disposition", "attachment")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return response
