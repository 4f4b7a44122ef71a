"""A headless Chromium whose pages say when what became visible, and what their main thread has spent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, sync_playwright

PROBE = Path(__file__).with_name("web_probe.js").read_text()
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-gpu-sandbox", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
SIZE: ViewportSize = {"width": 1920, "height": 1300}
"""Of the window: twelve charts are on the screen, in four rows of three or three of four."""
PATIENCE_MS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the system; RuntimeError where there is none."""
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if executable is None:
        raise RuntimeError(f"none of {', '.join(CHROMIUMS)} is installed; apt-get install chromium brings one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def context_of(
    browser: Browser, url: str, *, runs: int = 10, charts: int = 12, size: ViewportSize = SIZE
) -> Iterator[BrowserContext]:
    """A person who comes for the first time; a page is complete once so many charts show so many runs."""
    context = browser.new_context(base_url=url, viewport=size, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(f"{PROBE}\nwindow.probe.wanted = {{ runs: {runs}, tiles: {charts} }};")
    try:
        yield context
    finally:
        context.close()


@contextmanager
def page_at(browser: Browser, url: str, path: str, *, runs: int = 10, charts: int = 12) -> Iterator[Watched]:
    """A complete page at an address."""
    with context_of(browser, url, runs=runs, charts=charts) as context:
        page = context.new_page()
        page.goto(path)
        page.wait_for_function("() => probe.seen.all !== undefined")
        page.wait_for_load_state("networkidle")
        yield Watched(page)


@dataclass(frozen=True)
class Heap:
    """Megabytes. Points lie in buffers, which the engine does not count as its own."""

    objects_mb: float
    points_mb: float


class Watched:
    """A page, and what its main thread costs: processor time, since others use the machine too."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent_ms(self) -> float:
        """What all tasks of the main thread have taken so far."""
        return 1000 * self._metric("TaskDuration")

    def heap(self) -> Heap:
        """What the scripts hold on to: what nothing needs any more is collected before."""
        for _ in range(2):
            self._cdp.send("HeapProfiler.collectGarbage")
        used = self._cdp.send("Runtime.getHeapUsage")
        return Heap(used["usedSize"] / 1e6, used["backingStorageSize"] / 1e6)

    def now(self) -> float:
        """The page's own clock, milliseconds."""
        return float(self.page.evaluate("performance.now()"))

    def probe(self, call: str, argument: Any = None) -> Any:
        """The answer of one of the functions of `web_probe.js`."""
        return self.page.evaluate(f"argument => probe.{call}", argument)

    def _metric(self, name: str) -> float:
        metrics = self._cdp.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == name))
