"""Runs in a notebook: executed by a real kernel, and what it shows opened in a browser."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import shows
from tests.browser.test_share import HOSTILE, other_site
from tests.processes import Server, environment

RUNS = f"""
import tracker
ids = []
for name, lr in (({HOSTILE!r}, 0.1), ("otter", 0.01)):
    with tracker.init("digits", name=name, config={{"lr": lr}}, system_interval_s=0) as run:
        for step in range(20):
            run.log({{"train/loss": float("nan") if step == 7 else lr / (1 + step), {HOSTILE!r}: step}})
    ids.append(run.id)
"""
COMPARISON = "comparison = tracker.Api().compare(ids)\ncomparison"


@pytest.fixture
def kernel(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(server.url, tmp_path / "client").items():
        monkeypatch.setenv(name, value)


def executed(*cells: str) -> list[dict[str, str]]:
    """What each cell shows, by type."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    found = []
    for cell in notebook.cells:
        shown = [output for output in cell.outputs if output.output_type == "execute_result"]
        found.append(dict(shown[-1].data) if shown else {})
    return found


@pytest.mark.usefixtures("kernel")
def test_a_run_and_a_comparison_show_their_charts(browser: Browser, server: Server) -> None:
    _, live, stored, compared, read = executed(
        RUNS, "run", "tracker.Api().run(ids[0])", COMPARISON, "comparison.config, comparison.metrics['train/loss']"
    )
    assert read["text/plain"] == "({'lr': [0.1, 0.01]}, [0.005, 0.0005])"
    for shown in (live, stored, compared):
        assert shown["text/html"].count("<script>") == 1
        assert "<img" not in shown["text/html"]
    assert compared["text/plain"].startswith("<comparison of ")

    with other_site(f"<title>A notebook</title>{compared['text/html']}") as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        charts = page.frame_locator("iframe").get_by_role("figure")
        expect(charts.filter(has_text="train/loss")).to_have_accessible_name(shows("train/loss", 2))
        expect(page.locator("iframe")).to_be_visible()
        expect(page.get_by_role("img", name="train/loss")).to_be_hidden()
        expect(page).to_have_title("A notebook")
        context.close()


@pytest.mark.usefixtures("kernel")
def test_a_picture_stays_where_there_is_no_server(browser: Browser, server: Server, tmp_path: Path) -> None:
    _, compared = executed(RUNS, COMPARISON)
    server.stop()
    file = tmp_path / "notebook.html"
    file.write_text(compared["text/html"])
    context = browser.new_context()
    page = context.new_page()
    page.goto(file.as_uri())
    picture = page.get_by_role("img", name="train/loss", exact=True)
    expect(picture.locator("path")).to_have_count(2)
    expect(page.get_by_text("otter (finished)")).to_be_visible()
    expect(page.locator("iframe")).to_have_css("visibility", "hidden")
    context.close()


@pytest.mark.usefixtures("kernel")
def test_what_cannot_be_read_is_said(server: Server) -> None:
    unknown, unreachable, offline = executed(
        "import tracker\ntracker.Api().compare(['nothing'])",
        "tracker.Api('http://127.0.0.1:9', attempts=1).compare(['nothing'])",
        "tracker.init('digits', mode='offline', system_interval_s=0)",
    )
    assert "no points" in unknown["text/html"].lower() or "nothing" in unknown["text/html"]
    assert "cannot be reached" in unreachable["text/html"]
    assert "/r/" in offline["text/html"]
