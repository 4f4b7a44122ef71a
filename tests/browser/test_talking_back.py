"""What goes back and forth between a run and the people who watch it: stopping it, and what it wants to be known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.pages import ask, log, row, tile
from tests.processes import Server, environment, wait_until

UNTIL_STOPPED = """
import time, tracker
with tracker.init("digits", name="endless", system_interval_s=0) as run:
    print(run.id, flush=True)
    while not run.should_stop:
        run.log({"train/loss": 0.5})
        time.sleep(0.02)
"""

DIVERGING = """
import tracker
run = tracker.init("digits", name="diverging", on_nan="warn", system_interval_s=0)
run.define_metric("val/*", summary="min", goal="min")
for step, (loss, held_out) in enumerate([(0.5, 0.75), (0.25, 0.5), (float("nan"), 0.625)]):
    run.log({"train/loss": loss, "val/loss": held_out}, step=step)
run.alert("data is stale", "the last shard is <b>nine</b> days old", level="error")
run.finish()
print(run.id)
"""


RESUMED = """
import tracker
run = tracker.init("digits", name="teacher", system_interval_s=0)
for step in range(800):
    run.log({"train/loss": 1 / (1 + step), "epoch": step // 100}, step=step)
run.finish()
again = tracker.init("digits", id=run.id, resume_from_step=400, system_interval_s=0)
for step in range(401, 500):
    again.log({"train/loss": 0.5}, step=step)
again.finish()
child = tracker.fork(run.id, 100, name="pupil", system_interval_s=0)
child.log({"train/loss": 0.25})
child.finish()
print(run.id, child.id)
"""


BEGUN = """
import tracker
with tracker.init("digits", name="teacher", system_interval_s=0) as run:
    for step in range(20):
        run.log({"train/loss": 1.0}, step=step)
print(run.id)
"""

GOES_ON = """
import sys, time, tracker
with tracker.init("digits", id=sys.argv[1], resume_from_step=9, system_interval_s=0) as run:
    print(run.id, flush=True)
    while not run.should_stop:
        run.log({"train/loss": 0.5})
        time.sleep(0.02)
"""


@contextmanager
def endless(server: Server, folder: Path, *code: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A run that goes on until it is asked to stop: its id, and its process."""
    command = [sys.executable, "-c", *(code or (UNTIL_STOPPED,))]
    env = environment(server.url, folder / "client")
    training = subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert training.stdout is not None
    try:
        yield training.stdout.readline().strip(), training
    finally:
        training.kill()
        training.wait()
        training.stdout.close()


def wait_for_run(server: Server, run_id: str) -> None:
    rows = {"columns": []}
    path = "/projects/digits/runs/search"

    def is_there() -> bool:
        projects = ask(server, "/projects")["projects"]
        return bool(projects) and any(run["id"] == run_id for run in ask(server, path, rows)["runs"])

    wait_until(is_there, f"run {run_id} has arrived")


def test_stop_on_the_page_ends_a_real_training(server: Server, page: Page, tmp_path: Path) -> None:
    with endless(server, tmp_path) as (run_id, training):
        wait_for_run(server, run_id)
        page.goto(f"/p/digits/runs/{run_id}")
        page.get_by_role("button", name="Stop", exact=True).click()
        question = page.get_by_role("dialog", name="Stop endless?")
        question.get_by_role("textbox", name="Reason").fill("it overfits")
        question.get_by_role("button", name="Stop the run").click()
        expect(question).to_have_count(0)
        expect(page.get_by_text("asked it to stop")).to_contain_text("it overfits")
        assert training.wait(30) == 0
    heading = page.get_by_role("main")
    expect(heading.get_by_title("stopped", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    expect(page.get_by_text("asked it to stop")).to_be_visible()


def test_a_run_that_was_asked_is_stopping_in_the_list_and_on_its_page(
    server: Server, page: Page, tmp_path: Path
) -> None:
    with endless(server, tmp_path) as (run_id, training):
        wait_for_run(server, run_id)
        training.kill()  # nobody is left to obey
    page.goto("/p/digits")
    expect(row(page, "endless").get_by_title("running")).to_be_visible()
    ask(server, f"/runs/{run_id}/stop", {"reason": ""})
    expect(row(page, "endless").get_by_title("stopping")).to_be_visible()
    page.goto(f"/p/digits/runs/{run_id}")
    expect(page.get_by_role("button", name="Stopping…")).to_be_disabled()


def test_a_stop_that_is_thought_better_of_asks_nothing(server: Server, page: Page, tmp_path: Path) -> None:
    with endless(server, tmp_path) as (run_id, _):
        wait_for_run(server, run_id)
        page.goto(f"/p/digits/runs/{run_id}")
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
        assert ask(server, f"/runs/{run_id}")["stop"] is None


def test_alerts_and_findings_stand_on_the_overview(server: Server, page: Page, tmp_path: Path) -> None:
    run_id = log(server, tmp_path / "client", DIVERGING).strip()
    page.goto(f"/p/digits/runs/{run_id}")
    section = page.get_by_role("region", name="Alerts and findings")
    expect(section.get_by_role("heading")).to_have_text("Alerts and findings 2")
    newest, finding = section.get_by_role("listitem").nth(0), section.get_by_role("listitem").nth(1)
    expect(newest).to_contain_text("error: data is stale")
    expect(newest).to_contain_text("the last shard is <b>nine</b> days old")
    expect(finding).to_contain_text("train/loss is nan at step 2")
    expect(finding).to_contain_text("Last good values: 0.5 at step 0, 0.25 at step 1")
    finding.get_by_role("link", name="train/loss").click()
    expect(page).to_have_url(f"{server.url}/p/digits/runs/{run_id}/charts?find=train/loss")


def test_a_run_without_alerts_says_nothing_of_them(server: Server, page: Page, tmp_path: Path) -> None:
    quiet = "import tracker; run = tracker.init('digits', system_interval_s=0); run.finish(); print(run.id)"
    page.goto(f"/p/digits/runs/{log(server, tmp_path / 'client', quiet).strip()}")
    expect(page.get_by_role("region", name="Summary", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Alerts and findings")).to_have_count(0)


def test_the_summary_shows_the_value_that_the_run_defines(server: Server, page: Page, tmp_path: Path) -> None:
    run_id = log(server, tmp_path / "client", DIVERGING).strip()
    page.goto(f"/p/digits/runs/{run_id}")
    table = page.get_by_role("region", name="Summary table")
    held_out = table.get_by_role("row", name="val/loss")
    expect(held_out.get_by_role("cell").first).to_have_text("0.5min")
    expect(held_out.get_by_text("smaller is better")).to_have_count(1)
    expect(table.get_by_role("row", name="train/loss").get_by_role("cell").first).to_have_text("0.25last")


def test_superseded_history_is_faint_and_can_be_restored(server: Server, page: Page, tmp_path: Path) -> None:
    teacher, _ = log(server, tmp_path / "client", RESUMED).split()
    page.goto(f"/p/digits/runs/{teacher}/charts?find=train/loss")
    expect(tile(page, "train/loss")).to_contain_text("faint: superseded when the run was resumed")
    page.get_by_role("button", name="Show train/loss as table").click()
    numbers = page.get_by_role("dialog", name="train/loss as a table")
    expect(numbers.get_by_role("columnheader")).to_have_text(["step", "teacher"])  # it is no line of its own
    page.keyboard.press("Escape")

    page.get_by_role("navigation", name="Parts of the run").get_by_role("link", name="Overview").click()
    history = page.get_by_role("region", name="Superseded history")
    expect(history.get_by_role("listitem")).to_contain_text("Steps after 400, up to 799")
    expect(history).to_contain_text("2 series, 798 points")
    summary = page.get_by_role("region", name="Summary table").get_by_role("row", name="train/loss")
    expect(summary).to_contain_text("@ 499")
    history.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog", name="Restore this history?").get_by_role("button", name="Restore it").click()
    expect(summary).to_contain_text("@ 799")
    expect(history.get_by_role("listitem")).to_contain_text("Steps after 400, up to 499")

    page.get_by_role("navigation", name="Parts of the run").get_by_role("link", name="Charts").click()
    page.get_by_role("button", name="Enlarge train/loss").click()
    expect(page.get_by_role("region", name="Legend").get_by_role("row", name="teacher")).to_have_count(1)


def test_a_page_that_is_open_while_its_run_is_resumed_shows_what_was_superseded(
    server: Server, page: Page, tmp_path: Path
) -> None:
    run_id = log(server, tmp_path / "client", BEGUN).strip()
    page.goto(f"/p/digits/runs/{run_id}/charts")
    chart = tile(page, "train/loss")
    expect(chart.get_by_role("img")).to_be_visible()
    expect(chart).not_to_contain_text("faint")
    with endless(server, tmp_path, GOES_ON, run_id):
        # a page that looks at nothing that runs asks every fifteen seconds
        expect(chart).to_contain_text("faint: superseded when the run was resumed", timeout=40_000)


def test_a_fork_names_the_run_that_it_comes_from(server: Server, page: Page, tmp_path: Path) -> None:
    _, pupil = log(server, tmp_path / "client", RESUMED).split()
    page.goto(f"/p/digits/runs/{pupil}")
    about = page.get_by_role("region", name="About")
    expect(about).to_contain_text("Forked from teacher at step 100")
    about.get_by_role("link", name="teacher").click()
    expect(page.get_by_role("heading", name="teacher", exact=True)).to_be_visible()


def test_a_metric_is_drawn_over_another_one(server: Server, page: Page, tmp_path: Path) -> None:
    teacher, _ = log(server, tmp_path / "client", RESUMED).split()
    page.goto(f"/p/digits/runs/{teacher}/charts")
    page.get_by_label("X axis").select_option(label="epoch")
    chart = page.get_by_role("figure", name="train/loss over epoch, 1 run")
    chart.get_by_role("button", name="Show train/loss as table").click()
    numbers = page.get_by_role("dialog", name="train/loss as a table")
    expect(numbers.get_by_role("columnheader").first).to_have_text("epoch")
    expect(numbers.get_by_role("rowheader")).to_have_text(["0", "1", "2", "3", "4"])
    page.reload()
    expect(page.get_by_label("X axis")).to_have_value("metric:epoch")
