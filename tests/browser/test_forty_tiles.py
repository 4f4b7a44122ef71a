"""A project with many runs and many charts: what is drawn is what one sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import log, shows, tile
from tests.processes import Server

TILES = 40
CODE = f"""
import tracker
for number in range(12):
    with tracker.init("digits", name=f"run-{{number:02}}", system_interval_s=0) as run:
        for step in range(3):
            run.log({{f"layer/{{metric:02}}": metric + step for metric in range({TILES})}})
"""

COUNT_CONTEXTS = """
window.contexts = [];
const given = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    window.contexts.push(kind);
    return given.call(this, kind, ...more);
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tiles")
    with Server(folder / "server") as server:
        log(server, folder / "client", CODE)
        yield server


def test_the_newest_ten_runs_are_drawn_in_the_charts_that_one_sees(page: Page) -> None:
    page.add_init_script(COUNT_CONTEXTS)
    page.goto("/p/digits")
    expect(page.get_by_role("figure")).to_have_count(TILES)
    for metric in ("layer/00", "layer/01", "layer/02"):
        expect(tile(page, metric)).to_have_accessible_name(shows(metric, 10))
        expect(tile(page, metric).locator("canvas")).to_be_visible()
    expect(page.get_by_role("button", name="Hide run-02")).to_be_visible()
    expect(page.get_by_role("button", name="Show run-01")).to_be_visible()
    assert page.locator("canvas").count() < TILES
    last = tile(page, f"layer/{TILES - 1}")
    last.scroll_into_view_if_needed()
    expect(last.locator("canvas")).to_be_visible()
    expect(tile(page, "layer/00").locator("canvas")).to_have_count(0)  # its chart is taken down
    assert page.locator("canvas").count() < TILES
    kinds = page.evaluate("window.contexts")
    assert kinds
    assert not [kind for kind in kinds if "webgl" in kind]
