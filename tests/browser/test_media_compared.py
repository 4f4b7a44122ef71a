"""Kinds of media of two runs in one panel, and films as MP4, played where the browser can and else to be saved."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.pages import log
from tests.browser.test_media_kinds import RECORDED
from tests.processes import Server

CODE = """
import json
import numpy as np, tracker

made = {}
for number, name in enumerate(("calm-heron", "late-finch")):
    rng = np.random.default_rng(number)
    labels = rng.integers(0, 2, 200)
    scores = np.clip(labels * (0.2 + 0.5 * number) + rng.random(200) * 0.6, 0, 1)
    run = tracker.init("compared", name=name, capture_console=False, system_interval_s=0)
    made[name] = run.id
    run.log({
        "weights": tracker.Histogram(rng.normal(number, 1, 500)),
        "precision": tracker.PRCurve(labels, scores),
        "roc": tracker.ROC(labels, scores),
        "sound": tracker.Audio(np.sin(np.arange(16000) * 0.05), sample_rate_hz=8000),
        "loop": tracker.Video(np.arange(4)[:, None, None, None] * np.full((1, 8, 8, 3), 60, "uint8"), fps=4, format="gif"),
        "film": tracker.Video("film.mp4"),
        "broken": tracker.Video("broken.mp4"),
    }, step=0)
    run.finish()
print(json.dumps(made))
"""  # noqa: E501

NO_FILM = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\0\x10mdat12345678"
"""The beginning of an MP4, without what would say how to read it."""

PLAYS = "() => MediaRecorder.isTypeSupported('video/mp4')"

TRACES = "plot => plot.querySelector('.js-plotly-plot').data.map(({ name }) => name)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with Server(folder / "server") as server:
        yield server


@pytest.fixture(scope="module")
def film(folder: Path, browser: Browser) -> bytes:
    """What the browser recorded as MP4; one that no browser plays where it records none."""
    page = browser.new_page()
    is_real = page.evaluate(PLAYS)
    found = base64.b64decode(page.evaluate(RECORDED.replace("video/webm", "video/mp4"))) if is_real else NO_FILM
    page.close()
    return found


@pytest.fixture(scope="module")
def made(server: Server, folder: Path, film: bytes) -> dict[str, str]:
    """The ids of two runs, by name."""
    (folder / "film.mp4").write_bytes(film)
    (folder / "broken.mp4").write_bytes(NO_FILM)
    code = CODE.replace("film.mp4", str(folder / "film.mp4")).replace("broken.mp4", str(folder / "broken.mp4"))
    found: dict[str, str] = json.loads(log(server, folder, code).strip().splitlines()[-1])
    return found


def compared(page: Page, made: dict[str, str], name: str) -> Locator:
    page.goto(f"/p/compared/compare?runs={made['calm-heron']},{made['late-finch']}&tab=media&media={name}")
    return page.get_by_role("figure", name=name, exact=True)


@pytest.mark.parametrize("name", ["precision", "roc", "weights"])
def test_the_figure_of_two_runs_has_both(page: Page, made: dict[str, str], name: str) -> None:
    panel = compared(page, made, name)
    for run in made:  # a curve may name its class besides
        expect(panel.get_by_text(re.compile(f"^{run}(: .*)?$")).first).to_be_visible()
    expect(panel.locator(".scatterlayer .trace").nth(1)).to_be_attached()
    drawn = panel.evaluate(TRACES)
    assert [one.split(": ")[0] for one in drawn if one is not None] == list(made)


def test_sounds_of_two_runs_run_together(page: Page, made: dict[str, str]) -> None:
    panel = compared(page, made, "sound")
    first = panel.get_by_role("slider", name="Place in calm-heron")
    second = panel.get_by_role("slider", name="Place in late-finch")
    first.press("End")
    expect(second).to_have_attribute("aria-valuetext", "0:02.0 of 0:02.0")
    first.press("Home")
    panel.get_by_role("button", name="Play late-finch").click()
    expect(panel.get_by_role("button", name="Pause late-finch")).to_be_visible()
    expect(panel.get_by_role("button", name="Play calm-heron")).to_be_visible()
    expect(first).not_to_have_attribute("aria-valuenow", "0")


def test_films_of_two_runs_are_stepped_together_and_moving_pictures_do_not_say_so(
    page: Page, made: dict[str, str]
) -> None:
    together = page.get_by_role("checkbox", name="All together")
    loop = compared(page, made, "loop")
    expect(loop.get_by_role("img", name="late-finch, animated")).to_be_visible()
    expect(together).to_have_count(0)
    panel = compared(page, made, "film")
    expect(together).to_be_checked()
    if not page.evaluate(PLAYS):
        expect(panel.get_by_role("alert")).to_have_count(2)
        return
    frames = panel.get_by_label("Frame", exact=True)
    panel.get_by_role("button", name="Next frame").first.click()
    for number in range(2):
        expect(frames.nth(number)).to_contain_text("frame 2")


def test_an_mp4_stays_as_it_is_and_parts_of_it_are_told(page: Page, made: dict[str, str], film: bytes) -> None:
    listed = page.request.get(f"/api/v1/runs/{made['calm-heron']}/media?name=film").json()["media"]
    whole = page.request.get(listed[0]["content_url"])
    assert (whole.status, whole.headers["content-type"], whole.body()) == (200, "video/mp4", film)
    part = page.request.get(listed[0]["content_url"], headers={"Range": "bytes=4-11"})
    assert (part.status, part.body()) == (206, film[4:12])
    assert part.headers["content-range"] == f"bytes 4-11/{len(film)}"


def test_a_film_that_the_browser_cannot_play_says_so_and_can_be_saved(page: Page, made: dict[str, str]) -> None:
    page.goto(f"/p/compared/runs/{made['calm-heron']}/media?media=broken")
    said = page.get_by_role("alert")
    expect(said).to_contain_text("This browser cannot play this video")
    with page.expect_download() as saved:
        said.get_by_role("link", name="Download the file").click()
    assert saved.value.path().read_bytes() == NO_FILM
