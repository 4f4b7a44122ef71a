"""The first page, the settings, and Ctrl K: what is found and kept whatever project one is in."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import log, row, tile
from tests.processes import Server, environment

CODE = """
import tracker

for project, name in [("digits", "heron"), ("faces", "otter"), ("faces", "finch")]:
    with tracker.init(project, name=name, tags=["baseline"] if name == "otter" else [], system_interval_s=0):
        for step in range(20):
            names = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")
            tracker.log({metric: 1 / (1 + step) for metric in names})
"""

GOES_ON = """
import sys
import tracker

tracker.init("faces", name="alive", config={"max_steps": 200}, system_interval_s=0)
for step in range(100):
    tracker.log({"train/loss": 5.0, "val/loss": 0.25})
sys.stdin.readline()
tracker.log({"val/loss": 0.125})
sys.stdin.readline()
tracker.finish()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("projects")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


def names(page: Page) -> list[str]:
    return page.get_by_role("region", name="All projects").get_by_role("link").all_inner_texts()


def test_projects_are_found_sorted_and_starred_for_good(page: Page) -> None:
    page.goto("/")
    page.get_by_role("combobox", name="Sort projects by").select_option("Name")
    expect(page.get_by_role("button", name="Star faces")).to_be_visible()
    assert names(page) == ["digits", "faces"]
    page.get_by_role("button", name="Star faces").click()
    expect(page.get_by_role("button", name="Star faces")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.get_by_role("button", name="Star faces")).to_have_attribute("aria-pressed", "true")
    assert names(page) == ["faces", "digits"]
    expect(page.get_by_role("img", name="2 runs in the last 30 days")).to_be_visible()
    page.get_by_role("searchbox", name="Find a project").fill("digi")
    expect(page.get_by_text("1 of 2 projects")).to_be_visible()


def test_what_runs_now_is_told_live_with_its_pinned_metric(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto("/p/faces?pins=val/loss")
    expect(page.get_by_role("region", name="Pinned")).to_be_visible()
    page.goto("/")
    now = page.get_by_role("region", name="Now running")
    expect(now).to_contain_text("Nothing runs now.")
    command = [sys.executable, "-c", GOES_ON]
    with subprocess.Popen(command, env=environment(server.url, tmp_path), stdin=subprocess.PIPE, text=True) as training:
        assert training.stdin is not None
        expect(now.get_by_role("link", name="alive")).to_be_visible()
        expect(now).to_contain_text("val/loss 0.25")
        expect(now.get_by_role("progressbar", name="Progress of alive")).to_have_attribute("value", "0.5")
        training.stdin.write("go on\n")
        training.stdin.flush()
        expect(now).to_contain_text("val/loss 0.125")
        training.stdin.write("end\n")
        training.stdin.flush()
        expect(now).to_contain_text("Nothing runs now.")


def palette(page: Page, text: str, option: str | re.Pattern[str]) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search projects, runs").fill(text)
    page.get_by_role("option", name=option).first.click()


def test_the_palette_finds_runs_by_tag_and_metrics_and_keeps_the_view(page: Page) -> None:
    page.goto("/p/faces?log=1")
    expect(tile(page, "train/loss")).to_have_accessible_name(re.compile("^train"))
    palette(page, "metric val", "metric val/loss")
    expect(page.get_by_role("figure")).to_have_count(1)
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")
    palette(page, "baseline", "run otter")
    expect(page).to_have_url(re.compile("/p/faces/runs/"))
    run_id = page.url.rpartition("/")[2]
    page.goto("/p/faces")
    expect(page.get_by_role("button", name="Search and commands")).to_be_visible()
    palette(page, run_id, "run otter")
    expect(page).to_have_url(re.compile(f"/p/faces/runs/{run_id}"))


def test_commands_are_run_from_the_palette_those_used_last_on_top(page: Page) -> None:
    page.goto("/p/faces")
    expect(tile(page, "train/loss")).to_be_visible()
    for run in ("otter", "finch"):
        row(page, run).get_by_role("checkbox").check()
    palette(page, "dark theme", "command Dark theme")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Control+k")
    results = page.get_by_role("listbox", name="Results")
    expect(results.get_by_role("option").first).to_have_accessible_name(re.compile("Dark theme"))
    page.keyboard.press("Escape")
    palette(page, "compare", "command Compare the selected runs")
    expect(page).to_have_url(re.compile("/p/faces/compare"))


def test_a_filter_a_view_and_a_section_are_reached_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/p/faces")
    expect(tile(page, "train/loss")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search projects, runs")).to_be_focused()
    page.keyboard.type("save view as")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("By keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="View: By keys")).to_be_visible()
    page.get_by_role("button", name="Arrange section val/").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Move up")).to_be_focused()
    page.keyboard.press("Enter")
    headings = page.get_by_role("region", name="Charts").get_by_role("heading", level=2)
    expect(headings.first).to_contain_text("val/")
    page.keyboard.press("Control+z")
    expect(headings.first).to_contain_text("train/")


def test_settings_stay_and_say_what_the_server_is(page: Page) -> None:
    page.goto("/settings")
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("radio", name="Comfortable").check()
    page.get_by_role("radio", name="Relative time").check()
    page.get_by_role("checkbox", name="Single keys do things").uncheck()
    page.get_by_role("checkbox", name="Move nothing").check()
    page.reload()
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    expect(html).to_have_attribute("data-density", "comfortable")
    expect(html).to_have_attribute("data-motion", "reduced")
    expect(page.get_by_role("checkbox", name="Single keys do things")).not_to_be_checked()
    parts = page.get_by_role("navigation", name="Settings")
    parts.get_by_role("link", name="Account").click()
    expect(page.get_by_role("region", name="Account")).to_contain_text("asks nobody to sign in")
    parts.get_by_role("link", name="About").click()
    about = page.get_by_role("region", name="About")
    expect(about).to_contain_text("It answers")
    expect(about).to_contain_text(re.compile(r"SQLite, schema \d{4}, "))
    page.goto("/p/digits")
    expect(page.get_by_role("combobox", name="X axis")).to_have_value("relative_time")
    expect(tile(page, "train/loss")).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "false")


def test_an_archived_project_is_listed_apart_until_it_comes_back(page: Page) -> None:
    page.goto("/")
    everything = page.get_by_role("region", name="All projects")
    expect(everything.get_by_role("link", name="digits")).to_be_visible()
    page.get_by_role("button", name="More for digits").click()
    page.get_by_role("menuitem", name="Archive project").click()
    expect(everything.get_by_role("link", name="digits")).to_have_count(0)
    archived = page.get_by_role("region", name="Archived")
    archived.get_by_role("button", name="Archived 1").click()
    expect(archived.get_by_role("link", name="digits")).to_be_visible()
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(archived).to_have_count(0)
    expect(everything.get_by_role("link", name="digits")).to_be_visible()
