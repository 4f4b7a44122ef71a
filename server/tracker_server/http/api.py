"""Routes as data, and the one function that runs every view.

What always holds: a route declares who may call it (`Access`); a request has one session, committed once after the view
has returned and before the answer leaves; a view that raises leaves nothing behind.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import msgspec
from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter

from tracker_server.db import Database
from tracker_server.http.bodies import (
    compressed,
    read_json,
    read_query,
    reply,
    reply_conditionally,
    reply_packed,
    wants_msgpack,
)
from tracker_server.settings import Settings

Access = Literal["public", "read", "write"]
"""Who may call a route: anybody; whoever may see; whoever may change. `write` routes get a writing session."""

View = Callable[..., Any]
T = TypeVar("T")

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Call:
    """What a view is given of the request. `actor_id` is the user that acts stand under.

    `wants_bytes` says that the columns of the answer are to be bytes; so only where the route has columns.
    """

    session: Session
    actor_id: int
    actor: str
    now_ms: int
    settings: Settings
    wants_bytes: bool = False


@dataclass(frozen=True)
class Created(Generic[T]):
    """An answer with status 201 in place of 200."""

    value: T


@dataclass(frozen=True)
class Route:
    """One method of one path. `reply` is None for answers that are not JSON; `status` is that of success.

    A route that `has_columns` answers in MessagePack whoever asks for that. One with `streamed` may give a sequence of
    those instead, as MessagePack or as lines of JSON. One that `is_followed` by open pages answers 304 where nothing is
    new to who asks.
    """

    method: str
    path: str
    view: View
    access: Access
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    reply: type[msgspec.Struct] | None = None
    body_kind: Literal["json", "bytes", "none"] = "none"
    status: int = 200
    has_columns: bool = False
    streamed: type[msgspec.Struct] | None = None
    is_followed: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.view.__module__}.{self.view.__name__}"

    @property
    def writes(self) -> bool:
        """Whether its session may write: so for whoever may change, and for signing in and out."""
        return self.access == "write" or (self.access == "public" and self.method != "GET")


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
    for api in apis:
        for route in api.routes:
            routes[route.endpoint] = route
            app.add_url_rule(
                PREFIX + route.path, route.endpoint, functools.partial(_run, route), methods=[route.method]
            )


def route_of_request() -> Route | None:
    """The declared route of the request at hand; None for pages and assets."""
    routes: dict[str, Route] = current_app.extensions["tracker.routes"]
    return routes.get(request.endpoint or "")


def _run(route: Route, **path: Any) -> Response:
    settings: Settings = current_app.extensions["tracker.settings"]
    if route.query is not None:
        path["query"] = read_query(request, route.query)
    if route.body is not None:
        path["body"] = read_json(request, route.body, settings.max_json_bytes)
    wants_bytes = route.has_columns and wants_msgpack(request)
    session = open_session(writes=route.writes)
    call = Call(session, g.actor_id, g.actor, time.time_ns() // 1_000_000, settings, wants_bytes)
    answer = route.view(call, **path)
    response = _response(route, answer, as_msgpack=wants_bytes)
    session.commit()
    return response


def _response(route: Route, answer: Any, *, as_msgpack: bool) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status=204)
    value, status = (answer.value, 201) if isinstance(answer, Created) else (answer, route.status)
    if route.is_followed:
        return reply_conditionally(request, reply(value, status))
    response = reply_packed(value, status) if as_msgpack else compressed(request, reply(value, status))
    if route.has_columns:
        response.vary.add("Accept")
    return response


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
