"""The page of a run with more metrics than a page shows."""

from __future__ import annotations

import re
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


TWO = """
import tracker
for name in ("heron", "otter"):
    with tracker.init(project="digits", id=name, name=name, system_interval_s=0) as run:
        values = {f"layer{number // 100:02d}/unit{number:04d}": float(number) for number in range(2400)}
        if name == "otter":
            values |= {key: value + 1 for key, value in values.items() if key > "layer10"}
        run.log(values, step=0)
"""


def test_of_very_many_metrics_those_that_differ_come_and_others_are_found(
    page: Page, server: Server, tmp_path: Path
) -> None:
    log(server, tmp_path / "client", TWO)
    page.goto("/p/digits/compare?runs=heron,otter")
    expect(page.get_by_text("1,000 of 1,400 metrics that differ are here")).to_be_visible()
    expect(page.get_by_text("equal rows hidden")).to_have_text(re.compile(r"^1,\d{3} equal rows hidden"))
    page.get_by_role("searchbox", name="Find a row").fill("unit2399")
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="unit2399"))).to_contain_text("2,400")
    page.get_by_role("link", name="Charts").click()
    expect(page.get_by_role("button", name="layer00/ 100")).to_be_visible()
    page.get_by_role("searchbox", name="Find charts").fill("unit2399")
    expect(tile(page, "layer23/unit2399")).to_be_visible()
