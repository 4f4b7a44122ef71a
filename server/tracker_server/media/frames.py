"""The pages that show one figure, one piece of HTML or one SVG, made for a sandboxed frame and for nothing else.

A figure is a user's data, and plotly.js compiles parts of it, so it runs where it can reach nothing: the page's own
policy puts it into an opaque origin without cookies, storage or our API, and forbids every request but those for its
two scripts. Being opaque, that origin is not 'self': the scripts are named by this server's address, and are sent as
loadable from anywhere. The figure is embedded as data. HTML is handed out as it was logged, into an origin of that
kind, where it may run its own scripts and ask for nothing; an SVG stands in an image, where no script ever runs.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

import msgspec

from tracker_server.errors import NotFound, Refused

Theme = Literal["light", "dark"]

MAX_FIGURE_BYTES = 64 * 1024 * 1024
"""A page holds its figure whole."""

MAX_PAGE_BYTES = 16 * 1024 * 1024

_COLOURS: dict[Theme, tuple[str, str, str]] = {
    "light": ("#ffffff", "#1a2028", "#e1e5ea"),
    "dark": ("#12161c", "#e8ecf1", "#2a323d"),
}
"""Page, text and grid lines, as in the dashboard."""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
  html, body, #figure {{ height: 100%; margin: 0; overflow: hidden; background: {background}; color: {text} }}
  p {{ margin: 0; padding: 16px; font: 14px system-ui, sans-serif }}
</style>
{body}
</html>
"""

_FIGURE = """<div id="figure" data-text="{text}" data-line="{line}"></div>
<script type="application/json" id="data">{data}</script>
<script src="/api/v1/media/plotly.js?v={plotly}"></script>
<script src="/api/v1/media/frame.js?v={starter}"></script>"""

_SVG = """<style>
  img {{ display: block; width: 100%; height: 100vh; object-fit: contain; background: #ffffff }}
</style>
<img alt="{title}" src="data:image/svg+xml;base64,{data}">"""
"""Its lines are drawn for a white page, in every theme."""

STARTER = """"use strict";
const place = document.getElementById("figure");
const { text, line } = place.dataset;

function themed(layout) {
  const { width, height, ...rest } = layout;
  const themed = { ...rest, autosize: true, paper_bgcolor: "transparent", plot_bgcolor: "transparent" };
  themed.font = { ...layout.font, color: text };
  themed.modebar = { bgcolor: "transparent", color: "#7d8794", activecolor: text };
  const axes = Object.keys(layout).filter((name) => /^[xy]axis[0-9]*$/.test(name));
  for (const name of new Set([...axes, "xaxis", "yaxis"])) {
    themed[name] = { gridcolor: line, zerolinecolor: line, ...layout[name] };
  }
  return themed;
}

function apologise(error) {
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "alert");
  sentence.textContent = `This figure cannot be drawn: ${error instanceof Error ? error.message : String(error)}`;
  place.replaceChildren(sentence);
}

async function draw() {
  const figure = JSON.parse(document.getElementById("data").textContent);
  // a sandboxed frame may neither download nor open a window, so the buttons that would are left out
  const config = { displaylogo: false, responsive: true, showSendToCloud: false, modeBarButtonsToRemove: ["toImage"] };
  await Plotly.newPlot(place, figure.data ?? [], themed(figure.layout ?? {}), config);
  if (figure.frames?.length) await Plotly.addFrames(place, figure.frames);
}

draw().catch(apologise);
"""


def figure_page(title: str, figure: Path, theme: Theme) -> str:
    """The page that draws a Plotly figure, kept as JSON, in the colours of a theme.

    Raises Refused for a file that is not a figure, or is too large to be shown.
    """
    _, text, line = _COLOURS[theme]
    starter = hashlib.sha256(STARTER.encode()).hexdigest()[:12]
    body = _FIGURE.format(text=text, line=line, data=_embedded(figure), plotly=version("plotly"), starter=starter)
    return _page(title, body, theme)


def html_page(path: Path) -> str:
    """HTML as it was logged. Raises Refused for more than is shown."""
    return _read(path, "HTML").decode("utf-8", "replace")


def svg_page(title: str, path: Path, theme: Theme) -> str:
    """A page with an SVG as an image. Raises Refused for more than is shown."""
    data = base64.b64encode(_read(path, "SVG")).decode()
    return _page(title, _SVG.format(title=escape(title), data=data), theme)


def sentence_page(sentence: str, theme: Theme) -> str:
    """A page that says why there is no figure."""
    return _page("Not shown", f'<p role="alert">{escape(sentence)}</p>', theme)


def _page(title: str, body: str, theme: Theme) -> str:
    background, text, _ = _COLOURS[theme]
    return _PAGE.format(title=escape(title), background=background, text=text, body=body)


def policy(address: str) -> str:
    """What the page may do, on the server at `address` (with a slash at its end).

    plotly.js needs 'unsafe-eval' to compile its WebGL traces, and writes styles.
    """
    return (
        f"sandbox allow-scripts; default-src 'none'; script-src {address}api/v1/media/ 'unsafe-eval'; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


POLICIES: Final = {
    "html": (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
    "svg": (
        "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    ),
}
"""What pages of other kinds may do: nothing leaves them."""


def plotly_bundle() -> Path:
    """plotly.js as the installed plotly package carries it: every kind of trace that a user's figure may have."""
    spec = importlib.util.find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / "package_data" / "plotly.min.js"
        if path.is_file():
            return path
    raise NotFound("no_plotly", "the plotly package is not whole on this server; pip install --force-reinstall plotly")


def _read(path: Path, what: str) -> bytes:
    size_bytes = path.stat().st_size
    if size_bytes > MAX_PAGE_BYTES:
        raise Refused(
            "too_large_to_show",
            f"the {what} has {size_bytes} bytes, and of over {MAX_PAGE_BYTES} it is not shown; it can be downloaded",
        )
    return path.read_bytes()


def _embedded(path: Path) -> str:
    """The file's JSON as it can stand inside a script element: no `<`, which in JSON stands in strings alone."""
    size_bytes = path.stat().st_size
    if size_bytes > MAX_FIGURE_BYTES:
        raise Refused(
            "too_large_to_show",
            f"the figure has {size_bytes} bytes, and one of over {MAX_FIGURE_BYTES} is not shown; log one with fewer "
            "points",
        )
    data = path.read_bytes()
    try:
        msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise Refused("bad_figure", f"what was logged is not a Plotly figure as JSON: {error}") from error
    return data.decode().replace("<", "\\u003c")
