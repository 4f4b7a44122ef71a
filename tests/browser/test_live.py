"""Pages follow what happens on the server while one looks at them, and stay as they are when it goes away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser.conftest import watch
from tests.browser.pages import ask, bodies, listed, row, shows, tile, wait_for_points
from tests.browser.serving import serving
from tests.browser.training import Training, finished
from tests.processes import Server, wait_until


def latest_loss(page: Page, name: str) -> Locator:
    """The last loss of a run, in its row."""
    return row(page, name).get_by_role("gridcell").last


def learn(training: Training, steps: int, shown: Locator, page: Page) -> None:
    """Train, and wait until the page has noticed."""
    before = shown.inner_text()
    training.train(steps)

    def has_changed() -> bool:
        page.clock.fast_forward(2000)
        return shown.inner_text() != before

    wait_until(has_changed, f"{before} is followed by what came after it")


def series(server: Server, run: str, metric: str) -> Any:
    """All points of one metric, as the server has them."""
    answer = ask(server, "/series", {"runs": [run], "metrics": [metric], "points": 10_000})
    return answer["series"][0]


def test_the_first_run_appears_by_itself(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="No projects yet")).to_be_visible()
    expect(page.get_by_label("Python that logs a first run", exact=True)).to_contain_text(server.url)
    finished(server, tmp_path, "pioneer", lr=0.1)
    page.get_by_role("link", name="digits").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))


def test_a_project_that_is_not_there_yet_appears_by_itself(
    context: BrowserContext, server: Server, tmp_path: Path
) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 404
    page.goto("/p/digits")
    expect(page.get_by_role("heading", name="There is no project digits")).to_be_visible()
    finished(server, tmp_path, "pioneer", lr=0.1)
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))


def test_ten_updates_leave_what_one_is_doing_alone(page: Page, server: Server, tmp_path: Path) -> None:
    page.clock.install()
    page.set_viewport_size({"width": 1000, "height": 400})
    with Training(server, tmp_path, "runner", lr=0.1) as runner:
        runner.train(30)
        wait_for_points(server, runner.id, "train/loss", 30)
        page.goto("/p/digits?zoom=0..10")
        chip = page.get_by_role("button", name="Reset zoom")
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
        filters = page.get_by_role("searchbox", name="Find charts")
        filters.fill("a")
        tile(page, "val/accuracy").scroll_into_view_if_needed()
        page.get_by_role("button", name="More for this list").click()
        menu = page.get_by_role("menu", name="More for this list")
        expect(menu).to_be_visible()
        before = tile(page, "val/accuracy").bounding_box()
        for _ in range(10):
            learn(runner, 30, latest_loss(page, "runner"), page)
        expect(menu).to_be_visible()
        expect(filters).to_have_value("a")
        expect(chip).to_have_text(re.compile("step 0–10"))
        assert tile(page, "val/accuracy").bounding_box() == before


def test_new_runs_do_not_move_the_list_under_the_pointer(page: Page, server: Server, tmp_path: Path) -> None:
    page.clock.install()
    with Training(server, tmp_path, "first", lr=0.1) as first, Training(server, tmp_path, "second", lr=0.1) as second:
        wait_for_points(server, second.train(10).id, "train/loss", 10)
        first.train(10)
        page.goto("/p/digits")
        expect(listed(page)).to_have_text(["second", "first"])
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)  # so that what comes now takes no time
        row(page, "second").hover()
        with (
            Training(server, tmp_path, "third", lr=0.1) as third,
            Training(server, tmp_path, "fourth", lr=0.1) as fourth,
        ):
            for training in (third, fourth):
                wait_for_points(server, training.train(10).id, "train/loss", 10)
            page.clock.run_for(2500)
            fresh = page.get_by_role("button", name="2 new runs")
            expect(fresh).to_be_visible()
            expect(listed(page)).to_have_text(["second", "first"])
            page.clock.resume()
            fresh.click()
            expect(listed(page)).to_have_text(["fourth", "third", "second", "first"])
            expect(fresh).to_have_count(0)


def test_a_page_whose_server_died_keeps_its_data_and_catches_up_without_gap_or_double(
    context: BrowserContext, server: Server, tmp_path: Path
) -> None:
    page = context.new_page()
    complaints = watch(page, server.url)
    with Training(server, tmp_path, "survivor", lr=0.1) as survivor:
        survivor.train(30)
        wait_for_points(server, survivor.id, "train/loss", 30)
        page.goto("/p/digits")
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
        server.kill()
        lost = page.get_by_role("alert").filter(has_text="Connection lost")
        expect(lost).to_be_visible()
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
        survivor.train(50)
        server.start()
        expect(lost).to_have_count(0)
        page.get_by_role("button", name="Show train/loss as table").click()
        values = page.get_by_role("dialog", name="train/loss as a table")
        expect(values.get_by_role("rowheader")).to_have_text([str(step) for step in range(80)])
        assert series(server, survivor.id, "train/loss")["steps"] == list(range(80))
    assert [one for one in complaints if "Failed to load resource" not in one] == []


def test_what_is_shown_turns_grey_after_a_minute_without_a_server(
    context: BrowserContext, server: Server, tmp_path: Path
) -> None:
    finished(server, tmp_path, "pioneer", lr=0.1)
    page = context.new_page()
    page.clock.install()
    page.goto("/p/digits")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
    server.kill()
    lost = page.get_by_role("alert").filter(has_text="Connection lost")
    for _ in range(10):
        page.clock.fast_forward(15_000)
        if lost.count() > 0:
            break
    expect(lost).to_be_visible()
    page.clock.fast_forward(61_000)
    main = page.get_by_role("main")
    expect(main).to_have_css("filter", "grayscale(1)")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
    server.start()
    lost.get_by_role("button", name="Retry now").click()
    expect(lost).to_have_count(0)
    expect(main).to_have_css("filter", "none")


def test_one_broken_chart_leaves_the_others(context: BrowserContext, server: Server, tmp_path: Path) -> None:
    finished(server, tmp_path, "pioneer", lr=0.1)

    def damage(route: Route) -> None:
        answer = route.fetch()
        body = msgspec.msgpack.decode(answer.body())
        for one in body["series"]:
            if one["metric"] == "val/accuracy":
                one["marks"] = None
        route.fulfill(response=answer, body=msgspec.msgpack.encode(body))

    page = context.new_page()
    page.route("**/api/v1/series", damage)
    page.goto("/p/digits")
    broken = page.get_by_role("alert").filter(has_text="The chart of val/accuracy broke.")
    expect(broken).to_be_visible()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
    expect(row(page, "pioneer")).to_be_visible()
    expect(broken.get_by_role("button", name="Retry")).to_be_visible()


def test_an_error_has_the_sentence_of_the_server_and_the_id_of_the_request(
    context: BrowserContext, server: Server, tmp_path: Path
) -> None:
    finished(server, tmp_path, "pioneer", lr=0.1)
    page = context.new_page()
    refusal = {"error": {"code": "busy", "message": "the database is busy; try again"}}
    page.route(
        "**/runs/search",
        lambda route: route.fulfill(status=503, json=refusal, headers={"X-Request-Id": "5f2a1c"}),
    )
    page.goto("/p/digits")
    failure = page.get_by_role("alert").filter(has_text="The runs could not be fetched.")
    expect(failure).to_contain_text("the database is busy; try again", timeout=30_000)
    expect(failure).to_contain_text("request 5f2a1c")
    page.unroute("**/runs/search")
    failure.get_by_role("button", name="Retry").click()
    expect(row(page, "pioneer")).to_be_visible()
    expect(failure).to_have_count(0)


def test_a_hidden_page_asks_nothing(page: Page, server: Server, tmp_path: Path) -> None:
    page.add_init_script(
        "window.seen = true; Object.defineProperty(document, 'hidden', { get: () => !window.seen });"
        "window.see = (seen) => { window.seen = seen; document.dispatchEvent(new Event('visibilitychange')); };"
    )
    page.clock.install()
    with Training(server, tmp_path, "runner", lr=0.1) as runner:
        runner.train(10)
        wait_for_points(server, runner.id, "train/loss", 10)
        with page.expect_request("**/live"):
            page.goto("/p/digits")
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
        page.evaluate("see(false)")
        asked = bodies(page, "/live")
        page.clock.run_for(60_000)
        assert asked == []
        with page.expect_request("**/live"):
            page.evaluate("see(true)")


def test_a_killed_run_becomes_lost(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "server", lost_after_ms=3000) as server:
        context = browser.new_context(base_url=server.url)
        page = context.new_page()
        complaints = watch(page, server.url)
        with Training(server, tmp_path, "victim", lr=0.1) as victim:
            victim.train(10)
            wait_for_points(server, victim.id, "train/loss", 10)
            page.goto("/p/digits?view=table")
            expect(row(page, "victim")).to_contain_text("running")
        expect(row(page, "victim")).to_contain_text("lost")
        context.close()
    assert complaints == []
