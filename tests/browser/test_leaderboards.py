"""Leaderboards in a browser: made from what the project has, read, changed, and taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server, wait_until

CODE = """
import os, tracker
from pathlib import Path

folder = Path(os.environ["TRACKER_DIR"])
for version in (1, 2):
    (folder / "data.csv").write_text(f"version {version}")
    with tracker.init("digits", name=f"data {version}", system_interval_s=0) as run:
        run.log_artifact(folder / "data.csv", name="val", type="dataset")
for name, lr, seed, accuracy, data in (
    ("calm", 0.1, 0, 0.8, "val:v1"), ("bold", 0.1, 1, 0.9, "val:v1"), ("swift", 0.5, 0, 0.75, "val:v1"),
    ("other", 0.9, 0, 0.99, "val:v2"),
):
    with tracker.init("digits", name=name, config={"lr": lr, "seed": seed}, system_interval_s=0) as run:
        run.define_metric("val/acc", goal="max")
        tracker.log({"val/acc": accuracy})
        run.log_evaluation(f"eval-{name}", {"val/acc": {"img-1": accuracy}}, data=data)
"""
BOARDS = "/projects/digits/leaderboards"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("boards") / "server") as server:
        log(server, tmp_path_factory.mktemp("client"), CODE)
        yield server


def make(server: Server, name: str, **asked: Any) -> str:
    """The address of a leaderboard's page."""
    definition = {"task": "digits", "metric": "val/acc", "data": "val:v1", **asked}
    return f"/p/digits/leaderboards/{ask(server, BOARDS, {'name': name, 'definition': definition})['id']}"


def cells(page: Page) -> list[list[str]]:
    """Rank, name and score of every row."""
    rows = page.get_by_role("region", name="Who stands where").get_by_role("row").all()[1:]
    return [[row.get_by_role("cell").nth(place).inner_text() for place in (0, 1)] for row in rows]


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog").get_by_label(name, exact=True)


def test_one_is_made_from_the_metric_and_the_data_that_are_there(context: BrowserContext, server: Server) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 422
    ask(server, "/projects", {"name": "fresh"})
    page.goto("/p/fresh/leaderboards")
    expect(page.get_by_role("heading", name="No leaderboards yet")).to_be_visible()
    expect(page.get_by_label("How to log an evaluation", exact=True)).to_contain_text("tracker.log_evaluation")
    page.goto("/p/digits")
    page.get_by_role("link", name="Leaderboards").click()
    page.get_by_role("button", name="New leaderboard").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=re.compile("^Task")).fill("digits")
    dialog.get_by_role("combobox", name="Metric", exact=True).fill("val/acc")
    expect(dialog.get_by_role("option", name="as the project says: higher is better")).to_be_attached()
    data = dialog.get_by_role("combobox", name=re.compile("^Data"))
    offered = "input => [...input.list.options].map(({ value }) => value)"
    wait_until(lambda: data.evaluate(offered) == ["val:v2", "val:v1"], "the versions that there are, are offered")
    data.fill("val:v9")
    dialog.get_by_role("button", name="Make leaderboard").click()
    expect(dialog.get_by_role("alert")).to_contain_text("no artifact version 'val:v9'")
    data.fill("val:v1")
    dialog.get_by_role("button", name="Make leaderboard").click()
    expect(page.get_by_role("heading", name="digits · val/acc · val:v1")).to_be_visible()
    expect(page.get_by_role("cell", name="0.85 ± 0.07071")).to_be_visible()
    assert cells(page) == [["1", "0.85 ± 0.07071"], ["2", "0.75"]]


def test_what_does_not_count_is_told_and_the_best_so_far_drawn(page: Page, server: Server) -> None:
    page.goto(make(server, "told"))
    expect(page.get_by_role("figure", name="val/acc, best so far")).to_be_visible()
    page.get_by_text("1 candidate: 1 other data").click()
    refused = page.get_by_role("region", name="What does not count")
    expect(refused.get_by_role("listitem")).to_have_text("other it was evaluated on val:v2, not on val:v1")
    page.get_by_text("2 runs").click()
    page.get_by_role("link", name="calm").click()
    expect(page).to_have_url(re.compile("/p/digits/runs/"))
    page.goto(make(server, "empty", metric="val/f1", goal="max"))
    expect(page.get_by_role("heading", name="Nothing counts yet")).to_be_visible()
    expect(page.get_by_label("How to log an evaluation", exact=True)).to_contain_text('data="val:v1"')


def test_who_changes_one_that_another_has_changed_keeps_what_was_typed(context: BrowserContext, server: Server) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 409
    address = make(server, "shared")
    page.goto(address)
    page.get_by_role("button", name="Edit").click()
    name = page.get_by_role("dialog").get_by_role("textbox", name="Name", exact=True)
    name.fill("mine")
    ask(server, f"{BOARDS}/{address.rsplit('/', 1)[1]}", {"revision": 1, "name": "theirs"}, "PATCH")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("was changed meanwhile")
    expect(name).to_have_value("mine")
    page.get_by_role("button", name="Take what was saved").click()
    expect(name).to_have_value("theirs")
    name.fill("ours")
    ask(server, f"{BOARDS}/{address.rsplit('/', 1)[1]}", {"revision": 2, "name": "theirs again"}, "PATCH")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Keep mine, to save over it").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="ours", exact=True)).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete leaderboard").click()
    expect(page).to_have_url(re.compile("/p/digits/leaderboards$"))
    expect(page.get_by_role("link", name="ours")).to_have_count(0)


def test_it_is_taken_away_and_fits_a_phone(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(make(server, "away"))
    for link, name in (("Export as page", "page.html"), ("Export as JSON", "board.json")):
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
        download.value.save_as(tmp_path / name)
    assert json.loads((tmp_path / "board.json").read_text())["standing"]["row_count"] == 2
    assert "0.85 ± 0.0707" in (tmp_path / "page.html").read_text()
    page.set_viewport_size({"width": 360, "height": 740})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    page.get_by_role("button", name="Edit").click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
