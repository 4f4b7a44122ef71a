"""The charts of the workspace: found, folded, pinned, smoothed, zoomed, read, and taken away as a file."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from playwright.sync_api import FloatRect, Locator, Page, Response, expect

from tests.browser.pages import bodies, log, row, shows, tile
from tests.processes import Server, wait_until

STEPS = 6000
CODE = f"""
import math, tracker

for name, height in (("low", 1.0), ("high", 3.0), ("middle", 2.0)):
    with tracker.init("curves", name=name, system_interval_s=0):
        for step in range({STEPS}):
            noise = math.sin(step * 12.9898) * 0.2
            tracker.log({{"train/loss": height + noise, "train/signed": step - 100, "val/accuracy": height / 4,
                          "val/f1": height / 5, "optim/lr": 1000 if step == 3000 else 0.1}})
"""

SIZES = """
import tracker

with tracker.init("sizes", name="wide", system_interval_s=0) as run:
    for step in range(5):
        tracker.log({"huge": (1 + step) * 1e300, "near": 1 + step * 1e-12, "tiny": (1 + step) * 1e-30}, step=step)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three runs that are only looked at."""
    folder = tmp_path_factory.mktemp("charts")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        log(server, folder / "sizes", SIZES)
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


def choose(page: Page, setting: str) -> None:
    """Choose something of the menu of all charts."""
    page.get_by_role("button", name="More chart settings").click()
    page.get_by_role("menuitemradio", name=setting, exact=True).click()


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
    choose(page, kind)
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
    choose(page, "On every thinned line")
    expect(page).to_have_url(re.compile("band=always"))
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
        dialog.get_by_role("button", name="CSV", exact=True).click()
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


def pull(page: Page, metric: str, start: tuple[float, float], end: tuple[float, float], *, key: str) -> None:
    """Drag over a tile between two places, shares of its width and height, with a key held."""
    area = box(page, metric)
    places = [(area["x"] + area["width"] * across, area["y"] + area["height"] * down) for across, down in (start, end)]
    page.mouse.move(*places[0])
    page.keyboard.down(key)
    page.mouse.down()
    page.mouse.move((places[0][0] + places[1][0]) / 2, (places[0][1] + places[1][1]) / 2)
    page.mouse.move(*places[1])
    page.mouse.up()
    page.keyboard.up(key)


def asked(page: Page, name: str) -> str:
    """What the address says of this."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def test_one_tile_is_zoomed_in_height_panned_and_reset(page: Page) -> None:
    pull(page, "train/loss", (0.5, 0.2), (0.5, 0.5), key="Shift")
    mark = page.get_by_role("button", name="train/loss has its own height: draw it as on the page")
    expect(mark).to_be_visible()
    expect(page).to_have_url(re.compile(r"tiles=train/loss;y="))
    drag(page, "train/loss", 0.4, 0.6)
    expect(page).to_have_url(re.compile("zoom="))
    before = asked(page, "zoom"), asked(page, "tiles")
    pull(page, "train/loss", (0.3, 0.3), (0.6, 0.6), key="Alt")
    wait_until(lambda: asked(page, "zoom") != before[0], "the chart was moved")
    assert asked(page, "tiles") != before[1]
    assert float(asked(page, "zoom").split("..")[0]) < float(before[0].split("..")[0])
    canvas(page, "train/loss").dblclick()
    expect(mark).to_have_count(0)
    expect(page).to_have_url(re.compile("/p/curves$"))


def test_charts_that_are_zoomed_one_by_one_leave_the_others_alone(page: Page) -> None:
    choose(page, "Zoom all charts together")
    sent = bodies(page, "/series")
    drag(page, "train/loss", 0.5, 0.54)
    expect(tile(page, "train/loss").get_by_text("exact", exact=True)).to_be_visible()
    expect(tile(page, "val/f1").get_by_text("thinned", exact=True)).to_be_visible()
    assert {metric for body in sent if body["range"] is not None for metric in body["metrics"]} == {"train/loss"}
    page.reload()
    expect(tile(page, "train/loss").get_by_text("exact", exact=True)).to_be_visible()
    page.get_by_role("button", name="train/loss has its own range: draw it as on the page").click()
    expect(tile(page, "train/loss").get_by_text("thinned", exact=True)).to_be_visible()


def test_axes_and_ranges_can_be_typed(page: Page) -> None:
    page.get_by_role("button", name="More for val/f1").click()
    page.get_by_role("menuitem", name="Axes and ranges…").click()
    dialog = page.get_by_role("dialog", name="Axes of val/f1")
    dialog.get_by_label("X axis").fill("no such metric")
    expect(dialog.get_by_role("alert")).to_have_text("No metric is called “no such metric”.")
    dialog.get_by_label("X axis").fill("optim/lr")
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("figure", name="val/f1 over optim/lr, 3 runs")).to_be_visible()
    expect(tile(page, "val/accuracy")).to_have_accessible_name(shows("val/accuracy", 3))
    page.get_by_role("button", name="val/f1 has its own x axis: draw it as on the page").click()
    expect(page.get_by_role("figure", name="val/f1 over step, 3 runs")).to_be_visible()
    page.get_by_role("button", name="More chart settings").click()
    page.get_by_role("menuitem", name="Axes and ranges…").click()
    dialog = page.get_by_role("dialog", name="Axes of all charts")
    dialog.get_by_label("X from").fill("100")
    dialog.get_by_label("X to").fill("50")
    expect(dialog.get_by_role("alert")).to_have_text("The x range ends before it begins.")
    dialog.get_by_label("X to").fill("200")
    dialog.get_by_label("Height").select_option("fixed")
    dialog.get_by_label("Y from").fill("0")
    dialog.get_by_label("Y to").fill("5")
    dialog.get_by_label("Y to").press("Enter")
    expect(page.get_by_role("button", name="Reset zoom")).to_have_text(re.compile("step 100–200"))
    expect(page).to_have_url(re.compile(r"y=0\.\.5"))


def test_any_metric_can_be_found_for_the_x_axis(page: Page) -> None:
    page.get_by_role("combobox", name="X axis").select_option("another metric…")
    dialog = page.get_by_role("dialog", name="X axis")
    dialog.get_by_role("searchbox", name="Find a metric for the x axis").fill("signed")
    dialog.get_by_role("button", name="train/signed").click()
    expect(page.get_by_role("figure", name="val/f1 over train/signed, 3 runs")).to_be_visible()
    expect(page.get_by_role("combobox", name="X axis")).to_have_value("metric:train/signed")


def test_outliers_leave_the_scale_and_keep_their_marks(page: Page) -> None:
    chart = tile(page, "optim/lr")
    expect(chart).to_have_accessible_description(re.compile("highest 1,000 in .* at step 3,000$"))
    expect(chart).to_have_accessible_description(re.compile("lowest"))  # nobody has said which is better
    chart.get_by_role("button", name="More for optim/lr").click()
    page.get_by_role("menuitemradio", name="Higher is better").click()
    expect(chart).to_have_accessible_description(re.compile("best 1,000 in"))
    chart.get_by_role("button", name="More for optim/lr").click()
    page.get_by_role("menuitemradio", name="Higher is better").click()
    expect(chart).to_have_accessible_description(re.compile("lowest"))
    choose(page, "Ignore outliers")
    expect(chart).to_contain_text("3 points beyond the scale")
    expect(tile(page, "val/f1")).not_to_contain_text("beyond the scale")
    expect(page).to_have_url(re.compile("outliers=0"))
    expect(chart).to_have_accessible_description(re.compile("highest 1,000 in"))  # nothing is removed


def test_the_values_behind_smoothed_lines_can_be_left_out(page: Page) -> None:
    with page.expect_response(is_smoothed):
        page.goto("/p/curves?smooth=0.9")
    before = canvas(page, "train/loss").screenshot()
    choose(page, "Values behind the smoothed")
    page.mouse.move(0, 0)
    wait_until(lambda: canvas(page, "train/loss").screenshot() != before, "the values are gone from the chart")
    smoothed, raw = values_under_the_pointer(page, "train/loss", "high")
    assert smoothed != raw


def test_an_enlarged_chart_gives_every_point_its_picture_and_its_code(page: Page, tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Enlarge train/loss").click()
    dialog = page.get_by_role("dialog", name="train/loss")
    expect(page.locator(".main-svg").first).to_be_visible()
    with page.expect_download() as csv:
        dialog.get_by_role("button", name="CSV of all points").click()
    csv.value.save_as(tmp_path / "all.csv")
    head, *lines = (tmp_path / "all.csv").read_text().splitlines()
    assert head == "run,run_id,metric,label,step,time_ms,value"
    assert len(lines) == 3 * STEPS
    with page.expect_download() as svg:
        dialog.get_by_role("button", name="SVG").click()
    svg.value.save_as(tmp_path / "loss.svg")
    assert "<path" in unquote((tmp_path / "loss.svg").read_text())
    dialog.get_by_role("button", name="Copy as Python").click()
    expect(page.get_by_text("Copied: Python that fetches and draws this chart.")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    drawn = tmp_path / "drawn.png"
    code = f"import matplotlib\nmatplotlib.use('Agg')\n{code}".replace("plt.show()", f"plt.savefig({str(drawn)!r})")
    pytest.importorskip("matplotlib")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 0
    assert drawn.exists()


def test_the_legend_follows_the_cursor_and_sorts(page: Page) -> None:
    page.get_by_role("button", name="Enlarge val/f1").click()
    legend = page.get_by_role("region", name="Legend")
    expect(page.locator(".main-svg").first).to_be_visible()
    page.get_by_role("img", name="val/f1, enlarged").hover()
    expect(legend.get_by_role("columnheader").last).to_have_text(re.compile(r"at [23],\d{3}"))
    expect(legend.get_by_role("row", name="high").get_by_role("cell").last).to_have_text("0.6")
    legend.get_by_role("button", name="min").click()
    legend.get_by_role("button", name="min").click()
    expect(legend.get_by_role("rowheader")).to_have_text(["low", "middle", "high"])


def test_a_tile_gives_its_picture_and_points_from_its_menu(page: Page, tmp_path: Path) -> None:
    for entry, end in (("Download PNG", "png"), ("Download SVG", "svg"), ("Download CSV", "csv")):
        page.get_by_role("button", name="More for val/f1").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=entry).click()
        assert download.value.suggested_filename == f"val-f1.{end}"


def test_a_chart_is_read_point_by_point_with_the_keyboard(page: Page) -> None:
    canvas(page, "val/f1").focus()
    page.keyboard.press("Enter")
    tooltip = page.get_by_role("tooltip")
    expect(tooltip).to_contain_text("step 5,999")
    expect(tooltip).to_have_attribute("aria-live", "polite")
    page.keyboard.press("ArrowLeft")
    expect(tooltip).to_contain_text(re.compile(r"step 5,8\d\d"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(tooltip.locator("[data-strong=true]")).to_contain_text("middle")
    lit, middle = page.locator("[data-lit]").bounding_box(), row(page, "middle").bounding_box()
    assert lit is not None
    assert middle is not None
    assert (lit["y"], lit["height"]) == (middle["y"], middle["height"]), "the list shows whose line it is"
    page.keyboard.press("Escape")
    expect(page.locator("[data-lit]")).to_have_count(0)
    expect(tooltip).to_have_count(0)
    expect(canvas(page, "val/f1")).to_be_focused()


WRITES = """
window.written = [];
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.written.push(String(text));
  return fillText.call(this, text, ...rest);
};
"""


def test_charts_of_any_size_of_values_have_labels(page: Page) -> None:
    page.add_init_script(WRITES)
    page.goto("/p/sizes")
    for metric, label in {"huge": r"^\de300$", "near": r"^\+\de-12$", "tiny": r"^\de-30$"}.items():
        expect(tile(page, metric)).to_have_accessible_name(shows(metric, 1))
        page.wait_for_function("label => written.filter((one) => RegExp(label).test(one)).length > 0", arg=label)
    page.evaluate("written.length = 0")
    page.get_by_role("button", name="log y", exact=True).click()
    page.wait_for_function("written.includes('1e300') && written.includes('1e-30')")
