"""What holds on every page: its title, its heading, its keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server

CODE = r"""
import json, os, tracker
from pathlib import Path

weights = Path(os.environ["TRACKER_DIR"]) / "weights.bin"
ids = []
for name, lr in (("heron", 0.1), ("otter", 0.01)):
    with tracker.init("digits", name=name, tags=["baseline"], config={"lr": lr, "model": {"depth": 3}},
                      notes="A warm restart.", system_interval_s=0) as run:
        for step in range(10):
            tracker.log({"train/loss": lr / (1 + step), "train/accuracy": 0.5, "val/loss": lr})
        print("Epoch 1")
        weights.write_bytes(name.encode())
        run.log_artifact(weights, name="digits-cnn", type="model")
    ids.append(run.id)
failed = tracker.init("digits", name="crane", system_interval_s=0)
failed.finish("failed", exit_code=1, error="RuntimeError: diverged")
ids.append(failed.id)
Path(os.environ["TRACKER_DIR"], "ids.json").write_text(json.dumps(ids))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("everybody") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Heron, whose model is in production, otter, and crane, which failed."""
    folder = tmp_path_factory.mktemp("client")
    log(server, folder, CODE)
    ids: list[str] = json.loads((folder / "ids.json").read_text())
    artifact = ask(server, f"/runs/{ids[0]}/artifacts")["artifacts"][0]["id"]
    move = {"artifact_version_id": artifact, "replaces": None, "reason": "the first"}
    ask(server, "/models/digits-cnn/aliases/production", move)
    return ids


@dataclass(frozen=True)
class Place:
    """A page: `path` with the runs' ids in it, its title and `h1`, and a text that is there when it has its data."""

    path: str
    title: str
    heading: str
    text: str


PLACES = {
    "projects": Place("/", "Projects · Tracker", "Projects", "3 runs"),
    "workspace": Place("/p/digits", "digits · Tracker", "digits", "heron"),
    "table": Place("/p/digits?view=table", "digits · Tracker", "digits", "heron"),
    "run": Place("/p/digits/runs/{0}", "heron · digits · Tracker", "heron · digits", "A warm restart."),
    "failed run": Place("/p/digits/runs/{2}", "crane · digits · Tracker", "crane · digits", "RuntimeError: diverged"),
    "run charts": Place("/p/digits/runs/{0}/charts", "heron · digits · Tracker", "heron · digits", "log y"),
    "console": Place("/p/digits/runs/{0}/console", "heron · digits · Tracker", "heron · digits", "Epoch 1"),
    "artifacts": Place("/p/digits/runs/{0}/artifacts", "heron · digits · Tracker", "heron · digits", "weights.bin"),
    "compare": Place(
        "/p/digits/compare?runs={0},{1}", "Compare 2 runs · digits · Tracker", "Compare 2 runs · digits", "lr"
    ),
    "models": Place("/models", "Models · Tracker", "Models", "digits-cnn"),
    "model": Place("/models/digits-cnn", "digits-cnn · Tracker", "digits-cnn", "Versions"),
    "version": Place("/models/digits-cnn/1", "digits-cnn v1 · Tracker", "digits-cnn v1", "weights.bin"),
    "settings": Place("/settings", "Settings · Tracker", "Settings", "Appearance"),
    "webhooks": Place("/settings/webhooks", "Webhooks · Settings · Tracker", "Settings", "No webhooks"),
    "audit": Place("/audit", "Audit trail · Tracker", "Audit trail", "the first"),
}


EVERYWHERE = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())


def visit(page: Page, place: Place, runs: list[str]) -> None:
    page.goto(place.path.format(*runs))
    expect(page.get_by_role("main").get_by_text(place.text, exact=True).first).to_be_visible()


@EVERYWHERE
def test_each_page_has_a_title_and_one_heading_of_the_first_level(page: Page, runs: list[str], place: Place) -> None:
    visit(page, place, runs)
    expect(page).to_have_title(place.title)
    expect(page.get_by_role("heading", level=1)).to_have_text([place.heading])


def test_the_keyboard_opens_what_it_says(page: Page, runs: list[str]) -> None:
    visit(page, PLACES["workspace"], runs)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find charts")).to_be_focused()
    page.keyboard.type("?")  # a field takes letters as letters
    expect(page.get_by_role("searchbox", name="Find charts")).to_have_value("?")
    page.get_by_role("searchbox", name="Find charts").fill("")
    page.get_by_role("main").focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Find charts")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="log y")).to_have_attribute("aria-pressed", "true")


def test_the_palette_leads_to_a_run_by_its_name(page: Page, runs: list[str]) -> None:
    visit(page, PLACES["workspace"], runs)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search projects, runs")
    expect(field).to_be_focused()
    field.press_sequentially("otter")
    expect(page.get_by_role("dialog").get_by_role("option")).to_have_text(["runotter"])
    page.keyboard.press("Enter")
    expect(page).to_have_title("otter · digits · Tracker")


def test_a_dialog_gives_the_focus_back_to_what_opened_it(page: Page, runs: list[str]) -> None:
    visit(page, PLACES["workspace"], runs)
    opener = page.get_by_role("button", name="Columns")
    opener.press("Enter")
    expect(page.get_by_role("searchbox", name="Find a column")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_the_list_of_runs_is_walked_with_arrows_and_keys(page: Page, runs: list[str]) -> None:
    visit(page, PLACES["workspace"], runs)
    rows = page.get_by_role("grid", name="Runs").locator("[data-row]")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Select otter")).to_be_checked()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Show otter")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_title("otter · digits · Tracker")


def test_the_theme_that_one_chooses_stays(page: Page, runs: list[str]) -> None:
    page.emulate_media(color_scheme="light")
    visit(page, PLACES["models"], runs)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitemradio", name="Dark theme").click()
    page.wait_for_function("light => getComputedStyle(document.body).backgroundColor !== light", arg=light)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
