"""The whole story in one browser: watch a run, compare it with another, promote the better one, see who did it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.training import Training, finished
from tests.processes import Server


def tile(page: Page, metric: str, runs: int) -> None:
    """The chart of a metric is drawn, for so many runs."""
    number = f"{runs} run" if runs == 1 else f"{runs} runs"
    expect(page.get_by_role("figure", name=f"{metric} over step, {number}")).to_be_visible()


def test_from_the_first_point_to_production(page: Page, server: Server, tmp_path: Path) -> None:
    slow = finished(server, tmp_path, "slow", lr=0.01)
    page.goto("/")
    page.get_by_role("link", name="digits").click()
    expect(page).to_have_title(re.compile("digits"))
    tile(page, "train/loss", 1)

    with Training(server, tmp_path, "fast", lr=0.1) as fast:
        row = page.get_by_role("row", name="fast")
        expect(row).to_be_visible()  # without a reload
        fast.train(10)
        tile(page, "train/loss", 2)
        latest = row.get_by_role("gridcell").filter(has_text=re.compile(r"^0\.\d+$")).first
        before = latest.inner_text()
        fast.train(200)
        expect(latest).not_to_have_text(before)  # live: the row and the charts follow
        fast.finish()

    for name in ("slow", "fast"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    page.get_by_role("toolbar", name="Selected runs").get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(rf"/p/digits/compare\?runs=.*{slow}"))
    differing = page.get_by_role("row", name=re.compile("^lr "))
    expect(differing).to_contain_text("0.01")
    expect(differing).to_contain_text("0.1")
    expect(page.get_by_role("row", name=re.compile("^epochs "))).to_have_count(0)  # it is equal

    page.get_by_role("button", name="Promote fast…").click()
    dialog = page.get_by_role("dialog", name="Promote digits-cnn v1 to production")
    expect(dialog).to_contain_text("Nothing is in production yet")
    expect(dialog).to_contain_text("val/accuracy")
    promote = dialog.get_by_role("button", name="Register and promote v1")
    expect(promote).to_be_disabled()  # a reason is asked for
    dialog.get_by_role("textbox", name="Reason (required)").fill("a tenth of the loss after 200 steps")
    promote.click()
    expect(dialog).to_be_hidden()

    page.reload()
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="digits-cnn").first.click()
    holders = page.get_by_role("list", name="Aliases")
    expect(holders).to_contain_text("production")
    expect(holders).to_contain_text("v1")
    page.get_by_role("link", name="Audit").click()
    entry = page.get_by_role("list", name="History").get_by_role("listitem").first
    expect(entry).to_contain_text("moved production")
    expect(entry).to_contain_text("a tenth of the loss after 200 steps")


def test_a_better_version_replaces_and_a_roll_back_restores(page: Page, server: Server, tmp_path: Path) -> None:
    for name, lr in (("first", 0.01), ("second", 0.1)):
        run_id = finished(server, tmp_path, name, lr=lr)
        page.goto(f"/p/digits/runs/{run_id}/artifacts")
        page.get_by_role("button", name="Promote…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox", name="Reason (required)").fill(f"{name} is better")
        dialog.get_by_role("button", name=re.compile("^Register and promote v")).click()
        expect(dialog).to_be_hidden()
    page.goto("/models/digits-cnn")
    holders = page.get_by_role("list", name="Aliases")
    expect(holders).to_contain_text("v2")
    page.get_by_role("button", name="Roll production back to v1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason (required)").fill("second forgets the sevens")
    dialog.get_by_role("button", name=re.compile("^Roll back")).click()
    expect(holders).to_contain_text("v1")
    expect(page.get_by_role("list", name="History").get_by_role("listitem").first).to_contain_text(
        "second forgets the sevens"
    )
