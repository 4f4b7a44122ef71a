"""The page that shows one piece of media, made for a sandboxed frame and for nothing else.

A figure is a user's data, and plotly.js compiles parts of it, so it runs where it can reach nothing: the page's own
policy puts it into an opaque origin without cookies, storage or our API. Being opaque, that origin is not 'self': the
two scripts it may load are named by this server's address, and are sent as loadable from anywhere. The figure itself
is embedded as data, so that the page asks for nothing else.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from flask import Response, request, send_file

from tracker_server.errors import NotFound

THEMES = {"light": ("#ffffff", "#1a2028", "#e1e5ea"), "dark": ("#12161c", "#e8ecf1", "#2a323d")}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>html, body, #figure {{ margin: 0; height: 100%; overflow: hidden; background: {background} }}</style>
<div id="figure" data-text="{text}" data-line="{line}"></div>
<script type="application/json" id="data">{data}</script>
<script src="{root}api/v1/media/plotly.js"></script>
<script src="{root}api/v1/media/frame.js"></script>
</html>
"""

_STARTER = """"use strict";
const place = document.getElementById("figure");
const figure = JSON.parse(document.getElementById("data").textContent);
const line = place.dataset.line;
const layout = {
  ...figure.layout,
  width: undefined, height: undefined, autosize: true,
  paper_bgcolor: "transparent", plot_bgcolor: "transparent",
  font: { ...(figure.layout || {}).font, color: place.dataset.text },
};
for (const name of Object.keys(layout).filter((key) => /^[xy]axis\\d*$/.test(key)).concat("xaxis", "yaxis")) {
  layout[name] = { gridcolor: line, zerolinecolor: line, ...layout[name] };
}
Plotly.newPlot(place, figure.data || [], layout, {
  displaylogo: false, showSendToCloud: false, responsive: true, displayModeBar: false,
});
"""


def figure_page(title: str, figure: bytes, theme: str) -> Response:
    """The page that draws a Plotly figure, given as JSON, in the colours of a theme."""
    background, text, line = THEMES.get(theme, THEMES["light"])
    page = _PAGE.format(
        title=_escaped(title),
        background=background,
        text=text,
        line=line,
        root=request.host_url,
        data=figure.decode().replace("<", "\\u003c"),
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"sandbox allow-scripts; default-src 'none'; script-src {request.host_url}api/v1/media/ 'unsafe-eval'; "
        "style-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'self'"
    )
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def starter() -> Response:
    """The script that draws the figure of the page that it stands in."""
    return _loadable(Response(_STARTER, mimetype="text/javascript"))


def plotly_bundle() -> Response:
    """plotly.js, as the installed plotly package carries it: every kind of trace that a user's figure may have."""
    spec = importlib.util.find_spec("plotly")
    folders = spec.submodule_search_locations if spec is not None else None
    path = Path(next(iter(folders or ["plotly"]))) / "package_data" / "plotly.min.js"
    if not path.is_file():
        raise NotFound("no_plotly", "the plotly package is not installed beside this server; pip install plotly")
    return _loadable(send_file(path, mimetype="text/javascript", conditional=True, etag=True))


def _loadable(response: Response) -> Response:
    """Let the opaque origin of the frame load it: it holds nothing of anybody's."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
