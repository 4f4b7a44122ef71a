"""Corrections on the pages: metrics renamed, hidden and deleted, runs archived, and the trash of a project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.pages import ask, listed, log, row, shows, tile
from tests.processes import Server

CODE = """
import tracker

for name in ("calm", "bold", "late"):
    with tracker.init("fixes", name=name, system_interval_s=0):
        for step in range(20):
            tracker.log({"train/loss": 1 / (step + 1), "val/acc": step / 20})
"""


@pytest.fixture(autouse=True)
def workspace(page: Page, server: Server, tmp_path: Path) -> None:
    """A project of three runs, open in the browser."""
    log(server, tmp_path / "client", CODE)
    page.goto("/p/fixes")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))


def choose(page: Page, metric: str, action: str) -> Locator:
    """Open the menu of a chart and choose what to do with its metric; the dialog."""
    tile(page, metric).hover()
    page.get_by_role("button", name=f"More for {metric}").click()
    page.get_by_role("menuitem", name=action).click()
    return page.get_by_role("dialog")


def open_from_list(page: Page, entry: str) -> Locator:
    page.get_by_role("button", name="More for this list").click()
    page.get_by_role("menuitem", name=entry).click()
    return page.get_by_role("dialog")


def tell(page: Page, text: str | re.Pattern[str]) -> Locator:
    """The news at the lower edge that has this text."""
    return page.get_by_role("status").locator("div").filter(has_text=text).last


def select(page: Page, *names: str) -> Locator:
    for name in names:
        page.get_by_role("checkbox", name=f"Select {name}").check()
    return page.get_by_role("toolbar", name="Selected runs")


def rename(page: Page, metric: str, shown_as: str) -> None:
    dialog = choose(page, metric, "Rename metric…")
    dialog.get_by_label("New name").fill(shown_as)
    dialog.get_by_label("Reason").fill("one name everywhere")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog).to_have_count(0)


def test_a_metric_is_renamed_in_all_runs_and_the_toast_takes_it_back(page: Page) -> None:
    rename(page, "train/loss", "loss/train")
    expect(tile(page, "loss/train")).to_have_accessible_name(shows("loss/train", 3))
    expect(tile(page, "train/loss")).to_have_count(0)
    tell(page, "Renamed train/loss to loss/train in 3 runs").get_by_role("button", name="Undo").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(tile(page, "loss/train")).to_have_count(0)


def test_a_correction_says_what_it_is_about_and_asks_for_a_reason(page: Page) -> None:
    dialog = choose(page, "val/acc", "Delete metric…")
    expect(dialog).to_contain_text("60 points in 3 runs")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_label("Reason").fill("wrong unit")
    dialog.get_by_role("button", name="Delete").click()
    expect(tile(page, "val/acc")).to_have_count(0)
    expect(tell(page, "Deleted val/acc in 3 runs")).to_be_visible()


def test_a_name_that_cannot_be_given_is_refused_with_a_sentence_before_it_is_done(context: BrowserContext) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 409
    page.goto("/p/fixes")
    rename(page, "train/loss", "loss")
    dialog = choose(page, "loss", "Rename metric…")
    dialog.get_by_label("New name").fill("loss2")
    expect(dialog.get_by_role("alert")).to_be_visible()


def test_a_metric_is_hidden_in_one_run_on_its_page_and_stays_in_the_others(page: Page, server: Server) -> None:
    run = ask(server, "/projects/fixes/runs/search", {"text": "calm"})["runs"][0]["id"]
    page.goto(f"/p/fixes/runs/{run}/charts")
    dialog = choose(page, "val/acc", "Hide metric…")
    expect(dialog.get_by_role("radio", name="in calm alone")).to_be_checked()
    dialog.get_by_label("Reason").fill("it says nothing here")
    dialog.get_by_role("button", name="Hide").click()
    expect(tile(page, "val/acc")).to_have_count(0)
    expect(tile(page, "train/loss")).to_be_visible()
    page.goto("/p/fixes")
    expect(tile(page, "val/acc")).to_have_accessible_name(shows("val/acc", 2))


def test_the_log_of_corrections_says_who_why_and_undoes(page: Page) -> None:
    rename(page, "train/loss", "loss")
    dialog = open_from_list(page, "Corrections…")
    entry = dialog.get_by_role("listitem").filter(has_text="renamed train/loss to loss")
    expect(entry).to_contain_text("one name everywhere")
    entry.get_by_role("button", name="Undo").click()
    expect(entry.filter(has_text="undone since")).to_be_visible()
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))


def test_archived_runs_leave_the_list_until_one_asks_for_them(page: Page) -> None:
    select(page, "calm", "bold").get_by_role("button", name="Archive").click()
    expect(listed(page)).to_have_text(["late"])
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))
    page.get_by_role("button", name="More for this list").click()
    page.get_by_role("menuitemradio", name="Show archived runs too").click()
    expect(listed(page)).to_have_count(3)
    expect(page).to_have_url(re.compile("archived=with"))
    expect(row(page, "calm")).to_contain_text("archived")
    select(page, "calm", "bold").get_by_role("button", name="Unarchive").click()
    expect(row(page, "calm")).not_to_contain_text("archived")


def test_archiving_is_undone_from_the_toast(page: Page) -> None:
    select(page, "calm").get_by_role("button", name="Archive").click()
    expect(listed(page)).to_have_count(2)
    tell(page, "Archived 1 run").get_by_role("button", name="Undo").click()
    expect(listed(page)).to_have_count(3)


def test_a_project_whose_runs_are_all_archived_says_so(page: Page) -> None:
    select(page, "calm", "bold", "late").get_by_role("button", name="Archive").click()
    heading = page.get_by_role("heading", name="All runs are archived")
    expect(heading).to_be_visible()
    page.reload()
    expect(heading).to_be_visible()
    page.get_by_role("button", name="Show them").click()
    expect(listed(page)).to_have_count(3)


def test_a_run_is_archived_on_its_page(page: Page) -> None:
    row(page, "calm").get_by_role("link").dblclick()
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Archive run", exact=True).click()
    expect(page.get_by_text("archived", exact=True)).to_be_visible()
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Unarchive run").click()
    expect(page.get_by_text("archived", exact=True)).to_have_count(0)


def test_what_is_in_the_trash_comes_back(page: Page) -> None:
    select(page, "calm").get_by_role("button", name="Delete").click()
    dialog = choose(page, "val/acc", "Delete metric…")
    dialog.get_by_label("Reason").fill("wrong unit")
    dialog.get_by_role("button", name="Delete").click()
    expect(tile(page, "val/acc")).to_have_count(0)
    trash = open_from_list(page, "Trash…")
    expect(trash.get_by_role("region", name="Deleted metrics")).to_contain_text("wrong unit")
    trash.get_by_role("button", name="Restore val/acc").click()
    trash.get_by_role("button", name="Restore calm").click()
    expect(trash).to_contain_text("The trash is empty")
    page.keyboard.press("Escape")
    expect(listed(page)).to_have_count(3)
    expect(tile(page, "val/acc")).to_have_accessible_name(shows("val/acc", 3))


def test_the_trash_is_emptied_for_a_reason_after_it_said_what_goes(page: Page, server: Server) -> None:
    select(page, "calm", "bold").get_by_role("button", name="Delete").click()
    expect(listed(page)).to_have_count(1)
    trash = open_from_list(page, "Trash…")
    trash.get_by_role("checkbox", name="Choose calm").check()
    trash.get_by_role("button", name="Delete 1 for good…").click()
    form = trash.get_by_role("form", name="Delete for good")
    expect(form).to_contain_text("calm")
    expect(form).to_contain_text("40 points")
    expect(form.get_by_role("button", name="Delete for good")).to_be_disabled()
    page.keyboard.type("nobody needs it")  # the reason has the focus
    form.get_by_role("button", name="Delete for good").click()
    expect(tell(page, "Deleted for good: 1 run")).to_be_visible()
    expect(trash.get_by_role("listitem")).to_have_count(1)
    assert [run["name"] for run in ask(server, "/projects/fixes/trash")["runs"]] == ["bold"]


def test_the_trash_is_reached_when_the_last_run_was_deleted(page: Page) -> None:
    select(page, "calm", "bold", "late").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Open the trash").click()
    trash = page.get_by_role("dialog")
    trash.get_by_role("button", name="Restore late").click()
    expect(trash.get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(listed(page)).to_have_text(["late"])


def test_a_metric_is_renamed_with_the_keyboard_alone(page: Page) -> None:
    page.get_by_role("button", name="More for train/loss").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.type("rename")
    expect(page.get_by_role("menuitem", name="Rename metric…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("New name")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("loss")
    page.keyboard.press("Tab")
    page.keyboard.type("shorter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(tile(page, "loss")).to_have_accessible_name(shows("loss", 3))
