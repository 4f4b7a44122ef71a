"""The table of runs: its columns, order, filters from headers, bulk changes, and editing in place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import ask, listed, log, row
from tests.processes import Server

CODE = """
import tracker

runs = [("heron", 0.1, "wide", 0.25, []), ("otter", 0.01, "deep", 0.75, ["baseline"])]
runs += [("finch", 0.001, "wide", 0.5, []), ("crane", 0.1, "deep", 0.625, [])]
for name, lr, model, accuracy, tags in runs:
    config = {"lr": lr, "model": model, "seed": 7}
    config |= {"warmup": 10} if name == "otter" else {}
    with tracker.init("digits", name=name, tags=tags, config=config, system_interval_s=0) as run:
        run.define_metric("val/accuracy", goal="max")
        for step in range(100):
            run.log({"train/loss": 1 / (1 + step * lr), "val/accuracy": accuracy * step / 99})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("table")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """Chromium itself writes a line of every change that the server refuses; the page says nothing."""
    page = context.new_page()
    complaints = watch(page, server.url)
    yield page
    assert [one for one in complaints if "responded with a status of 409" not in one] == []


@pytest.fixture(autouse=True)
def table(page: Page) -> None:
    page.goto("/p/digits?view=table")
    expect(listed(page)).to_have_text(["crane", "finch", "otter", "heron"])


def header(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader", name=name, exact=True)


def headers(page: Page) -> list[str]:
    found = page.get_by_role("columnheader").evaluate_all("cells => cells.map(cell => cell.getAttribute('aria-label'))")
    return [name for name in found if name not in ("Select", "Shown in charts")]


def from_menu(page: Page, column: str, entry: str) -> None:
    page.get_by_role("button", name=f"Column {column}", exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def test_columns_are_found_added_pinned_moved_sized_and_there_after_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Columns", exact=True).click()
    dialog = page.get_by_role("dialog", name="Columns")
    dialog.get_by_role("button", name="None").click()
    dialog.get_by_role("button", name="All that differ").click()
    expect(header(page, "warmup")).to_be_attached()
    assert headers(page) == ["Name", "Status", "lr", "model", "warmup"]
    dialog.get_by_role("searchbox", name="Find a column").fill("warm")
    expect(dialog.get_by_role("listitem").filter(has_text="in 1 of 4 runs")).to_have_count(1)
    dialog.get_by_role("searchbox", name="Find a column").fill("accuracy")
    dialog.get_by_role("checkbox", name="val/accuracy best", exact=True).check()
    dialog.get_by_role("checkbox", name="val/accuracy step of best").check()
    dialog.get_by_role("button", name="Keep as mine").click()
    dialog.get_by_role("button", name="Done").click()
    from_menu(page, "val/accuracy.best", "Pin left")
    from_menu(page, "model", "Move left")
    page.get_by_role("button", name="Sort by warmup").drag_to(header(page, "lr"))
    from_menu(page, "val/accuracy.best_step", "Fit the width")
    wanted = ["Name", "val/accuracy.best", "Status", "model", "warmup", "lr", "val/accuracy.best_step"]
    expect(page).to_have_url(re.compile("pin=metrics.val/accuracy.best.*widths="))
    box = header(page, "model").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 57, box["y"] + 12)
    page.mouse.up()
    expect(page).to_have_url(re.compile("widths=.*config.model:180"))
    assert headers(page) == wanted
    page.reload()
    expect(header(page, "warmup")).to_be_attached()
    assert headers(page) == wanted
    cells = row(page, "otter").get_by_role("gridcell")
    expect(cells.filter(has_text="★")).to_have_text("★0.75")
    expect(cells.last).to_have_text("99")
    page.get_by_role("button", name="Columns", exact=True).click()
    dialog.get_by_role("button", name="None").click()
    dialog.get_by_role("button", name="Mine", exact=True).click()
    expect(header(page, "warmup")).to_be_attached()


def test_rows_are_sorted_by_several_columns_and_it_is_said(page: Page) -> None:
    page.get_by_role("button", name="Sort by lr").click()
    page.get_by_role("button", name="Sort by val/accuracy").click(modifiers=["Shift"])
    expect(listed(page)).to_have_text(["crane", "heron", "otter", "finch"])
    expect(
        page.get_by_role("status").filter(has_text="Sorted by lr, descending, then val/accuracy, desc")
    ).to_be_attached()
    page.get_by_role("button", name="Sort by val/accuracy").click(modifiers=["Shift"])
    expect(listed(page)).to_have_text(["heron", "crane", "otter", "finch"])
    expect(header(page, "val/accuracy")).to_have_attribute("aria-sort", "ascending")
    expect(page).to_have_url(re.compile("sort=-config.lr,metrics.val/accuracy"))


def test_a_header_filters_by_its_column_and_says_how_many_are_left(page: Page) -> None:
    from_menu(page, "model", "Filter…")
    dialog = page.get_by_role("dialog", name="Filter by model")
    value = dialog.get_by_role("combobox", name="Value")
    expect(dialog.locator("datalist option")).to_have_count(2)
    value.fill("deep")
    expect(dialog.get_by_role("status")).to_have_text("2 of 4 runs would be listed")
    value.press("Enter")
    expect(listed(page)).to_have_text(["crane", "otter"])
    from_menu(page, "lr", "Filter…")
    dialog = page.get_by_role("dialog", name="Filter by lr")
    dialog.get_by_role("combobox", name="Operator").select_option("<")
    dialog.get_by_role("combobox", name="Value").fill("0.05")
    dialog.get_by_role("button", name="Add to the filter").click()
    expect(listed(page)).to_have_text(["otter"])
    field = page.get_by_role("combobox", name="Filter runs")
    expect(field).to_have_value('config.model == "deep" and config.lr < 0.05')


def test_a_filter_is_built_without_its_language_and_found_again(page: Page) -> None:
    page.get_by_role("button", name="Build a filter").click()
    dialog = page.get_by_role("dialog", name="Build a filter")
    dialog.get_by_role("combobox", name="Key").fill("metrics.val/accuracy.max")
    dialog.get_by_role("combobox", name="Operator").select_option(">=")
    dialog.get_by_role("textbox", name="Value").or_(dialog.get_by_role("combobox", name="Value")).fill("0.6")
    dialog.get_by_role("button", name="Add").click()
    dialog.get_by_role("combobox", name="Key").fill("tags")
    dialog.get_by_role("combobox", name="Value").fill("baseline")
    expect(dialog.get_by_role("status")).to_have_text("1 of 4 runs would be listed")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    expect(listed(page)).to_have_count(4)  # nothing is applied yet
    dialog.get_by_role("button", name="Apply").click()
    expect(listed(page)).to_have_text(["otter"])
    field = page.get_by_role("combobox", name="Filter runs")
    written = 'metrics["val/accuracy"].max >= 0.6 and "baseline" in tags'
    expect(field).to_have_value(written)
    page.get_by_role("button", name="Clear the filter").click()
    expect(listed(page)).to_have_count(4)
    field.press("Escape")
    field.press("ArrowDown")
    expect(page.get_by_role("option").first).to_contain_text(written)
    field.press("ArrowDown")
    field.press("Enter")
    expect(listed(page)).to_have_text(["otter"])


def test_all_that_match_are_changed_at_once_and_back_with_one_undo(page: Page, server: Server) -> None:
    page.get_by_role("combobox", name="Filter runs").fill('config.model == "deep"')
    expect(listed(page)).to_have_text(["crane", "otter"])
    bar = page.get_by_role("toolbar", name="Selected runs")
    page.get_by_role("checkbox", name="Select crane").check()
    page.get_by_role("checkbox", name="Select all fetched runs").check()
    bar.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("textbox", name="Tag").or_(page.get_by_role("combobox", name="Tag")).fill("baseline")
    page.get_by_role("button", name="Add tag").click()
    expect(page.get_by_text("Tagged 1 run “baseline”")).to_be_visible()  # otter had it
    expect(row(page, "crane")).to_contain_text("baseline")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "crane")).not_to_contain_text("baseline")
    expect(row(page, "otter")).to_contain_text("baseline")
    bar.get_by_role("button", name="Archive").click()
    expect(
        page.get_by_role("heading", name="0 of 4 runs match").or_(page.get_by_text("0 of 2 runs"))
    ).not_to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(listed(page)).to_have_text(["crane", "otter"])
    assert ask(server, "/projects/digits/runs/search", {})["total"] == 4


def test_selected_rows_are_exported_and_copied_with_their_columns(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name in ("heron", "otter"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    more = page.get_by_role("button", name="More for the selected runs")
    more.click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export JSON").click()
    download.value.save_as(tmp_path / "runs.json")
    rows = json.loads((tmp_path / "runs.json").read_text())
    assert [(one["name"], one["config.lr"]) for one in rows] == [("otter", 0.01), ("heron", 0.1)]
    more.click()
    page.get_by_role("menuitem", name="Copy as a filter").click()
    expect(page.get_by_text("Copied 2 runs as a filter")).to_be_visible()
    page.get_by_role("combobox", name="Filter runs").fill(page.evaluate("navigator.clipboard.readText()"))
    expect(listed(page)).to_have_text(["otter", "heron"])


def test_a_metric_is_rated_shaded_and_drawn_small(page: Page, server: Server) -> None:
    expect(row(page, "otter").get_by_role("img", name="best")).to_have_count(1)
    page.get_by_role("button", name="Column val/accuracy", exact=True).click()
    page.get_by_role("menuitemradio", name="Lower is better").click()
    expect(row(page, "heron").get_by_role("img", name="best")).to_have_count(1)
    expect(row(page, "otter").get_by_role("img", name="best")).to_have_count(0)
    metrics = ask(server, "/projects/digits/keys")["metrics"]
    assert [one["goal"] for one in metrics if one["name"] == "val/accuracy"] == ["min"]
    from_menu(page, "val/accuracy", "Shade by value")
    expect(page).to_have_url(re.compile("heat=metrics.val/accuracy"))
    page.goto("/p/digits?view=table&columns=curve.train/loss,config.lr")
    curve = row(page, "heron").get_by_role("img", name="Curve of train/loss").locator("path")
    expect(curve).to_have_attribute("d", re.compile(r"^M1\.0 1\.0"))
    assert len(re.findall("[ML]", curve.get_attribute("d") or "")) <= 66


def test_a_name_is_edited_in_its_row_and_the_second_of_two_people_is_told(page: Page, server: Server) -> None:
    run = ask(server, "/projects/digits/runs/search", {"text": "finch"})["runs"][0]["id"]
    row(page, "finch").hover()
    page.get_by_role("button", name="Edit name of finch").click()
    field = page.get_by_role("textbox", name="Name of finch")
    field.fill("bold-finch")
    page.request.patch(f"/api/v1/runs/{run}", data={"name": "grey-finch"}, headers={"Origin": server.url})
    with page.expect_response(lambda answer: answer.status == 409):
        field.press("Enter")
    expect(page.get_by_text(re.compile("has changed the name of this run meanwhile, to 'grey-finch'"))).to_be_visible()
    expect(page.get_by_role("textbox", name=re.compile("^Name of"))).to_have_value("bold-finch")
    page.get_by_role("textbox", name=re.compile("^Name of")).press("Enter")
    expect(row(page, "bold-finch")).to_be_visible()
    row(page, "bold-finch").focus()
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Edit bold-finch")
    dialog.get_by_role("textbox", name="Name").fill("finch")
    dialog.get_by_role("textbox", name="Notes").fill("a good one")
    dialog.get_by_role("button", name="Save").click()
    expect(row(page, "finch")).to_be_visible()
    assert ask(server, f"/runs/{run}")["notes"] == "a good one"


def test_a_click_shows_a_card_and_a_double_click_opens_the_run(page: Page) -> None:
    page.get_by_role("button", name="Runs", exact=True).click()
    row(page, "otter").get_by_role("link").click()
    card = page.get_by_role("complementary", name="About otter")
    expect(card.get_by_role("region", name="Config")).to_contain_text("warmup")
    expect(card.get_by_role("region", name="Summary")).to_contain_text("val/accuracy")
    expect(page).to_have_url(re.compile("/p/digits$"))
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    row(page, "otter").get_by_role("link").dblclick()
    expect(page).to_have_title(re.compile("^otter"))


def test_the_eye_of_the_head_shows_the_first_of_the_sort_all_and_none(page: Page) -> None:
    page.get_by_role("button", name="Which runs the charts show").click()
    page.get_by_role("menuitem", name="None").click()
    expect(page.get_by_role("button", name=re.compile("^Show "))).to_have_count(4)
    page.get_by_role("button", name="Which runs the charts show").click()
    page.get_by_role("menuitem", name="All", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("^Hide "))).to_have_count(4)
