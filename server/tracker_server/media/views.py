"""The routes of media."""

from __future__ import annotations

from flask import Flask, Response, current_app, request, send_file

from tracker_server import artifacts, media, runs
from tracker_server.errors import NotFound, Refused
from tracker_server.http import Api, Call
from tracker_server.http.security import INERT_POLICY
from tracker_server.media import content, frames, reading
from tracker_server.media.schema import (
    ContentQuery,
    FrameQuery,
    Media,
    MediaAt,
    MediaAtRequest,
    MediaList,
    MediaNames,
    MediaQuery,
    MediaSteps,
    StepsQuery,
    ThumbnailQuery,
)
from tracker_server.media.thumbnails import Thumbnails

api = Api("media")

_FOR_EVER = "private, max-age=31536000, immutable"
_EACH_TIME = "private, no-cache"


def install(app: Flask, thumbnails: Thumbnails) -> None:
    """Have the app keep thumbnails there."""
    app.extensions["tracker.thumbnails"] = thumbnails


@api.get("/runs/<run_id>/media/names", reply=MediaNames, is_followed=True)
def list_media_names(call: Call, run_id: str) -> MediaNames:
    """The names under which a run logged something besides numbers, with how much and at which steps."""
    return reading.names(call.session, runs.get(call.session, run_id).id)


@api.get("/runs/<run_id>/media/steps", query=StepsQuery, reply=MediaSteps, is_followed=True)
def list_media_steps(call: Call, run_id: str, query: StepsQuery) -> MediaSteps:
    """The steps at which a run has something, of one name or of all."""
    return reading.steps(call.session, runs.get(call.session, run_id).id, query.name)


@api.get("/runs/<run_id>/media", query=MediaQuery, reply=MediaList)
def list_media(call: Call, run_id: str, query: MediaQuery) -> MediaList:
    """What the run logged besides numbers, by name, step and position; a page at a time."""
    return reading.page(call.session, runs.get(call.session, run_id).id, query)


@api.post("/projects/<project>/media/at", access="read", body=MediaAtRequest, reply=MediaAt)
def read_media_at(call: Call, project: str, body: MediaAtRequest) -> MediaAt:
    """What is seen of some names in some runs at a step: what they logged there, or else last before it.

    The runs may be of other projects too, as far as one may see them.
    """
    runs.project(call.session, project)
    return reading.at(call.session, body)


@api.get("/media/<int:media_id>", reply=Media)
def get_media(call: Call, media_id: int) -> Media:
    """One piece of media, whole."""
    return reading.one(call.session, media_id)


@api.get("/media/<int:media_id>/content", query=ContentQuery, media_types=content.TYPES)
def get_media_content(call: Call, media_id: int, query: ContentQuery) -> Response:
    """The bytes of a piece, or of a file of it: images, audio and video as what they are, all else to be saved.

    Parts of it may be asked for (`Range`).
    """
    item = _item(call, media_id)
    digest = content.digest_of(call.session, item, query.file)
    told = content.type_of(item) if query.file is None else content.type_of_file(query.file)
    response = send_file(
        artifacts.blob_store().path(digest),
        mimetype=told,
        as_attachment=told == content.BYTES,
        download_name=content.name_of(item, query.file),
        etag=digest,
        conditional=True,
    )
    response.headers["Content-Security-Policy"] = INERT_POLICY
    response.headers["Cache-Control"] = _kept(query.v, digest if query.file is None else item.digest or digest)
    return response


@api.get("/media/<int:media_id>/thumbnail", query=ThumbnailQuery, media_types=("image/webp",))
def get_media_thumbnail(call: Call, media_id: int, query: ThumbnailQuery) -> Response:
    """A small image of an image, as WebP; the first picture of one that moves."""
    item = _item(call, media_id)
    if item.kind != "image":
        raise Refused(
            "no_image", f"media {item.id} is of the kind {item.kind[:80]!r}, and only an image has a thumbnail"
        )
    digest = content.digest_of(call.session, item, None)
    path = artifacts.blob_store().path(digest)
    call.session.rollback()  # making it takes a while, during which the database need not be held
    thumbnails: Thumbnails = current_app.extensions["tracker.thumbnails"]
    response = Response(thumbnails.get(digest, query.width, path), mimetype="image/webp")
    response.headers["Cache-Control"] = _kept(query.v, digest)
    response.set_etag(f"{digest}-{query.width}")
    return response


@api.get("/media/<int:media_id>/frame", query=FrameQuery, media_types=("text/html",))
def get_media_frame(call: Call, media_id: int, query: FrameQuery) -> Response:
    """A page that shows one piece of media, for a sandboxed frame."""
    item = _item(call, media_id)
    policy = frames.policy(request.host_url)
    try:
        response = Response(_page(item, query.theme), mimetype="text/html")
        policy = frames.POLICIES.get(item.kind, policy)
    except (Refused, NotFound) as error:  # a person reads it in the frame, where JSON would be of no use
        page = frames.sentence_page(error.message, query.theme)
        response = Response(page, error.status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.vary.add("Sec-Fetch-Dest")
    return response


def _item(call: Call, media_id: int) -> media.MediaItem:
    item = media.get(call.session, media_id)
    runs.get(call.session, item.run_id)  # nothing of a run in the trash is shown
    return item


def _kept(version: str, digest: str) -> str:
    """How long the bytes at an address are kept: for ever where it says which they are, as ids come again."""
    return _FOR_EVER if version and digest.startswith(version) and len(version) >= 8 else _EACH_TIME


def _page(item: media.MediaItem, theme: frames.Theme) -> str:
    if item.kind not in reading.FRAMED:
        raise Refused("unknown_kind", f"media of the kind {item.kind!r} cannot be shown by this version of the server")
    path = artifacts.blob_store().path(item.digest or "")
    if item.kind == "html":
        if request.headers.get("Sec-Fetch-Dest") == "document":  # by its address alone it could pass for a page of ours
            raise Refused(
                "only_in_a_frame", "HTML that a run logged is shown on the page of its run alone; open it there"
            )
        return frames.html_page(path)
    if item.kind == "svg":
        return frames.svg_page(item.name, path, theme)
    return frames.figure_page(item.name, path, theme)


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
