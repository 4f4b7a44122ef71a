"""The routes of leaderboards."""

from __future__ import annotations

import msgspec
from flask import Response, request

from tracker_server import leaderboards, runs
from tracker_server.http import Api, Call, Created
from tracker_server.leaderboards import page
from tracker_server.leaderboards.schema import (
    ExportQuery,
    Leaderboard,
    LeaderboardChanges,
    LeaderboardExport,
    LeaderboardList,
    NewLeaderboard,
    Standing,
)

api = Api("leaderboards")

HTML = "text/html"
JSON = "application/json"
FORMAT = 1
"""Of exports as JSON."""


@api.get("/projects/<project>/leaderboards", reply=LeaderboardList)
def list_leaderboards(call: Call, project: str) -> LeaderboardList:
    """The leaderboards of a project, by name."""
    return LeaderboardList(leaderboards.listed(call.session, runs.project(call.session, project)))


@api.post("/projects/<project>/leaderboards", body=NewLeaderboard, reply=Leaderboard, status=201)
def create_leaderboard(call: Call, project: str, body: NewLeaderboard) -> Created[Leaderboard]:
    """Keep a leaderboard. 422 `no_goal` where nobody has said which values of the metric are better."""
    owner = runs.project(call.session, project)
    return Created(leaderboards.create(call.session, owner, body, actor_id=call.actor_id, clock=_clock(call)))


@api.get("/projects/<project>/leaderboards/<int:board_id>", reply=Leaderboard)
def get_leaderboard(call: Call, project: str, board_id: int) -> Leaderboard:
    """What a leaderboard ranks, by what and on which data."""
    return leaderboards.get(call.session, runs.project(call.session, project), board_id)


@api.patch("/projects/<project>/leaderboards/<int:board_id>", body=LeaderboardChanges, reply=Leaderboard)
def change_leaderboard(call: Call, project: str, board_id: int, body: LeaderboardChanges) -> Leaderboard:
    """Change or rename a leaderboard; 409 `changed_meanwhile` where somebody was faster."""
    owner = runs.project(call.session, project)
    return leaderboards.change(call.session, owner, board_id, body, clock=_clock(call))


@api.delete("/projects/<project>/leaderboards/<int:board_id>", status=204)
def delete_leaderboard(call: Call, project: str, board_id: int) -> None:
    """Delete a leaderboard for good; nothing happens to what stands on it."""
    leaderboards.delete(call.session, runs.project(call.session, project), board_id)


@api.get("/projects/<project>/leaderboards/<int:board_id>/standing", reply=Standing)
def read_standing(call: Call, project: str, board_id: int) -> Standing:
    """Who stands where now, what does not count and why, and the best so far over time."""
    owner = runs.project(call.session, project)
    return _standing(call, owner, leaderboards.get(call.session, owner, board_id))


@api.get("/projects/<project>/leaderboards/<int:board_id>/export", query=ExportQuery, media_types=(JSON, HTML))
def export_leaderboard(call: Call, project: str, board_id: int, query: ExportQuery) -> Response:
    """The same to take away: as a page that stands by itself, without a script, or as JSON."""
    owner = runs.project(call.session, project)
    board = leaderboards.get(call.session, owner, board_id)
    standing = _standing(call, owner, board)
    if query.format == "html":
        text = page.page(board, standing, exported_ms=call.now_ms, root=request.url_root)
        return _download(text.encode(errors="replace"), HTML, f"leaderboard-{board.id}.html")
    kept = LeaderboardExport(format=FORMAT, exported_ms=call.now_ms, leaderboard=board, standing=standing)
    content = msgspec.json.format(msgspec.json.encode(kept), indent=2)
    return _download(content, JSON, f"leaderboard-{board.id}.json")


def _standing(call: Call, project: runs.Project, board: Leaderboard) -> Standing:
    lost_after_ms = call.settings.lost_after_ms
    return leaderboards.standing(
        call.session, project, board.definition, now_ms=call.now_ms, lost_after_ms=lost_after_ms
    )


def _clock(call: Call) -> leaderboards.Clock:
    return leaderboards.Clock(call.now_ms, call.settings.lost_after_ms)


def _download(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
