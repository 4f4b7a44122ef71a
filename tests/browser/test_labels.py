"""What stands beside the names of runs, and in which colours they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import log, row, shows, tile
from tests.processes import Server

CODE = """
import tracker

runs = [("heron", 3e-4, "adamw", 1), ("otter", 1e-3, "adamw", 2), ("finch", 1e-3, "sgd", 3)]
for name, lr, optimizer, seed in runs:
    config = {"optim": {"lr": lr, "name": optimizer}, "seed": seed, "width": 8, "notes": "the same " * 8}
    with tracker.init("birds", name=name, config=config, system_interval_s=0):
        for step in range(20):
            tracker.log({"val/loss": lr * 100 + 1 / (1 + step), "val/accuracy": 1 - lr})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three runs of which no two have both the same optimizer and the same rate."""
    folder = tmp_path_factory.mktemp("labels")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture(autouse=True)
def workspace(page: Page) -> None:
    page.goto("/p/birds")
    expect(tile(page, "val/loss")).to_have_accessible_name(shows("val/loss", 3))


def tooltip(page: Page) -> Locator:
    """The tooltip over the middle of the chart."""
    tile(page, "val/loss").get_by_role("img").hover()
    return page.get_by_role("tooltip")


def open_labels(page: Page) -> Locator:
    page.get_by_role("button", name="More for this list").click()
    page.get_by_role("menuitem", name="Labels of lines…").click()
    return page.get_by_role("dialog", name="Labels of lines")


def test_runs_are_labelled_by_what_the_visible_ones_differ_in(page: Page) -> None:
    expect(row(page, "heron")).to_contain_text("optim.name adamw · lr 3e-4")
    expect(tooltip(page)).to_contain_text("heron · optim.name adamw · lr 3e-4")
    page.mouse.move(0, 0)
    page.get_by_role("button", name="Enlarge val/loss").click()
    legend = page.get_by_role("region", name="Legend")
    expect(legend).to_contain_text("finchoptim.name sgd · lr 0.001")
    page.keyboard.press("Escape")
    # the two that are left have one optimizer
    page.get_by_role("button", name="Hide finch").click()
    expect(row(page, "otter").get_by_role("gridcell", name=re.compile("^Colour of otter"))).to_contain_text("lr 0.001")
    expect(row(page, "otter")).not_to_contain_text("adamw")
    canvas = tile(page, "val/loss").get_by_role("img")
    canvas.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("tooltip")).to_contain_text("heron · lr 3e-4")
    page.goto("/p/birds?columns=config.optim.lr")
    expect(row(page, "heron")).to_contain_text("3e-4")
    expect(row(page, "heron")).not_to_contain_text("lr 3e-4")  # its column says so


def test_the_keys_of_labels_can_be_chosen_and_stand_in_the_address(page: Page) -> None:
    dialog = open_labels(page)
    expect(dialog).to_contain_text("differ: optim.name, optim.lr")
    dialog.get_by_role("radio", name="These keys").check()
    dialog.get_by_role("checkbox", name=re.compile("optim.name")).uncheck()
    dialog.get_by_role("checkbox", name=re.compile("optim.lr")).uncheck()
    dialog.get_by_role("searchbox", name="Find a key").fill("note")
    dialog.get_by_role("checkbox", name=re.compile("notes")).check()
    dialog.get_by_role("button", name="Done").click()
    expect(row(page, "heron")).to_contain_text("notes the same the same t…")
    page.reload()
    told = row(page, "heron").get_by_text("notes the same the same t…")
    expect(told).to_have_count(1)
    expect(page).to_have_url(re.compile("labels=config.notes$"))
    expect(row(page, "heron").get_by_title("the same " * 8)).to_have_count(1)
    open_labels(page).get_by_role("radio", name="None").check()
    page.get_by_role("button", name="Done").click()
    expect(told).to_have_count(0)
    expect(tooltip(page)).to_contain_text("heron")
    expect(tooltip(page)).not_to_contain_text("lr")
    page.keyboard.press("Control+z")
    expect(told).to_have_count(1)
    open_labels(page).get_by_role("radio", name=re.compile("differ")).check()
    page.get_by_role("button", name="Done").click()
    expect(page).to_have_url(re.compile("/p/birds$"))
    expect(row(page, "heron")).to_contain_text("optim.name adamw · lr 3e-4")


def hue(within: Locator) -> str:
    """The colour of the first swatch in there."""
    found: str = within.locator('[style*="--hue"]').first.evaluate("one => one.style.getPropertyValue('--hue')")
    return found


def test_a_colour_chosen_by_hand_is_that_of_every_page_and_can_be_undone(page: Page) -> None:
    heron, menu = row(page, "heron"), page.get_by_role("menu", name="Colour of heron")
    given = hue(heron)
    other = next(number for number in range(10) if f"--hue-{number})" not in given)
    heron.get_by_role("button", name="Colour of heron").click()
    expect(menu.get_by_role("menuitemradio", name="Automatic")).to_be_checked()
    menu.get_by_role("menuitemradio", name=f"Colour {other + 1}", exact=True).click()
    expect(page.get_by_text("heron has another colour")).to_be_visible()
    assert hue(heron) == f"var(--hue-{other})"
    assert hue(tooltip(page).get_by_role("row", name="heron")) == f"var(--hue-{other})"
    page.mouse.move(0, 0)
    page.keyboard.press("Control+z")
    expect(page.get_by_text("heron has its own colour again")).to_be_visible()
    assert hue(heron) == given
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_text("heron has another colour")).to_be_visible()
    heron.get_by_role("link").dblclick()
    expect(page.get_by_role("heading", name="heron", exact=True)).to_be_visible()
    assert hue(page.get_by_role("banner")) == f"var(--hue-{other})"
    # with the keyboard alone, back to what it was
    page.goto("/p/birds")
    heron.focus()
    page.keyboard.press("h")
    chosen = menu.get_by_role("menuitemradio", name=f"Colour {other + 1}", exact=True)
    expect(chosen).to_be_checked()
    expect(chosen).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_text("heron has its own colour again")).to_be_visible()
    expect(menu).to_have_count(0)
    expect(heron).to_be_focused()
    assert hue(heron) == given


def test_runs_are_grouped_by_a_key_that_is_typed(page: Page) -> None:
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Search projects")
    expect(search).to_be_focused()
    expect(page.get_by_role("option", name="Group by optim.name")).to_have_count(0)  # there may be thousands
    search.fill("group by name")
    page.get_by_role("option", name="Group by optim.name").click()
    expect(page).to_have_url(re.compile("group=config.optim.name"))
    expect(page.get_by_role("row", name=re.compile("adamw"))).to_contain_text("2")
