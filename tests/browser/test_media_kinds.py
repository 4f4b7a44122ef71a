"""Each kind of media that a run logged, as one sees it on the page of the run and changes what one sees of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import log
from tests.processes import Server

RECORDED = """async () => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: "video/webm" });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const isDone = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.start();
  for (let frame = 0; frame < 40; frame += 1) {
    context.fillStyle = `hsl(${frame * 9} 90% 50%)`;
    context.fillRect(0, 0, 300, 150);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  recorder.stop();
  await isDone;
  return btoa(String.fromCharCode(...new Uint8Array(await new Blob(parts).arrayBuffer())));
}"""
"""A second or so of video, as base 64."""

CODE = """
import time
import numpy as np
import tracker
from tracker.records import MediaLogged

rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 300)
scores = rng.random((300, 3)) + np.eye(3)[labels] * 0.7
scores /= scores.sum(axis=1, keepdims=True)
cloud = rng.normal(size=(300, 3)) * [1, 2, 3]
frames = np.arange(4)[:, None, None, None] * np.full((1, 60, 80, 3), 60, "uint8")
tone = np.sin(np.arange(16000) * 0.05)
script = "<script>try { parent.document.title = 'owned' } catch {}</script>"

with tracker.init("media", name="calm-heron", system_interval_s=0) as run:
    for step in range(3):
        run.log({"weights": tracker.Histogram(rng.normal(step, 1, 5000))}, step=step)
    run.log({
        "sound": tracker.Audio(tone, sample_rate_hz=8000),
        "recording": tracker.Video("recording.webm"),
        "loop": tracker.Video(frames, fps=4, format="gif"),
        "notes": tracker.Text("# Findings\\n\\nIt **learns**. <b>not bold</b>" + script, format="markdown"),
        "source": tracker.Text("import this\\nprint(this)\\n", format="code", language="python"),
        "page": tracker.Html("<h1>A report</h1><p>all is well</p>" + script),
        "precision": tracker.PRCurve(labels, scores, classes=["cat", "dog", "owl"]),
        "roc": tracker.ROC(labels, scores, classes=["cat", "dog", "owl"]),
        "confusion": tracker.ConfusionMatrix(
            labels, scores.argmax(1), labels=["cat", "dog", "owl"], examples=[{"number": i} for i in range(300)]
        ),
        "cloud": tracker.Object3D(cloud, classes=labels, class_names=["tree", "car", "road"]),
    }, step=2)
    now = time.time_ns() // 1_000_000
    run.record(MediaLogged(2, now, "broken", "histogram", "", 0, details={"edges": [0, 1], "counts": [1, 2]}))
print(run.id)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media_kinds")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with Server(folder / "server") as server:
        yield server


@pytest.fixture(scope="module")
def address(server: Server, folder: Path, browser: Browser) -> str:
    """The page of the media of a run that has logged every kind."""
    page = browser.new_page()
    recording = folder / "recording.webm"
    recording.write_bytes(base64.b64decode(page.evaluate(RECORDED)))
    page.close()
    run = log(server, folder, CODE.replace("recording.webm", str(recording)))
    return f"/p/media/runs/{run}/media"


@pytest.fixture(scope="module")
def opened(browser: Browser, server: Server, address: str) -> Iterator[tuple[Page, list[str]]]:
    context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    complaints = watch(page, server.url)
    page.goto(address)
    yield page, complaints
    context.close()


@pytest.fixture
def shown(opened: tuple[Page, list[str]]) -> Iterator[Page]:
    """One page for all tests: each looks at the panel of its own kind."""
    page, complaints = opened
    yield page
    assert complaints == []


def panel(page: Page, name: str) -> Locator:
    """The panel of a name; those of names that are not looked for come as one scrolls."""
    page.get_by_label("Find media").fill(name)
    return page.get_by_role("figure", name=re.compile(rf"^{name}( at step \d+)?$"))


def test_a_sound_has_a_waveform_to_seek_in_and_plays(shown: Page) -> None:
    sound = panel(shown, "sound")
    place = sound.get_by_role("slider", name="Place in sound")
    expect(place.locator("path").first).to_have_attribute("d", re.compile("^M0 .{500}"))
    place.focus()
    shown.keyboard.press("End")
    expect(place).to_have_attribute("aria-valuetext", "0:02.0 of 0:02.0")
    shown.keyboard.press("Home")
    sound.get_by_role("button", name="Play sound").click()
    expect(sound.get_by_role("button", name="Pause sound")).to_be_visible()
    expect(place).not_to_have_attribute("aria-valuenow", "0")
    expect(sound.get_by_role("button", name="Play sound")).to_be_visible()  # it has come to its end


def test_a_video_is_stepped_frame_by_frame(shown: Page) -> None:
    video = panel(shown, "recording")
    expect(video.get_by_label("recording, video")).to_have_js_property("paused", True)
    frame = video.get_by_label("Frame", exact=True)
    expect(frame).to_have_text(re.compile("^frame 1"))
    video.get_by_role("button", name="Next frame").click()
    expect(frame).to_have_text(re.compile("^frame 2"))
    video.get_by_role("button", name="Previous frame").click()
    expect(frame).to_have_text(re.compile("^frame 1"))


def test_a_moving_picture_stops_and_is_stepped(shown: Page) -> None:
    loop = panel(shown, "loop")
    loop.get_by_role("button", name="Stop").click()
    expect(loop.get_by_label("Frame", exact=True)).to_have_text("frame 1 of 4")
    loop.get_by_role("button", name="Next frame").click()
    expect(loop.get_by_role("img", name="loop, stopped at frame 2")).to_be_visible()
    loop.get_by_role("button", name="Go on").click()
    expect(loop.get_by_role("img", name="loop, animated")).to_be_visible()


def test_text_is_read_as_what_it_is_and_runs_nothing(shown: Page) -> None:
    notes = panel(shown, "notes")
    expect(notes.get_by_role("heading", name="Findings")).to_be_visible()
    notes.get_by_label("Source").check()
    expect(notes.get_by_text("It **learns**. <b>not bold</b>")).to_be_visible()
    source = panel(shown, "source")
    expect(source.locator("pre").first).to_have_text("1\n2")
    expect(source.get_by_text("print(this)")).to_be_visible()
    assert "owned" not in shown.title()


def test_a_page_is_shown_in_a_frame_that_reaches_nothing_and_as_words(shown: Page) -> None:
    report = panel(shown, "page")
    assert report.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    expect(report.frame_locator("iframe").get_by_role("heading", name="A report")).to_be_visible()
    report.get_by_role("button", name="Show as text").click()
    words = shown.get_by_role("dialog", name="page as text")
    expect(words.get_by_text("all is well")).to_be_visible()
    expect(words.get_by_text("owned")).to_have_count(0)
    shown.keyboard.press("Escape")
    assert "owned" not in shown.title()


def test_a_histogram_is_seen_at_one_step_and_over_all(shown: Page) -> None:
    weights = panel(shown, "weights")
    expect(weights.get_by_text("5,000 values")).to_be_visible()
    expect(weights.locator(".barlayer .point").first).to_be_attached()
    weights.get_by_label("Show", exact=True).select_option("all steps as ridges")
    expect(weights.locator(".scatterlayer .trace")).to_have_count(3)
    weights.get_by_label("Show", exact=True).select_option("all steps as heat map")
    expect(weights.locator(".heatmaplayer image")).to_have_count(1)
    weights.get_by_role("button", name="Show weights as table").click()
    table = shown.get_by_role("dialog", name="weights over steps")
    expect(table.get_by_role("row")).to_have_count(4)
    medians = table.get_by_role("row").nth(3).get_by_role("cell")
    assert float(medians.nth(2).inner_text()) == pytest.approx(2, abs=0.2)
    shown.keyboard.press("Escape")


@pytest.mark.parametrize(("name", "area"), [("precision", "average precision"), ("roc", "area under the curve")])
def test_curves_have_areas_and_say_what_a_threshold_gives(shown: Page, name: str, area: str) -> None:
    curves = panel(shown, name)
    expect(curves.get_by_role("columnheader", name=area)).to_be_visible()
    drawn = curves.locator(".scatterlayer .trace")
    expect(drawn.nth(3)).to_be_attached()  # three, and at least one of guessing
    count = drawn.count()
    curves.get_by_role("slider", name="Threshold").press("End")
    expect(curves.get_by_role("columnheader")).to_have_count(5)
    expect(drawn).to_have_count(count + 3)
    curves.get_by_role("checkbox", name="dog").uncheck()
    expect(drawn.nth(count + 1)).not_to_be_attached()  # its line and its mark are gone


def test_a_cell_of_a_confusion_matrix_opens_its_examples(shown: Page) -> None:
    confusion = panel(shown, "confusion")
    grid = confusion.get_by_role("grid")
    cell = grid.get_by_role("gridcell", name=re.compile("^actual cat, predicted cat: "))
    count = int(cell.inner_text())
    cell.focus()
    shown.keyboard.press("ArrowRight")
    expect(grid.get_by_role("gridcell", name=re.compile("^actual cat, predicted dog: "))).to_be_focused()
    shown.keyboard.press("ArrowLeft")
    shown.keyboard.press("Enter")
    examples = shown.get_by_role("dialog", name="Actual cat, predicted cat")
    expect(examples.get_by_role("status").filter(has_text=re.compile(rf"^{count} "))).to_be_visible()
    expect(examples.get_by_role("columnheader", name="number")).to_be_visible()
    shown.keyboard.press("Escape")
    expect(examples).to_have_count(0)
    confusion.get_by_label("Show", exact=True).select_option("shares of the actual class")
    expect(cell).to_contain_text("%")


def test_a_cloud_turns_and_says_its_classes(shown: Page) -> None:
    cloud = panel(shown, "cloud")
    expect(cloud.get_by_text("300 points", exact=True)).to_be_visible()
    expect(cloud.get_by_text("road")).to_be_visible()
    stage = cloud.get_by_label(re.compile("^Point cloud cloud, 300 points by class"))
    pixels = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.join()"
    before = stage.evaluate(pixels)
    stage.press("ArrowLeft")
    expect(stage).to_have_attribute("data-turn", "0.73")
    assert stage.evaluate(pixels) != before
    cloud.get_by_label("Colour by").select_option("height")
    expect(cloud.get_by_text("road")).to_have_count(0)


def test_what_does_not_describe_a_piece_says_so_in_its_place(shown: Page) -> None:
    expect(panel(shown, "broken").get_by_role("alert")).to_contain_text(
        "a histogram of 2 bins has one edge more, not 2"
    )


def test_everybody_can_read_all_kinds_also_on_a_phone(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)
    for name in ("sound", "loop", "notes", "weights", "roc", "confusion", "cloud"):
        expect(panel(page, name).locator("canvas, svg, img, pre, table, h1").first).to_be_attached()
        assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    page.set_viewport_size({"width": 360, "height": 5000})  # so that all of them are in sight
    page.get_by_label("Find media").fill("o")
    expect(page.get_by_role("grid")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"], "iframes": False}).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in serious] == []
    page.close()
