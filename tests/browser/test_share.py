"""What one shows to others: charts in a frame of another page, and a comparison as a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import watch
from tests.browser.pages import log, shows, tile, wait_for_points
from tests.browser.training import Training, finished
from tests.processes import Server

HOSTILE = """</script><script>document.title = "taken"</script><img src=/x onerror=alert(1)>"""

CODE = f"""
import os, json, tracker
from pathlib import Path
ids = []
for name, lr in (({HOSTILE!r}, 0.1), ("otter", 0.01)):
    with tracker.init("digits", name=name, config={{"lr": lr, {HOSTILE!r}: {HOSTILE!r}}}, system_interval_s=0) as run:
        for step in range(20):
            tracker.log({{"train/loss": float("nan") if step == 7 else lr / (1 + step), {HOSTILE!r}: step}})
    ids.append(run.id)
print(json.dumps(ids))
"""


@contextmanager
def other_site(html: str) -> Iterator[str]:
    """A page of another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{site.server_port}/"
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def test_a_chart_is_shared_as_a_frame_that_follows_its_runs(
    page: Page, browser: Browser, server: Server, tmp_path: Path
) -> None:
    with Training(server, tmp_path, "runner", lr=0.1) as runner:
        runner.train(30)
        wait_for_points(server, runner.id, "train/loss", 30)
        page.goto("/p/digits?log=1")
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
        page.get_by_role("button", name="More for train/loss").click()
        page.get_by_role("menuitem", name="Share…").click()
        dialog = page.get_by_role("dialog", name="Share train/loss")
        link = dialog.get_by_label("Link to the chart", exact=True).inner_text().strip()
        assert link == f"{server.url}/embed/digits?log=1&runs={runner.id}&metrics=train/loss"
        frame_code = dialog.get_by_label("HTML of the frame", exact=True).inner_text()
        with other_site(f"<title>A wiki</title>{frame_code}") as address:
            context = browser.new_context()
            wiki = context.new_page()
            wiki.goto(address)
            frame = wiki.frame_locator("iframe")
            expect(frame.get_by_role("figure")).to_have_accessible_name(shows("train/loss", 1))
            expect(frame.get_by_role("navigation")).to_have_count(0)
            expect(frame.get_by_role("link", name="Open in Tracker")).to_have_attribute("target", "_blank")
            with wiki.expect_response(lambda answer: answer.url.endswith("/live") and answer.ok):
                runner.train(10)
            wiki.keyboard.press("Control+k")
            expect(frame.get_by_role("dialog")).to_have_count(0)
            context.close()


def test_no_other_page_may_stand_in_a_frame(browser: Browser, server: Server, tmp_path: Path) -> None:
    run = finished(server, tmp_path, "runner", lr=0.1)
    frames = "".join(
        f'<iframe src="{server.url}{path}"></iframe>' for path in ("/", "/p/digits", f"/p/digits/runs/{run}")
    )
    with other_site(frames) as address:
        context = browser.new_context()
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert [text for text in refused if "frame-ancestors" in text or "refused" in text.lower()] != []
        assert [frame.url for frame in page.frames if frame.url.startswith(server.url)] == []
        context.close()


def test_embedded_charts_say_what_is_missing(page: Page, server: Server, tmp_path: Path) -> None:
    run = finished(server, tmp_path, "runner", lr=0.1)
    page.goto("/embed/digits")
    expect(page.get_by_text("No run is named")).to_be_visible()
    page.goto(f"/embed/digits?runs={run}&metrics=nothing")
    expect(page.get_by_text("No points from these runs")).to_be_visible()
    page.goto(f"/embed/digits?runs={run}")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
    expect(tile(page, "val/accuracy")).to_have_accessible_name(shows("val/accuracy", 1))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comparison_is_saved_as_a_file_that_needs_no_server(
    page: Page, browser: Browser, server: Server, tmp_path: Path, scheme: str
) -> None:
    ids = json.loads(log(server, tmp_path / "client", CODE).splitlines()[-1])
    page.goto(f"/p/digits/compare?runs={quote(','.join(ids))}")
    page.get_by_role("button", name="Share this comparison").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Save as a file (HTML)").click()
    file = tmp_path / "snapshot.html"
    download.value.save_as(file)
    page.goto("about:blank")  # the comparison itself asks on what is new
    server.stop()

    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    opened = context.new_page()
    complaints = watch(opened, "file://")
    asked: list[Request] = []
    opened.on("request", lambda request: asked.append(request))
    opened.goto(file.as_uri())
    expect(opened.get_by_role("heading", level=1)).to_have_text("2 runs of digits")
    expect(opened).to_have_title("2 runs of digits")
    expect(opened.get_by_role("columnheader", name=HOSTILE)).to_have_count(1)
    expect(opened.get_by_role("img", name="train/loss over step").locator("path")).to_have_count(2)
    expect(opened.get_by_role("rowheader", name="lr", exact=True)).to_be_visible()
    same = opened.get_by_role("rowheader", name="host", exact=True)
    expect(same).to_be_hidden()
    opened.get_by_role("checkbox", name="only what differs").uncheck()
    expect(same).to_be_visible()
    assert opened.evaluate("document.documentElement.dataset.theme") == scheme
    assert [request.url for request in asked] == [file.as_uri()]
    assert complaints == []
    context.close()
