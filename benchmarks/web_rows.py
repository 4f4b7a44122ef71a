"""What a person waits for on the dashboard: each part opens pages of its own and gives its rows of the table."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, Locator, Page

from benchmarks.figures import Figure
from benchmarks.processes import ROOT
from benchmarks.web_browser import Watched, context_of, page_at
from benchmarks.web_work import CHARTS, RUNS, traffic
from tests.processes import Server

SHORTEST_EVENT_MS = 16.0
"""The browser reports no interaction that it answered faster."""

FRAME_MS = 1000 / 60
PAGES_OF_ROWS = 200


def opening(browser: Browser, server: Server, repetitions: int) -> list[Figure]:
    """From the address to the charts, in a browser that has never been here, and in the same one again."""
    seen: dict[str, list[float]] = {"shell": [], "first": [], "all": [], "first again": [], "all again": []}
    for _ in range(repetitions):
        with context_of(browser, server.url) as context:
            for again in ("", " again"):
                page = context.new_page()
                page.goto("/p/big")
                page.wait_for_function("() => probe.seen.all !== undefined")
                for name, at in page.evaluate("probe.seen").items():
                    seen.get(f"{name}{again}", []).append(at)
                page.close()
    where = f"{RUNS:,} runs"
    return [
        Figure(f"{where}: address to first chart, cold cache", "ms", seen["first"], 1000.0),
        Figure(f"{where}: address to first chart, warm cache", "ms", seen["first again"], 500.0),
        Figure("address to the shell with outlines, cold cache", "ms", seen["shell"], 300.0),
        Figure("address to 12 complete charts of 10 runs, warm cache", "ms", seen["all again"], 800.0),
        Figure("the same, cold cache", "ms", seen["all"]),
    ]


def acting(browser: Browser, server: Server, repetitions: int) -> list[Figure]:
    """What a hand does to twelve charts of twenty runs."""
    with page_at(browser, server.url, "/p/big?show=newest:20", runs=20) as watched:
        return [
            Figure("zoom of 12 charts, 20 runs, on the points at hand", "ms",
                   _repeated(repetitions, lambda: _zoom(watched)), 50.0, note=DRAWN),
            Figure("pointer to tooltip and all cursors", "ms", _points(watched, 10 * repetitions), FRAME_MS),
            Figure("a run switched off in 12 charts", "ms",
                   _repeated(repetitions, lambda: _switch_off(watched)), 100.0, note=DRAWN),
            Figure("click or key to its effect, the slowest of each round", "ms",
                   _repeated(repetitions, lambda: _round(watched)), 100.0, note=ROUND),
        ]  # fmt: skip


DRAWN = "from the event until the last of the charts is drawn anew; the next frame shows it"


def live(browser: Browser, server: Server, repetitions: int) -> list[Figure]:
    """The same page while 20 and then 100 runs are logging."""
    return [
        figure
        for runs, goal in ((20, 15.0), (100, 40.0))
        for figure in _live(browser, server, repetitions, runs=runs, goal=goal)
    ]


def _live(browser: Browser, server: Server, repetitions: int, *, runs: int, goal: float) -> Iterator[Figure]:
    with traffic(server, "big", runs), page_at(browser, server.url, f"/p/big?show=newest:{runs}", runs=runs) as watched:
        costs, shares = _updates(watched, 2 * repetitions + 2)
        slowest = _repeated(repetitions, lambda: _round(watched))
        watched.page.get_by_role("searchbox", name="Find charts").fill("no chart is named so")
        watched.page.wait_for_function("() => probe.tiles() === 0")
        _updates(watched, 1)
        others, _ = _updates(watched, repetitions + 1)
    what = f"{runs} live runs, 12 charts"
    yield Figure(f"{what}: an update, main thread", "ms", costs, goal,
                 note="processor time from one live answer to the next, whatever else the page did meanwhile; "
                      "each brings what 20 or 100 runs have logged in about two seconds")  # fmt: skip
    yield Figure(f"{what}: of that the list and all else, main thread", "ms", others,
                 note="the same page with its charts searched away")  # fmt: skip
    yield Figure(f"{what}: main thread busy", "%", shares, 25.0)
    yield Figure(f"{what}: click or key to its effect, the slowest of each round", "ms", slowest, 100.0)


def table(browser: Browser, server: Server, repetitions: int) -> list[Figure]:
    """All rows of the big project, fetched before, scrolled by more than a screen in each frame."""
    with page_at(browser, server.url, "/p/big?view=table", charts=0) as watched:
        scroller = _scroller(watched.page)
        _fetch_all_rows(watched.page, scroller)
        middles, slow, longest = [], [], []
        for _ in range(repetitions):
            since = watched.now()
            frames = sorted(scroller.evaluate("element => probe.scroll(element, 1500, 120)"))
            middles.append(frames[len(frames) // 2])
            slow.append(frames[int(0.95 * len(frames))])
            longest.append(watched.probe("longest(argument)", since))
    what = f"table of {RUNS:,} rows, fast scrolling"
    return [
        Figure(f"{what}: a frame, median", "ms", middles, 1.05 * FRAME_MS, note="one frame in sixty is 16.7 ms"),
        Figure(f"{what}: a frame, 95th percentile", "ms", slow),
        Figure(f"{what}: longest task (below 50 counts as 0)", "ms", longest, 50.0),
    ]


def many(browser: Browser, server: Server, repetitions: int) -> list[Figure]:
    """A project with 5,000 metrics."""
    keys: list[float] = []
    with page_at(browser, server.url, "/p/many", runs=1, charts=1) as watched:
        field = watched.page.get_by_role("searchbox", name="Find charts")
        for _ in range(max(1, repetitions // 2)):
            for letter in "metric_12":
                since = watched.now()
                field.press(letter)
                keys.append(_slowest(watched, since))
            field.fill("")
        heap = watched.heap()
    return [
        Figure("5,000 metrics: a key in the search, to its effect", "ms", keys, 50.0),
        Figure("5,000 metrics: memory of scripts", "MB", [heap.objects_mb + heap.points_mb], 300.0),
    ]


def memory(browser: Browser, server: Server, minutes: float) -> list[Figure]:
    """Growth while 20 runs are live, and what is left of charts that were taken away."""
    with traffic(server, "big", 20), page_at(browser, server.url, "/p/big?show=newest:20", runs=20) as watched:
        _live_for(watched, min(minutes, WARM_UP_MINUTES))
        before = watched.heap()
        _live_for(watched, minutes)
        after = watched.heap()
        for _ in range(10):
            watched.page.keyboard.press("t")
            watched.page.wait_for_function("() => probe.tiles() === 0")
            watched.page.keyboard.press("t")
            watched.page.wait_for_function("() => probe.tiles() >= 12")
        watched.heap()
        left = watched.probe("left()")
    objects, points = after.objects_mb - before.objects_mb, after.points_mb - before.points_mb
    hours = minutes / 60
    # points come to an end: a series that has grown too long comes back thinned
    hourly = objects / hours + min(points / hours, MOST_POINTS_MB - before.points_mb)
    measured = f"objects of scripts {objects:+.2f} MB, points {points:+.2f} MB"
    how = measured if minutes >= 60 else f"reckoned from {minutes:g} minutes: {measured}"
    return [
        Figure("one hour live, 20 runs: growth of memory", "MB", [hourly], 20.0, note=how),
        Figure("canvases kept after 10 changes of 12 charts to the table and back", "", [float(left)], 12.0,
               note="of 120 that were taken away; an engine may keep some to use again"),
    ]  # fmt: skip


WARM_UP_MINUTES = 2.0
"""The browser goes on compiling what runs often, and what it compiles is memory that does not grow for long."""

MOST_POINTS_MB = 240 * 1200 * 5 * 8 * 1.25 / 1e6
"""Of 12 metrics of 20 runs: three times 400 points in five columns of eight bytes, with room for a quarter more."""


def _live_for(watched: Watched, minutes: float) -> None:
    begun = time.monotonic()
    while time.monotonic() < begun + 60 * minutes:
        _updates(watched, 1)


def sizes() -> list[Figure]:
    """Kilobytes as the build weighs them, gzip."""
    command = [sys.executable, str(ROOT / "web" / "npm.py"), "exec", "--offline", "--", "node", "scripts/budget.mjs"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    found = re.findall(r"^(?:ok  |OVER) (.+): ([\d.]+) of (\d+) KB$", printed, re.MULTILINE)
    if not found:
        raise RuntimeError(f"web/scripts/budget.mjs printed no sizes but {printed!r}; build the page first: make web")
    return [Figure(f"size, gzip: {name}", "KB", [float(size)], float(limit)) for name, size, limit in found]


def _repeated(repetitions: int, take: Callable[[], float]) -> list[float]:
    """After one that is not counted."""
    take()
    return [take() for _ in range(repetitions)]


def _redrawn(watched: Watched, event: str, act: Callable[[], None], count: int = len(CHARTS)) -> float:
    """Milliseconds from this event, which `act` brings about, until so many charts have been drawn anew."""
    watched.page.evaluate("([type, count]) => { window.waited = probe.redrawn(type, count); }", [event, count])
    act()
    took = watched.page.evaluate("window.waited")
    if took is None:
        raise RuntimeError(f"fewer than {count} charts were drawn anew within ten seconds of {event}")
    return float(took)


def _chart(page: Page) -> tuple[float, float, float, float]:
    """Left, top, width and height of the first chart that is drawn."""
    box = page.locator("figure[data-metric] canvas").first.bounding_box()
    if box is None:
        raise RuntimeError(f"there is no chart on {page.url}")
    return box["x"], box["y"], box["width"], box["height"]


def _zoom(watched: Watched) -> float:
    page = watched.page
    left, top, width, height = _chart(page)
    page.mouse.move(left + 0.4 * width, top + height / 2)
    page.mouse.down()
    page.mouse.move(left + 0.8 * width, top + height / 2, steps=3)
    took = _redrawn(watched, "pointerup", page.mouse.up)
    page.get_by_role("button", name="Reset zoom").click()
    page.wait_for_load_state("networkidle")
    return took


def _points(watched: Watched, count: int) -> list[float]:
    page = watched.page
    left, top, width, height = _chart(page)
    times: list[float] = []
    for place in range(count):
        page.evaluate("() => { window.waited = probe.pointed(); }")
        page.mouse.move(left + (0.3 + 0.6 * (place / count)) * width, top + (0.4 + 0.01 * (place % 2)) * height)
        took = page.evaluate("window.waited")
        if took is not None:
            times.append(float(took))
    page.mouse.move(0, 0)
    if not times:
        raise RuntimeError("no tooltip appeared over a chart")
    return times


def _switch_off(watched: Watched) -> float:
    page = watched.page
    hide = page.get_by_role("grid", name="Runs").get_by_role("button", name=re.compile("^Hide ")).nth(1)
    name = re.sub("^Hide ", "", hide.get_attribute("aria-label") or "")
    took = _redrawn(watched, "click", hide.click)
    page.get_by_role("button", name=f"Show {name}", exact=True).click()
    page.wait_for_load_state("networkidle")
    return took


ROUND = (
    "log scale on and off, smoothing more and less, a run selected and not, the table and back, the palette, a search"
)


def _round(watched: Watched) -> float:
    """The slowest of some things that one does to a page."""
    page = watched.page
    since = watched.now()
    page.get_by_role("main").focus()
    for key in ("l", "l", "]", "[", "x", "x", "t", "t"):
        page.keyboard.press(key)
        watched.probe("frame()")
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    field = page.get_by_role("searchbox", name="Find charts")
    field.press_sequentially("bench")
    field.fill("")
    page.wait_for_function(f"() => probe.tiles() >= {len(CHARTS)}")
    return _slowest(watched, since)


def _slowest(watched: Watched, since: float) -> float:
    """The browser tells it some frames later."""
    for _ in range(4):
        watched.probe("frame()")
    return max(SHORTEST_EVENT_MS, float(watched.probe("slowest(argument)", since)))


def _updates(watched: Watched, count: int) -> tuple[list[float], list[float]]:
    """What each of so many updates costs the main thread in milliseconds, and in per cent of its time."""
    costs, shares = [], []
    spent, at = None, 0.0
    for _ in range(count + 1):
        with watched.page.expect_response("**/live"):
            pass
        now_spent, now = watched.spent_ms(), watched.now()
        if spent is not None:
            costs.append(now_spent - spent)
            shares.append(100 * (now_spent - spent) / (now - at))
        spent, at = now_spent, now
    return costs, shares


def _scroller(page: Page) -> Locator:
    """What scrolls the rows: the grid or what holds it."""
    grid = page.get_by_role("grid", name="Runs")
    for element in (grid, grid.locator(".."), grid.locator("../..")):
        if element.evaluate("element => ['auto', 'scroll'].includes(getComputedStyle(element).overflowY)"):
            return element
    raise RuntimeError("nothing around the table of runs scrolls")


def _fetch_all_rows(page: Page, scroller: Locator) -> None:
    """A page of rows is fetched when the last ones that are here come near."""
    for _ in range(PAGES_OF_ROWS):
        scroller.evaluate("element => element.scrollTo(0, element.scrollHeight)")
        page.wait_for_load_state("networkidle")
        if page.get_by_role("grid", name="Runs").evaluate("grid => probe.isAtEnd(grid)"):
            return
    raise RuntimeError("the last row of the table does not appear")
