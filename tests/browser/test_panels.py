"""Panels: runs as points, as lines across axes, as bars, and which config keys explain a metric."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import ask, listed, log
from tests.processes import Server

COUNT = 24

CODE = f"""
import random, tracker

chance = random.Random(7)
for number in range({COUNT}):
    lr, opt = 10 ** -chance.uniform(1, 4), ("adam", "sgd")[number % 2]
    accuracy = 0.9 - 0.04 * (opt == "sgd") - 3 * lr + chance.gauss(0, 0.005)
    config = {{"lr": lr, "opt": opt, "depth": chance.randrange(2, 9), "epochs": 10}}
    with tracker.init("sweep", name=f"run-{{number:02}}", config=config, system_interval_s=0):
        for step in range(5):
            tracker.log({{"val/acc": accuracy * (step + 1) / 5, "train/loss": 1 - accuracy + 0.1 * (4 - step)}})
for number in range(3):
    with tracker.init("few", name=f"few-{{number}}", config={{"lr": 0.1 * number}}, system_interval_s=0):
        tracker.log({{"loss": number}})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("panels") / "server") as server:
        log(server, tmp_path_factory.mktemp("client"), CODE)
        yield server


@pytest.fixture(scope="module")
def ids(server: Server) -> list[str]:
    """The first three runs of the sweep."""
    found = ask(server, "/projects/sweep/runs/search", {"sort": [{"key": "name"}], "limit": 3})
    return [run["id"] for run in found["runs"]]


def picture(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("img", name=name)


def axis(page: Page, key: str) -> Locator:
    """The strip along an axis on which one brushes."""
    return page.locator(f'rect[data-axis="{key}"]')


def brush(page: Page, key: str, top: float, bottom: float) -> None:
    """Drag along an axis, between two shares of its height from its top."""
    box = axis(page, key).bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + top * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + bottom * box["height"], steps=4)
    page.mouse.up()


def from_menu(page: Page, menu: str, *entries: str) -> None:
    for entry in entries:
        page.get_by_role("button", name=menu, exact=True).click()
        page.get_by_role("menu").locator("[role^=menuitem]", has_text=entry).click()


def test_a_scatter_shows_all_runs_and_which_of_them_no_other_beats(page: Page) -> None:
    page.goto("/p/sweep")
    page.get_by_role("button", name="Scatter", exact=True).click()
    settings = page.get_by_role("group", name="Scatter settings")
    settings.get_by_label("x", exact=True).select_option("config.lr")
    settings.get_by_label("y", exact=True).select_option("metrics.val/acc.max")
    expect(picture(page, f"val/acc.max over lr, {COUNT} runs")).to_be_visible()
    settings.get_by_role("button", name="log x").click()
    settings.get_by_label("colour").select_option("config.opt")
    expect(page.get_by_role("list", name="Colours of opt")).to_have_text(re.compile("adam.*sgd"))
    settings.get_by_role("button", name="Pareto front").click()
    expect(picture(page, re.compile(f"{COUNT} runs, [0-9]+ on the Pareto front"))).to_be_visible()
    from_menu(page, "What is good on the Pareto front", "less x, less y")
    expect(page).to_have_url(re.compile(r"view=scatter.*scatter=x=config.lr.*log=x.*front=min:min", re.DOTALL))
    page.reload()
    expect(picture(page, re.compile("acc.max over lr, .* on the Pareto front"))).to_be_visible()


def test_a_rectangle_and_a_range_select_runs_of_a_scatter(page: Page, server: Server) -> None:
    page.goto("/p/sweep?view=scatter&scatter=x=config.depth;y=metrics.val/acc")
    area = picture(page, f"val/acc over depth, {COUNT} runs")
    expect(area.locator(".point")).to_have_count(COUNT)
    box = area.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 70, box["y"] + 14)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 18, box["y"] + box["height"] - 60, steps=5)
    page.mouse.up()
    toolbar = page.get_by_role("toolbar", name="Selected runs")
    expect(toolbar).to_contain_text(f"{COUNT} selected")
    page.get_by_role("button", name="Select by range…").click()
    dialog = page.get_by_role("dialog", name="Select runs by range")
    dialog.get_by_role("group", name="val/acc").get_by_label("from").fill("0.84")
    dialog.get_by_role("button", name="Select").click()
    better = matching(server, 'metrics["val/acc"] >= 0.84')
    expect(toolbar).to_contain_text(f"{better} selected")


def test_a_loop_selects_the_runs_within_it(page: Page) -> None:
    page.goto("/p/sweep?view=scatter&scatter=x=config.depth;y=metrics.val/acc")
    area = picture(page, f"val/acc over depth, {COUNT} runs")
    expect(area.locator(".point")).to_have_count(COUNT)
    dragging = page.get_by_role("group", name="What dragging does")
    dragging.get_by_role("button", name="Lasso").click()
    expect(dragging.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    points = area.locator(".point")
    boxes = [box for place in range(COUNT) if (box := points.nth(place).bounding_box()) is not None]
    left = min(boxes, key=lambda box: box["x"])
    edge = left["x"] + left["width"] + 8
    inside = sum(box["x"] + box["width"] / 2 < edge for box in boxes)
    frame = area.bounding_box()
    assert frame is not None
    top, bottom, begin = frame["y"] + 14, frame["y"] + frame["height"] - 60, left["x"] - 8
    page.mouse.move(begin, top)
    page.mouse.down()
    for x, y in ((edge, top), (edge, bottom), (begin, bottom), (begin, top)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    expect(page.get_by_role("toolbar", name="Selected runs")).to_contain_text(f"{inside} selected")
    assert 0 < inside < COUNT


def matching(server: Server, condition: str) -> int:
    """How many runs of the sweep a filter finds."""
    count: int = ask(server, "/projects/sweep/runs/search", {"filter": condition, "limit": 1})["matched"]
    return count


def test_brushed_ranges_become_a_filter(page: Page, server: Server) -> None:
    page.goto("/p/sweep?view=parallel&parallel=axis-log=config.lr;axis=config.opt;axis=metrics.val/acc")
    expect(
        page.get_by_role("group", name=re.compile(f"Parallel coordinates of {COUNT} runs over lr, opt"))
    ).to_be_visible()
    brush(page, "metrics.val/acc", 0.0, 0.5)
    count = page.get_by_role("region", name="Parallel coordinates").get_by_role("status").first
    expect(count).to_have_text(re.compile(rf"^\d+ of {COUNT} runs$"))
    brush(page, "config.opt", 0.9, 1.0)
    page.get_by_role("button", name="Apply as filter").click()
    field = page.get_by_role("combobox", name=re.compile("Filter|Find", re.IGNORECASE)).first
    expect(field).to_have_value(re.compile(r'^metrics\["val/acc"\] >= [0-9.]+ and metrics.* and config.opt == "adam"$'))
    matched = matching(server, field.input_value())
    assert 0 < matched < COUNT
    expect(listed(page)).to_have_count(matched)
    expect(count).to_have_text(f"{matched} runs")


def test_axes_are_moved_turned_and_ranged_without_a_mouse(page: Page) -> None:
    page.goto("/p/sweep?view=parallel&parallel=axis-log=config.lr;axis=config.opt;axis=metrics.val/acc")
    from_menu(page, "Axis lr", "Move right", "Upside down")
    expect(page.get_by_role("group", name=re.compile("over opt, lr"))).to_be_visible()
    expect(page).to_have_url(re.compile("axis=config.opt.*axis-log-down=config.lr", re.DOTALL))
    from_menu(page, "Axis opt", "Range…")
    dialog = page.get_by_role("dialog", name="Range of opt")
    dialog.get_by_role("checkbox", name="sgd").uncheck()
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_text(f"{COUNT // 2} of {COUNT} runs")).to_be_visible()
    stage = page.get_by_role("group", name=re.compile("Parallel coordinates of"))
    stage.focus()
    page.keyboard.press("ArrowDown")
    expect(stage.get_by_role("status")).to_contain_text(re.compile(r"run-\d\d .*opt adam"))
    page.get_by_role("button", name="Show Parallel coordinates as table").click()
    expect(page.get_by_role("dialog").get_by_role("row")).to_have_count(COUNT // 2 + 1)


def test_an_axis_is_dragged_to_another_place(page: Page) -> None:
    page.goto("/p/sweep?view=parallel&parallel=axis-log=config.lr;axis=config.opt;axis=metrics.val/acc")
    expect(page.get_by_role("group", name=re.compile("over lr, opt, val.acc"))).to_be_visible()
    lr, last = (page.get_by_title(f"{key}: drag to reorder") for key in ("config.lr", "metrics.val/acc"))
    start, end = lr.bounding_box(), last.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)
    page.mouse.up()
    expect(page.get_by_role("group", name=re.compile("over opt, val.acc, lr"))).to_be_visible()
    expect(page).to_have_url(re.compile("axis=metrics.val/acc(;|%3B)axis-log=config.lr"))


def test_importance_names_what_explains_and_opens_its_scatter(page: Page, ids: list[str]) -> None:
    page.goto(f"/p/sweep/compare?runs={','.join(ids)}&tab=importance&panels=importance;metric=val/acc")
    expect(page.get_by_role("note")).to_contain_text("Only 3 runs with this metric: too few")
    page.get_by_role("checkbox", name="all runs of sweep").check()
    table = page.get_by_role("table", name="Importance of config keys for val/acc")
    expect(table.get_by_role("rowheader")).to_have_count(3)
    expect(table.get_by_role("rowheader").last).to_have_text("depth")
    expect(table.get_by_role("row").filter(has_text="lr")).to_contain_text("↓ lowers it")
    expect(page.get_by_text(re.compile("R² 0.* out of bag.*1 key that never differs is left out"))).to_be_visible()
    table.get_by_role("button", name="lr").click()
    expect(picture(page, f"val/acc over lr, {COUNT} runs")).to_be_visible()


def test_importance_of_few_runs_warns(page: Page) -> None:
    page.goto("/p/sweep?q=run-0&panels=importance;metric=val/acc")
    panel = page.get_by_role("region", name="Importance")
    expect(panel.get_by_role("note").first).to_contain_text("Only 10 runs: with fewer than 20 this may be chance")
    page.goto("/p/few?panels=importance")
    expect(panel.get_by_role("note")).to_contain_text("Only 3 runs with this metric")


def test_panels_stand_among_the_charts_and_in_the_address(page: Page) -> None:
    page.goto("/p/sweep")
    from_menu(page, "Add chart", "Bars of one value", "Histogram over time")
    bars = page.get_by_role("region", name="Bars of one value")
    expect(bars.get_by_role("listitem")).to_have_count(COUNT)
    bars.get_by_role("button", name="Edit Bars of one value").click()
    bars.get_by_label("value", exact=True).select_option("metrics.val/acc.max")
    bars.get_by_label("mean by").select_option("config.opt")
    expect(bars.get_by_role("listitem")).to_have_text([re.compile("^ ?(adam|sgd) 12")] * 2)
    expect(picture(page, re.compile(f"Spread of .* over {COUNT} runs"))).to_be_visible()
    from_menu(page, "More for Histogram over time", "Move up")
    expect(page).to_have_url(re.compile(r"panels=histogram,bar(;|%3B)value", re.IGNORECASE))
    page.reload()
    panels = page.get_by_role("region", name="Panels").get_by_role("heading", level=3)
    expect(panels).to_have_text(["Histogram over time", "Bars of one value"])
    expect(bars.get_by_role("listitem")).to_have_count(2)
    from_menu(page, "More for Bars of one value", "Remove")
    expect(panels).to_have_text(["Histogram over time"])


def test_a_text_stands_among_the_charts_as_it_was_written(page: Page) -> None:
    page.goto("/p/sweep")
    from_menu(page, "Add chart", "Text")
    panel = page.get_by_role("region", name="Text", exact=True)
    panel.get_by_role("textbox").fill("# Look\n\n<b>lr</b>; 50 %, no more = enough")
    expect(page).to_have_url(re.compile("panels=text.*enough"))
    page.reload()
    expect(panel.get_by_role("heading", name="Look")).to_be_visible()
    expect(panel).to_contain_text("<b>lr</b>; 50 %, no more = enough")
    expect(panel.get_by_role("textbox")).to_have_count(0)


def test_compared_runs_are_drawn_across_axes_and_as_points(page: Page, ids: list[str]) -> None:
    page.goto(f"/p/sweep/compare?runs={','.join(ids)}")
    page.get_by_role("link", name="Parallel").click()
    expect(page.get_by_role("group", name=re.compile("Parallel coordinates of 3 runs"))).to_be_visible()
    page.get_by_role("checkbox", name="all runs of sweep").check()
    expect(page.get_by_role("group", name=re.compile(f"Parallel coordinates of {COUNT} runs"))).to_be_visible()
    page.get_by_role("link", name="Scatter").click()
    expect(picture(page, re.compile(f", {COUNT} runs"))).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "query",
    ["view=scatter", "view=parallel", "panels=bar,importance,histogram,scatter;front=min:min"],
    ids=["scatter", "parallel", "panels"],
)
def test_panels_can_be_read_by_everybody(page: Page, query: str, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(f"/p/sweep?{query}")
    expect(page.get_by_text(f"{COUNT} runs").nth(1)).to_be_visible()
    if query.startswith("panels"):
        expect(page.get_by_text(re.compile("out of bag"))).to_be_visible()
        expect(page.get_by_role("img")).not_to_have_count(0)
    found = Axe().run(page)
    serious = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert serious == []
