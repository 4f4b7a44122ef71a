"""The rules of a model on their page: checked while one types, tried before they are kept, and never written over."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server

CODE = """
import os, tracker
from pathlib import Path

with tracker.init("digits", name="calm-heron", system_interval_s=0) as run:
    tracker.log({"val/acc": 0.75})
    weights = Path(os.environ["TRACKER_DIR"]) / "weights.bin"
    weights.write_bytes(b"weights")
    run.log_artifact(weights, name="cnn", type="model")
    print(run.id)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("rules") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def source(server: Server, tmp_path_factory: pytest.TempPathFactory) -> int:
    run = log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1]
    found: int = ask(server, f"/runs/{run}/artifacts")["artifacts"][0]["id"]
    return found


@pytest.fixture(scope="module")
def other(server: Server, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The artifact of a run that is as good as the first."""
    code = CODE.replace('b"weights"', 'b"other weights"')
    run = log(server, tmp_path_factory.mktemp("client"), code).splitlines()[-1]
    found: int = ask(server, f"/runs/{run}/artifacts")["artifacts"][0]["id"]
    return found


@pytest.fixture
def model(request: pytest.FixtureRequest, server: Server, source: int) -> str:
    """A model of this test's own, with one version."""
    name = f"cnn-{request.node.name[5:30]}"
    ask(server, f"/models/{name}/versions", {"artifact_version_id": source})
    return name


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Rules as YAML").fill(text)


def test_rules_are_checked_tried_and_saved(page: Page, server: Server, model: str) -> None:
    page.goto(f"/models/{model}")
    page.get_by_role("link", name="Rules").click()
    expect(page.get_by_text("No rule: every version passes.")).to_be_visible()
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    write(page, "rules:\n  - metric: val/acc\n    at_leest: 0.8\n")
    problems = page.get_by_role("list", name="Problems")
    expect(problems).to_contain_text(re.compile(r"Line [23].*at_leest"))
    expect(save).to_be_disabled()
    write(page, "rules:\n  - metric: val/acc\n    at_least: 0.8\n")
    expect(page.get_by_role("list", name="Rules")).to_contain_text("val/acc is at least 0.8")
    page.get_by_role("button", name="Try on v1").click()
    gates = page.get_by_role("list", name="Gates")
    expect(gates).to_contain_text("fails")
    expect(gates).to_contain_text("0.75")
    assert ask(server, f"/models/{model}/rules")["revision"] == 0  # nothing of that is kept
    save.click()
    expect(page.get_by_text(f"Rules of {model} saved")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Revision 1")).to_be_visible()
    expect(page.get_by_role("textbox", name="Rules as YAML")).to_have_value(re.compile("at_least: 0.8"))


def test_the_page_of_a_model_counts_what_each_version_passes(
    page: Page, server: Server, model: str, other: int
) -> None:
    ask(server, f"/models/{model}/versions", {"artifact_version_id": other})
    text = "rules:\n  - metric: val/acc\n    at_least: 0.7\n  - metric: val/acc\n    goal: max\n    better_by: 0.1\n"
    ask(server, f"/models/{model}/rules", {"text": text, "revision": 0}, method="PUT")
    ask(server, f"/models/{model}/aliases/production", {"reason": "the first", "replaces": None, "version": 1})
    page.goto(f"/models/{model}")
    versions = page.get_by_role("region", name="Table of versions")
    expect(versions.get_by_role("columnheader", name="Gates")).to_be_visible()
    rows = versions.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("1 of 2")  # against the one in production
    expect(rows.nth(1).get_by_title("fails, against production now")).to_be_visible()
    expect(rows.nth(2)).to_contain_text("2 of 2")  # when nothing was there to compare with


def test_every_rule_that_can_be_added_is_understood(page: Page, model: str) -> None:
    page.goto(f"/models/{model}/rules")
    expect(page.get_by_text("No rule: every version passes.")).to_be_visible()
    adding = page.get_by_role("button", name="Add rule")
    adding.click()
    count = page.get_by_role("menuitem").count()
    page.keyboard.press("Escape")
    for number in range(count):
        adding.click()
        page.get_by_role("menuitem").nth(number).click()
    expect(page.get_by_role("list", name="Rules").get_by_role("listitem")).to_have_count(count)
    expect(page.get_by_role("list", name="Problems")).to_have_count(0)


def test_who_saves_second_sees_what_the_other_wrote(context: BrowserContext, server: Server, model: str) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 409
    page.goto(f"/models/{model}/rules")
    write(page, "rules:\n  - tags: [mine]\n")
    expect(page.get_by_role("list", name="Rules")).to_contain_text("mine")
    theirs = {"text": "rules:\n  - tags: [theirs]\n", "revision": 0}
    ask(server, f"/models/{model}/rules", theirs, method="PUT")
    save = page.get_by_role("button", name="Save")
    save.click()
    other = page.get_by_role("alert").filter(has_text="saved other rules meanwhile")
    expect(other).to_contain_text("tags: [theirs]")
    expect(page.get_by_role("textbox", name="Rules as YAML")).to_have_value(re.compile("mine"))
    other.get_by_role("button", name="Keep mine").click()
    save.click()
    expect(page.get_by_text("Revision 2")).to_be_visible()
    assert "mine" in ask(server, f"/models/{model}/rules")["text"]
