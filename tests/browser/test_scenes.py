"""Every page and state: readable by everybody in both themes, on a phone and at twice the size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.browser.scenes import SCENES, Material, material, menu, show
from tests.processes import Server

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TWICE: ViewportSize = {"width": 720, "height": 450}
"""What a window of 1440 by 900 holds at a zoom of 200 %."""
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Material]:
    with material(tmp_path_factory.mktemp("scenes")) as given:
        yield given


@pytest.fixture
def server(given: Material) -> Server:
    return given.server


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Not watched: some of these states are failures, which the browser itself complains about."""
    return context.new_page()


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures for review are kept."""
    folder = Path(os.environ.get("TRACKER_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_for_everybody(page: Page, given: Material, album: Path, name: str) -> None:
    scene = SCENES[name]
    show(page, scene, given)
    told = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        told += grave(page, theme)
        if scene.is_main:
            page.screenshot(path=album / f"{name}.{theme}.png")
    if scene.whole is menu:  # it hangs beside its button, which goes elsewhere
        page.keyboard.press("Escape")
        expect(menu(page)).to_have_count(0)
    for size in (TWICE, PHONE):
        page.set_viewport_size(size)
        reach = page.evaluate("document.scrollingElement.scrollWidth")
        told += [] if reach <= size["width"] else [f"{size['width']} px wide: the page is {reach} px"]
    assert told == []


def grave(page: Page, theme: str) -> list[str]:
    """What axe calls serious or critical."""
    # the ends of an open menu pass the focus on at once
    context = {"exclude": [["[data-focus-trap]"]]}
    found = Axe().run(page, context=context, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{theme}: {one['id']}: {node['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
