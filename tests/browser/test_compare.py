"""Runs beside each other: what differs, by how much from a baseline, and their curves over each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import log, shows, tile
from tests.processes import Server

CODE = """
import json, tracker

ids = []
for name, lr, loss in (("heron", 0.1, 0.5), ("otter", 0.01, 0.25), ("finch", 0.001, 1.0)):
    config = {"lr": lr, "epochs": 10}
    with tracker.init("digits", name=name, config=config, system_interval_s=0) as run:
        for step in range(10):
            tracker.log({"train/loss": loss + (0 if step == 9 else 1), "val/constant": 7})
        ids.append(run.id)
print(json.dumps(ids))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("compare") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def ids(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Heron, otter and finch."""
    found: list[str] = json.loads(log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1])
    return found


@pytest.fixture(autouse=True)
def comparison(page: Page, ids: list[str]) -> None:
    page.goto(f"/p/digits/compare?runs={','.join(ids)}")
    expect(line(page, "lr")).to_be_visible()


def line(page: Page, key: str) -> Locator:
    """The row of a key in the table."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=key, exact=True))


def test_only_rows_that_differ_are_shown_until_one_asks_for_all(page: Page) -> None:
    expect(line(page, "lr").get_by_role("cell")).to_contain_text(["0.1", "0.01", "0.001"])
    expect(line(page, "epochs")).to_have_count(0)
    expect(line(page, "val/constant")).to_have_count(0)
    page.get_by_role("checkbox", name="only what differs").uncheck()
    expect(line(page, "epochs").get_by_role("cell")).to_have_text(["10", re.compile("^10"), re.compile("^10")])
    expect(line(page, "val/constant")).to_be_visible()


def test_differences_are_told_from_the_baseline_that_one_chooses(page: Page) -> None:
    losses = line(page, "train/loss").get_by_role("cell")
    expect(losses).to_contain_text(["0.5", "−50", "+100"])
    page.get_by_role("combobox", name="Baseline").select_option("finch")
    expect(losses).to_contain_text(["−50", "−75", "1"])
    page.reload()
    expect(losses).to_contain_text(["−50", "−75", "1"])


def test_metrics_are_compared_by_the_statistic_that_one_chooses(page: Page) -> None:
    page.get_by_role("combobox", name="Metrics by").select_option("max")
    expect(line(page, "train/loss").get_by_role("cell")).to_contain_text(["1.5", "1.25", "2"])


def test_a_row_is_found_by_its_name(page: Page) -> None:
    page.get_by_role("searchbox", name="Find a row").fill("loss")
    expect(line(page, "lr")).to_have_count(0)
    expect(line(page, "train/loss")).to_be_visible()


def test_a_run_is_taken_out_of_the_comparison(page: Page, ids: list[str]) -> None:
    page.get_by_role("link", name="Remove otter from the comparison").click()
    expect(page).to_have_url(re.compile(f"runs={ids[0]},{ids[2]}$"))
    expect(line(page, "lr").get_by_role("cell")).to_have_count(2)


def test_the_curves_lie_over_each_other(page: Page) -> None:
    parts = page.get_by_role("navigation", name="Parts of the comparison")
    parts.get_by_role("link", name="Charts").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(parts.locator("[aria-current='page']")).to_have_text("Charts")
    page.go_back()
    expect(line(page, "lr")).to_be_visible()


def test_a_comparison_of_nothing_says_where_to_begin(page: Page) -> None:
    page.goto("/p/digits/compare")
    expect(page.get_by_role("heading", name="Nothing to compare")).to_be_visible()
    page.get_by_role("link", name="the list of digits").click()
    expect(page.get_by_role("grid", name="Runs")).to_be_visible()
