"""What one reads and does on the page of a run: notes, config against others, its story, and the acts on it."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages import ask, log, tile
from tests.processes import Server

CODE = r"""
import json, tracker
from pathlib import Path

def train(name, lr, **more):
    config = {"optim": {"lr": lr, "name": "adamw"}, "depth": 12}
    run = tracker.init("digits", name=name, config=config, system_interval_s=0, **more)
    run.define_metric("val/acc", summary="max", goal="max")
    run.define_metric("*", step_metric="epoch")
    for step in range(5):
        run.log({"val/acc": lr * step, "epoch": step // 2})
    return run

first = train("first", 0.1, tags=["baseline"])
first.finish()
second = train("second", 0.3)
print("the last words")
second.alert("data is stale", level="warning")
Path("model.bin").write_bytes(b"weights")
second.log_artifact("model.bin", name="classifier", type="model")
second.finish("failed", exit_code=3)
print(json.dumps({"first": first.id, "second": second.id}))
"""

NOTES = """\
A **warm** restart, see [the paper](https://example.org/paper) and [this](javascript:alert(1)).

- one
- two

<img src=x onerror="document.title = 'taken'"><script>document.title = 'taken'</script>
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run-whole")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with Server(folder / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, folder: Path) -> dict[str, str]:
    """The ids of the runs, by name."""
    code = f"import os; os.chdir({str(folder)!r})\n{CODE}"
    found: dict[str, str] = json.loads(log(server, folder / "client", code).splitlines()[-1])
    return found


def patch(server: Server, run: str, changes: dict[str, object]) -> None:
    """Somebody else changes the run."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/runs/{run}",
        json.dumps(changes).encode(),
        {"Content-Type": "application/json", "X-Tracker-Client": "test"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=10).close()


def test_the_config_is_held_against_the_baseline(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['second']}")
    values = page.get_by_role("region", name="Config values")
    expect(values).to_contain_text("depth")
    against = page.get_by_role("combobox", name="Only what differs from")
    against.select_option("baseline: first")
    expect(values).to_contain_text(re.compile(r"lr\s*0\.3 ←there 0\.1"))
    expect(values).not_to_contain_text("depth")
    expect(values).not_to_contain_text("adamw")
    page.reload()
    expect(values).to_contain_text("0.1")
    page.get_by_role("searchbox", name="Find in the config").fill("nowhere")
    expect(page.get_by_text("Nothing in the config matches “nowhere”.")).to_be_visible()
    page.get_by_role("searchbox", name="Find in the config").fill("")
    against.select_option("all of it")
    expect(values).to_contain_text("adamw")
    against.select_option("any run…")
    page.get_by_role("textbox", name="Id or address of a run").fill(f"{page.url.split('?')[0]}")
    page.get_by_role("textbox", name="Id or address of a run").press("Enter")
    expect(page.get_by_text("The two configs are the same.")).to_be_visible()
    page.get_by_role("button", name="raw").click()
    expect(page.get_by_label("Config as JSON", exact=True)).to_contain_text('"lr": 0.3')


def test_a_failure_comes_with_the_last_words_and_the_story_of_the_run(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['second']}")
    report = page.get_by_role("main").get_by_role("region").first
    expect(report).to_have_accessible_name("Why it failed")
    expect(report.get_by_label("Last console lines", exact=True)).to_contain_text("the last words")
    story = page.get_by_role("region", name="Timeline").get_by_role("listitem")
    expect(story).to_contain_text(["Started", "data is stale", "Failed"])
    expect(page.get_by_role("region", name="Lineage")).to_contain_text("classifier:v1")
    expect(page.get_by_role("main")).to_contain_text("val/acc 1.2 ★ best of 2")
    page.goto(f"/p/digits/runs/{runs['first']}")
    expect(page.get_by_role("main")).to_contain_text("val/acc 0.4")
    expect(page.get_by_role("main")).to_contain_text("rank 2 of 2")
    expect(page.get_by_role("main")).not_to_contain_text("★ best of")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_notes_are_markdown_that_can_do_nothing(page: Page, server: Server, runs: dict[str, str]) -> None:
    patch(server, runs["first"], {"notes": NOTES})
    page.goto(f"/p/digits/runs/{runs['first']}")
    about = page.get_by_role("region", name="About")
    expect(about.get_by_role("strong")).to_have_text("warm")
    expect(about.get_by_role("listitem").get_by_text("two")).to_be_visible()
    paper = about.get_by_role("link", name="the paper")
    expect(paper).to_have_attribute("rel", "noopener noreferrer")
    expect(about.get_by_role("link", name="this")).to_have_count(0)
    expect(about).to_contain_text("<script>")
    expect(page).to_have_title(re.compile("^first"))


def test_a_note_that_somebody_else_changed_is_not_lost(
    context: BrowserContext, server: Server, runs: dict[str, str]
) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 409
    patch(server, runs["first"], {"notes": "before", "tags": ["baseline"]})
    page.goto(f"/p/digits/runs/{runs['first']}")
    about = page.get_by_role("region", name="About")
    about.get_by_role("button", name="Edit notes").click()
    mine = about.get_by_role("textbox", name="Notes")
    mine.fill("what I think")
    patch(server, runs["first"], {"notes": "what they think", "tags": ["baseline", "theirs"]})
    about.get_by_role("button", name="Save").click()
    warning = about.get_by_role("alert")
    expect(warning).to_contain_text("Somebody else has changed this meanwhile")
    expect(warning).to_contain_text("what they think")
    expect(mine).to_have_value("what I think")
    about.get_by_role("button", name="Save mine instead").click()
    expect(about.get_by_text("what I think")).to_be_visible()
    expect(mine).to_have_count(0)
    patch(server, runs["first"], {"tags": ["baseline", "theirs", "new"]})
    about.get_by_role("textbox", name="Add a tag").fill("mine")
    about.get_by_role("textbox", name="Add a tag").press("Enter")
    expect(about.get_by_role("list", name="Tags").get_by_role("listitem")).to_have_count(4)
    assert set(ask(server, f"/runs/{runs['first']}")["tags"]) == {"baseline", "theirs", "new", "mine"}
    about.get_by_role("button", name="Edit name").click()
    about.get_by_role("textbox", name="Name").fill("mine")
    patch(server, runs["first"], {"name": "theirs"})
    about.get_by_role("button", name="Save").click()
    expect(about.get_by_role("alert")).to_contain_text("theirs")
    about.get_by_role("button", name="Keep theirs").click()
    expect(about.get_by_role("heading", name="theirs")).to_be_visible()
    patch(server, runs["first"], {"name": "first"})


def test_a_deletion_names_what_goes_with_it(
    page: Page, server: Server, runs: dict[str, str], context: BrowserContext
) -> None:
    artifact = ask(server, f"/runs/{runs['second']}/artifacts")["artifacts"][0]["id"]
    ask(server, "/models/digits/versions", {"artifact_version_id": artifact})
    page.goto(f"/p/digits/runs/{runs['second']}")
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Delete run…").click()
    question = page.get_by_role("dialog", name="Delete second?")
    goes = question.get_by_role("list", name="What goes with it").get_by_role("listitem")
    expect(goes).to_have_text(["10 points of 2 metrics", "1 console line", "1 artifact version with 7 B"])
    expect(question.get_by_role("note")).to_contain_text("digits:v1 came from it")
    question.get_by_role("textbox", name="Reason").fill("it diverged")
    question.get_by_role("button", name="Delete the run").click()
    expect(page).to_have_url(re.compile("/p/digits$"))
    gone = context.new_page()  # not watched: the browser itself complains about the answer 404
    gone.goto(f"/p/digits/runs/{runs['second']}")
    expect(gone.get_by_role("heading", name="This run was deleted")).to_be_visible()
    expect(gone.get_by_role("main")).to_contain_text("it diverged")
    gone.get_by_role("button", name="Restore it").click()
    expect(gone.get_by_role("region", name="Why it failed")).to_be_visible()
    expect(gone.get_by_role("region", name="Timeline")).to_contain_text("Registered as digits v1")
    another = "1" if runs["second"].endswith("0") else "0"
    gone.goto(f"/p/digits/runs/{runs['second'][:-1]}{another}")
    expect(gone.get_by_role("heading", name="There is no such run")).to_be_visible()
    gone.get_by_role("region", name="Runs that may be meant").get_by_role("link", name="second").click()
    expect(gone.get_by_role("region", name="Why it failed")).to_be_visible()


def test_a_run_is_gone_on_with_by_lines_that_work(
    page: Page, server: Server, runs: dict[str, str], folder: Path
) -> None:
    page.goto(f"/p/digits/runs/{runs['first']}")
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Fork…").click()
    dialog = page.get_by_role("dialog", name="Fork first")
    dialog.get_by_role("textbox", name="At step").fill("2")
    lines = dialog.get_by_label("Python", exact=True).inner_text()
    assert server.url in lines
    log(server, folder / "client", lines)
    forks = ask(server, "/projects/digits/runs/search", {"columns": []})["runs"]
    assert ask(server, f"/runs/{forks[0]['id']}")["fork_of"] == runs["first"]
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Continue this run…").click()
    dialog = page.get_by_role("dialog", name="Continue first")
    dialog.get_by_role("textbox", name="From the step of a checkpoint").fill("x")
    expect(dialog.get_by_role("alert")).to_contain_text("whole number")
    dialog.get_by_role("textbox", name="From the step of a checkpoint").fill("3")
    expect(dialog.get_by_label("Python", exact=True)).to_contain_text(
        f'id="{runs["first"]}", resume="must", resume_from_step=3'
    )


def test_a_run_is_taken_away_whole(page: Page, runs: dict[str, str], tmp_path: Path) -> None:
    page.goto(f"/p/digits/runs/{runs['second']}")
    page.get_by_role("button", name="More for this run").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export").click()
    download.value.save_as(tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        rows = list(csv.reader(io.StringIO(archive.read("points.csv").decode())))
        assert json.loads(archive.read("config.json"))["optim"]["lr"] == 0.3
    assert len(rows) == 1 + 10


def test_charts_are_drawn_over_what_the_run_defines(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['second']}/charts")
    expect(page.get_by_role("figure", name=re.compile(r"^val\/acc over epoch"))).to_be_visible()
    page.get_by_label("X axis").select_option("step")
    expect(page.get_by_role("figure", name=re.compile(r"^val\/acc over step"))).to_be_visible()
    page.reload()
    expect(page.get_by_role("figure", name=re.compile(r"^val\/acc over step"))).to_be_visible()
    expect(tile(page, "val/acc")).to_be_visible()


@pytest.mark.parametrize("part", ["", "/charts", "/system", "/console", "/media", "/artifacts", "/code"])
def test_no_tab_scrolls_sideways_on_a_phone(browser: Browser, server: Server, runs: dict[str, str], part: str) -> None:
    context = browser.new_context(base_url=server.url, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"/p/digits/runs/{runs['second']}{part}")
    expect(page.get_by_role("navigation", name="Parts of the run")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()
