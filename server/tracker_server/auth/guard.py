"""The one place that decides whether a request may go on, from the access that its route declares.

What always holds: a route that declares nothing does not exist (`Route.access` has no default); who may not see a thing
gets the answer for one that is not there, which is not made here but by the view, whose session is narrowed
(`narrowing.py`); who may see it and not do what was asked is told what he is and what it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from tracker_server.auth import service, visits
from tracker_server.db import Database
from tracker_server.errors import Forbidden, Unauthorized
from tracker_server.http.api import Route, needed_level, route_of_request
from tracker_server.rights import ROLES, Level, Rights
from tracker_server.settings import Settings

COOKIE = "tracker_session"


def remember(response: Response, secret: str) -> None:
    """Have the browser show this secret from now on: a session's own (`service.start_session`)."""
    max_age = service.SIGNED_IN_MS // 1000
    response.set_cookie(COOKIE, secret, max_age=max_age, httponly=True, samesite="Lax", secure=request.is_secure)


Find = Callable[[Session, Any], int | None]
"""The project of what a parameter of the path names, whoever asks; None where there is no such thing."""


def install(app: Flask, operator: service.Actor, parents: Mapping[str, Find]) -> None:
    """Ask every request who it is, before its view. `operator` is who acts on a server that asks nobody to sign in;
    `parents` finds the project of each path parameter that names something in one."""
    app.extensions["tracker.operator"] = operator
    app.extensions["tracker.parents"] = parents
    app.before_request(_decide)


def _decide() -> None:
    settings: Settings = current_app.extensions["tracker.settings"]
    operator: service.Actor = current_app.extensions["tracker.operator"]
    actor = operator if not settings.needs_key else _who()
    g.actor_id, g.actor = actor.id, actor.name
    g.rights = replace(actor.rights, opens_to=settings.new_projects)
    g.level = None
    route = route_of_request()
    if route is None or route.access == "public":
        return
    if actor is service.NOBODY:
        raise Unauthorized(
            "unauthorized",
            "this server needs to know who asks: sign in on its page, or set TRACKER_API_KEY in the client's "
            "environment to a key that is good",
        )
    g.level = _check(route, actor.rights)


def _who() -> service.Actor:
    """Whose key or cookie the request carries. A wrong key is not rescued by a cookie; who is signed in stays who they
    are, whatever link they have opened."""
    database: Database = current_app.extensions["tracker.database"]
    now_ms = time.time_ns() // 1_000_000
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    with database.reading() as session:
        if scheme.lower() == "bearer":
            actor = service.by_key(session, secret.strip(), now_ms)
        else:
            cookie = request.cookies.get(COOKIE)
            actor = (service.by_cookie(session, cookie, now_ms) if cookie else None) or _visitor(session, now_ms)
    if actor is None:
        return service.NOBODY
    if actor.key_to_note is not None or actor.link_to_note is not None:
        with database.writing() as session:
            if actor.key_to_note is not None:
                service.note_use(session, actor.key_to_note, now_ms)
            if actor.link_to_note is not None:
                visits.note_use(session, actor.link_to_note, now_ms)
            session.commit()
    return actor


def _visitor(session: Session, now_ms: int) -> service.Actor | None:
    """Who looks through a shared link with the cookie of the request, if anybody does."""
    cookie = request.cookies.get(visits.COOKIE)
    link = visits.by_cookie(session, cookie, now_ms) if cookie else None
    return visits.visitor(link, now_ms) if link is not None else None


def _check(route: Route, rights: Rights) -> Level | None:
    """What one may do in the project that the path is about; None where there is nothing in any.

    Raises Forbidden for what one may not do where one may look.
    """
    if route.access == "administer" and not rights.administers:
        raise Forbidden("not_admin", "only an admin of this server may do that, signed in by name and password")
    if route.changes and not rights.is_member:
        raise Forbidden("only_a_link", "a shared link shows, and changes nothing; sign in to do that")
    needed = needed_level(route)
    if rights.narrowing(needed) is None:
        return needed
    project_id = _parent(route)
    if project_id is None:  # nothing is there, or the body says what it is about: the view finds what one may change
        if rights.most < needed or (needed > Level.WRITE and not rights.reach(needed)):
            raise Forbidden("no_access", _told(rights, None, needed))
        return None
    level = rights.level(project_id)
    if Level.NONE < level < needed:
        raise Forbidden("no_access", _told(rights, level, needed))
    return level


def _parent(route: Route) -> int | None:
    """The project of what the path names."""
    parents: Mapping[str, Find] = current_app.extensions["tracker.parents"]
    database: Database = current_app.extensions["tracker.database"]
    for name, value in (request.view_args or {}).items():
        if name in parents:
            with database.reading() as session:
                return parents[name](session, value)
    return None


def _told(rights: Rights, level: Level | None, needed: Level) -> str:
    if rights.most < needed:
        return (
            f"this key is good for {_act(rights.most)}, and this takes {_act(needed)}; the page Settings makes others"
        )
    if level is None:
        return f"this takes {_named(needed)} of some project, and you are that of none; its admins can make you one"
    return f"you are {_named(level)} of this project, and this takes {_named(needed)}; its admins can make you one"


def _act(level: Level) -> str:
    return {Level.READ: "reading", Level.WRITE: "writing", Level.PROMOTE: "promoting"}.get(level, "managing")


def _named(level: Level) -> str:
    role = ROLES[level]
    return f"{'an' if role[0] in 'ae' else 'a'} {role}"
