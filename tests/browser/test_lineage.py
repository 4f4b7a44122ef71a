"""A model's page says where it comes from and who uses it, drawn and in words; and has a card that people complete."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server

CODE = """
import json, os, tracker
from pathlib import Path

folder = Path(os.environ["TRACKER_DIR"])

def write(name, content):
    (folder / name).write_text(content)
    return folder / name

with tracker.init("digits", name="prepare", system_interval_s=0) as prepare:
    tracker.log_artifact(write("rows.csv", "0,1,2"), name="rows", type="dataset")
with tracker.init("digits", name="train", config={"lr": 0.1}, system_interval_s=0) as train:
    tracker.use_artifact("rows:latest", type="dataset")
    tracker.log({"val/acc": 0.93})
    tracker.log_artifact(write("net.bin", "weights"), name="net", type="model")
with tracker.init("digits", name="evaluate <script>", system_interval_s=0) as evaluate:
    tracker.use_artifact("net:v1")
print(json.dumps({"train": train.id, "evaluate": evaluate.id}))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("lineage") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """rows:v1 → train → net:v1 → digits v1, in production, read by another run."""
    found: dict[str, str] = json.loads(log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1])
    artifacts = ask(server, f"/runs/{found['train']}/artifacts")["artifacts"]
    (made,) = [one["id"] for one in artifacts if one["name"] == "net"]
    move = {"artifact_version_id": made, "replaces": None, "reason": "the first"}
    ask(server, "/models/digits/aliases/production", move)
    return found


def lineage(page: Page) -> Locator:
    return page.get_by_role("region", name="Lineage", exact=True)


def test_a_version_leads_to_its_data_and_to_who_uses_it(page: Page, runs: dict[str, str]) -> None:
    page.goto("/models/digits/1")
    graph = lineage(page).get_by_role("region", name="Graph of the lineage, from left to right")
    for name in ("prepare", "rows:v1", "train", "net:v1", "digits v1", "production", "evaluate <script>"):
        expect(graph.get_by_role("link", name=re.compile(re.escape(name)))).to_be_visible()
    expect(graph.get_by_role("link", name="version digits v1 (this one)")).to_be_visible()
    users = lineage(page).get_by_role("region", name="Who uses it")
    expect(users.get_by_role("link", name="evaluate <script>")).to_be_visible()
    graph.get_by_role("link", name="run · finished train").click()
    expect(page.get_by_role("heading", name="train", level=1)).to_be_visible()


def test_the_arrows_can_be_read_as_a_table(page: Page, runs: dict[str, str]) -> None:
    page.goto("/models/digits/1")
    lineage(page).get_by_role("button", name="Table").click()
    table = lineage(page).get_by_role("table")
    for words in ("rows:v1.*read by.*train", "train.*made.*net:v1", "net:v1.*registered as.*digits v1",
                  "digits v1.*holds.*production", "digits v1.*read by.*evaluate"):  # fmt: skip
        expect(table.get_by_role("row", name=re.compile(words))).to_be_visible()


def test_a_narrow_screen_begins_with_the_table(page: Page, runs: dict[str, str]) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/models/digits/1")
    expect(lineage(page).get_by_role("table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_run_shows_the_graph_beside_its_artifacts(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['train']}/artifacts")
    graph = lineage(page).get_by_role("region", name="Graph of the lineage, from left to right")
    expect(graph.get_by_role("link", name="run · finished train (this one)")).to_be_visible()
    expect(graph.get_by_role("link", name="alias production")).to_be_visible()


def test_a_card_is_completed_by_people_and_taken_away(page: Page, runs: dict[str, str]) -> None:
    page.goto("/models/digits/1")
    card = page.get_by_role("region", name="Model card", exact=True)
    expect(card).to_contain_text("To be written: intended use, limitations")
    card.get_by_role("button", name="Edit the card…").click()
    dialog = page.get_by_role("dialog", name="Card of digits v1")
    expect(dialog.get_by_role("button", name="Save the card")).to_be_disabled()
    dialog.get_by_role("textbox", name="Limitations").fill("Only **digits** <img src=x onerror=alert(1)>.")
    dialog.get_by_role("textbox", name="License").fill("apache-2.0")
    dialog.get_by_role("button", name="Save the card").click()
    expect(dialog).to_be_hidden()
    expect(card).to_contain_text("To be written: intended use, bias and risks")
    card.get_by_role("button", name="Read the card").click()
    read = card.get_by_role("region", name="The card")
    expect(read.get_by_text("digits", exact=True).and_(read.locator("strong"))).to_be_visible()
    expect(read).to_contain_text("<img src=x onerror=alert(1)>")
    expect(read.get_by_role("row", name="val/acc")).to_contain_text("0.93")
    expect(read).to_contain_text("To be written: what this model is for")
    with page.expect_download() as waiting:
        card.get_by_role("button", name="Download README.md").click()
    assert waiting.value.suggested_filename == "README.md"
    text = waiting.value.path().read_text()
    assert text.startswith("---\nlicense: apache-2.0\n")
    assert "model-index:\n- name: digits v1" in text
