"""The routes of shared links: making, listing and revoking them, and opening one."""

from __future__ import annotations

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from tracker_server import runs
from tracker_server.auth import attempts, visits
from tracker_server.auth.models import ShareLink
from tracker_server.db import Database
from tracker_server.errors import Forbidden, NotFound
from tracker_server.http import Api, Call, Created, reply
from tracker_server.rights import Level
from tracker_server.sharing import service
from tracker_server.sharing.schema import Link, LinkMade, LinkOpened, Links, LinkSecret, NewLink

api = Api("sharing")


@api.get("/projects/<project>/links", access="manage", reply=Links)
def list_links(call: Call, project: str) -> Links:
    """The links that show a project, or a run of it, to whoever has them; also those that are good no more."""
    return Links(service.listed(call.session, runs.project(call.session, project)))


@api.post("/projects/<project>/links", access="manage", body=NewLink, reply=LinkMade, status=201, shows_secret=True)
def create_link(call: Call, project: str, body: NewLink) -> Created[LinkMade]:
    """Make a link that shows a project, or one run of it; its secret is shown in this answer and never again."""
    owner = runs.project(call.session, project)
    link, secret = service.create(call.session, owner, body, actor_id=call.actor_id, now_ms=call.now_ms)
    return Created(LinkMade(link, secret))


@api.delete("/projects/<project>/links/<int:link>", access="manage", reply=Link)
def revoke_link(call: Call, project: str, link: int) -> Link:
    """Revoke a link: it shows nothing from now on, also to who looks through it."""
    owner = runs.project(call.session, project)
    return service.revoke(call.session, owner, link, actor_id=call.actor_id, now_ms=call.now_ms)


@api.post("/session/link", access="public", body=LinkSecret, reply=LinkOpened, changes=False)
def open_link(call: Call, body: LinkSecret) -> Response:
    """Look through a link: the answer sets a cookie for that, unless somebody is signed in, who stays who they are."""
    address = request.remote_addr or ""
    attempts.check(call.session, "", address, call.now_ms)
    link = visits.by_secret(call.session, body.secret, call.now_ms)
    if link is None:
        with _writing() as session:
            attempts.note_failure(session, "", address, call.now_ms)
            session.commit()
        raise NotFound("unknown_link", "this link shows nothing: it has expired, was revoked, or is not whole")
    where = service.destination(call.session, link)
    if call.rights.is_member:
        _check_own(call, link)
        return reply(where)
    with _writing() as session:
        visits.end(session, request.cookies.get(visits.COOKIE, ""))
        secret = visits.start(session, link, call.now_ms)
        session.commit()
    response = reply(where)
    left_s = (link.expires_ms - call.now_ms) // 1000
    response.set_cookie(visits.COOKIE, secret, max_age=left_s, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _check_own(call: Call, link: ShareLink) -> None:
    """Who is signed in sees by their own role; a link would give them less elsewhere. Raises Forbidden."""
    if call.rights.level(link.project_id) < Level.READ:
        raise Forbidden(
            "signed_in_already",
            f"you are signed in as {call.actor}, who has no role in what this link shows; sign out to look through it",
        )


def _writing() -> Session:
    """A transaction of its own: a failure is counted whatever becomes of the request."""
    database: Database = current_app.extensions["tracker.database"]
    return database.writing()
