"""A model's page and a version's page: what one sees of a version's moment, and what one can say of it and do to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server

CODE = """
import json, os, tracker
from pathlib import Path

runs = []
folder = Path(os.environ["TRACKER_DIR"])
(folder / "digits.csv").write_text("1,2,3")
for number, accuracy in enumerate((0.76, 0.772, 0.781)):
    with tracker.init("digits", name=f"run-{number}", config={"lr": accuracy}, system_interval_s=0) as run:
        tracker.log({"val/acc": accuracy, "val/loss": 1 - accuracy})
        (folder / "weights.bin").write_bytes(str(number).encode() * 1000)
        run.log_artifact(folder / "digits.csv", name="images", type="dataset")
        run.log_artifact(folder / "weights.bin", name="net", type="model")
        runs.append(run.id)
print(json.dumps(runs))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("versions") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def artifacts(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """Ids of three versions of `net`, of a run each."""
    runs = json.loads(log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1])
    made = [one for run in runs for one in ask(server, f"/runs/{run}/artifacts")["artifacts"]]
    return [one["id"] for one in made if one["name"] == "net"]


@pytest.fixture
def model(server: Server, artifacts: list[int], request: pytest.FixtureRequest) -> str:
    """A model of the test's own with three versions: 2 is in production, and 1 was before."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_")).strip("-")
    for artifact in artifacts:
        ask(server, f"/models/{name}/versions", {"artifact_version_id": artifact})
    for version in (1, 2):
        move = {"version": version, "replaces": version - 1 or None, "reason": f"v{version} is better"}
        ask(server, f"/models/{name}/aliases/production", move)
    return name


def answer_reason(page: Page, button: str, reason: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason (required)").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden()


def test_a_version_in_production_cannot_be_deleted_and_says_what_holds_it(page: Page, model: str) -> None:
    page.goto(f"/models/{model}/2")
    for button, word in (("Delete…", "deleted"), ("Archive…", "archived")):
        held = page.get_by_role("button", name=button)
        expect(held).to_have_attribute("aria-disabled", "true")
        expect(held).to_have_attribute(
            "title", f"v2 holds production, so it cannot be {word}. Move that to another version first."
        )
    page.get_by_role("button", name="Delete…").press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("main")).to_contain_text("v2 holds production, so it cannot be deleted")
    page.get_by_role("link", name="Who holds which alias").click()
    expect(page.get_by_role("list", name="Aliases").get_by_role("listitem")).to_contain_text("production")


def test_a_version_is_deleted_with_a_reason(page: Page, model: str) -> None:
    page.goto(f"/models/{model}/3")
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text("its number is not used again")
    answer_reason(page, "Delete v3", "it was a test")
    expect(page).to_have_url(f"/models/{model}")
    expect(page.get_by_role("region", name="Table of versions")).not_to_contain_text("v3")
    history = page.get_by_role("region", name="History of the model")
    expect(history.get_by_role("listitem").first).to_contain_text("deleted v3")
    expect(history.get_by_role("listitem").first).to_contain_text("it was a test")


def test_a_version_is_deprecated_archived_and_taken_back(page: Page, model: str) -> None:
    page.goto(f"/models/{model}/3")
    page.get_by_role("button", name="Deprecate…").click()
    answer_reason(page, "Deprecate", "it forgets sevens")
    expect(page.get_by_role("note")).to_have_text("This version is deprecated: it forgets sevens")
    page.get_by_role("button", name="Archive…").click()
    answer_reason(page, "Archive", "nobody needs it")
    expect(page.get_by_role("note")).to_have_text("This version is archived: nobody needs it")
    expect(page.get_by_role("button", name="Promote…")).to_have_attribute("aria-disabled", "true")
    history = page.get_by_role("region", name="History of the version")
    expect(history.get_by_role("listitem").first).to_contain_text("archived v3")
    page.goto(f"/models/{model}")
    expect(page.get_by_role("row", name="v3").get_by_text("archived")).to_be_visible()
    page.get_by_role("link", name="v3", exact=True).first.click()
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("note")).to_have_count(0)


def test_a_versions_page_has_its_evidence(page: Page, model: str) -> None:
    page.goto(f"/models/{model}/2")
    origin = page.get_by_role("region", name="Where it comes from")
    expect(origin.get_by_role("link", name="run-1")).to_be_visible()
    expect(origin).to_contain_text("images:v1")
    code = page.get_by_role("region", name="Code and environment")
    expect(code).to_contain_text("Python")
    code.get_by_text("packages").click()
    code.get_by_role("searchbox", name="Find a package").fill("numpy")
    expect(page.get_by_role("region", name="Table of metrics")).to_contain_text("val/acc")
    use = page.get_by_role("region", name="Use it")
    expect(use).to_contain_text(f'tracker.use_model("{model}@production")')
    expect(use).to_contain_text("curl -f -H")
    expect(page.get_by_role("region", name="Files of the version")).to_contain_text("weights.bin")


def test_a_model_is_described_and_tagged_in_place(page: Page, model: str) -> None:
    page.goto(f"/models/{model}")
    about = page.get_by_role("region", name="About")
    about.get_by_role("button", name="Edit description").click()
    about.get_by_role("textbox", name="Description").fill("Reads **digits**.")
    about.get_by_role("button", name="Save").click()
    expect(about.locator("strong")).to_have_text("digits")
    about.get_by_role("textbox", name="Add a tag").fill("vision")
    page.keyboard.press("Enter")
    expect(about.get_by_role("list", name="Tags")).to_contain_text("vision")
    history = page.get_by_role("region", name="History of the model")
    expect(history.get_by_role("listitem").first).to_contain_text("changed the tags of the model")
    page.goto("/models")
    page.get_by_role("searchbox", name="Find a model").fill("vision")
    expect(page.get_by_role("row", name=model)).to_be_visible()


def test_the_main_metric_is_chosen_and_a_point_leads_to_its_version(page: Page, model: str) -> None:
    page.goto(f"/models/{model}")
    chart = page.get_by_role("region", name="Main metric over versions")
    chart.get_by_role("combobox", name="Metric").select_option("val/acc")
    chart.get_by_role("button", name="Make it the main metric").click()
    expect(chart).to_contain_text("the main metric")
    page.reload()
    expect(chart.get_by_role("combobox", name="Metric")).to_have_value("val/acc")
    expect(chart.get_by_role("link")).to_have_count(3)
    expect(chart.get_by_role("link", name="v2: 0.772, production")).to_be_visible()
    chart.get_by_role("link", name="v3: 0.781").click()
    expect(page).to_have_url(f"/models/{model}/3")


def test_an_archived_model_is_listed_on_demand(page: Page, model: str) -> None:
    page.goto(f"/models/{model}")
    page.get_by_role("button", name="Archive…").click()
    answer_reason(page, "Archive", "another took its place")
    expect(page.get_by_role("note")).to_contain_text("This model is archived")
    page.goto("/models")
    archived = page.get_by_role("checkbox", name="Archived too")
    expect(archived).to_be_visible()
    expect(page.get_by_role("link", name=model)).to_have_count(0)
    archived.check()
    row = page.get_by_role("row", name=model)
    expect(row).to_contain_text("(archived)")
    row.get_by_role("link", name=model).click()
    page.get_by_role("button", name="Take out of the archive…").click()
    answer_reason(page, "Take out of the archive", "it is needed after all")
    expect(page.get_by_role("note")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("path", ["", "/2"], ids=["model", "version"])
def test_the_pages_do_not_scroll_sideways(page: Page, model: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"/models/{model}{path}")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
