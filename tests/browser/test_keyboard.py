"""The whole way with the keyboard alone, and nothing that moves where one asked for rest."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.pages import listed
from tests.browser.training import finished
from tests.processes import Server

MOST_TABS = 120


def tab_to(page: Page, wanted: Locator, *, key: str = "Tab") -> None:
    """Go on with Tab until this has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{MOST_TABS} times {key} lead past {wanted}")


def test_from_the_first_page_over_a_filter_to_a_promotion_with_the_keyboard_alone(
    page: Page, server: Server, tmp_path: Path
) -> None:
    for name, lr in (("slow", 0.01), ("fast", 0.1), ("noise", 0.5)):
        finished(server, tmp_path, name, lr=lr)
    page.goto("/")
    tab_to(page, page.get_by_role("link", name="digits"))
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_count(3)
    tab_to(page, page.get_by_role("combobox", name="Filter runs"))
    page.keyboard.type("config.lr < 0.2")
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_text(["fast", "slow"])
    tab_to(page, page.get_by_role("row", name="fast", exact=True))
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Select fast")).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("row", name="slow", exact=True)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Select slow")).to_be_checked()
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("/p/digits/compare"))
    tab_to(page, page.get_by_role("button", name="Promote fast…"))
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    tab_to(page, dialog.get_by_role("textbox", name="Reason (required)"))
    page.keyboard.type("a tenth of the loss")
    tab_to(page, dialog.get_by_role("button", name="Register and promote v1"))
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text(re.compile("digits-cnn production"))).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search projects, runs")).to_be_focused()
    page.keyboard.type("digits-cnn")
    expect(page.get_by_role("option", name=re.compile("model.*digits-cnn")).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Aliases")).to_contain_text("v1")


def test_what_is_typed_before_the_search_is_there_does_nothing_to_the_page(
    page: Page, server: Server, tmp_path: Path
) -> None:
    finished(server, tmp_path, "slow", lr=0.01)
    held: list[Route] = []
    page.route(re.compile("/Palette-[^/]*[.]js"), lambda route: held.append(route))
    page.goto("/p/digits")
    expect(listed(page)).to_have_count(1)
    with page.expect_request(re.compile("/Palette-[^/]*[.]js")):
        page.keyboard.press("Control+k")
    page.keyboard.press("t")  # by itself it shows the table
    for route in held:
        route.continue_()
    expect(page.get_by_role("combobox", name="Search projects, runs")).to_be_focused()
    expect(page).not_to_have_url(re.compile("view=table"))


MOVING = """() => [...document.querySelectorAll('*')].filter((element) => {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
    const lasts = transitionDuration.split(', ').some((one) => parseFloat(one) > 0);
    return animationName !== 'none' || lasts || scrollBehavior === 'smooth';
}).map((element) => element.outerHTML.slice(0, 100))"""


def test_nothing_moves_where_less_motion_is_asked_for(page: Page, server: Server, tmp_path: Path) -> None:
    finished(server, tmp_path, "slow", lr=0.01)
    page.emulate_media(reduced_motion="reduce")
    page.goto("/p/digits")
    expect(listed(page)).to_have_count(1)
    assert page.evaluate(MOVING) == []
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(MOVING) == []
    assert page.evaluate("document.getAnimations().length") == 0
