"""How runs show themselves in a notebook: a picture that stays, and over it the live charts where they can be reached.

What always holds: showing never raises and never waits long; what cannot be read is said in a sentence. All text of a
run is escaped. The picture is SVG made here, without a library; a frame of the server takes its place once that has
told the page around it that it has its charts, which it does only where the browser reaches the server.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from tracker.errors import RefusedError, TransportError

Ask = Callable[[str, dict[str, Any]], Mapping[str, Any]]
"""Posts a question to a path of the server, and gives its answer."""

HUES: Final = (
    "#1f5fd0", "#c2560a", "#550436", "#a185b7", "#31079a", "#8f4478", "#4c4300", "#339c6d", "#8968f4", "#f44f5d",
)  # fmt: skip
_MOST_CHARTS: Final = 6
_POINTS: Final = 300
_WIDTH: Final = 300
_HEIGHT: Final = 160
_LEFT: Final = 48
_BOTTOM: Final = 18
_DIGITS: Final = 4


class Curve(NamedTuple):
    """One line of a chart; a value that is None is a gap."""

    name: str
    hue: int
    x: Sequence[float]
    values: Sequence[float | None]


def show(url: str, project: str, runs: Sequence[str], *, page: str, title: str, ask: Ask | None) -> str:
    """The HTML of some runs of the server at `url`, with a link to their `page`. Without `ask` nothing is drawn."""
    head = f'<b>{escape(title)}</b> · <a href="{escape(page)}" target="_blank" rel="noopener">{escape(page)}</a>'
    if ask is None:
        return f"<div>{head}</div>"
    try:
        still = _still(ask, runs)
    except (TransportError, RefusedError, LookupError, TypeError, ValueError) as error:
        return f"<div>{head}<br>{failure('No charts', error)}</div>"
    address = f"{url}/embed/{quote(project, safe='')}?runs={','.join(quote(run, safe='') for run in runs)}"
    return _LIVE.format(id=f"tracker-{uuid.uuid4().hex}", head=head, still=still, address=escape(address))


def failure(what: str, error: Exception) -> str:
    """What is said in place of it."""
    return f"<i>{escape(what)}: {escape(str(error) or 'the answer cannot be read')}</i>"


_LIVE: Final = """<div id="{id}">{head}
<div data-still>{still}</div>
<iframe src="{address}" title="Live charts" style="border:0;width:100%;height:0;visibility:hidden"></iframe></div>
<script>(() => {{
  const box = document.getElementById("{id}");
  const frame = box.querySelector("iframe");
  addEventListener("message", (event) => {{
    if (event.source !== frame.contentWindow || event.data !== "tracker:shown") return;
    frame.style.height = "420px";
    frame.style.visibility = "visible";
    box.querySelector("[data-still]").hidden = true;
  }});
}})();</script>"""
"""Where scripts do not run, as in a notebook that is not trusted, the picture stays."""


def _still(ask: Ask, runs: Sequence[str]) -> str:
    compared = ask("/runs/compare", {"runs": list(runs), "only": "differing"})
    known = {run["id"]: run for run in compared["runs"]}
    metrics = [name for name in compared["metric_names"] if not name.startswith("system/")][:_MOST_CHARTS]
    if not known or not metrics:
        return "<i>No points yet.</i>"
    answer = ask("/series", {"runs": list(known), "metrics": metrics, "points": _POINTS})
    charts = []
    for metric in metrics:
        found = [one for one in answer["series"] if one["metric"] == metric and one["segment"] == 0]
        curves = [Curve(known[one["run"]]["name"], known[one["run"]]["hue"], one["x"], one["values"]) for one in found]
        charts.append(picture(metric, curves))
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(charts)}</div>{_legend(known.values())}'


def picture(title: str, curves: Iterable[Curve]) -> str:
    """A chart as SVG."""
    drawn = [curve for curve in curves if any(_is_drawn(value) for value in curve.values)]
    x_low, x_high = _span(x for curve in drawn for x in curve.x)
    low, high = _span(value for curve in drawn for value in curve.values if value is not None)

    def across(x: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - 6) * (x - x_low) / (x_high - x_low)

    def down(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - 20) * (value - low) / (high - low)

    lines = "".join(
        f'<path d="{_path(curve, across, down)}" fill="none" stroke="{HUES[curve.hue % len(HUES)]}" stroke-width="1.5" '
        f'stroke-linecap="round"><title>{escape(curve.name)}</title></path>'
        for curve in drawn
    )
    labels = [
        (0, 12, "start", title),
        (_LEFT - 6, 24, "end", _number(high)), (_LEFT - 6, _HEIGHT - _BOTTOM, "end", _number(low)),
        (_LEFT, _HEIGHT - 4, "start", _number(x_low)), (_WIDTH - 6, _HEIGHT - 4, "end", _number(x_high)),
    ]  # fmt: skip
    texts = "".join(f'<text x="{x}" y="{y}" text-anchor="{end}">{escape(text)}</text>' for x, y, end, text in labels)
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="11" fill="currentColor">{texts}{lines}</svg>'
    )


def _path(curve: Curve, across: Callable[[float], float], down: Callable[[float], float]) -> str:
    """A piece for each stretch without gaps; the round end of a line makes a dot of a single point."""
    steps, is_down = [], False
    for x, value in zip(curve.x, curve.values, strict=True):
        if value is None or not math.isfinite(value):
            is_down = False
            continue
        steps.append(f"{'L' if is_down else 'M'}{across(x):.1f} {down(value):.1f}{'' if is_down else 'h0'}")
        is_down = True
    return "".join(steps)


def _legend(runs: Iterable[Mapping[str, Any]]) -> str:
    return " ".join(
        f'<span><span style="color:{HUES[run["hue"] % len(HUES)]}">■</span> {escape(run["name"])} '
        f"({escape(run['status'])})</span>"
        for run in runs
    )


def _is_drawn(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _span(values: Iterable[float]) -> tuple[float, float]:
    """From the least to the greatest that can be drawn, never empty."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}g}"
