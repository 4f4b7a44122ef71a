"""Ten thousand runs are one list."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import ask, bodies, listed
from tests.processes import Server, wait_until
from tests.server import seed
from tracker_server.db import Database
from tracker_server.migrating import migrate

RUNS = 10_000
MOST_ROWS = 80
"""Rows in the document, however many there are in the list."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("big")
    fill(folder)
    with Server(folder) as server:
        yield server


def fill(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    migrate(database, lock_folder=folder)
    with database.writing() as session:
        now_ms = time.time_ns() // 1_000_000
        seed.fill(session, "big", run_count=RUNS, now_ms=now_ms, config_keys=6, metric_names=2)
        session.commit()
    database.close()


@pytest.fixture(autouse=True)
def workspace(page: Page) -> None:
    page.goto("/p/big?view=table")
    expect(page.get_by_text("10,000 runs", exact=True)).to_be_visible()


def test_the_last_run_is_reached_with_few_rows_in_the_document(page: Page) -> None:
    grid = page.get_by_role("grid", name="Runs")
    expect(grid).to_have_attribute("aria-rowcount", str(RUNS + 1))
    last = page.get_by_role("row", name=re.compile("-1$"))
    scroller = grid.locator("..")
    for _ in range(2 * RUNS // 1000):  # a page of a thousand is fetched before its rows are reached
        scroller.evaluate("element => element.scrollTo(0, element.scrollHeight)")
        assert grid.get_by_role("row").count() <= MOST_ROWS
        if last.count() > 0:
            break
        page.wait_for_load_state("networkidle")
    expect(last).to_have_attribute("aria-rowindex", str(RUNS + 1))
    assert grid.get_by_role("row").count() <= MOST_ROWS


def test_a_filter_counts_among_all_runs(page: Page) -> None:
    page.get_by_role("combobox", name="Filter runs").fill("heron-10000")
    expect(page.get_by_text("1 of 10,000 runs", exact=True)).to_be_visible()
    expect(listed(page)).to_have_count(1)


def test_the_status_filter_counts_among_all_runs(page: Page) -> None:
    page.get_by_role("combobox", name="Status").select_option("lost")
    expect(page.get_by_text(re.compile(r"^\d+ of 10,000 runs$"))).to_be_visible()
    expect(page.get_by_role("grid", name="Runs").locator("[data-row='0']")).to_contain_text("lost")


def test_the_first_page_is_all_that_is_asked_for_at_first(page: Page) -> None:
    asked = bodies(page, "/runs/search")
    page.reload()
    expect(listed(page).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [body["limit"] for body in asked] == [100]


def test_all_that_match_are_tagged_beyond_the_rows_that_were_fetched(page: Page, server: Server) -> None:
    page.get_by_role("combobox", name="Filter runs").fill("swift-otter")
    count = page.get_by_text(re.compile(r"^\d,\d{3} of 10,000 runs$"))
    expect(count).to_be_visible()
    matching = int(count.inner_text().split()[0].replace(",", ""))
    assert matching > 1000
    page.get_by_role("checkbox", name="Select all fetched runs").click()  # more may be fetched just then
    bar = page.get_by_role("toolbar", name="Selected runs")
    bar.get_by_role("button", name=f"Select all {matching:,} that match").click()
    expect(bar.get_by_role("status")).to_have_text(f"All {matching:,} that match")
    bar.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("dialog").get_by_label("Tag").fill("otters")
    page.get_by_role("button", name="Add tag").click()
    expect(page.get_by_text(f"Tagged {matching:,} runs “otters”")).to_be_visible()
    assert ask(server, "/projects/big/runs/search", {"filter": '"otters" in tags', "limit": 1})["matched"] == matching


def test_how_many_runs_a_group_has_is_read_whole(page: Page) -> None:
    page.goto("/p/big?group=config.model.is_wide")
    counts = page.get_by_role("treegrid").get_by_role("gridcell", name=re.compile(r"^\d,\d{3}$"))
    expect(counts).to_have_count(2)
    assert counts.evaluate_all("cells => cells.map(cell => cell.scrollWidth > cell.clientWidth)") == [False, False]
    page.wait_for_load_state("networkidle")  # with their charts, which are of the newest runs of each


def test_the_focus_stays_on_its_run_and_the_document_in_order_while_one_scrolls(page: Page) -> None:
    grid = page.get_by_role("grid", name="Runs")
    third = grid.locator("[data-row='2']")
    third.focus()
    name = third.get_attribute("aria-label") or ""
    scroller = grid.locator("..")
    for top in (300, 900, 1500):
        scroller.evaluate("(element, top) => element.scrollTo(0, top)", top)
        expect(grid.locator(f"[data-row='{top // 28 + 3}']")).to_be_visible()
        expect(page.get_by_role("row", name=name, exact=True)).to_be_focused()
    in_order = "rows => rows.map(row => Number(row.dataset.row)).filter(place => place > 2)"
    wait_until(lambda: is_sorted(grid.locator("[data-row]").evaluate_all(in_order)), "the rows are in order")
    page.keyboard.press("ArrowDown")
    expect(grid.locator("[data-row='3']")).to_be_focused()


def is_sorted(places: list[int]) -> bool:
    return places == sorted(places)
