"""The routes of previews."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlencode

import msgspec
from flask import Response, send_file

from tracker_server import artifacts
from tracker_server.errors import NotFound
from tracker_server.http import Api, Call
from tracker_server.http.security import INERT_POLICY
from tracker_server.previews import comparing, service
from tracker_server.previews.recognising import frame_type
from tracker_server.previews.schema import (
    FileFrameQuery,
    Preview,
    PreviewQuery,
    PreviewReference,
    TextChanges,
    TextChangesQuery,
)

api = Api("previews")

SHOWN_TYPES = (
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "audio/wav", "audio/mpeg", "audio/ogg",
    "audio/flac", "audio/mp4", "video/mp4", "video/webm", "video/ogg", "text/plain", "application/octet-stream",
)  # fmt: skip

FRAME_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; media-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For a page that somebody stored: it is drawn, and nothing in it runs, asks for anything or leads anywhere."""


@api.get("/artifact-versions/<int:version_id>/preview", query=PreviewQuery, reply=Preview)
def preview_artifact_file(call: Call, version_id: int, query: PreviewQuery) -> Preview:
    """What is in a file of a version. Nothing in it is run, unpickled or unpacked."""
    reference = artifacts.reference_of(call.session, version_id, query.path)
    if reference is not None:
        told = PreviewReference(reference=reference.reference, digest=reference.digest, etag=reference.etag)
        return Preview(kind="reference", path=query.path, size_bytes=reference.size_bytes, reference=told)
    _, file = _file(call, version_id, query.path)
    found = service.of_file(file, query.path)
    asked = urlencode({"path": query.path}, quote_via=quote)
    address = f"/api/v1/artifact-versions/{version_id}"
    return msgspec.structs.replace(
        found,
        content_url=None if found.content_type is None else f"{address}/content?{asked}",
        frame_url=None if found.frame_url is None else f"{address}/frame?{asked}",
    )


@api.get("/artifact-versions/<int:version_id>/text/changes", query=TextChangesQuery, reply=TextChanges)
def read_text_changes(call: Call, version_id: int, query: TextChangesQuery) -> TextChanges:
    """A text among the files of a version as it was in another one and as it is, to be compared line by line."""
    _, before = _file(call, query.since, query.path)
    _, after = _file(call, version_id, query.path)
    old, new, notes = comparing.texts_of(before, after, query.path)
    return TextChanges(path=query.path, since=query.since, before=old, after=new, notes=notes)


@api.get("/artifact-versions/<int:version_id>/content", query=PreviewQuery, media_types=SHOWN_TYPES)
def show_artifact_file(call: Call, version_id: int, query: PreviewQuery) -> Response:
    """The bytes of a file as what they are, where a browser shows that without running anything; else to be saved."""
    digest, file = _file(call, version_id, query.path)
    shown_as = service.content_type(file, query.path)
    return _sent(file, digest, query.path, shown_as, INERT_POLICY)


@api.get("/artifact-versions/<int:version_id>/frame", query=FileFrameQuery, media_types=("text/html", "image/svg+xml"))
def frame_artifact_file(call: Call, version_id: int, query: FileFrameQuery) -> Response:
    """A stored page, drawing or output of a notebook, for a sandboxed frame: nothing in it runs or is asked for."""
    digest, file = _file(call, version_id, query.path)
    if query.cell is not None:
        html = service.html_output(file, query.cell, query.output)
        if html is None:
            raise NotFound("no_frame", f"{query.path[:200]!r} has no HTML in the output {query.output} of that cell")
        return Response(html, mimetype="text/html", headers={"Content-Security-Policy": FRAME_POLICY})
    shown_as = frame_type(query.path)
    if shown_as is None or file.stat().st_size > service.MAX_FRAMED_BYTES:
        raise NotFound("no_frame", f"{query.path[:200]!r} is not shown in a frame; it has a preview as text")
    return _sent(file, digest, query.path, shown_as, FRAME_POLICY)


def _file(call: Call, version_id: int, path: str) -> tuple[str, Path]:
    found = artifacts.file_of(call.session, version_id, path)
    return found.digest, artifacts.blob_store().path(found.digest)


def _sent(file: Path, digest: str, path: str, shown_as: str | None, policy: str) -> Response:
    response = send_file(
        file,
        mimetype="application/octet-stream",
        as_attachment=shown_as is None,
        download_name=PurePosixPath(path).name,
        etag=digest,
        conditional=True,
    )
    response.headers["Content-Type"] = shown_as or "application/octet-stream"
    response.headers["Cache-Control"] = "private, no-cache"  # the id of a version that was purged may come again
    response.headers["Content-Security-Policy"] = policy
    return response
