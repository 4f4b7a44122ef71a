"""Views of a workspace: kept under a name, changed, shared, undone, arranged, and opened again where one left them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import ask, log, shows, tile
from tests.processes import Server

CODE = """
import tracker

for name, loss in [("heron", 0.25), ("otter", 0.75), ("finch", 0.5)]:
    with tracker.init("digits", name=name, config={"lr": loss / 10}, system_interval_s=0):
        for step in range(20):
            names = ("loss", "train/loss", "train/accuracy", "val/loss", "val/accuracy")
            tracker.log({metric: loss + 1 / (1 + step) for metric in names})
"""


ANOTHER = """
import tracker

with tracker.init("digits", name="crane", system_interval_s=0) as run:
    tracker.log({"val/loss": 1.0})
print(run.id)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three runs; each test keeps views of names of its own."""
    folder = tmp_path_factory.mktemp("views")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture(autouse=True)
def workspace(page: Page) -> None:
    page.goto("/p/digits")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))


def choose(page: Page, menu: str | re.Pattern[str], entry: str) -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitem", name=entry).or_(page.get_by_role("menuitemradio", name=entry)).click()


def save_as(page: Page, name: str) -> None:
    page.get_by_role("button", name="Save as").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name=f"View: {name}")).to_be_visible()


def sections(page: Page) -> list[str]:
    return page.get_by_role("region", name="Charts").get_by_role("heading", level=2).all_inner_texts()


def test_a_view_is_saved_changed_discarded_and_saved_again(page: Page) -> None:
    page.get_by_role("button", name="log y").click()
    save_as(page, "Logs")
    assert re.fullmatch(r"v=[\w-]+", urlsplit(page.url).query)
    expect(page.get_by_role("button", name="Discard")).to_have_count(0)

    page.get_by_role("button", name="Hide otter").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
    page.get_by_role("button", name="Discard").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")

    page.get_by_role("button", name="Hide finch").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved the view “Logs”").last).to_be_visible()
    choose(page, "View: Logs", "Default")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    choose(page, "View: Default", "Logs")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))


def test_a_link_to_a_shared_view_opens_it_for_a_colleague(page: Page, browser: Browser, server: Server) -> None:
    page.get_by_role("button", name="Hide heron").click()
    save_as(page, "For all")
    choose(page, "View: For all", "Shared with everybody")
    expect(page.get_by_text("Everybody finds “For all” in this menu now")).to_be_visible()
    (view,) = [view for view in ask(server, "/projects/digits/views")["views"] if view["name"] == "For all"]
    assert view["is_shared"] is True

    with browser.new_context(base_url=server.url) as other:
        theirs = other.new_page()
        complaints = watch(theirs, server.url)
        theirs.goto(f"/v/{view['id']}")
        expect(tile(theirs, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
        expect(theirs.get_by_role("button", name="View: For all")).to_be_visible()
        assert complaints == []


def test_two_tabs_do_not_overwrite_each_other_silently(page: Page) -> None:
    page.get_by_role("button", name="log y").click()
    save_as(page, "Both")
    second = page.context.new_page()
    second.goto(page.url)
    for tab, run in ((page, "otter"), (second, "finch")):
        tab.get_by_role("button", name=f"Hide {run}").click()
        expect(tile(tab, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Discard")).to_have_count(0)
    second.get_by_role("button", name="Save", exact=True).click()
    expect(second.get_by_text("was changed meanwhile, in another tab or browser")).to_be_visible()
    expect(tile(second, "train/loss")).to_have_accessible_name(shows("train/loss", 2))


def test_a_view_is_renamed_and_deleted(page: Page, server: Server) -> None:
    page.get_by_role("button", name="log y").click()
    save_as(page, "Draft")
    choose(page, "View: Draft", "Rename…")
    page.get_by_role("textbox", name="Name").fill("Final")
    page.get_by_role("button", name="Rename", exact=True).click()
    choose(page, "View: Final", "Delete…")
    expect(page.get_by_role("dialog")).to_contain_text("Delete Final for good?")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("button", name="View: Default")).to_be_visible()
    assert not {"Draft", "Final"} & {view["name"] for view in ask(server, "/projects/digits/views")["views"]}


def test_a_view_too_long_for_an_address_is_kept_and_comes_back(page: Page, browser: Browser, server: Server) -> None:
    pattern = "^train/loss$|" + "|".join(f"no such metric {number}" for number in range(100))
    page.get_by_role("searchbox", name="Find charts").fill(pattern)
    expect(page).to_have_url(re.compile(r"\?v=[\w-]+$"))
    expect(page.get_by_role("figure")).to_have_count(1)
    page.get_by_role("button", name="log y").click()
    expect(page).to_have_url(re.compile(r"\?v=[\w-]+$"))
    with browser.new_context(base_url=server.url) as other:
        theirs = other.new_page()
        theirs.goto(page.url)
        expect(theirs.get_by_role("searchbox", name="Find charts")).to_have_value(pattern)
        expect(theirs.get_by_role("figure")).to_have_count(1)
    page.keyboard.press("Control+z")
    page.get_by_role("searchbox", name="Find charts").fill("")
    expect(page.get_by_role("figure")).to_have_count(5)


def test_the_view_seen_last_is_opened_where_no_other_is_asked_for(page: Page) -> None:
    page.get_by_role("button", name="log y").click()
    expect(page).to_have_url(re.compile("log=1"))
    page.goto("/")
    page.get_by_role("link", name="digits").first.click()
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")
    choose(page, "View: Default", "Default")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "false")
    page.goto("/p/digits")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "false")


def test_a_view_that_was_deleted_says_so_and_leads_on(context: object, browser: Browser, server: Server) -> None:
    with browser.new_context(base_url=server.url) as fresh:
        page = fresh.new_page()
        page.goto("/p/digits?v=nosuchview")
        expect(page.get_by_role("heading", name="There is no such view")).to_be_visible()
        page.get_by_role("link", name="Open digits as it is at first").click()
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))


def test_changes_of_a_view_are_undone_and_redone(page: Page) -> None:
    page.get_by_role("button", name="Hide otter").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
    page.get_by_role("button", name="log y").click()
    expect(page).to_have_url(re.compile("log=1"))

    page.keyboard.press("Control+z")
    expect(page.get_by_role("status").filter(has_text="Undone: log scale")).to_be_visible()
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Control+z")
    expect(page.get_by_role("status").filter(has_text="Undone: visible runs")).to_be_visible()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    page.keyboard.press("Control+z")
    expect(page.get_by_text("There is no earlier change of this view to undo")).to_be_visible()

    page.keyboard.press("Control+Shift+Z")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
    page.go_back()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    page.go_forward()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))


def test_undo_leaves_a_field_that_one_types_in_to_the_browser(page: Page) -> None:
    page.get_by_role("button", name="log y").click()
    field = page.get_by_role("combobox", name="Filter runs")
    field.press_sequentially("he")
    field.press("Control+z")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")


def test_sections_are_moved_renamed_and_folded_as_part_of_the_view(
    page: Page, browser: Browser, server: Server
) -> None:
    assert [text.split()[0] for text in sections(page)] == ["train/", "val/", "other"]
    choose(page, "Arrange section val/", "Move up")
    expect(page.get_by_role("region", name="Charts").get_by_role("heading", level=2).first).to_contain_text("val/")
    choose(page, "Arrange section train/", "Rename…")
    page.get_by_role("textbox", name="Name").fill("Training")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_role("button", name="other", expanded=True).click()
    expect(tile(page, "loss")).to_have_count(0)
    with browser.new_context(base_url=server.url) as other:
        theirs = other.new_page()
        theirs.goto(page.url)
        expect(tile(theirs, "val/loss")).to_be_visible()
        assert [text.split()[0] for text in sections(theirs)] == ["val/", "Training", "other"]
        expect(tile(theirs, "loss")).to_have_count(0)


def test_a_section_is_dragged_to_another_place(page: Page) -> None:
    heading = page.get_by_role("region", name="Charts").get_by_role("heading", level=2)
    heading.filter(has_text="other").drag_to(heading.filter(has_text="train/"))
    expect(heading.first).to_contain_text("other")
    page.keyboard.press("Control+z")
    expect(heading.first).to_contain_text("train/")


def test_a_pinned_metric_stays_for_a_new_run_and_travels_with_a_view(
    page: Page, browser: Browser, server: Server, tmp_path: Path
) -> None:
    tile(page, "val/loss").hover()
    page.get_by_role("button", name="Pin val/loss").first.click()
    pinned = page.get_by_role("region", name="Pinned")
    expect(pinned.get_by_role("figure")).to_have_count(1)
    save_as(page, "Pinned")
    page.reload()
    expect(pinned.get_by_role("figure")).to_have_accessible_name(shows("val/loss", 3))

    sent = log(server, tmp_path, ANOTHER)
    expect(pinned.get_by_role("figure")).to_have_accessible_name(shows("val/loss", 4))
    page.goto(f"/p/digits/runs/{sent.strip()}/charts")
    expect(pinned.get_by_role("figure")).to_have_accessible_name(shows("val/loss", 1))

    (view,) = [view for view in ask(server, "/projects/digits/views")["views"] if view["name"] == "Pinned"]
    with browser.new_context(base_url=server.url) as other:
        theirs = other.new_page()
        theirs.goto(f"/v/{view['id']}")
        expect(theirs.get_by_role("region", name="Pinned").get_by_role("figure")).to_have_count(1)


MANY = """
import tracker

with tracker.init("wide", name="wide", system_interval_s=0) as run:
    for step in range(2):
        run.log({f"layer{number // 10:03d}/value{number % 10}": number + step for number in range(1100)})
"""


def test_of_very_many_metrics_only_what_one_sees_is_in_the_document(page: Page, server: Server, tmp_path: Path) -> None:
    log(server, tmp_path, MANY)
    page.goto("/p/wide?pins=layer050/value3")
    headings = page.get_by_role("region", name="Charts").get_by_role("heading", level=2)
    expect(page.get_by_role("region", name="Pinned").get_by_role("figure")).to_have_count(1)
    expect(page.get_by_role("button", name="layer000/ 10")).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("button", name="layer001/ 10")).to_have_attribute("aria-expanded", "false")
    assert headings.count() < 60
    expect(page.get_by_role("figure")).to_have_count(11)

    page.get_by_role("button", name="layer000/ 10").click()
    page.get_by_role("button", name="layer001/ 10").hover()
    page.mouse.wheel(0, 100_000)
    expect(page.get_by_role("button", name="layer109/ 10")).to_be_in_viewport()
    assert headings.count() < 60
    page.get_by_role("searchbox", name="Find charts").fill("layer109/value[12]$")
    expect(page.get_by_role("figure")).to_have_count(2)
