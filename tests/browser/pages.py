"""What one sees on the pages, found by its role and its words."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request

from tests.browser.training import Reachable
from tests.processes import environment, run_script, wait_until


def signed_in(context: BrowserContext, password: str | None) -> Page:
    """A page of the server's first admin."""
    body = {"name": "local", "password": password}
    answer = context.request.post("/api/v1/session", data=body, headers={"X-Tracker-Client": "test"})
    assert answer.ok, answer.text()
    return context.new_page()


@contextmanager
def another_browser(browser: Browser, url: str) -> Iterator[Page]:
    """A page of a browser where nobody is signed in."""
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900}, locale="en-GB")
    yield context.new_page()
    context.close()


def tile(page: Page, metric: str) -> Locator:
    """The small chart of a metric, however many runs it shows."""
    name = re.escape(metric).replace("/", r"\/")  # Playwright ends a pattern at a bare one
    return page.get_by_role("figure", name=re.compile(f"^{name} over "))


def shows(metric: str, runs: int) -> re.Pattern[str]:
    """The name of the chart of a metric while it shows so many runs."""
    return re.compile(rf"^{re.escape(metric)} over [a-z ]+, {runs} runs?$")


def row(page: Page, name: str) -> Locator:
    """A run in the list."""
    return page.get_by_role("row", name=name, exact=True)


def listed(page: Page) -> Locator:
    """All runs of the list that are in the document, by their links."""
    return page.get_by_role("grid", name="Runs").get_by_role("link")


def bodies(page: Page, end: str) -> list[Any]:
    """The bodies of requests to addresses with this end, growing as the page sends them."""
    sent: list[Any] = []

    def on_request(request: Request) -> None:
        if request.url.endswith(end) and request.method == "POST":
            sent.append(json.loads(request.post_data or "null"))

    page.on("request", on_request)
    return sent


def ask(server: Reachable, path: str, body: object = None, method: str | None = None) -> Any:
    """The API's answer, as any client gets it; a body is posted where no method is named."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "X-Tracker-Client": "test"}
    request = urllib.request.Request(f"{server.url}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def log(server: Reachable, folder: Path, code: str) -> str:
    """Run a script that logs to the server until it has sent everything; what it printed."""
    ended = run_script(code, environment(server.url, folder))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def wait_for_points(server: Reachable, run: str, metric: str, count: int) -> None:
    """Until so many points of a run have reached the server."""

    def is_there() -> bool:
        try:
            summary = ask(server, f"/runs/{run}")["metrics"].get(metric)
        except urllib.error.HTTPError:  # the run itself has not arrived yet
            return False
        return summary is not None and summary["count"] >= count

    wait_until(is_there, f"{count} points of {metric} have arrived")
