"""The console of a run: a hundred thousand lines, looked through, pointed at and followed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server, environment, wait_until

LINES = 100_000

CODE = f"""
import time, tracker
from tracker.records import ConsoleLine
start = time.time_ns() // 1_000_000
with tracker.init("digits", name="talkative", system_interval_s=0) as run:
    for number in range({LINES}):
        text = "epoch %d \\x1b[32mdone\\x1b[0m" % number if number % 1000 == 999 else "step %d loss 0.5" % number
        stream = "stderr" if number % 25_000 == 7 else "stdout"
        run.record(ConsoleLine(start + 100 * number, stream, text))
print(run.id)
"""

RANK = """
import sys, tracker
with tracker.init("digits", id=sys.argv[1], system_interval_s=0):
    print("a word of another rank " + "that goes on and on " * 30)
"""

LIVE = """
import pathlib, sys, tracker
run = tracker.init("digits", name="live", system_interval_s=0)
pathlib.Path(sys.argv[1]).write_text(run.id)
for line in sys.stdin:
    for number in range(int(line)):
        print(f"line {number} of {line.strip()}", flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with Server(folder / "server") as server:
        yield server


@pytest.fixture(scope="module")
def talkative(server: Server, folder: Path) -> str:
    """A run with very many lines, the last of another rank."""
    run_id = log(server, folder / "client", CODE).strip().splitlines()[-1]
    env = environment(server.url, folder / "client", RANK="1", WORLD_SIZE="2")
    subprocess.run([sys.executable, "-c", RANK, run_id], env=env, check=True, capture_output=True, timeout=60)
    wait_until(lambda: bool(ask(server, f"/runs/{run_id}")["console_lines"] > LINES), "all lines have arrived")
    return run_id


def test_a_hundred_thousand_lines_open_at_once_and_few_are_in_the_document(page: Page, talkative: str) -> None:
    page.goto(f"/p/digits/runs/{talkative}")
    begun = time.monotonic()
    page.get_by_role("navigation", name="Parts of the run").get_by_role("link", name="Console").click()
    printed = page.get_by_role("log", name="Printed lines")
    expect(printed).to_contain_text("step 0 loss")
    print(f"opened in {time.monotonic() - begun:.2f} s")  # a figure, and no test of it
    expect(page.get_by_text("100,001 lines", exact=True)).to_be_visible()
    printed.evaluate("element => element.scrollTo(0, element.scrollHeight / 2)")
    expect(printed).to_contain_text("step 50000 loss")
    assert printed.get_by_role("link").count() < 150
    printed.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(printed).to_contain_text("another rank")


def test_text_is_looked_for_in_all_lines(page: Page, talkative: str) -> None:
    page.goto(f"/p/digits/runs/{talkative}/console")
    search = page.get_by_role("searchbox", name="Find in the console")
    search.fill("EPOCH")
    status = page.get_by_role("status")
    expect(status.get_by_text("100 matches", exact=True)).to_be_visible()
    search.press("Enter")
    expect(status.get_by_text("1 of 100 matches")).to_be_visible()
    done = page.get_by_role("log").get_by_text("done", exact=True)  # the codes of its colour are not in the text
    expect(done).to_be_in_viewport()
    expect(done).not_to_have_css("color", search.evaluate("element => getComputedStyle(element).color"))
    page.get_by_role("button", name="Next match").click()
    expect(status.get_by_text("2 of 100 matches")).to_be_visible()
    expect(page.get_by_role("link", name="Line 2,000")).to_have_attribute("aria-current", "location")
    page.get_by_role("button", name="Previous match").click()
    page.get_by_role("button", name="Previous match").click()
    expect(page.get_by_role("link", name="Line 100,000")).to_have_attribute("aria-current", "location")
    page.get_by_role("button", name="Regular expression").click()
    search.fill("step 7[0-9]{3}7 ")
    expect(status.get_by_text("1,000 matches", exact=True)).to_be_visible()
    page.reload()
    expect(status.get_by_text("1,000 matches", exact=True)).to_be_visible()


def test_a_wrong_expression_says_what_is_wrong(context: BrowserContext, talkative: str) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 422
    page.goto(f"/p/digits/runs/{talkative}/console?regex=1")
    search = page.get_by_role("searchbox", name="Find in the console")
    search.fill("(loss")
    expect(page.get_by_role("status").get_by_text("this is no regular expression")).to_contain_text("missing )")
    search.fill("loss 0")
    expect(page.get_by_text("99,900 matches", exact=True)).to_be_visible()


def test_a_line_has_an_address(page: Page, talkative: str) -> None:
    page.goto(f"/p/digits/runs/{talkative}/console?line=70001")
    line = page.get_by_role("link", name="Line 70,001")
    expect(line).to_be_in_viewport()
    expect(line).to_have_attribute("aria-current", "location")
    expect(page.get_by_role("log")).to_contain_text("step 70000 loss")
    page.get_by_role("link", name="Line 70,003").click()
    expect(page).to_have_url(re.compile(r"\?line=70003$"))
    page.reload()
    expect(page.get_by_role("link", name="Line 70,003")).to_be_in_viewport()


def test_streams_processes_times_and_wrapping_are_chosen(page: Page, talkative: str) -> None:
    page.goto(f"/p/digits/runs/{talkative}/console")
    printed = page.get_by_role("log")
    page.get_by_role("combobox", name="Stream").select_option("stderr")
    expect(page.get_by_role("status").get_by_text("4 of 100,001 lines")).to_be_visible()
    expect(printed.get_by_role("link")).to_have_text(["8", "25,008", "50,008", "75,008"])
    expect(printed).to_contain_text("step 75007")
    page.get_by_role("combobox", name="Times").select_option("since the start")
    expect(printed).to_contain_text(re.compile(r"\+2:05:00\.\d"))
    page.get_by_role("combobox", name="Stream").select_option("stdout and stderr")
    page.get_by_role("combobox", name="Process").select_option("rank1")
    expect(printed.get_by_role("link")).to_have_text(["100,001"])
    line = printed.get_by_text("a word of another rank")
    expect(line).to_be_visible()
    unwrapped = line.evaluate("element => element.getBoundingClientRect().height")
    page.get_by_role("checkbox", name="wrap").check()
    expect(page).to_have_url(re.compile("wrap=1"))
    assert line.evaluate("element => element.parentElement.getBoundingClientRect().height") > unwrapped
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_the_console_is_downloaded_as_text(page: Page, talkative: str, tmp_path: Path) -> None:
    page.goto(f"/p/digits/runs/{talkative}/console")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the console as text").click()
    download.value.save_as(tmp_path / "console.txt")
    lines = (tmp_path / "console.txt").read_text().splitlines()
    assert lines[:2] == ["step 0 loss 0.5", "step 1 loss 0.5"]
    assert lines[999] == "epoch 999 done"
    assert len(lines) == LINES + 1


def test_a_running_run_is_followed_until_one_scrolls_up(page: Page, server: Server, folder: Path) -> None:
    id_file = folder / "live-id"
    training = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(id_file)],
        env=environment(server.url, folder / "live"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert training.stdin is not None
    try:
        wait_until(lambda: id_file.exists() and id_file.read_text() != "", "the run has begun")
        run_id = id_file.read_text()

        def lines() -> int:
            try:
                return int(ask(server, f"/runs/{run_id}")["console_lines"])
            except urllib.error.HTTPError:  # the run itself has not arrived yet
                return 0

        def say(count: int, total: int) -> None:
            assert training.stdin is not None
            print(count, file=training.stdin, flush=True)
            wait_until(lambda: lines() >= total, f"{total} lines have arrived")

        say(300, 300)
        page.goto(f"/p/digits/runs/{run_id}/console")
        printed = page.get_by_role("log")
        expect(printed.get_by_text("line 299 of 300")).to_be_in_viewport()
        say(40, 340)
        expect(printed.get_by_text("line 39 of 40", exact=True)).to_be_in_viewport()
        printed.hover()
        page.mouse.wheel(0, -2000)
        say(128, 468)
        fresh = page.get_by_role("button", name=re.compile("^128 new lines"))
        expect(fresh).to_be_visible()
        fresh.click()
        expect(printed.get_by_text("line 127 of 128")).to_be_in_viewport()
    finally:
        training.kill()
        training.wait()
        training.stdin.close()
