"""The page of a run with more metrics than a page shows."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.pages import log, tile
from tests.processes import Server

CODE = """
import tracker
with tracker.init(project="digits", id="wide", name="wide", system_interval_s=0) as run:
    for step in range(3):
        run.log({f"layer/{number:04d}": number + step for number in range(1200)}, step=step)
"""


def test_what_is_not_among_the_first_metrics_is_found_by_its_name(page: Page, server: Server, tmp_path: Path) -> None:
    log(server, tmp_path / "client", CODE)
    page.goto("/p/digits/runs/wide")
    expect(page.get_by_text("The first 1,000 of 1,200 metrics.")).to_be_visible()
    table = page.get_by_role("region", name="Summary table")
    expect(table.get_by_role("row")).to_have_count(1001)
    page.get_by_role("searchbox", name="Find in the summary").fill("r/1150")
    expect(table.get_by_role("row")).to_have_count(2)
    expect(table).to_contain_text("1,152")
    table.get_by_role("link", name="layer/1150").click()
    expect(tile(page, "layer/1150")).to_be_visible()
    expect(page.get_by_text("1,200 metrics were logged")).to_be_visible()


def test_a_run_with_many_metrics_stays_as_it_is_when_it_is_renamed(page: Page, server: Server, tmp_path: Path) -> None:
    log(server, tmp_path / "client", CODE)
    page.goto("/p/digits/runs/wide")
    about = page.get_by_role("region", name="About")
    about.get_by_role("button", name="Edit name").click()
    about.get_by_role("textbox", name="Name").fill("narrow")
    about.get_by_role("button", name="Save").click()
    expect(about.get_by_role("heading", name="narrow")).to_be_visible()
    expect(page.get_by_text("The first 1,000 of 1,200 metrics.")).to_be_visible()
