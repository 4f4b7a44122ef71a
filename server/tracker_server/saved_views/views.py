"""The routes of saved views."""

from __future__ import annotations

import secrets

from tracker_server import runs, saved_views
from tracker_server.http import Api, Call, Created
from tracker_server.saved_views.schema import NewSavedView, SavedView, SavedViewChanges, SavedViewList

api = Api("views")


@api.get("/projects/<project>/views", reply=SavedViewList)
def list_views(call: Call, project: str) -> SavedViewList:
    """The named views of a project that are one's own, and those that others share."""
    return SavedViewList(saved_views.listed(call.session, runs.project(call.session, project), call.actor_id))


@api.post("/projects/<project>/views", body=NewSavedView, reply=SavedView, status=201, access="read", changes=True)
def create_view(call: Call, project: str, body: NewSavedView) -> Created[SavedView]:
    """Keep a view of a project's workspace, under a name or for its address alone."""
    owner = runs.project(call.session, project)
    made = saved_views.create(
        call.session, owner, body, new_id=secrets.token_urlsafe(9), actor_id=call.actor_id, now_ms=call.now_ms
    )
    return Created(made)


@api.get("/views/<view_id>", reply=SavedView)
def get_view(call: Call, view_id: str) -> SavedView:
    """A saved view, whole; whoever has its id may look at it."""
    return saved_views.get(call.session, view_id, call.actor_id)


@api.patch("/views/<view_id>", body=SavedViewChanges, reply=SavedView, access="read", changes=True)
def change_view(call: Call, view_id: str, body: SavedViewChanges) -> SavedView:
    """Change, rename or share one's own view; 409 where it has been changed since it was read."""
    return saved_views.change(call.session, view_id, body, actor_id=call.actor_id, now_ms=call.now_ms)


@api.delete("/views/<view_id>", status=204, access="read", changes=True)
def delete_view(call: Call, view_id: str) -> None:
    """Delete one's own view for good."""
    saved_views.delete(call.session, view_id, actor_id=call.actor_id)
