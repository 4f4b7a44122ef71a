"""Runs beside each other: what differs, by how much from a baseline, and their curves over each other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import ask, log, shows, tile
from tests.processes import Server, environment

CODE = """
import json, os, tracker
from pathlib import Path

PROMPT = "You are a careful judge of handwritten digits. " * 4
weights = Path(os.environ["TRACKER_DIR"]) / "weights.bin"
ids = []
for name, lr, loss in (("heron", 0.1, 0.5), ("otter", 0.01, 0.25), ("finch", 0.001, 1.0), ("crane", 0.5, 2.0)):
    config = {"lr": lr, "epochs": 10, "prompt": PROMPT + name}
    if name == "otter":
        config["schedule"] = None
    project = "letters" if name == "crane" else "digits"
    with tracker.init(project, name=name, config=config, system_interval_s=0) as run:
        run.define_metric("train/loss", goal="min")
        for step in range(10):
            tracker.log({"train/loss": loss + (0 if step == 9 else 1), "val/constant": 7, "train/speed": lr * 10})
        for step in range(300):
            print(f"{name} step {step}" if step != 250 else f"{name} diverged")
        if name == "finch":
            weights.write_bytes(b"weights")
            run.log_artifact(weights, name="digits-cnn", type="model")
        ids.append(run.id)
print(json.dumps(ids))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("compare") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def ids(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Heron, otter, and finch, whose model is in production; and crane of another project."""
    found: list[str] = json.loads(log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1])
    artifact = ask(server, f"/runs/{found[2]}/artifacts")["artifacts"][0]["id"]
    move = {"artifact_version_id": artifact, "replaces": None, "reason": "the first"}
    ask(server, "/models/digits-cnn/aliases/production", move)
    return found


@pytest.fixture(autouse=True)
def comparison(page: Page, ids: list[str]) -> None:
    visit(page, *ids[:3])
    expect(line(page, "lr")).to_be_visible()


def visit(page: Page, *runs: str, more: str = "") -> None:
    page.goto(f"/p/digits/compare?runs={','.join(runs)}{more}")


def line(page: Page, key: str) -> Locator:
    """The row of a key in the table."""
    escaped = re.escape(key).replace("/", r"\/")  # Playwright ends a pattern at a bare one
    name = re.compile(f"^{escaped}( (higher|lower) is better| Which values .* are better\\?)?$")
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def test_only_rows_that_differ_are_shown_until_one_asks_for_all(page: Page) -> None:
    expect(line(page, "lr").get_by_role("cell")).to_contain_text(["0.1", "0.01", "0.001"])
    expect(line(page, "epochs")).to_have_count(0)
    expect(line(page, "val/constant")).to_have_count(0)
    page.get_by_role("checkbox", name="only what differs").uncheck()
    expect(line(page, "epochs").get_by_role("cell")).to_have_text(["10", re.compile("^10"), re.compile("^10")])
    expect(line(page, "val/constant")).to_be_visible()


def test_differences_are_told_from_the_baseline_that_one_chooses(page: Page) -> None:
    losses = line(page, "train/loss").get_by_role("cell")
    expect(losses).to_contain_text(["0.5", "−50", "+100"])
    page.get_by_role("combobox", name="Baseline").select_option("finch")
    expect(losses).to_contain_text(["−50", "−75", "1"])
    page.reload()
    expect(losses).to_contain_text(["−50", "−75", "1"])


def test_metrics_are_compared_by_the_statistic_that_one_chooses(page: Page) -> None:
    page.get_by_role("combobox", name="Metrics by").select_option("max")
    expect(line(page, "train/loss").get_by_role("cell")).to_contain_text(["1.5", "1.25", "2"])


def test_a_row_is_found_by_its_name(page: Page) -> None:
    page.get_by_role("searchbox", name="Find a row").fill("loss")
    expect(line(page, "lr")).to_have_count(0)
    expect(line(page, "train/loss")).to_be_visible()


def test_better_and_worse_are_told_in_words_and_the_best_is_marked(page: Page) -> None:
    losses = line(page, "train/loss").get_by_role("cell")
    expect(losses).to_have_text(
        [re.compile(r"^0\.5$"), re.compile(r"0\.25★.*−50.* % better"), re.compile(r"1.*\+100.* % worse")]
    )
    expect(line(page, "train/loss").get_by_role("img", name="lower is better")).to_be_visible()
    expect(losses.nth(1).get_by_role("img", name="best")).to_be_visible()


def test_no_value_is_the_best_until_somebody_says_which_is_better(page: Page) -> None:
    speeds = line(page, "train/speed").get_by_role("cell")
    expect(speeds).to_have_text([re.compile("^1$"), re.compile(r"0\.1−0\.9.*%$"), re.compile(r"0\.01−0\.99.*%$")])
    page.get_by_role("button", name="Which values of train/speed are better?").click()
    page.get_by_role("menuitemradio", name="Higher is better").click()
    expect(line(page, "train/speed").get_by_role("img", name="higher is better")).to_be_visible()
    expect(speeds.first.get_by_role("img", name="best")).to_be_visible()
    expect(speeds.nth(1)).to_contain_text("worse")


def test_what_was_not_logged_is_not_null(page: Page) -> None:
    expect(line(page, "schedule").get_by_role("cell")).to_have_text(["not logged", "null", "not logged"])


def test_a_long_text_opens_as_what_differs_from_the_baseline(page: Page) -> None:
    cell = line(page, "prompt").get_by_role("cell").nth(1)
    cell.locator("summary").click()
    expect(cell.get_by_role("insertion")).to_have_text("otter")
    expect(cell.get_by_role("deletion")).to_have_text("heron")


def test_runs_are_added_from_other_projects_and_taken_out(page: Page, ids: list[str]) -> None:
    page.get_by_role("button", name="Add run").click()
    dialog = page.get_by_role("dialog", name="Add a run")
    expect(dialog.get_by_role("button", name="otter is compared")).to_be_disabled()
    dialog.get_by_role("combobox", name="Project").select_option("letters")
    dialog.get_by_role("searchbox", name="Find a run").fill("cran")
    dialog.get_by_role("button", name="Add crane").click()
    dialog.get_by_role("button", name="Done").click()
    expect(page.get_by_role("columnheader", name="crane")).to_contain_text("of letters")
    expect(line(page, "lr").get_by_role("cell")).to_have_count(4)
    page.get_by_role("button", name="Remove otter from the comparison").click()
    expect(page).to_have_url(re.compile(f"runs={ids[0]},{ids[2]},{ids[3]}$"))
    expect(line(page, "lr").get_by_role("cell")).to_have_count(3)
    page.go_back()
    expect(line(page, "lr").get_by_role("cell")).to_have_count(4)


def test_the_head_of_a_column_makes_it_the_baseline(page: Page) -> None:
    page.get_by_role("button", name="Make otter the baseline").click()
    expect(line(page, "train/loss").get_by_role("cell")).to_contain_text(["+100", "0.25", "+300"])
    expect(page.get_by_role("combobox", name="Baseline")).to_have_value(re.compile("."))


def test_one_run_is_compared_with_what_is_in_production(page: Page, ids: list[str]) -> None:
    visit(page, ids[0])
    expect(line(page, "epochs")).to_be_visible()
    page.get_by_role("button", name="digits-cnn v1").click()
    heads = page.get_by_role("columnheader")
    expect(heads.filter(has_text="finch")).to_contain_text("baseline")
    expect(line(page, "train/loss").get_by_role("cell")).to_contain_text(["1", "−50"])


def test_runs_that_are_not_there_say_so_in_their_columns(page: Page, ids: list[str]) -> None:
    visit(page, ids[0], "nobody", ids[1])
    expect(page.get_by_role("columnheader", name="nobody")).to_contain_text("no such run")
    expect(line(page, "lr").get_by_role("cell")).to_contain_text(["0.1", "–", "0.01"])
    page.get_by_role("button", name="Remove nobody from the comparison").click()
    expect(line(page, "lr").get_by_role("cell")).to_have_count(2)


def test_runs_stand_as_rows_where_one_asks_for_it(page: Page) -> None:
    page.get_by_role("button", name="Runs as rows").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="otter"))
    expect(row.get_by_role("cell").first).to_contain_text("0.25")
    expect(page.get_by_role("columnheader", name="train/loss")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="train/loss")).to_be_visible()


def test_the_table_and_its_address_are_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("searchbox", name="Find a row").fill("train/loss")
    expect(line(page, "lr")).to_have_count(0)
    page.get_by_role("button", name="Copy the table").click()
    page.get_by_role("menuitem", name="Copy as CSV").click()
    expect(page.get_by_text("The table is copied as CSV.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines() == ["section,key,heron,otter,finch", "Summary,train/loss,0.5,0.25,1"]
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The address of this comparison is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_curves_lie_over_each_other(page: Page) -> None:
    parts = page.get_by_role("navigation", name="Parts of the comparison")
    parts.get_by_role("link", name="Charts").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(parts.locator("[aria-current='page']")).to_have_text("Charts")
    page.go_back()
    expect(line(page, "lr")).to_be_visible()


def values(page: Page, metric: str) -> Locator:
    """The numbers of a chart, as the table that stands for it; it stays open."""
    page.get_by_role("button", name=f"Show {metric} as table").click()
    return page.get_by_role("dialog", name=f"{metric} as a table")


def test_charts_show_how_far_each_run_is_from_the_baseline(page: Page, ids: list[str]) -> None:
    visit(page, ids[0], ids[1], ids[3], more="&tab=charts")
    page.get_by_role("button", name="Difference to baseline").click()
    expect(page).to_have_url(re.compile("difference=1"))
    expect(page.get_by_text("Each line is its distance from heron")).to_be_visible()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    numbers = values(page, "train/loss")
    expect(numbers.get_by_role("row").nth(1).get_by_role("cell")).to_have_text(["0", "−0.25", "1.5"])
    numbers.get_by_role("button", name="Close").click()
    page.get_by_role("combobox", name="Baseline").select_option("otter")
    numbers = values(page, "train/loss")
    expect(numbers.get_by_role("row").nth(1).get_by_role("cell")).to_have_text(["0.25", "0", "1.75"])


def test_charts_are_aligned_where_a_metric_of_each_run_comes_to_a_value(page: Page, ids: list[str]) -> None:
    visit(page, *ids[:3], more="&tab=charts")
    page.get_by_role("button", name="Align…").click()
    dialog = page.get_by_role("dialog", name="Align the runs")
    dialog.get_by_role("combobox", name="Metric").select_option("train/loss")
    dialog.get_by_role("combobox", name="where").select_option("it is lowest")
    dialog.get_by_role("button", name="Align", exact=True).click()
    expect(page.get_by_text("x counts from the lowest train/loss of each run.")).to_be_visible()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))
    expect(values(page, "train/loss").get_by_role("row").nth(1)).to_contain_text("−9")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Aligned at the lowest train/loss").click()
    dialog.get_by_role("combobox", name="where").select_option("it first reaches")
    dialog.get_by_role("textbox", name="Value").fill("1.4")
    dialog.get_by_role("button", name="Align", exact=True).click()
    expect(page.get_by_text("1 run never gets there and is left out: otter.")).to_be_visible()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
    page.get_by_role("button", name="Do not align").click()
    expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 3))


def test_consoles_scroll_together_and_are_searched_together(page: Page, ids: list[str]) -> None:
    visit(page, *ids[:2], more="&tab=console")
    heron, otter = (page.get_by_role("log", name=f"What {name} printed") for name in ("heron", "otter"))
    expect(heron).to_contain_text("heron step 0")
    expect(otter).to_contain_text("otter step 0")
    page.get_by_role("searchbox", name="Find in the consoles").fill("diverged")
    pane = page.get_by_role("region", name="Console of heron")
    expect(pane.get_by_role("status")).to_have_text("1 match")
    expect(page.get_by_role("region", name="Console of otter").get_by_role("status")).to_have_text("1 match")
    pane.get_by_role("button", name="Next match of heron").click()
    expect(heron).to_contain_text("heron diverged")
    expect(otter).to_contain_text("otter diverged")
    otter.focus()
    page.keyboard.press("Home")
    expect(heron).to_contain_text("heron step 0")
    page.get_by_role("combobox", name="Scroll").select_option("not together")
    page.keyboard.press("Tab")
    otter.focus()
    page.keyboard.press("End")
    expect(otter).to_contain_text("otter step 299")
    expect(heron).to_contain_text("heron step 0")
    page.reload()
    expect(page.get_by_role("combobox", name="Scroll")).to_have_value("none")
    expect(page.get_by_role("searchbox", name="Find in the consoles")).to_have_value("diverged")


def test_code_that_no_commit_has_is_compared_line_by_line(page: Page, server: Server, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    found = []
    for rate in (1, 2):
        script.write_text(f"import tracker\nrate = {rate}\nprint(tracker.init('code', name='run{rate}').id)\n")
        command = [sys.executable, str(script)]
        ended = subprocess.run(
            command, env=environment(server.url, tmp_path), capture_output=True, text=True, check=True
        )
        found.append(ended.stdout.strip())
    visit(page, *found)
    line(page, "source.files.train.py.sha256").get_by_role("button", name="show diff").click()
    dialog = page.get_by_role("dialog", name="Code of run2 against run1")
    changes = dialog.get_by_label("Changes of train.py")
    expect(changes).to_contain_text("-rate = 1")
    expect(changes).to_contain_text("+rate = 2")


def test_the_commits_between_two_runs_and_their_packages_are_told(page: Page, server: Server, tmp_path: Path) -> None:
    script = tmp_path / "code" / "train.py"
    script.parent.mkdir()
    git = ["git", "-C", str(script.parent), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "--quiet"], check=True, capture_output=True)
    found = []
    for rate in (1, 2):
        script.write_text(f"import tracker\nprint(tracker.init('commits', name='run{rate}').id)\n# {rate}\n")
        subprocess.run([*git, "add", "."], check=True, capture_output=True)
        subprocess.run([*git, "commit", "--quiet", "-m", f"Try rate {rate}"], check=True, capture_output=True)
        told = (
            environment(server.url, tmp_path, TRACKER_REPRODUCES=found[0])
            if found
            else environment(server.url, tmp_path)
        )
        ended = subprocess.run([sys.executable, str(script)], env=told, capture_output=True, text=True, check=True)
        found.append(ended.stdout.strip())
    visit(page, *found)
    line(page, "git.commit").get_by_role("button", name="show diff").click()
    dialog = page.get_by_role("dialog", name="Code of run2 against run1")
    expect(dialog.get_by_text("1 commit of run2 alone")).to_be_visible()
    expect(dialog.get_by_role("listitem")).to_have_text(re.compile("[0-9a-f]{12} Try rate 2"))
    expect(dialog.get_by_text("The packages are the same for both.")).to_be_visible()
    page.goto(f"/r/{found[1]}")
    expect(page.get_by_text("Reproduces run1 (compare)")).to_be_visible()
    page.get_by_role("link", name="run1", exact=True).first.click()
    expect(page.get_by_text("Reproduced by run2 (compare)")).to_be_visible()
    page.get_by_role("link", name="compare", exact=True).click()
    expect(page).to_have_url(re.compile(f"compare.*{found[0]}"))


TABS = {"differences": "", "rows": "&as=rows", "charts": "&tab=charts&difference=1", "console": "&tab=console"}


@pytest.mark.parametrize("more", TABS.values(), ids=TABS.keys())
def test_each_part_can_be_read_by_everybody(page: Page, ids: list[str], more: str) -> None:
    themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        visit(page, *ids, "nobody", more=more)
        expect(page.get_by_text("crane").first).to_be_attached()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [f"{one['id']}: {node['html']}" for one in grave for node in one["nodes"]] == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_a_comparison_of_nothing_says_where_to_begin(page: Page) -> None:
    page.goto("/p/digits/compare")
    expect(page.get_by_role("heading", name="Nothing to compare")).to_be_visible()
    page.get_by_role("link", name="the list of digits").click()
    expect(page.get_by_role("grid", name="Runs")).to_be_visible()
