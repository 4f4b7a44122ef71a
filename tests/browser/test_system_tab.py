"""The system tab: what a run's machine did, device by device, over the same time as a metric of the run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import log
from tests.processes import Server

CODE = """
import json, math, time, tracker
from tracker.records import Logged, SystemSampled

def sampled(number, devices):
    idle = number % 10 < 4
    values = {"system/cpu.percent": 94.0 if idle else 40.0, "system/memory.percent": 50.0}
    values |= {"system/disk.read_bytes_per_s": 1e6, "system/disk.written_bytes_per_s": 2e6}
    values |= {"system/process.threads": 9.0}
    for gpu in range(devices):
        load = 2.0 if idle and gpu == 3 else 80.0 + gpu
        values |= {f"system/gpu.{gpu}/utilization": load, f"system/gpu.{gpu}/power_w": 3 * load}
        values |= {f"system/gpu.{gpu}/temperature_c": 60.0, f"system/gpu.{gpu}/memory_percent": 70.0}
        values |= {f"system/gpu.{gpu}/sm_clock_mhz": 1500.0}
    return values

ids = {}
for name, devices in (("four", 4), ("farm", 16)):
    run = tracker.init("digits", name=name, system_interval_s=0)
    start = time.time_ns() // 1_000_000
    for number in range(200):
        run.record_sample(SystemSampled(number, start + 10_000 * number, sampled(number, devices)))
        run.record(Logged(number, start + 10_000 * number, {"val/loss": 1 / (1 + number), "train/loss": 1.0}))
    run.finish()
    ids[name] = run.id
print(json.dumps(ids))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("system-tab")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with Server(folder / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, folder: Path) -> dict[str, str]:
    """The ids of the runs, by name."""
    found: dict[str, str] = json.loads(log(server, folder / "client", CODE))
    return found


def cursor_at(chart: Locator) -> float:
    """How far across its chart the cursor is drawn, from 0 to 1, the labels of the axis included."""
    return float(
        chart.evaluate(
            """figure => {
                const lines = [...figure.querySelectorAll("[class*=line]")];
                const line = lines.find((one) => !one.hidden && one.offsetHeight > 20);
                const [at, box] = [line, figure.querySelector("canvas")].map((one) => one.getBoundingClientRect());
                return (at.left - box.left) / box.width;
            }"""
        )
    )


def test_four_gpus_are_lines_over_the_time_of_a_metric(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['four']}/system")
    load = page.get_by_role("figure", name="utilization over relative time, 4 devices")
    beside = page.get_by_role("figure", name="val/loss over relative time, 1 run")
    for panel in ("power", "temperature", "memory percent", "sm clock"):
        expect(page.get_by_role("figure", name=f"{panel} over relative time, 4 devices")).to_be_attached()
    for panel in ("cpu · percent, 1 line", "memory · percent, 1 line", "disk · bytes per s, 2 lines"):
        title, _, words = panel.partition(", ")
        expect(page.get_by_role("figure", name=f"{title} over relative time, {words}")).to_be_attached()
    canvas = load.get_by_role("img")
    canvas.hover(position={"x": 220, "y": 60})
    expect(page.get_by_role("tooltip").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("tooltip")).to_contain_text("GPU 3")
    assert cursor_at(beside) == pytest.approx(cursor_at(load), abs=0.1)
    page.get_by_label("Metric beside the readings").select_option("train/loss")
    expect(page.get_by_role("figure", name="train/loss over relative time")).to_be_visible()
    page.get_by_label("How devices are shown").select_option("mean")
    expect(page.get_by_role("figure", name="utilization over relative time, the mean of 4 devices")).to_be_visible()
    page.reload()
    expect(page.get_by_role("figure", name="train/loss over relative time")).to_be_visible()
    expect(page.get_by_role("figure", name="utilization over relative time, the mean of 4 devices")).to_be_visible()
    expect(page.get_by_role("figure", name=re.compile("^process · threads"))).to_have_count(0)
    page.get_by_role("button", name="Show what the process and others used").click()
    expect(page.get_by_role("figure", name=re.compile("^process · threads"))).to_be_attached()


def test_what_stands_out_leads_to_the_chart_that_shows_it(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['four']}/system")
    remark = page.get_by_role("list", name="What stands out").get_by_role("listitem")
    expect(remark).to_have_count(1)
    expect(remark).to_contain_text("GPU 3 idle 40 % of the time; the CPU was at 94 % meanwhile")
    remark.get_by_role("button", name=re.compile("^Show: GPU 3 idle")).click()
    shown = page.get_by_role("figure", name=re.compile("^utilization over"))
    expect(shown).to_be_in_viewport()
    expect(shown.get_by_role("img")).to_be_focused()


def test_a_zoom_into_one_reading_is_the_zoom_of_all(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['four']}/system")
    load = page.get_by_role("figure", name=re.compile("^utilization over")).get_by_role("img")
    load.hover(position={"x": 150, "y": 60})
    page.mouse.down()
    box = load.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 250, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("zoom="))
    expect(page.get_by_role("figure", name=re.compile(r"^val\/loss over"))).to_be_visible()
    page.get_by_role("button", name="Reset zoom").click()
    expect(page).not_to_have_url(re.compile("zoom="))


def test_sixteen_devices_are_a_map_of_device_by_time(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['farm']}/system")
    load = page.get_by_role("figure", name="utilization over relative time, a map of 16 devices")
    cells = load.get_by_role("img")
    expect(cells).to_be_visible()
    cells.focus()
    for _ in range(3):
        cells.press("ArrowDown")
    expect(load).to_contain_text("GPU 3 2 % at ")
    cells.press("ArrowUp")
    expect(load).to_contain_text("GPU 2 82 % at ")
    assert cursor_at(page.get_by_role("figure", name=re.compile(r"^val\/loss over"))) == pytest.approx(0, abs=0.1)
    page.get_by_label("How devices are shown").select_option("lines")
    expect(page.get_by_role("figure", name="utilization over relative time, 16 devices")).to_be_visible()
