"""The dashboard's files: the built single page app, whose every address is answered with its index.

Built assets carry a hash in their name, so they are immutable; `index.html` names them and is never cached. What is
there as `.br` or `.gz` too is sent compressed.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from flask import Flask, Response, request, send_file
from werkzeug.routing import PathConverter

from tracker_server.errors import NotFound
from tracker_server.http.security import EMBED_POLICY

STATIC = Path(__file__).parent / "static"

_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>tracker</title>
<h1>The dashboard is not built</h1>
<p>This server runs from a source tree. Run <code>make web</code> there and reload; the API answers already.</p>
"""


def install(app: Flask, static: Path = STATIC) -> None:
    """Serve the assets, and the index for every path that nothing else answers."""
    app.add_url_rule("/assets/<path:name>", "asset", lambda name: _asset(static, name))
    app.add_url_rule("/favicon.svg", "favicon", lambda: _file(static / "favicon.svg", "public, max-age=86400"))
    app.add_url_rule("/", "index", lambda: _index(static))
    app.add_url_rule("/embed/<path:_page>", "embed", lambda _page: _embed(static))
    app.url_map.converters["page"] = _AnyPath
    app.add_url_rule("/<page:page>", "page", lambda page: _page(static, page))


class _AnyPath(PathConverter):
    """A path with whatever is in it, line ends too: the page says that there is nothing there."""

    regex = r"[^/][\s\S]*?"


def _page(static: Path, page: str) -> Response:
    if page == "api" or page.startswith("api/"):
        raise NotFound("not_found", f"there is nothing at /{page}; /api/v1/openapi.json lists what there is")
    return _index(static)


def _embed(static: Path) -> Response:
    """The same index, which may stand in a frame here and nowhere else."""
    response = _index(static)
    response.headers["Content-Security-Policy"] = EMBED_POLICY
    return response


def _index(static: Path) -> Response:
    if not (static / "index.html").is_file():
        return Response(_NOT_BUILT, 503, mimetype="text/html")
    return _file(static / "index.html", "no-cache")


def _asset(static: Path, name: str) -> Response:
    folder = static / "assets"
    path = next((path for path in folder.iterdir() if path.name == name), None) if folder.is_dir() else None
    if path is None:  # a name is looked for among those that are there: none that was asked for becomes a path
        raise NotFound("not_found", f"there is no asset {name!r}; reload the page, it may be from another version")
    return _file(path, "public, max-age=31536000, immutable")


def _file(path: Path, cache: str) -> Response:
    if not path.is_file():
        raise NotFound("not_found", f"there is no {path.name}")
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    for encoding, ending in (("br", ".br"), ("gzip", ".gz")):
        compressed = path.with_name(path.name + ending)
        if request.accept_encodings[encoding] and compressed.is_file():
            response = send_file(compressed, mimetype=mimetype, conditional=True, etag=True)
            response.headers["Content-Encoding"] = encoding
            break
    else:
        response = send_file(path, mimetype=mimetype, conditional=True, etag=True)
    response.headers["Cache-Control"] = cache
    response.headers["Vary"] = "Accept-Encoding"
    return response
