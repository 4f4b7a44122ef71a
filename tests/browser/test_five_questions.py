"""What somebody asks who opens the page for the first time, each answered within three clicks from the first page."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import log, row
from tests.processes import Server, environment

MOST_CLICKS = 3

ENDED = """
import os, tracker
from pathlib import Path

weights = Path(os.environ["TRACKER_DIR"]) / "best.pt"
weights.parent.mkdir(parents=True, exist_ok=True)
weights.write_bytes(b"weights" * 1000)
for number in range(18):
    lr = [0.001, 0.01, 0.1][number % 3]
    tags = ["baseline"] if number == 2 else []
    name = "last-week" if number == 2 else f"run-{number:02d}"
    config = {"lr": lr, "depth": 4, "seed": number}
    run = tracker.init("digits", name=name, config=config, tags=tags, system_interval_s=0)
    run.define_metric("val/acc", goal="max")
    for step in range(5):
        run.log({"val/acc": (0.9 if lr == 0.01 else 0.6) * step / 4 + number / 1000, "train/loss": 1 / (1 + step)})
    if number == 5:
        run.finish("failed", exit_code=1, error="RuntimeError: CUDA out of memory")
        continue
    if number == 16:
        run.log_artifact(weights, name="checkpoint", type="model")
    run.finish()
"""

GOES_ON = """
import sys, tracker

run = tracker.init("digits", name=sys.argv[1], config={"lr": 0.01}, system_interval_s=0)
for step in range(3):
    run.log({"val/acc": step / 10, "train/loss": 1 / (1 + step)})
sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Twenty runs: two that go on, one that failed, the best with a checkpoint, and one of last week."""
    folder = tmp_path_factory.mktemp("questions")
    with Server(folder / "server") as server, ExitStack() as running:
        log(server, folder / "client", ENDED)
        for name in ("live-one", "live-two"):
            command = [sys.executable, "-c", GOES_ON, name]
            live = subprocess.Popen(command, env=environment(server.url, folder / name), stdin=subprocess.PIPE)
            running.enter_context(live)
            running.callback(live.kill)
        yield server


class Visitor:
    """Somebody who begins at the first page, and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        page.goto("/")

    def click(self, what: Locator) -> None:
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS, f"{self.clicks} clicks are too many"
        what.click()

    def open_project(self) -> None:
        self.click(self.page.get_by_role("region", name="All projects").get_by_role("link", name="digits"))

    def open_best(self) -> None:
        self.open_project()
        self.click(row(self.page, "run-16").get_by_role("link", name="run-16"))
        self.card = self.page.get_by_role("complementary", name="About run-16")


@pytest.fixture
def visitor(page: Page) -> Visitor:
    return Visitor(page)


def test_which_run_is_best(page: Page, visitor: Visitor) -> None:
    visitor.open_project()
    expect(row(page, "run-16").get_by_role("img", name="best")).to_be_visible()
    expect(page.get_by_role("grid", name="Runs").get_by_role("img", name="best")).to_have_count(1)


def test_why_it_is_best(page: Page, visitor: Visitor) -> None:
    visitor.open_project()
    visitor.click(page.get_by_role("button", name="Add chart"))
    visitor.click(page.get_by_role("menuitem", name=re.compile("^Importance")))
    importance = page.get_by_role("region", name="Panels")
    expect(importance).to_contain_text("val/acc")
    expect(importance).to_contain_text("lr")


def test_whether_it_is_still_running_well(page: Page, visitor: Visitor) -> None:
    now = page.get_by_role("region", name="Now running")
    expect(now.get_by_role("link", name="live-one")).to_be_visible()
    visitor.click(now.get_by_role("link", name="live-one"))
    main = page.get_by_role("main")
    expect(main).to_contain_text("running")
    expect(main).to_contain_text(re.compile("val/acc 0.2 rank [0-9]+ of 20"))
    expect(page.get_by_text("live 1")).to_be_visible()


def test_what_differs_from_last_weeks(page: Page, visitor: Visitor) -> None:
    visitor.open_best()
    visitor.click(visitor.card.get_by_role("link", name="Compare with baseline: last-week"))
    cells = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="lr", exact=True)).get_by_role("cell")
    expect(cells).to_contain_text(["0.1", "0.01"])
    expect(page.get_by_role("columnheader", name="last-week")).to_contain_text("baseline")
    expect(page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="val/acc"))).to_contain_text("better")


def test_where_its_checkpoint_is(page: Page, visitor: Visitor) -> None:
    visitor.open_best()
    visitor.click(visitor.card.get_by_role("link", name="1 artifact"))
    expect(page.get_by_role("article", name="checkpoint:v1")).to_contain_text("best.pt")
