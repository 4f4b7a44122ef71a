"""The media of a run and of several: one step for the page, images with what is marked in them, how two differ."""

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
import json
import numpy as np, tracker

made = {}
for number, name in enumerate(("first", "second")):
    run = tracker.init("pictures", name=name, capture_console=False, system_interval_s=0)
    made[name] = run.id
    for step in (0, 10, 20):
        shade = np.full((40, 60, 3), 10 + 4 * step, np.uint8)
        shade[:20, :30] += np.uint8(60 * number)
        boxes = [{"box": (5, 5, 25, 20), "label": "cat", "score": 0.9}, {"box": (30, 10, 50, 30), "label": "dog", "score": 0.4}]
        mask = np.zeros((40, 60), np.uint8)
        mask[30:, 40:] = 1
        shown = tracker.Image(shade, caption=f"scene {step}", boxes=boxes, masks={"ground": mask}, classes={1: "road"})
        values = {"val/scene": shown}
        if step < 20:
            values["val/batch"] = [tracker.Image(np.full((8, 8), 40 * one, np.uint8), caption=f"number {one}") for one in range(3)]
        run.log(values, step=step)
    run.finish()
run = tracker.init("pictures", name="long", capture_console=False, system_interval_s=0)
made["long"] = run.id
for step in range(20):
    run.log({"tiny": tracker.Image(np.full((8, 8), 10 * step, np.uint8), caption="tiny")}, step=step)
run.finish()
print(json.dumps(made))
"""  # noqa: E501


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("media") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def made(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The ids of two runs with images, by name."""
    folder: Path = tmp_path_factory.mktemp("client")
    printed = log(server, folder, CODE)
    found: dict[str, str] = json.loads(printed.strip().splitlines()[-1])
    return found


def figure(page: Page, name: str) -> Locator:
    return page.get_by_role("figure", name=name, exact=True)


def test_one_slider_and_the_arrow_keys_move_all_panels(page: Page, made: dict[str, str]) -> None:
    page.goto(f"/p/pictures/runs/{made['first']}/media")
    expect(figure(page, "val/scene at step 20")).to_be_visible()
    expect(figure(page, "val/batch at step 10")).to_be_visible()
    page.get_by_role("slider", name="Step").fill("0")
    expect(figure(page, "val/scene at step 0").get_by_role("img", name="scene 0")).to_be_visible()
    expect(page).to_have_url(re.compile("step=0"))
    expect(figure(page, "val/batch at step 0").get_by_role("button", name=re.compile("^Enlarge number"))).to_have_count(
        3
    )
    page.keyboard.press("ArrowRight")
    expect(figure(page, "val/scene at step 10")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(figure(page, "val/scene at step 20")).to_be_visible()
    expect(page).not_to_have_url(re.compile("step="))  # the newest is what a fresh address shows
    page.goto(f"/p/pictures/runs/{made['first']}/media?step=15&media=batch")
    expect(figure(page, "val/batch at step 10")).to_contain_text("the last before 15")
    expect(page.get_by_role("figure", name="val/scene")).to_have_count(0)
    page.get_by_role("searchbox", name="Find media").fill("nothing like it")
    expect(page.get_by_text("No name has “nothing like it” in it.")).to_be_visible()


BLANK = """() => {
  window.blank = [];
  const look = ({ target }) => { if (!target.complete || target.naturalWidth === 0) window.blank.push(target.src); };
  const found = { attributes: true, attributeFilter: ["src"], subtree: true };
  new MutationObserver((changes) => changes.forEach(look)).observe(document.body, found);
}"""
"""Notes every image that gives way to one that is not there yet."""


def test_the_steps_play_to_the_last_one_each_once_its_image_is_there(page: Page, made: dict[str, str]) -> None:
    page.goto(f"/p/pictures/runs/{made['long']}/media?step=0")
    expect(figure(page, "tiny at step 0").get_by_role("img")).to_be_visible()
    page.evaluate(BLANK)
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(figure(page, "tiny at step 2")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"step=\d+"))  # where it stopped
    page.get_by_role("combobox", name="Speed of playing").select_option("10 / s")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(figure(page, "tiny at step 19")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page).not_to_have_url(re.compile("step="))
    assert page.evaluate("window.blank") == []


def test_compared_runs_play_together_and_the_slider_stops_them(page: Page, made: dict[str, str]) -> None:
    page.goto(f"/p/pictures/compare?runs={made['long']},{made['second']}&tab=media&media=tiny&step=0")
    panel = page.get_by_role("figure", name="tiny")
    expect(panel.get_by_role("group", name="tiny of long, step 0")).to_be_visible()
    page.evaluate(BLANK)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(panel.get_by_role("group", name="tiny of long, step 2")).to_be_visible()
    page.get_by_role("slider", name="Step").fill("0")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(panel.get_by_role("group", name="tiny of long, step 0")).to_be_visible()
    assert page.evaluate("window.blank") == []


def test_on_a_phone_the_lesser_tools_of_compared_media_open_from_the_keyboard(page: Page, made: dict[str, str]) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/p/pictures/compare?runs={made['long']},{made['second']}&tab=media&step=0")
    slider = page.get_by_role("slider", name="Step", exact=True)
    difference = page.get_by_role("button", name="Difference", exact=True)
    expect(slider).to_be_visible()
    expect(difference).to_be_hidden()
    more = page.get_by_role("main").locator("summary").filter(has_text="More")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Speed of playing", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Newest", exact=True)).to_be_visible()
    page.get_by_role("searchbox", name="Find media", exact=True).fill("tiny")
    difference.focus()
    page.keyboard.press("Enter")
    expect(difference).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("look=difference"))
    page.reload()  # what shapes the page is in sight
    expect(difference).to_be_visible()


def test_an_image_fills_the_page_and_its_boxes_are_shown_by_class(page: Page, made: dict[str, str]) -> None:
    page.goto(f"/p/pictures/runs/{made['first']}/media")
    scene = figure(page, "val/scene at step 20")
    expect(scene.get_by_role("img", name="2 boxes")).to_be_visible()
    scene.get_by_role("button", name="Enlarge scene 20, step 20", exact=True).click()
    dialog = page.get_by_role("dialog", name="val/scene")
    stage = dialog.get_by_role("group", name="scene 20, step 20")
    expect(stage.get_by_role("img", name="2 boxes")).to_be_visible()
    dialog.get_by_role("checkbox", name="dog").uncheck()
    expect(stage.get_by_role("img", name="1 boxes")).to_be_visible()
    dialog.get_by_role("slider", name="Least score").fill("0.95")
    expect(stage.locator("rect")).to_have_count(0)
    mask = stage.locator("canvas")
    coloured = "canvas => canvas.width > 0 && canvas.getContext('2d').getImageData(50, 35, 1, 1).data[3] > 0"
    page.wait_for_function(coloured, arg=mask.element_handle())
    dialog.get_by_role("checkbox", name="road").uncheck()
    page.wait_for_function(f"canvas => !({coloured})(canvas)", arg=mask.element_handle())
    dialog.get_by_role("button", name="Zoom in").click()
    expect(dialog.get_by_text("150 %")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("group", name="scene 10, step 10")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    batch = figure(page, "val/batch at step 10")
    batch.get_by_role("button", name=re.compile("^Enlarge number 1")).click()
    number = page.get_by_role("dialog", name="val/batch").get_by_role("status", name="Image", exact=True)
    expect(number).to_have_text("2 of 3")
    page.keyboard.press("ArrowDown")
    expect(number).to_have_text("3 of 3")


def test_images_of_two_runs_are_compared_at_the_same_step(page: Page, made: dict[str, str]) -> None:
    page.goto(f"/p/pictures/compare?runs={made['first']},{made['second']}&tab=media&media=scene")
    panel = page.get_by_role("figure", name="val/scene")
    first = panel.get_by_role("group", name="val/scene of first, step 20")
    expect(first).to_be_visible()
    expect(panel.get_by_role("group", name="val/scene of second, step 20")).to_be_visible()
    panel.get_by_role("button", name="Zoom in").first.click()
    expect(panel.get_by_text("150 %")).to_have_count(2)  # they zoom together
    page.get_by_role("button", name="Difference", exact=True).click()
    expect(panel.get_by_role("status", name="How much differs")).to_contain_text("25 % of pixels differ")
    expect(panel.get_by_role("status", name="How much differs")).to_contain_text("60 at most")
    page.get_by_role("button", name="Wipe", exact=True).click()
    panel.get_by_role("slider", name="Wipe").fill("20")
    expect(panel.get_by_role("img", name="second")).to_be_visible()
    page.get_by_role("button", name="Previous step").click()
    expect(page).to_have_url(re.compile("step=10"))
    expect(panel.get_by_role("slider", name="Wipe")).to_have_value("20")  # it stays from step to step
    page.get_by_role("button", name="Next step").click()
    expect(page).not_to_have_url(re.compile("step="))
    page.get_by_role("button", name="Blink", exact=True).click()
    panel.get_by_role("button", name="Stop", exact=True).click()
    expect(panel.get_by_role("button", name="The other")).to_be_visible()
    page.get_by_role("slider", name="Step").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("look=blink.*step=10|step=10.*look=blink"))
