"""The page of one run: what it was, what it printed, drew and left behind, and what one may write on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from tests.browser.pages import log, shows, tile
from tests.processes import Server

WEIGHTS = bytes(range(256)) * 400

CODE = r"""
import json, os, subprocess, tracker
import plotly.graph_objects as go
from pathlib import Path

def git(*words):
    command = ["git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", *words]
    subprocess.run(command, check=True, capture_output=True)

folder = Path("checkout")
folder.mkdir()
os.chdir(folder)
git("init", "--initial-branch", "trunk")
Path("train.py").write_text("rate = 1\n")
git("add", "train.py")
git("commit", "-m", "Start")
Path("train.py").write_text("rate = 2\n")

config = {"optim": {"lr": 0.01, "name": "adamw"}, "model": {"depth": 12}}
with tracker.init("digits", name="teacher", config=config, system_interval_s=0.2) as teacher:
    for step in range(2):
        figure = go.Figure(go.Bar(y=[1, 2], name="bars"))
        figure.update_layout(title=f"Epoch {step}")
        tracker.log({"train/loss": 1 / (1 + step), "predictions": figure}, step=step)
    for number in range(3000):
        print(f"line {number}")
    print("\x1b[31mneedle\x1b[0m in the hay")
    Path("model.bin").write_bytes(bytes(range(256)) * 400)
    tracker.log_artifact("model.bin", name="classifier", type="model")

crashed = tracker.init("digits", name="crashed", system_interval_s=0)
crashed.finish("failed", exit_code=1, error="Traceback (most recent call last):\nRuntimeError: CUDA out of memory")
scratch = tracker.init("digits", name="scratch", system_interval_s=0)
scratch.finish()
Path("../runs.json").write_text(json.dumps({"teacher": teacher.id, "crashed": crashed.id, "scratch": scratch.id}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run-page")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A run with everything, one that failed, and one to write on."""
    with Server(folder / "server") as server:
        log(server, folder / "client", f"import os; os.chdir({str(folder)!r})\n{CODE}")
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, folder: Path) -> dict[str, str]:
    """The ids of the runs, by name."""
    found: dict[str, str] = json.loads((folder / "runs.json").read_text())
    return found


def test_every_tab_opens_and_only_the_open_one_is_current(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}")
    tabs = page.get_by_role("navigation", name="Parts of the run")
    content = {
        "Charts": tile(page, "train/loss"),
        "System": page.get_by_role("figure").first,
        "Console": page.get_by_role("log", name="Printed lines"),
        "Media": page.get_by_role("region", name="Media"),
        "Artifacts": page.get_by_role("article", name="classifier:v1"),
        "Code": page.get_by_label("Changes of train.py"),
        "Overview": page.get_by_role("region", name="Config", exact=True),
    }
    for name, part in content.items():
        tabs.get_by_role("link", name=name).click()
        expect(part).to_be_visible()
        current = tabs.locator("[aria-current='page']")
        expect(current).to_have_count(1)
        expect(current).to_have_text(re.compile(f"^{name}"))
        page.reload()  # the address is the tab's own
        expect(part).to_be_visible()


def test_the_id_of_a_run_is_shown_and_copied(page: Page, runs: dict[str, str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/p/digits/runs/{runs['teacher']}")
    about = page.get_by_role("region", name="About", exact=True)
    expect(about.get_by_text(runs["teacher"], exact=True)).to_be_visible()
    about.get_by_role("button", name="Copy run id", exact=True).click()
    expect(about.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == runs["teacher"]


def test_copying_works_over_plain_http_too(page: Page, runs: dict[str, str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto(f"/p/digits/runs/{runs['teacher']}")
    page.get_by_role("button", name="More for this run", exact=True).click()
    page.get_by_role("menuitem", name="Copy run id", exact=True).click()
    expect(page.get_by_text(f"Copied {runs['teacher']}", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == runs["teacher"]
    page.get_by_role("button", name="More for this run", exact=True).click()
    page.get_by_role("menuitem", name="Continue this run…", exact=True).click()
    dialog = page.get_by_role("dialog")  # what is outside it cannot be selected
    button = dialog.get_by_role("button", name="Copy", exact=False).first
    button.click()
    expect(dialog.get_by_role("button", name="Copied", exact=True)).to_be_focused()
    shown = dialog.locator("pre").first.inner_text()
    assert page.evaluate("navigator.clipboard.readText()").strip() == shown.strip()


def test_the_config_is_searched(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}")
    values = page.get_by_role("region", name="Config values")
    expect(values).to_contain_text("depth")
    page.get_by_role("searchbox", name="Find in the config").fill("lr")
    expect(values).to_contain_text("0.01")
    expect(values).not_to_contain_text("depth")
    page.get_by_role("searchbox", name="Find in the config").fill("nowhere")
    expect(page.get_by_text("Nothing in the config matches “nowhere”.")).to_be_visible()


def test_a_failed_run_shows_its_exception_first(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['crashed']}")
    report = page.get_by_role("region", name="Why it failed")
    expect(report.get_by_role("heading")).to_have_text(re.compile("RuntimeError: CUDA out of memory"))
    expect(report).to_contain_text("Exit code 1")
    first = page.get_by_role("main").get_by_role("region").first
    expect(first).to_have_accessible_name("Why it failed")


def test_the_console_finds_a_line_among_thousands_and_shows_its_colour(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}/console")
    printed = page.get_by_role("log", name="Printed lines")
    expect(printed).to_contain_text("line 0")
    expect(page.get_by_text("3,001 lines")).to_be_visible()
    search = page.get_by_role("searchbox", name="Find in the console")
    search.fill("needle")
    expect(page.get_by_text("1 match", exact=True)).to_be_visible()
    search.press("Enter")
    needle = printed.get_by_text("needle", exact=True)  # the colour's codes are not in the text
    expect(needle).to_be_in_viewport()
    expect(needle).not_to_have_css("color", printed.evaluate("element => getComputedStyle(element).color"))


def test_a_figure_is_drawn_in_a_sandbox_for_each_step(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}/media")
    frame = page.get_by_role("figure", name="predictions at step 1").locator("iframe")
    expect(frame).to_have_attribute("sandbox", "allow-scripts")
    expect(frame.content_frame.get_by_text("Epoch 1")).to_be_visible()
    page.get_by_role("slider", name="Step").fill("0")
    earlier = page.get_by_role("figure", name="predictions at step 0").locator("iframe")
    expect(earlier.content_frame.get_by_text("Epoch 0")).to_be_visible()


def test_an_artifact_is_downloaded_byte_for_byte(page: Page, runs: dict[str, str], tmp_path: Path) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}/artifacts")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download model.bin").click()
    download.value.save_as(tmp_path / "model.bin")
    assert (tmp_path / "model.bin").read_bytes() == WEIGHTS


def test_the_code_tab_shows_what_was_not_committed(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}/code")
    changes = page.get_by_label("Changes of train.py")
    expect(changes).to_contain_text("-rate = 1")
    expect(changes).to_contain_text("+rate = 2")
    expect(page.get_by_role("region", name="Code")).to_contain_text("on trunk")


def test_a_name_a_tag_and_a_note_are_there_after_a_reload(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['scratch']}")
    about = page.get_by_role("region", name="About")
    about.get_by_role("button", name="Edit name").click()
    about.get_by_role("textbox", name="Name").fill("calm heron")
    about.get_by_role("button", name="Save").click()
    about.get_by_role("textbox", name="Add a tag").fill("baseline")
    about.get_by_role("textbox", name="Add a tag").press("Enter")
    expect(about.get_by_role("list", name="Tags")).to_have_text("baseline")
    about.get_by_role("button", name="Edit notes").click()
    about.get_by_role("textbox", name="Notes").fill("Warm restart,\nlr halved.")
    about.get_by_role("button", name="Save").click()
    expect(about).to_contain_text("lr halved.")
    page.reload()
    expect(page).to_have_title(re.compile("calm heron"))
    expect(about.get_by_role("heading", name="calm heron")).to_be_visible()
    expect(about.get_by_role("list", name="Tags")).to_have_text("baseline")
    expect(about).to_contain_text("Warm restart,")
    about.get_by_role("button", name="Remove tag baseline").click()
    expect(about.get_by_role("list", name="Tags").get_by_role("listitem")).to_have_count(0)


def test_a_short_link_leads_to_the_run(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/r/{runs['teacher']}")
    expect(page).to_have_url(re.compile(f"/p/digits/runs/{runs['teacher']}$"))
    page.get_by_role("navigation", name="Parts of the run").get_by_role("link", name="Charts").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 1))


@pytest.mark.parametrize("path", ["/p/digits/runs/nosuchrun", "/r/nosuchrun", "/no/such/page"])
def test_an_address_that_leads_nowhere_says_so(context: BrowserContext, path: str) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 404
    page.goto(path)
    expect(page.get_by_role("heading", name=re.compile("^There is no such (page|run)$"))).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Projects").click()
    expect(page.get_by_role("link", name="digits")).to_be_visible()


def test_a_run_that_is_deleted_on_its_page_comes_back_with_undo(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['crashed']}")
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Delete run…").click()
    page.get_by_role("button", name="Delete the run").click()
    expect(page).to_have_url(re.compile("/p/digits$"))
    row = page.get_by_role("row", name="crashed", exact=True)
    expect(page.get_by_text("Deleted crashed")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()


def test_news_from_before_an_undo_does_not_take_the_run_out_again(page: Page, runs: dict[str, str]) -> None:
    held: list[tuple[Route, APIResponse]] = []

    def hold_news_of_deletion(route: Route) -> None:
        answer = route.fetch()
        if not held and runs["crashed"] in msgspec.msgpack.decode(answer.body())["removed"]:
            held.append((route, answer))
        else:
            route.fulfill(response=answer)

    page.route("**/live", hold_news_of_deletion)
    page.goto(f"/p/digits/runs/{runs['crashed']}")
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Delete run…").click()
    page.get_by_role("button", name="Delete the run").click()
    row = page.get_by_role("row", name="crashed", exact=True)
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    with page.expect_response("**/restore?*"):
        page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    [(route, answer)] = held
    with page.expect_response("**/runs/search"):  # the list asks again by itself once news says that the run is back
        route.fulfill(response=answer)
    expect(row).to_be_visible()


def test_a_run_has_no_rank_until_somebody_says_which_values_are_better(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/runs/{runs['teacher']}")
    main = page.get_by_role("main")
    expect(main).to_contain_text("train/loss 0.5")
    page.get_by_role("button", name="Which values of train/loss are better?").click()
    page.get_by_role("menuitemradio", name="Lower is better").click()
    expect(page.get_by_role("status").filter(has_text="train/loss: lower is better, in all of digits")).to_be_visible()
    expect(page.get_by_role("button", name="Which values of train/loss are better?")).to_have_count(0)
