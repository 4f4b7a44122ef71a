"""The field that narrows the list: its expressions, their completion, their errors, and their place in the address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import listed, log, shows, tile
from tests.processes import Server

CODE = """
import tracker

runs = [("heron", 0.1, "wide", 0.25, []), ("otter", 0.01, "deep", 0.75, ["baseline"])]
runs += [("finch", 0.001, "wide", 0.5, [])]
for name, lr, model, loss, tags in runs:
    config = {"lr": lr, "model": model, "batch-size": 32}
    with tracker.init("digits", name=name, tags=tags, config=config, system_interval_s=0):
        for step in range(20):
            tracker.log({"train/loss": loss + 1 / (1 + step), "accuracy": 1 - loss})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three runs, the newest of which is finch."""
    folder = tmp_path_factory.mktemp("filter")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """Chromium itself writes a line of every filter that the server refuses; the page says nothing."""
    page = context.new_page()
    complaints = watch(page, server.url)
    yield page
    assert [one for one in complaints if "responded with a status of 422" not in one] == []


@pytest.fixture(autouse=True)
def workspace(page: Page) -> None:
    page.goto("/p/digits")
    expect(listed(page)).to_have_text(["finch", "otter", "heron"])


@pytest.fixture
def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Filter runs")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Completions").get_by_role("option")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("config.lr < 0.05", ["finch", "otter"]),
        ('"baseline" in tags', ["otter"]),
        ('metrics["train/loss"].min > 0.5 and config.model == "wide"', ["finch"]),
        ('config["batch-size"] == 32 and not name.startswith("f")', ["otter", "heron"]),
    ],
    ids=["config", "tag", "metric", "function"],
)
def test_an_expression_narrows_the_list_and_the_charts(
    page: Page, field: Locator, expression: str, found: list[str]
) -> None:
    field.fill(expression)
    expect(listed(page)).to_have_text(found)
    expect(page.get_by_text(f"{len(found)} of 3 runs", exact=True)).to_be_visible()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", len(found)))


def test_words_are_looked_for_as_text(page: Page, field: Locator) -> None:
    field.fill("wide")
    expect(listed(page)).to_have_text(["finch", "heron"])
    expect(page).to_have_url(re.compile(r"[?&]q=wide$"))


def test_a_filter_is_written_with_the_keyboard_alone(page: Page, field: Locator) -> None:
    field.press_sequentially("lr")
    expect(options(page)).to_have_text([re.compile("^lr")])
    field.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    expect(field).to_have_value("config.lr ")
    expect(options(page).filter(has_text="greater or equal")).to_be_visible()
    field.press_sequentially("< 0.05 and metrics.tr")
    expect(options(page)).to_have_text([re.compile("^train/loss")])
    field.press("Tab")
    expect(field).to_have_value('config.lr < 0.05 and metrics["train/loss"]')
    expect(options(page).filter(has_text=".best")).to_be_visible()
    field.press_sequentially(".ma")
    field.press("Tab")
    field.press_sequentially("> 1.6")
    expect(field).to_have_value('config.lr < 0.05 and metrics["train/loss"].max > 1.6')
    expect(listed(page)).to_have_text(["otter"])
    expect(field).to_be_focused()


def test_escape_closes_the_completions_and_keeps_the_text(page: Page, field: Locator) -> None:
    field.press_sequentially("config.")
    expect(options(page)).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("Escape")
    expect(options(page)).to_have_count(0)
    expect(field).to_have_value("config.")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press("ArrowDown")
    expect(options(page)).to_have_count(3)


def test_a_completion_is_taken_with_a_click(page: Page, field: Locator) -> None:
    field.press_sequentially("config.bat")
    options(page).filter(has_text="batch-size").click()
    expect(field).to_have_value('config["batch-size"] ')
    expect(field).to_be_focused()


def test_an_error_stands_under_the_field_and_the_last_good_list_stays(page: Page, field: Locator) -> None:
    field.fill("config.lr < 0.05")
    expect(listed(page)).to_have_text(["finch", "otter"])
    field.fill("config.lr < 0.05 and nmae == 3")
    field.press("Escape")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("there is no name 'nmae'"))
    expect(page.get_by_role("status").filter(has_text="at character").get_by_text("nmae", exact=True)).to_be_visible()
    expect(listed(page)).to_have_text(["finch", "otter"])
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    field.fill("config.lr > 0.05")
    expect(listed(page)).to_have_text(["heron"])
    expect(field).to_have_attribute("aria-invalid", "false")


def test_open_completions_are_readable_by_everybody(page: Page, field: Locator) -> None:
    field.press_sequentially("config.")
    expect(options(page)).to_have_count(3)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_filter_is_in_the_address_and_cleared_with_one_click(page: Page, field: Locator) -> None:
    field.fill("config.lr < 0.005")
    expect(listed(page)).to_have_text(["finch"])
    page.reload()
    expect(field).to_have_value("config.lr < 0.005")
    expect(listed(page)).to_have_text(["finch"])
    page.get_by_role("button", name="Clear the filter").click()
    expect(listed(page)).to_have_count(3)
    expect(page).to_have_url(re.compile(r"/p/digits$"))


def test_an_address_with_a_filter_that_cannot_be_read_says_so_and_offers_the_way_out(page: Page) -> None:
    page.goto("/p/digits?filter=config.lr+%3D%3D")
    expect(page.get_by_role("heading", name="The filter cannot be read")).to_be_visible()
    expect(page.get_by_text("at character")).to_be_visible()
    page.get_by_role("button", name="Remove the filter").click()
    expect(listed(page)).to_have_count(3)
