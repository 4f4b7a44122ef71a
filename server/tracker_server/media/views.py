"""The routes of media."""

from __future__ import annotations

import msgspec
from flask import Response, request, send_file

from tracker_server import artifacts, media, runs
from tracker_server.errors import Refused
from tracker_server.http import Api, Call
from tracker_server.media import frames
from tracker_server.media.schema import Media, MediaList

api = Api("media")


class FrameQuery(msgspec.Struct, frozen=True):
    theme: frames.Theme = "light"


@api.get("/runs/<run_id>/media", reply=MediaList)
def list_media(call: Call, run_id: str) -> MediaList:
    """What the run logged besides numbers, by name and step."""
    items = media.of_run(call.session, runs.get(call.session, run_id))
    return MediaList([_described(item) for item in items])


@api.get("/media/<int:media_id>/frame", query=FrameQuery, media_types=("text/html",))
def get_media_frame(call: Call, media_id: int, query: FrameQuery) -> Response:
    """A page that shows one piece of media, for a sandboxed frame."""
    item = media.get(call.session, media_id)
    runs.get(call.session, item.run_id)  # nothing of a run in the trash is shown
    try:
        response = Response(_page(item, query.theme), mimetype="text/html")
    except Refused as error:  # a person reads it in the frame, where JSON would be of no use
        page = frames.sentence_page(error.message, query.theme)
        response = Response(page, error.status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = frames.policy(request.host_url)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _page(item: media.MediaItem, theme: frames.Theme) -> str:
    if item.kind != "plotly":
        raise Refused("unknown_kind", f"media of the kind {item.kind!r} cannot be shown by this version of the server")
    return frames.figure_page(item.name, artifacts.blob_store().path(item.digest or ""), theme)


@api.get("/media/plotly.js", access="public", media_types=("text/javascript",))
def get_plotly(call: Call) -> Response:
    """plotly.js for those pages."""
    return _loadable(send_file(frames.plotly_bundle(), mimetype="text/javascript"))


@api.get("/media/frame.js", access="public", media_types=("text/javascript",))
def get_frame_script(call: Call) -> Response:
    """The script of those pages."""
    return _loadable(Response(frames.STARTER, mimetype="text/javascript"))


def _loadable(response: Response) -> Response:
    """Let the opaque origin of the frame load it: it holds nothing of anybody's. Its address has a version."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _described(item: media.MediaItem) -> Media:
    return Media(
        id=item.id,
        name=item.name,
        kind=item.kind,
        step=item.step,
        time_ms=item.time_ms,
        caption=item.caption,
        size_bytes=item.size_bytes,
        frame_url=f"/api/v1/media/{item.id}/frame",
    )
