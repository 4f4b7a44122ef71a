"""The charts of the workspace: found, folded, pinned, smoothed, zoomed, read, and taken away as a file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Response, expect

from tests.browser.pages import bodies, log, shows, tile
from tests.processes import Server, wait_until

STEPS = 6000
CODE = f"""
import math, tracker

for name, height in (("low", 1.0), ("high", 3.0), ("middle", 2.0)):
    with tracker.init("curves", name=name, system_interval_s=0):
        for step in range({STEPS}):
            noise = math.sin(step * 12.9898) * 0.2
            tracker.log({{"train/loss": height + noise, "train/signed": step - 100, "val/accuracy": height / 4,
                          "val/f1": height / 5, "optim/lr": 0.1}})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three runs that are only looked at."""
    folder = tmp_path_factory.mktemp("charts")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


@pytest.fixture(autouse=True)
def charts(page: Page) -> None:
    page.goto("/p/curves")
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))


def canvas(page: Page, metric: str) -> Locator:
    return tile(page, metric).get_by_role("img", name=metric)


def box(page: Page, metric: str) -> FloatRect:
    """Where the plot of a metric is on the screen, once it is there."""
    expect(canvas(page, metric)).to_be_visible()
    found = canvas(page, metric).bounding_box()
    assert found is not None
    return found


def drag(page: Page, metric: str, start: float, end: float) -> None:
    """Drag over a tile between two shares of its width."""
    area = box(page, metric)
    middle = area["y"] + area["height"] / 2
    page.mouse.move(area["x"] + area["width"] * start, middle)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * (start + end) / 2, middle)
    page.mouse.move(area["x"] + area["width"] * end, middle)
    page.mouse.up()


def test_charts_are_found_by_a_regular_expression(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Find charts")
    search.fill("^val.*(f1|loss)$")
    expect(page.get_by_role("figure")).to_have_count(1)
    expect(tile(page, "val/f1")).to_be_visible()
    expect(page.get_by_text("1 of 5", exact=True)).to_be_visible()
    search.fill("no such chart")
    page.get_by_role("button", name="Show all 5 charts").click()
    expect(page.get_by_role("figure")).to_have_count(5)
    expect(search).to_have_value("")


def test_a_wrong_regular_expression_says_why_and_hides_nothing(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Find charts")
    search.fill("val/(")
    expect(search).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Unterminated group")).to_be_visible()
    expect(page.get_by_role("figure")).to_have_count(5)


def test_a_folded_section_fetches_nothing_until_it_is_opened(page: Page) -> None:
    section = page.get_by_role("region", name="val/", exact=True)
    section.get_by_role("button", expanded=True).click()
    expect(tile(page, "val/f1")).to_have_count(0)
    asked = bodies(page, "/series")
    page.reload()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(tile(page, "val/f1")).to_have_count(0)
    assert asked
    assert not [metric for body in asked for metric in body["metrics"] if metric.startswith("val/")]
    section.get_by_role("heading").get_by_role("button", expanded=False).click()
    expect(tile(page, "val/f1")).to_have_accessible_name(shows("val/f1", 3))
    assert {"val/accuracy", "val/f1"} <= {metric for body in asked for metric in body["metrics"]}


def test_a_pinned_chart_stays_on_top_after_a_reload(page: Page) -> None:
    page.get_by_role("button", name="Pin val/f1").click()
    pinned = page.get_by_role("region", name="Pinned").get_by_role("figure")
    expect(pinned).to_have_accessible_name(shows("val/f1", 3))
    page.reload()
    expect(pinned).to_have_accessible_name(shows("val/f1", 3))
    page.get_by_role("button", name="Unpin val/f1").first.click()
    expect(pinned).to_have_count(0)


def test_the_tooltip_lists_the_runs_by_value(page: Page) -> None:
    canvas(page, "train/loss").hover()
    tooltip = page.get_by_role("tooltip")
    expect(tooltip).to_have_count(1)
    expect(tooltip).to_contain_text(re.compile(r"step [23],\d{3}"))
    expect(tooltip.get_by_role("row")).to_have_text([re.compile("high"), re.compile("middle"), re.compile("low")])
    page.mouse.move(5, 5)
    expect(tooltip).to_have_count(0)


def test_shift_pins_the_tooltip_and_escape_closes_it(page: Page) -> None:
    canvas(page, "train/loss").hover()
    tooltip = page.get_by_role("tooltip")
    expect(tooltip).to_be_visible()
    page.keyboard.press("Shift")
    expect(tooltip).to_contain_text("Esc closes")
    page.mouse.move(5, 5)
    expect(tooltip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tooltip).to_have_count(0)


def values_under_the_pointer(page: Page, metric: str, run: str) -> tuple[float, float]:
    """What the tooltip says of a run at the middle of a chart: smoothed, and the value itself."""
    page.mouse.move(0, 0)
    canvas(page, metric).hover()
    tooltip = page.get_by_role("tooltip")
    expect(tooltip).to_contain_text("smoothed, and the value itself")
    smoothed, raw = tooltip.get_by_role("row", name=run).locator("td[title]").all()
    return float(smoothed.get_attribute("title") or ""), float(raw.get_attribute("title") or "")


def is_smoothed(response: Response) -> bool:
    """Whether this answer brings smoothed series."""
    asked = response.request.post_data_json if response.url.endswith("/series") else None
    return asked is not None and asked["smoothing"] is not None


@pytest.mark.parametrize(
    ("kind", "place", "written"),
    [
        pytest.param("Time-weighted average", "0.9", "0.9", id="time-weighted"),
        pytest.param("Exponential average", "0.9", "ema:0.9", id="exponential"),
        pytest.param("Running mean", "4", "mean:21", id="running-mean"),
        pytest.param("Gaussian", "4", "gaussian:10", id="gaussian"),
    ],
)
def test_smoothing_is_of_all_points_and_keeps_the_values_themselves(
    page: Page, kind: str, place: str, written: str
) -> None:
    page.get_by_role("button", name="More chart settings").click()
    page.get_by_role("menuitemradio", name=kind).click()
    with page.expect_response(is_smoothed):
        page.get_by_role("slider", name="Smoothing").fill(place)
    expect(page).to_have_url(re.compile(f"smooth={written}$"))
    smoothed, raw = values_under_the_pointer(page, "train/loss", "high")
    assert abs(smoothed - 3) < 0.1 < abs(raw - 3)  # the noise is smoothed away, of points that are not drawn too


def test_a_smoothed_address_shows_the_same_curve_and_a_zoom_keeps_it(page: Page) -> None:
    with page.expect_response(is_smoothed):
        page.goto("/p/curves?smooth=mean:201")
    with page.expect_response(is_smoothed) as answer:
        drag(page, "train/loss", 0.5, 0.54)
    assert answer.value.request.post_data_json["range"] is not None
    smoothed, raw = values_under_the_pointer(page, "train/loss", "high")
    assert abs(smoothed - 3) < 0.01 < abs(raw - 3)


def test_a_thinned_chart_says_so_until_one_sees_every_point(page: Page) -> None:
    expect(tile(page, "train/loss").get_by_text("thinned", exact=True)).to_be_visible()
    drag(page, "train/loss", 0.5, 0.54)
    expect(tile(page, "train/loss").get_by_text("exact", exact=True)).to_be_visible()


def test_thinned_lines_are_shaded_from_least_to_greatest_on_request(page: Page) -> None:
    before = canvas(page, "train/loss").screenshot()
    page.get_by_role("button", name="More chart settings").click()
    with page.expect_response(lambda answer: answer.url.endswith("/series") and answer.request.post_data_json["band"]):
        page.get_by_role("menuitemradio", name="Shade from least to greatest").click()
    expect(page).to_have_url(re.compile("band=1"))
    page.mouse.move(0, 0)
    wait_until(lambda: canvas(page, "train/loss").screenshot() != before, "the chart is drawn with its shade")
    expect(tile(page, "train/loss").get_by_text("thinned", exact=True)).to_be_visible()


def test_the_x_axis_may_be_time(page: Page) -> None:
    page.get_by_role("combobox", name="X axis").select_option("relative time")
    expect(page.get_by_role("figure", name="train/loss over relative time, 3 runs")).to_be_visible()
    page.get_by_role("combobox", name="X axis").select_option("wall time")
    expect(page.get_by_role("figure", name="train/loss over wall time, 3 runs")).to_be_visible()


def test_a_log_axis_says_how_many_values_it_cannot_show(page: Page) -> None:
    page.get_by_role("button", name="log y").click()
    expect(tile(page, "train/signed")).to_contain_text(re.compile(r"\d+ values ≤ 0 not shown on the log axis"))
    expect(tile(page, "train/loss")).not_to_contain_text("not shown")


def test_a_zoom_holds_in_all_tiles_and_asks_for_finer_points(page: Page) -> None:
    asked = bodies(page, "/series")
    drag(page, "train/loss", 0.5, 0.54)
    chip = page.get_by_role("button", name="Reset zoom")
    expect(chip).to_have_text(re.compile(r"step 2,\d{3}–[23],\d{3}"))
    expect(page).to_have_url(re.compile("zoom="))
    canvas(page, "val/f1").hover()
    expect(page.get_by_role("tooltip")).to_contain_text(re.compile(r"step [23],\d{3}"))
    page.get_by_role("button", name="Show train/loss as table").click()
    first, last = (float(end) for end in parse_qs(urlsplit(page.url).query)["zoom"][0].split(".."))
    every_step = math.floor(last) - math.ceil(first) + 1
    expect(page.get_by_role("dialog").get_by_role("rowheader")).to_have_count(every_step)
    page.keyboard.press("Escape")
    zoomed = [body for body in asked if body["range"] is not None]
    assert zoomed
    assert {metric for body in zoomed for metric in body["metrics"]} >= {"train/loss", "val/f1"}
    chip.click()
    expect(chip).to_have_count(0)
    expect(page).not_to_have_url(re.compile("zoom="))


def test_the_enlarged_chart_has_its_numbers_and_gives_itself_away(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Enlarge train/loss").click()
    dialog = page.get_by_role("dialog", name="train/loss")
    legend = dialog.get_by_role("region", name="Legend")
    expect(legend.get_by_role("rowheader")).to_have_text(["high", "middle", "low"])  # by the last value
    with page.expect_download() as csv:
        dialog.get_by_role("button", name="CSV").click()
    csv.value.save_as(tmp_path / "loss.csv")
    head, *lines = (tmp_path / "loss.csv").read_text().splitlines()
    assert head == "run,run_id,step,x,train/loss"
    assert {line.split(",")[0] for line in lines} == {"low", "high", "middle"}
    with page.expect_download() as png:
        dialog.get_by_role("button", name="PNG").click()
    png.value.save_as(tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert csv.value.suggested_filename == "train-loss.csv"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_no_button_sends_a_chart_to_a_cloud(page: Page) -> None:
    page.get_by_role("button", name="Enlarge train/loss").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="PNG")).to_be_visible()
    expect(page.locator(".main-svg").first).to_be_visible()
    expect(page.locator("[data-title*='cloud' i], [data-title*='Chart Studio' i], .plotlyjsicon")).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("plotly", re.IGNORECASE))).to_have_count(0)
