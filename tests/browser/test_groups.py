"""Runs in groups: in the list, in the charts, live, and from an address."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import bodies, log, tile, wait_for_points
from tests.browser.training import Training
from tests.processes import Server
from tracker.records import Logged, RunStarted
from tracker_server import auth, metrics, runs
from tracker_server.db import Database
from tracker_server.migrating import migrate

CODE = """
import tracker

for lr in (0.1, 0.01):
    for seed in range(3):
        config = {"lr": lr, "model": "wide" if seed else "deep", "seed": seed}
        name, tags = f"run-{lr}-{seed}", ["even"] if seed % 2 == 0 else []
        with tracker.init("digits", name=name, tags=tags, config=config, system_interval_s=0):
            for step in range(20 - seed):
                tracker.log({"train/loss": lr * 10 + seed + 1 / (1 + step)})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Six runs: two rates, three seeds each, which end one step apart; and beside them a project of very many."""
    folder = tmp_path_factory.mktemp("groups")
    crowd(folder / "server")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


def crowd(folder: Path) -> None:
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    migrate(database, lock_folder=folder)
    now_ms = time.time_ns() // 1_000_000
    with database.writing() as session:
        actor = auth.ensure_operator(session, "ada", now_ms)
        for number in range(104):
            record = RunStarted(now_ms + number, f"r{number}", "crowd", "w", label="", name=f"r{number}")
            run = runs.start(session, record, actor_id=actor.id, now_ms=now_ms)
            runs.set_config(session, run, {"lr": number % 2})
            arrivals = metrics.Arrivals()
            for step in range(3):
                arrivals.add(Logged(step, now_ms + step, {"loss": number / (1 + step)}))
            metrics.append(session, run.id, "", "metric", arrivals)
        session.commit()
    database.close()


def group(page: Page, name: str) -> Locator:
    """A group in the list."""
    return page.get_by_role("treegrid", name="Groups of runs").get_by_role("row", name=name, exact=True)


def drawn(metric: str, groups: int) -> re.Pattern[str]:
    """The name of the chart of a metric while it shows so many groups."""
    return re.compile(rf"^{re.escape(metric)} over step, {groups} groups?$")


def told(page: Page, share: float) -> list[str]:
    """What the tooltip says of each group at a share of the width of the chart of the loss."""
    canvas = tile(page, "train/loss").get_by_role("img", name="train/loss")
    expect(canvas).to_be_visible()
    page.mouse.move(0, 0)
    box = canvas.bounding_box()
    assert box is not None
    canvas.hover(position={"x": box["width"] * share, "y": box["height"] / 2})
    rows = page.get_by_role("tooltip").get_by_role("row")
    expect(rows.first).to_be_visible()
    return rows.all_inner_texts()


def test_a_group_is_one_line_with_a_band_and_opens_to_its_runs(page: Page) -> None:
    asked = bodies(page, "/groups/series")
    page.goto("/p/digits")
    expect(page.get_by_role("button", name="Group", exact=True)).to_be_visible()
    page.keyboard.press("g")
    dialog = page.get_by_role("dialog", name="Group runs")
    dialog.get_by_role("searchbox", name="Find a key").fill("lr")
    dialog.get_by_role("checkbox", name=re.compile("lr")).check()
    dialog.get_by_role("button", name="Done").click()
    expect(page).to_have_url(re.compile(r"group=config\.lr"))
    chart = tile(page, "train/loss")
    expect(chart).to_have_accessible_name(drawn("train/loss", 2))
    expect(chart).to_contain_text("mean of 6 runs · exact")
    assert asked[-1]["band"] == "std"
    high = group(page, "lr 0.1")
    expect(high).to_contain_text("3")
    expect(high.get_by_role("gridcell").nth(3)).to_have_text(re.compile(r"^2\.05\d* ± 1$"))
    line = next(text for text in told(page, 0.5) if "lr 0.1" in text)
    assert "n 3" in line
    assert "n 1" in told(page, 0.97)[0]
    # another group hidden changes nothing
    page.get_by_role("button", name="Hide lr 0.01").click()
    expect(chart).to_have_accessible_name(drawn("train/loss", 1))
    assert told(page, 0.5) == [line]
    high.get_by_role("button", name="Open lr 0.1").click()
    links = page.get_by_role("treegrid").get_by_role("link")
    expect(links).to_have_text(["run-0.1-2", "run-0.1-1", "run-0.1-0"])
    high.focus()
    page.keyboard.press("ArrowLeft")
    expect(links).to_have_count(0)
    page.reload()
    expect(chart).to_have_accessible_name(drawn("train/loss", 1))
    expect(page.get_by_role("button", name="Show lr 0.01")).to_be_visible()


def test_groups_have_formulas_and_are_smoothed_by_the_server(page: Page) -> None:
    asked = bodies(page, "/groups/series")
    page.goto('/p/digits?group=config.lr&smooth=ema:0.6&added=formula:log("train/loss")')
    expect(tile(page, 'log("train/loss")')).to_have_accessible_name(drawn('log("train/loss")', 2))
    expect(tile(page, "train/loss")).to_have_accessible_name(drawn("train/loss", 2))
    assert [body["smoothing"] for body in asked] == [{"kind": "ema", "amount": 0.6}] * len(asked)
    line = next(text for text in told(page, 0.5) if "lr 0.1" in text)
    smoothed, value = re.findall(r"\d+\.\d+", line.partition("lr 0.1")[2])
    assert float(smoothed) > float(value)  # the loss goes down, and what is smoothed comes after it
    expect(page.get_by_role("tooltip")).to_contain_text("smoothed, and the value itself")


def test_everything_but_the_seed_finds_what_else_differs(page: Page) -> None:
    page.goto("/p/digits")
    page.get_by_role("button", name="Group", exact=True).click()
    dialog = page.get_by_role("dialog", name="Group runs")
    dialog.get_by_role("radio", name="By everything in the config but these keys").check()
    dialog.get_by_role("checkbox", name=re.compile("seed")).check()
    dialog.get_by_role("button", name="Done").click()
    expect(group(page, "lr 0.1 · model wide").get_by_role("gridcell").nth(2)).to_have_text("2")
    expect(group(page, "lr 0.1 · model deep").get_by_role("gridcell").nth(2)).to_have_text("1")
    expect(tile(page, "train/loss")).to_have_accessible_name(drawn("train/loss", 4))


def test_the_line_the_band_and_the_runs_behind_are_chosen_in_the_toolbar(page: Page) -> None:
    page.goto("/p/digits?group=config.lr")
    chart = tile(page, "train/loss")
    expect(chart).to_contain_text("mean of 6 runs")
    for choice in ("greatest", "least to greatest", "Single runs, faintly behind"):
        page.get_by_role("button", name="Groups are drawn as").click()
        page.get_by_role("menuitemradio", name=choice, exact=True).click()
    expect(chart).to_contain_text("greatest of 6 runs")
    expect(chart).to_contain_text("faint: 6 single runs")
    expect(page).to_have_url(re.compile("center=max.*spread=min_max.*members=1"))
    assert "3." in next(text for text in told(page, 0.5) if "lr 0.1" in text)  # of the last seed, 1 + 2 + a bit


def test_groups_follow_the_filter_the_sort_and_the_zoom(page: Page) -> None:
    page.goto("/p/digits?group=config.lr&zoom=2..8&filter=config.seed+>+0")
    expect(group(page, "lr 0.1").get_by_role("gridcell").nth(2)).to_have_text("2")
    expect(tile(page, "train/loss")).to_contain_text("mean of 4 runs")
    assert any("n 2" in text for text in told(page, 0.5))
    rows = page.get_by_role("treegrid").locator("[data-row]")
    expect(rows).to_have_count(2)
    assert rows.first.get_attribute("aria-label") == "lr 0.01"
    page.get_by_role("button", name="Sort by the mean of train/loss").click()
    expect(rows.first).to_have_accessible_name("lr 0.1")
    page.goto("/p/digits?group=tag")
    expect(group(page, "tag even").get_by_role("gridcell").nth(2)).to_have_text("4")
    expect(group(page, "no tag").get_by_role("gridcell").nth(2)).to_have_text("2")


def test_the_enlarged_chart_draws_groups_too(page: Page) -> None:
    page.goto("/p/digits?group=config.lr")
    page.get_by_role("button", name="Enlarge train/loss").click()
    legend = page.get_by_role("dialog", name="train/loss").get_by_role("region", name="Legend")
    expect(legend.get_by_role("row")).to_have_count(3)
    expect(legend).to_contain_text("lr 0.01")


def test_a_group_grows_with_its_runs_and_nothing_moves(page: Page, server: Server, tmp_path: Path) -> None:
    with Training(server, tmp_path, "late", lr=0.5) as late:
        late.train(5)
        wait_for_points(server, late.id, "train/loss", 5)
        page.goto("/p/digits?group=config.lr&zoom=0..12")
        row = group(page, "lr 0.5")
        expect(row).to_be_visible()
        places = page.get_by_role("treegrid").locator("[data-row]")
        before = [place.get_attribute("aria-label") for place in places.all()]
        loss = row.get_by_role("gridcell").nth(3)
        old = loss.inner_text()
        late.train(20)
        expect(loss).not_to_have_text(old)
        expect(tile(page, "train/loss")).to_have_accessible_name(drawn("train/loss", 3))
        wait_for_points(server, late.id, "train/loss", 25)
        assert [place.get_attribute("aria-label") for place in places.all()] == before
        expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()


def test_more_than_a_hundred_runs_are_said_and_grouping_draws_them_all(page: Page) -> None:
    page.goto("/p/crowd?show=first:1000")
    expect(tile(page, "loss")).to_contain_text("100 of 104 runs; group or enlarge")
    page.get_by_role("button", name="Enlarge loss").click()
    expect(page.get_by_role("region", name="Legend").get_by_role("row")).to_have_count(105)
    page.goto("/p/crowd?group=config.lr")
    expect(tile(page, "loss")).to_contain_text("mean of 104 runs · exact")
