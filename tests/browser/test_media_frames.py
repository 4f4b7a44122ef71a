"""A figure that a run logged, drawn where it can reach nothing."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.frames import START_MS, Journal
from tests.processes import Server
from tracker.records import MediaLogged

PANEL = (
    "<!doctype html><title>panel</title><iframe sandbox=allow-scripts style='width:{width}px;height:300px'></iframe>"
)

FIGURES: dict[str, dict[str, Any]] = {
    "heatmap": {"data": [{"type": "heatmap", "z": [[1, 2], [3, 4]]}], "layout": {"title": {"text": "Confusion"}}},
    "bars": {"data": [{"type": "bar", "x": ["a", "b"], "y": [1, 2]}], "layout": {"width": 1234, "height": 99}},
    "pie": {"data": [{"type": "pie", "values": [1, 2]}], "layout": {}},
    "surface": {"data": [{"type": "surface", "z": [[1, 2], [3, 4]]}], "layout": {}},
    "webgl": {"data": [{"type": "scattergl", "mode": "markers", "x": [1, 2], "y": [1, 2]}], "layout": {}},
    "bare": {"data": [{"type": "scatter", "y": [1, 2]}]},
}


def frame_address(server: Server, figure: Mapping[str, Any]) -> str:
    """Log the figure as a client does; the address of its page."""
    data = json.dumps(figure).encode()
    digest = hashlib.sha256(data).hexdigest()
    media = MediaLogged(1, START_MS, "figure", "plotly", digest, len(data))
    send(server, "PUT", f"/blobs/{digest}", data)
    send(server, "POST", "/runs/run1/journal?writer=w0", Journal().started().add(media).body())
    return str(send(server, "GET", "/runs/run1/media")["media"][0]["frame_url"])


def send(server: Server, method: str, path: str, data: bytes | None = None) -> Any:
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(f"{server.url}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def show(page: Page, server: Server, address: str, *, width: int = 500) -> FrameLocator:
    """Show the address in a sandboxed frame of a page of ours."""
    page.route("**/panel", lambda route: route.fulfill(body=PANEL.format(width=width), content_type="text/html"))
    page.goto(f"{server.url}/panel")
    page.locator("iframe").evaluate("(frame, address) => { frame.src = address }", address)
    return page.frame_locator("iframe")


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_is_drawn_in_its_sandbox(page: Page, server: Server, kind: str) -> None:
    frame = show(page, server, frame_address(server, FIGURES[kind]))
    drawn = frame.locator(".plot-container")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("() => origin") == "null"
    assert drawn.evaluate("() => [document.documentElement.scrollWidth, innerWidth]") == [500, 500]


def test_a_figure_fills_its_frame_and_follows_its_size(page: Page, server: Server) -> None:
    frame = show(page, server, frame_address(server, FIGURES["bars"]), width=400)
    svg = frame.locator("svg.main-svg").first
    expect(svg).to_have_attribute("width", "400")
    expect(svg).to_have_attribute("height", "300")
    page.locator("iframe").evaluate("frame => { frame.style.width = '640px' }")
    expect(svg).to_have_attribute("width", "640")


def test_a_figure_has_no_logo_and_no_way_out(page: Page, server: Server) -> None:
    frame = show(page, server, frame_address(server, FIGURES["bars"]))
    frame.locator(".plot-container").hover()
    expect(frame.locator(".modebar-btn").first).to_be_attached()
    titles = frame.locator(".modebar-btn").evaluate_all("buttons => buttons.map(button => button.dataset.title)")
    assert [title for title in titles if not title or "png" in title or "Chart Studio" in title] == []
    assert frame.locator(".modebar-btn.plotlyjsicon").count() == 0


@pytest.mark.parametrize(("theme", "colour"), [("light", "rgb(26, 32, 40)"), ("dark", "rgb(232, 236, 241)")])
def test_a_figure_is_written_in_the_colour_of_the_theme(page: Page, server: Server, theme: str, colour: str) -> None:
    frame = show(page, server, f"{frame_address(server, FIGURES['bars'])}?theme={theme}")
    expect(frame.locator(".xtick text").first).to_have_css("fill", colour)


def test_a_hostile_figure_runs_nothing(page: Page, server: Server) -> None:
    text = "<img src=x onerror='parent.postMessage(1)'></script><script>parent.postMessage(1)</script>"
    figure = {"data": [{"type": "bar", "x": [text], "y": [1]}], "layout": {"title": {"text": text}}}
    page.add_init_script("window.heard = []; addEventListener('message', event => heard.push(event.data))")
    frame = show(page, server, frame_address(server, figure))
    expect(frame.locator(".plot-container")).to_be_visible()
    assert page.evaluate("() => heard") == []


def test_a_figure_that_plotly_cannot_draw_says_so(page: Page, server: Server) -> None:
    frame = show(page, server, frame_address(server, {"data": [None]}))
    expect(frame.get_by_role("alert")).to_contain_text("This figure cannot be drawn")
