"""Names come from anywhere: whatever they hold, they are text, and they lead where they should."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import ask, log, row, tile
from tests.processes import Server

MARKUP = "<img src=x onerror=window.hacked=true><b>bold</b>"
NAMES = {"markup": MARKUP, "emoji": "🦉 night owl 🔥", "right to left": "شبكة عصبية", "long": "long " + "x" * 495}
METRICS = ["val/a b", 'it\'s "best"', "top 5%", "a/b/c%20d", "is it? #1 & more", MARKUP]

CODE = """
import json, os, tracker
from pathlib import Path

names, metrics, markup = json.loads(MATERIAL)
ids = {}
for kind, name in names.items():
    about = {"tags": [markup], "notes": markup, "config": {markup: markup}}
    with tracker.init("names", name=name, system_interval_s=0, **about) as run:
        for step in range(3):
            tracker.log({metric: step for metric in metrics})
        print(markup)
        weights = Path(os.environ["TRACKER_DIR"], "owl.bin")
        weights.write_text(kind)
        run.log_artifact(weights, name="owls", type="model")
    ids[kind] = run.id
print("ids", json.dumps(ids))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("names") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The ids of the runs by what is hostile about their names."""
    material = json.dumps([NAMES, METRICS, MARKUP])
    printed = log(server, tmp_path_factory.mktemp("client"), f"MATERIAL = {material!r}\n{CODE}")
    found: dict[str, str] = json.loads(printed.splitlines()[-1].removeprefix("ids "))
    return found


@pytest.fixture(autouse=True)
def nothing_runs(page: Page) -> Iterator[None]:
    """Whatever a test opens, nothing in a name was run."""
    yield
    assert page.evaluate("window.hacked") is None
    expect(page.locator("img[src='x']")).to_have_count(0)


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_is_shown_as_it_was_given(page: Page, runs: dict[str, str], kind: str) -> None:
    page.goto("/p/names")
    link = page.get_by_role("grid", name="Runs").locator(f"a[href$='{runs[kind]}']")
    expect(link).to_have_text(NAMES[kind])
    link.dblclick()
    expect(page).to_have_title(f"{NAMES[kind]} · names · Tracker")
    expect(page.get_by_role("region", name="About").get_by_role("heading")).to_have_text(NAMES[kind])


@pytest.mark.parametrize("tab", ["", "/charts", "/console"])
def test_no_tab_of_a_run_runs_markup(page: Page, runs: dict[str, str], tab: str) -> None:
    page.goto(f"/p/names/runs/{runs['markup']}{tab}")
    expect(page.get_by_role("main").get_by_text(MARKUP).first).to_be_visible()


def test_the_tooltip_and_the_enlarged_chart_show_markup_as_text(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/names/runs/{runs['markup']}/charts")
    expect(tile(page, "top 5%").locator("canvas")).to_be_visible()
    page.get_by_role("img", name="top 5%").hover()
    expect(page.get_by_role("tooltip")).to_contain_text(MARKUP)
    page.get_by_role("button", name=f"Enlarge {MARKUP}", exact=True).click()
    dialog = page.get_by_role("dialog", name=MARKUP)
    expect(dialog.get_by_role("rowheader")).to_have_text(MARKUP)
    expect(dialog.locator(".ytitle")).to_have_text(MARKUP)  # Plotly itself reads a little HTML


def test_the_comparison_shows_markup_as_text(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/names/compare?runs={','.join(runs.values())}")
    expect(page.get_by_role("columnheader").filter(has_text=MARKUP)).to_be_visible()


CUT_OFF = """() => [...document.querySelectorAll('select')].filter((one) => one.checkVisibility() &&
    one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 100))"""


def test_no_page_runs_a_name_or_is_made_wide_by_it(page: Page, server: Server, runs: dict[str, str]) -> None:
    artifact = ask(server, f"/runs/{runs['long']}/artifacts")["artifacts"][0]["id"]
    ask(
        server,
        "/models/owls/aliases/production",
        {"artifact_version_id": artifact, "replaces": None, "reason": MARKUP},
    )
    all_runs = ",".join(runs.values())
    places = ["/", "/p/names", "/p/names?view=table", "/p/names?group=tag", "/p/names?view=scatter"]
    places += ["/p/names?panels=bar,importance", "/models", "/models/owls", "/models/owls/1", "/audit"]
    places += [f"/p/names/compare?runs={all_runs}{part}" for part in ("", "&as=rows", "&tab=charts", "&tab=console")]
    places += [f"/p/names/runs/{run}{part}" for run in (runs["long"], runs["markup"]) for part in ("", "/artifacts")]
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 740})
        for place in places:
            page.goto(place)
            expect(page.get_by_role("heading", level=1)).to_be_attached()
            expect(
                page.get_by_role("main").get_by_text(NAMES["emoji"]).or_(page.get_by_role("link")).first
            ).to_be_attached()
            page.wait_for_load_state("networkidle")
            assert page.evaluate("window.hacked") is None, place
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width, place
            assert page.evaluate(CUT_OFF) == [], place


@pytest.mark.parametrize("metric", METRICS[:-1])
def test_a_metric_is_found_by_a_link_that_holds_its_name(page: Page, runs: dict[str, str], metric: str) -> None:
    page.goto(f"/p/names/runs/{runs['emoji']}")
    page.get_by_role("region", name="Summary", exact=True).get_by_role("link", name=metric, exact=True).click()
    expect(page).to_have_url(re.compile("/charts"))
    expect(tile(page, metric)).to_be_visible()
    page.reload()
    expect(tile(page, metric)).to_be_visible()


def test_a_metric_with_any_name_can_be_a_column_and_sorted_by(page: Page, runs: dict[str, str]) -> None:
    page.goto("/p/names?view=table")
    for metric in METRICS[:-1]:
        page.get_by_role("button", name="Columns").click()
        dialog = page.get_by_role("dialog", name="Columns")
        dialog.get_by_role("button", name="None").click()
        dialog.get_by_role("searchbox", name="Find a column").fill(metric)
        dialog.get_by_role("checkbox").first.check()
        dialog.get_by_role("button", name="Done").click()
        page.get_by_role("button", name=f"Sort by {metric}", exact=True).click()
        page.reload()
        header = page.get_by_role("columnheader", name=metric, exact=True)
        expect(header).to_have_attribute("aria-sort", "descending")
        expect(row(page, NAMES["emoji"]).get_by_role("gridcell", name="2", exact=True)).to_have_count(1)
