"""A real Chromium on a real server, seeded through the client.

Every test fails on a console error, a page error, or a request to another host, whatever else it looks at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.processes import Server

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-gpu-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

EXECUTABLE = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

expect.set_options(timeout=15_000)

_HAS_FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where no Chromium can be had these tests are skipped, and one line says so."""
    missing = pytest.mark.skip(reason="no Chromium here; install it (apt-get install chromium) to run browser tests")
    for item in items:
        if Path(str(item.path)).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            if "CI" in os.environ:
                item.add_marker(pytest.mark.flaky(reruns=2))  # told in the summary as RERUN, with what had failed
            if EXECUTABLE is None:
                item.add_marker(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    has_failed = call.when != "setup" and item.stash.get(_HAS_FAILED, False)
    item.stash[_HAS_FAILED] = has_failed or report.failed
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """After a test that failed its module's fixtures are made anew: it may have left their server half changed."""
    has_failed = True
    try:
        result = yield
        has_failed = item.stash[_HAS_FAILED]
        return result
    finally:
        if has_failed:
            _make_anew(item)


def _make_anew(item: pytest.Item) -> None:
    for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
        for definition in definitions:
            if definition.scope == "module":
                definition.finish(item._request)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An empty server of this test's own."""
    with Server(tmp_path / "server") as server:
        yield server


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    page = context.new_page()
    complaints = watch(page, server.url)
    yield page
    assert complaints == []


def watch(page: Page, url: str) -> list[str]:
    """Everything that should not happen on a page, as it happens."""
    complaints: list[str] = []
    host = urlsplit(url).netloc

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text} ({message.location['url']})")

    def on_error(error: Error) -> None:
        complaints.append(f"page error: {error}")

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != host:
            complaints.append(f"request to another host: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", on_error)
    page.on("request", on_request)
    return complaints
