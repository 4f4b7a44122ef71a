"""Routes as data, and the one function that runs every view.

What always holds: a route declares who may call it (`Access`); a request has one session, committed once after the view
has returned and before the answer leaves; a view that raises leaves nothing behind.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec
from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter

from tracker_server.db import Database
from tracker_server.errors import ApiError
from tracker_server.http import kept_answers
from tracker_server.http.bodies import (
    BYTES,
    BodyKind,
    check_body_kind,
    compressed,
    give_back,
    read_json,
    read_query,
    reply,
    reply_conditionally,
    reply_packed,
    wants_msgpack,
)
from tracker_server.narrowing import narrow
from tracker_server.rights import Level, Rights
from tracker_server.settings import Settings

Access = Literal["public", "signed_in", "read", "write", "promote", "manage", "administer"]
"""Who may call a route: anybody; whoever is known; whoever may see, change, promote in, or manage the project that it
is about; who administers the server. Its session sees the projects where one may do that, and no others."""

_LEVELS: dict[str, Level] = {"write": Level.WRITE, "promote": Level.PROMOTE, "manage": Level.MANAGE}

View = Callable[..., Any]
T = TypeVar("T")

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Call:
    """What a view is given of the request. `actor_id` is the user that acts stand under.

    `level` is what they may do in the project of what the path names, as far as the route asks; None where there is no
    such thing. `wants_bytes` says that the columns of the answer are to be bytes; so only where the route has columns.
    """

    session: Session
    actor_id: int
    actor: str
    rights: Rights
    level: Level | None
    now_ms: int
    settings: Settings
    wants_bytes: bool = False


@dataclass(frozen=True)
class Created(Generic[T]):
    """An answer with status 201 in place of 200."""

    value: T


@dataclass(frozen=True)
class Route:
    """One method of one path. `reply` is None for answers that are not JSON, which are of one of `media_types`.
    `status` is that of success, `status_before` that of one which found it done already.

    A route that `has_columns` answers in MessagePack whoever asks for that. One with `streamed` may give a sequence of
    those instead, as MessagePack or as lines of JSON. One that `is_followed` by open pages answers 304 where nothing is
    new to who asks. One that `shows_secret` is not answered twice, as its answer is not kept. `changes` is whether it
    changes anything, and so has a writing session: by default every method but GET that is not for reading. `prepare`
    is given the body and a reading session before that: for what takes long to read and is kept in memory.
    """

    method: str
    path: str
    view: View
    access: Access
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    reply: type[msgspec.Struct] | None = None
    body_kind: BodyKind = "none"
    media_types: tuple[str, ...] = (BYTES,)
    status: int = 200
    status_before: int | None = None
    has_columns: bool = False
    streamed: type[msgspec.Struct] | None = None
    is_followed: bool = False
    shows_secret: bool = False
    changes: bool = False
    prepare: Callable[[Session, Any], None] | None = None

    @property
    def has_body(self) -> bool:
        """Whether success answers with anything but a status and headers."""
        return self.status not in (204, 302)

    @property
    def endpoint(self) -> str:
        return f"{self.view.__module__}.{self.view.__name__}"

    @property
    def takes_key(self) -> bool:
        """Whether a request may name itself by an `Idempotency-Key`. Bytes need none: they are kept once anyhow."""
        return self.changes and self.access != "public" and self.body_kind != "bytes"


@dataclass
class Api:
    """The routes of one domain; `tag` groups them in the OpenAPI document."""

    tag: str
    routes: list[Route] = field(default_factory=list)

    def get(self, path: str, *, access: Access = "read", **options: Any) -> Callable[[View], View]:
        return self._route("GET", path, access, options)

    def post(self, path: str, *, access: Access = "write", **options: Any) -> Callable[[View], View]:
        return self._route("POST", path, access, options)

    def put(self, path: str, *, access: Access = "write", **options: Any) -> Callable[[View], View]:
        return self._route("PUT", path, access, options)

    def patch(self, path: str, *, access: Access = "write", **options: Any) -> Callable[[View], View]:
        return self._route("PATCH", path, access, options)

    def delete(self, path: str, *, access: Access = "write", **options: Any) -> Callable[[View], View]:
        return self._route("DELETE", path, access, options)

    def _route(self, method: str, path: str, access: Access, options: dict[str, Any]) -> Callable[[View], View]:
        def register(view: View) -> View:
            if options.get("body") is not None:
                options.setdefault("body_kind", "json")
            options.setdefault("changes", method != "GET" and access != "read")
            self.routes.append(Route(method, path, view, access, **options))
            return view

        return register


class _Integer(IntegerConverter):
    """`<int:…>` in a path: fewer digits than Python refuses to read, so that anything longer is simply not there."""

    regex = r"\d{1,1000}"


def mount(app: Flask, apis: list[Api]) -> None:
    """Make the routes answer below /api/v1, and remember them for the guards and the OpenAPI document."""
    app.url_map.converters["int"] = _Integer
    routes: dict[str, Route] = app.extensions.setdefault("tracker.routes", {})
    app.teardown_request(give_back)
    for api in apis:
        for route in api.routes:
            routes[route.endpoint] = route
            app.add_url_rule(
                PREFIX + route.path, route.endpoint, functools.partial(_run, route), methods=[route.method]
            )


def needed_level(route: Route) -> Level:
    """What one must be allowed to do in the project that the route is about."""
    return _LEVELS.get(route.access, Level.READ)


def route_of_request() -> Route | None:
    """The declared route of the request at hand; None for pages and assets."""
    routes: dict[str, Route] = current_app.extensions["tracker.routes"]
    return routes.get(request.endpoint or "")


def _run(route: Route, **path: Any) -> Response:
    settings: Settings = current_app.extensions["tracker.settings"]
    if route.method != "GET":
        check_body_kind(request, route.body_kind)
    if route.query is not None:
        path["query"] = read_query(request, route.query)
    if route.body is not None:
        path["body"] = read_json(request, route.body, settings.max_json_bytes)
    wants_bytes = route.has_columns and wants_msgpack(request)
    if route.prepare is not None:
        _prepare(route.prepare, needed_level(route), path["body"])
    session = open_session(writes=route.changes)
    narrow(session, g.rights.narrowing(needed_level(route)))
    call = Call(session, g.actor_id, g.actor, g.rights, g.level, time.time_ns() // 1_000_000, settings, wants_bytes)
    is_hidden = call.level is Level.NONE  # the view says so, also to who has had an answer while it was not
    key = request.headers.get(kept_answers.HEADER) if route.takes_key and not is_hidden else None
    if key is not None:
        response = _once(route, call, path, key)
    else:
        response = _response(route, route.view(call, **path), as_msgpack=wants_bytes)
    session.commit()
    return response


def _prepare(prepare: Callable[[Session, Any], None], level: Level, body: Any) -> None:
    database: Database = current_app.extensions["tracker.database"]
    with database.reading() as session, suppress(ApiError):  # it is said where it counts, by the view
        narrow(session, g.rights.narrowing(level))
        prepare(session, body)


def _once(route: Route, call: Call, path: dict[str, Any], key: str) -> Response:
    """The answer of an act that names itself: carried out now, or before."""
    act = kept_answers.act_of(request, path.get("body"), key, actor_id=call.actor_id, now_ms=call.now_ms)
    response = kept_answers.begin(call.session, act)
    if response is None:
        response = _plain(route, route.view(call, **path))
        kept_answers.keep(call.session, act, response, shows_secret=route.shows_secret)
    return compressed(request, response)


def _response(route: Route, answer: Any, *, as_msgpack: bool) -> Response:
    if isinstance(answer, Response) or answer is None:
        return _plain(route, answer)
    if as_msgpack:
        response = reply_packed(*_told(route, answer))
    else:
        plain = _plain(route, answer)
        response = reply_conditionally(request, plain) if route.is_followed else compressed(request, plain)
    if route.has_columns:
        response.vary.add("Accept")
    return response


def _plain(route: Route, answer: Any) -> Response:
    """As JSON, whatever the one who asks accepts."""
    if isinstance(answer, Response):
        return answer
    return Response(status=204) if answer is None else reply(*_told(route, answer))


def _told(route: Route, answer: Any) -> tuple[msgspec.Struct, int]:
    """What is told, and with which status."""
    return (answer.value, 201) if isinstance(answer, Created) else (answer, route.status)


def open_session(*, writes: bool) -> Session:
    """The session of this request, closed when the request ends."""
    database: Database = current_app.extensions["tracker.database"]
    session = database.writing() if writes else database.reading()
    g.session = session
    return session


def close_session(_error: BaseException | None = None) -> None:
    """For the app's teardown: whatever was not committed is rolled back."""
    session: Session | None = g.pop("session", None)
    if session is not None:
        session.close()
