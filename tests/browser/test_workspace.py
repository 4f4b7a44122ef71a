"""The list of runs in the workspace: which are shown, filtered, sorted, with which columns, and taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import listed, log, row, shows, tile
from tests.processes import Server

CODE = """
import tracker

runs = [("heron", 0.1, "wide", 0.25, []), ("otter", 0.01, "deep", 0.75, ["baseline"])]
runs += [("finch", 0.001, "wide", 0.5, [])]
for name, lr, model, loss, tags in runs:
    config = {"lr": lr, "model": model, "seed": 7}
    with tracker.init("digits", name=name, tags=tags, config=config, system_interval_s=0):
        for step in range(20):
            tracker.log({"train/loss": loss + 1 / (1 + step), "val/accuracy": 1 - loss})
try:
    with tracker.init("digits", name="crane", config={"lr": 1.0, "model": "deep", "seed": 7}, system_interval_s=0):
        tracker.log({"train/loss": 9.0})
        raise ValueError("diverged")
except ValueError:
    pass
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Four runs; no test here takes one away for good."""
    folder = tmp_path_factory.mktemp("workspace")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture(autouse=True)
def workspace(page: Page) -> None:
    page.goto("/p/digits")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 4))


def colours(page: Page) -> dict[str, str]:
    """The colour of each run in the list."""
    rows = page.get_by_role("grid", name="Runs").locator("[data-row]")
    found: dict[str, str] = rows.evaluate_all(
        "rows => Object.fromEntries(rows.map(row => [row.getAttribute('aria-label'),"
        " row.querySelector('[style*=\"--hue\"]').style.getPropertyValue('--hue')]))"
    )
    return found


def test_the_eye_hides_a_run_in_every_tile_and_the_others_keep_their_colours(page: Page) -> None:
    before = colours(page)
    assert len(before) == 4
    page.get_by_role("button", name="Hide otter").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(tile(page, "val/accuracy")).to_have_accessible_name(shows("val/accuracy", 2))
    assert colours(page) == before
    page.get_by_role("button", name="Show otter").click()
    expect(tile(page, "val/accuracy")).to_have_accessible_name(shows("val/accuracy", 3))


def test_hiding_all_runs_offers_the_way_back(page: Page) -> None:
    page.get_by_role("button", name="Which runs the charts show").click()
    page.get_by_role("menuitem", name="None").click()
    expect(page.get_by_role("heading", name="No run is shown")).to_be_visible()
    page.get_by_role("button", name="Show the newest 10").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 4))


@pytest.mark.parametrize(
    ("text", "found"),
    [("heron", ["heron"]), ("baseline", ["otter"]), ("wide", ["finch", "heron"])],
    ids=["name", "tag", "config value"],
)
def test_the_filter_finds_text(page: Page, text: str, found: list[str]) -> None:
    page.get_by_role("combobox", name="Filter runs").fill(text)
    expect(listed(page)).to_have_text(found)
    expect(page.get_by_text(f"{len(found)} of 4 runs", exact=True)).to_be_visible()


def test_a_filter_that_nothing_matches_is_removed_with_one_click(page: Page) -> None:
    page.get_by_role("combobox", name="Filter runs").fill("no such run")
    expect(page.get_by_role("heading", name="0 of 4 runs match")).to_be_visible()
    page.get_by_role("button", name="Remove the filter").click()
    expect(listed(page)).to_have_count(4)
    expect(page.get_by_role("combobox", name="Filter runs")).to_have_value("")


def test_the_status_filter_leaves_failed_runs(page: Page) -> None:
    page.get_by_role("combobox", name="Status").select_option("failed")
    expect(listed(page)).to_have_text(["crane"])
    expect(row(page, "crane")).to_contain_text("failed")


def test_a_click_on_a_header_sorts_by_a_metric_and_by_a_config_key(page: Page) -> None:
    page.get_by_role("button", name="Table", exact=True).click()
    metric = page.get_by_role("columnheader", name="train/loss")
    metric.get_by_role("button", name="Sort by").click()
    expect(listed(page)).to_have_text(["crane", "otter", "finch", "heron"])
    expect(metric).to_have_attribute("aria-sort", "descending")
    key = page.get_by_role("columnheader", name="lr", exact=True)
    key.get_by_role("button", name="Sort by").click()
    expect(listed(page)).to_have_text(["crane", "heron", "otter", "finch"])
    key.get_by_role("button", name="Sort by").click()
    expect(listed(page)).to_have_text(["finch", "otter", "heron", "crane"])
    expect(key).to_have_attribute("aria-sort", "ascending")
    expect(metric).to_have_attribute("aria-sort", "none")


def test_a_column_is_found_added_and_there_after_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Table", exact=True).click()
    page.get_by_role("button", name="Columns").click()
    dialog = page.get_by_role("dialog", name="Columns")
    dialog.get_by_role("searchbox", name="Find a column").fill("see")
    dialog.get_by_role("checkbox", name=re.compile("seed")).check()
    dialog.get_by_role("button", name="Done").click()
    seed = page.get_by_role("columnheader", name="seed")
    expect(seed).to_have_count(1)
    page.reload()
    expect(seed).to_have_count(1)
    expect(row(page, "heron").get_by_role("gridcell", name="7", exact=True)).to_have_count(1)


def test_deleted_runs_come_back_with_undo(page: Page) -> None:
    for name in ("heron", "otter"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    page.get_by_role("toolbar", name="Selected runs").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted 2 runs")).to_be_visible()
    expect(listed(page)).to_have_text(["crane", "finch"])
    page.get_by_role("button", name="Undo").click()
    expect(listed(page)).to_have_text(["crane", "finch", "otter", "heron"])


def test_a_copied_address_shows_the_same_view_in_another_browser(page: Page, browser: Browser, server: Server) -> None:
    page.get_by_role("combobox", name="Filter runs").fill("wide")
    page.get_by_role("button", name="Sort by train/loss").click()
    page.get_by_role("button", name="Hide heron").click()
    page.get_by_role("combobox", name="X axis").select_option("relative time")
    page.get_by_role("button", name="log y").click()
    expect(page).to_have_url(re.compile("log=1"))
    elsewhere = browser.new_context(viewport={"width": 1440, "height": 900})
    other = elsewhere.new_page()
    complaints = watch(other, server.url)
    other.goto(page.url)
    expect(listed(other)).to_have_text(["finch", "heron"])
    expect(other.get_by_role("combobox", name="Filter runs")).to_have_value("wide")
    expect(other.get_by_role("button", name="Show heron")).to_be_visible()
    expect(other.get_by_role("figure", name="train/loss over relative time, 1 run")).to_be_visible()
    expect(other.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")
    elsewhere.close()
    assert complaints == []


def test_back_and_forward_walk_through_the_views(page: Page) -> None:
    before = page.url
    page.get_by_role("button", name="Hide otter").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(page).not_to_have_url(before)
    page.get_by_role("button", name="Table", exact=True).click()
    expect(tile(page, "train/loss")).to_have_count(0)
    page.go_back()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    page.go_back()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 4))
    page.go_forward()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
