"""Charts that one makes oneself: of formulas, and of several metrics; kept, live, and taken away."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import ask, log, shows, tile, wait_for_points
from tests.browser.training import Training
from tests.processes import Server

CODE = """
import tracker

for name, height in (("low", 1.0), ("high", 3.0)):
    with tracker.init("curves", name=name, system_interval_s=0):
        for step in range(6000):
            tracker.log({"train/loss": height + step % 2, "val/loss": 2 * height, "train/acc": height / 4})
"""
RATIO = '"train/loss" / "val/loss"'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two runs that are only looked at, and whoever a test sends."""
    folder = tmp_path_factory.mktemp("made")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """A page on which a formula that is refused is no failure; the browser itself complains about the answer 422."""
    page = context.new_page()
    complaints = watch(page, server.url)
    yield page
    assert [one for one in complaints if "responded with a status of 422" not in one] == []


def add(page: Page, kind: str, field: str, text: str) -> Locator:
    """Begin to add a chart; its dialog, with this text in the field."""
    page.get_by_role("button", name="Add chart").click()
    page.get_by_role("menuitem", name=kind).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=field).fill(text)
    return dialog


def choose(page: Page, chart: str, entry: str) -> None:
    page.get_by_role("button", name=f"More for {chart}").click()
    page.get_by_role("menuitem", name=entry).click()


def legend(page: Page) -> Locator:
    return page.get_by_role("region", name="Legend").get_by_role("rowheader")


def test_a_formula_is_checked_drawn_kept_edited_and_removed(page: Page) -> None:
    page.goto("/p/curves")
    dialog = add(page, "Formula…", "Formula", "train/loss / (val")
    expect(dialog.get_by_role("status")).to_contain_text("at character 20, the end: here a closing bracket is missing")
    dialog.get_by_role("textbox").press("Enter")
    expect(dialog).to_be_visible()
    dialog.get_by_role("textbox").fill("train/loss / val/l")
    dialog.get_by_role("textbox").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("textbox")).to_have_value('train/loss / "val/loss"')
    expect(dialog.get_by_role("status")).to_contain_text(f"Read as {RATIO}")
    dialog.get_by_role("button", name="Add chart").click()
    chart = tile(page, RATIO)
    expect(chart).to_have_accessible_name(shows(RATIO, 2))
    expect(chart).to_contain_text("thinned")
    assert parse_qs(urlsplit(page.url).query)["added"] == [f"formula:{RATIO}"]
    page.reload()
    expect(chart).to_have_accessible_name(shows(RATIO, 2))
    choose(page, RATIO, "Edit…")
    page.get_by_role("dialog").get_by_role("textbox").fill("log(0 * train/loss)")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(tile(page, 'log(0 * "train/loss")')).to_be_visible()
    expect(chart).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(chart).to_be_visible()
    choose(page, RATIO, "Remove chart")
    expect(page.get_by_role("region", name="Added")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("added="))


def test_a_formula_that_is_none_breaks_no_other_chart(page: Page) -> None:
    page.goto("/p/curves?added=formula:1+%2B")
    expect(page.get_by_role("region", name="Added").get_by_role("alert")).to_contain_text("here a number")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))


def test_the_code_of_a_formula_draws_it(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/p/curves?added=formula:{RATIO}")
    page.get_by_role("button", name=f"Enlarge {RATIO}").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="CSV of all points")).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name="Copy as Python").click()
    expect(page.get_by_text("Copied: Python that fetches and draws this chart.")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    pytest.importorskip("matplotlib")
    told = "print(sorted({line.get_label(): sorted(set(line.get_ydata())) for line in axes.lines}.items()))"
    code = f"import matplotlib\nmatplotlib.use('Agg')\n{code}".replace("plt.show()", told)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, text=True)
    assert ran.returncode == 0, ran.stderr
    assert re.sub(r"np\.float64\(([\d.]+)\)", r"\1", ran.stdout).startswith("[('high', [0.5, 0.666666666666")


def test_a_formula_follows_a_run_that_goes_on(page: Page, server: Server, tmp_path: Path) -> None:
    with Training(server, tmp_path, "runner", lr=0.1) as runner:
        runner.train(5)
        wait_for_points(server, runner.id, "train/loss", 5)
        page.goto('/p/digits?added=formula:"train/loss"+*+0+%2B+7')
        chart = tile(page, '"train/loss" * 0 + 7')
        expect(chart).to_have_accessible_name(shows('"train/loss" * 0 + 7', 1))
        exact = chart.get_by_text("exact")
        expect(exact).to_have_attribute("title", "Every point is drawn: 5")
        runner.train(4)
        expect(exact).to_have_attribute("title", "Every point is drawn: 9")


def test_several_metrics_are_one_chart_by_a_pattern(page: Page) -> None:
    page.goto("/p/curves")
    dialog = add(page, "Several metrics…", "Names of metrics", "*/loss")
    expect(dialog.get_by_role("status")).to_contain_text("2 metrics so far")
    dialog.get_by_role("button", name="Add chart").click()
    expect(tile(page, "*/loss")).to_have_accessible_name(shows("*/loss", 2))
    page.get_by_role("button", name="Enlarge */loss").click()
    expect(legend(page)).to_have_text(
        ["high · val/loss", "high · train/loss", "low · train/loss", "low · val/loss"], use_inner_text=True
    )
    page.keyboard.press("Escape")
    choose(page, "*/loss", "Edit…")
    dialog.get_by_role("checkbox", name="train/acc").check()
    expect(dialog.get_by_role("textbox")).to_have_value("{train/loss,val/loss,train/acc}")


def test_a_chart_is_dropped_onto_another_or_shown_with_it_by_a_menu(page: Page, server: Server) -> None:
    run = ask(server, "/projects/curves/runs/search", {"filter": 'name == "high"'})["runs"][0]["id"]
    page.goto(f"/p/curves/runs/{run}/charts")
    tile(page, "train/loss").get_by_text("loss", exact=True).drag_to(
        tile(page, "val/loss").get_by_text("loss", exact=True)
    )
    both = tile(page, "val/loss, train/loss")
    expect(both).to_have_accessible_name(shows("val/loss, train/loss", 1))
    expect(page.get_by_role("region", name="Added").get_by_role("figure")).to_have_count(1)
    tile(page, "train/acc").get_by_text("acc", exact=True).drag_to(both.get_by_text("val/loss, train/loss"))
    expect(tile(page, "val/loss, train/loss, train/acc")).to_be_visible()
    expect(both).to_have_count(0)
    choose(page, "train/acc", "Show together with…")
    page.get_by_role("dialog").get_by_role("checkbox", name="val/loss").check()
    page.get_by_role("dialog").get_by_role("button", name="Add chart").click()
    expect(tile(page, "train/acc, val/loss")).to_be_visible()
    page.get_by_role("button", name="Enlarge train/acc, val/loss").click()
    expect(legend(page)).to_have_text(["val/loss", "train/acc"], use_inner_text=True)
