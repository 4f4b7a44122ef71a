"""What one may not do is there, cannot be done, and says why; the API refuses it as well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.pages import row, tile
from tests.browser.people import HEADERS, act, sign_in
from tests.browser.serving import Serving, serving
from tests.processes import environment, run_script

CODE = """
import tracker
with tracker.init("digits", name="heron", system_interval_s=0) as run:
    run.log({"train/loss": 1.0})
    print(run.id)
"""

VIEWER = "You are a viewer of this project; an editor may do this."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("rights") / "server", needs_key=True) as server:
        yield server


@pytest.fixture(scope="module")
def run(server: Serving, tmp_path_factory: pytest.TempPathFactory) -> str:
    env = environment(server.url, tmp_path_factory.mktemp("client"), TRACKER_API_KEY=server.key or "")
    sent = run_script(CODE, env)
    assert sent.returncode == 0, sent.stderr
    return sent.stdout.strip()


@pytest.fixture(scope="module")
def bobs_password(server: Serving, run: str, browser: Browser) -> str:
    """Bob is a viewer of the project that the run is in."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/")
    sign_in(page, server.password)
    expect(page.get_by_role("link", name="digits")).to_be_visible()
    password: str = act(page, server, "POST", "/people", {"name": "bob"})["password"]
    act(page, server, "PUT", "/projects/digits/members/bob", {"role": "viewer"})
    context.close()
    return password


@pytest.fixture
def page(context: BrowserContext, bobs_password: str) -> Page:
    """Bob's. Not watched: the browser itself complains about each answer 401 and 403."""
    page = context.new_page()
    page.goto("/p/digits")
    sign_in(page, bobs_password, name="bob")
    expect(row(page, "heron")).to_be_visible()
    return page


def expect_withheld(action: Locator, reason: str = VIEWER) -> None:
    expect(action).to_have_attribute("aria-disabled", "true")
    expect(action).to_have_attribute("title", reason)


def test_a_viewer_sees_why_a_run_cannot_be_changed_and_the_api_refuses(page: Page, run: str) -> None:
    page.goto(f"/p/digits/runs/{run}")
    for name in ("Edit name", "Edit notes"):
        expect_withheld(page.get_by_role("button", name=name))
    expect(page.get_by_role("textbox", name="Add a tag")).not_to_be_editable()
    page.get_by_role("button", name="Edit notes").focus()  # the keyboard reaches it
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text=VIEWER)).to_be_visible()
    expect(page.get_by_role("textbox", name="Notes")).to_have_count(0)
    page.get_by_role("button", name="More for this run").click()
    for name in ("Archive run", "Delete run…"):
        expect_withheld(page.get_by_role("menuitem", name=name))
    answer = page.context.request.patch(f"/api/v1/runs/{run}", headers=HEADERS, data={"notes": "mine"})
    assert (answer.status, answer.json()["error"]["code"]) == (403, "no_access")


def test_a_viewer_sees_why_the_list_and_the_charts_cannot_be_changed(page: Page) -> None:
    page.get_by_role("checkbox", name="Select heron").check()
    bar = page.get_by_role("toolbar", name="Selected runs")
    for name in ("Tag", "Archive", "Delete"):
        expect_withheld(bar.get_by_role("button", name=name, exact=True))
    tile(page, "train/loss").get_by_role("button", name="More for train/loss").click()
    menu = page.get_by_role("menu")
    for name in ("Rename metric…", "Hide metric…", "Delete metric…"):
        expect_withheld(menu.get_by_role("menuitem", name=name))
    expect_withheld(menu.get_by_role("menuitemradio", name="Higher is better"))
    expect(menu.get_by_text(VIEWER)).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/")
    page.get_by_role("button", name="More for digits").click()
    expect_withheld(page.get_by_role("menuitem", name="Archive project"))


def test_a_viewer_finds_from_the_project_who_has_access_and_cannot_change_it(page: Page) -> None:
    page.get_by_role("button", name="More for this list").click()
    page.get_by_role("menuitem", name="Who has access…").click()
    expect(page.get_by_role("combobox", name="Project", exact=True)).to_have_value("digits")
    expect(page.get_by_role("combobox", name="Role of bob")).to_be_disabled()
    expect_withheld(
        page.get_by_role("button", name="Remove bob"), "You are a viewer of this project; an admin may do this."
    )


def test_a_role_that_was_given_meanwhile_counts_from_the_next_page_on(
    page: Page, run: str, server: Serving, browser: Browser
) -> None:
    page.goto(f"/p/digits/runs/{run}")
    expect_withheld(page.get_by_role("button", name="Edit notes"))
    context = browser.new_context(base_url=server.url)
    admin = context.new_page()
    admin.goto("/")
    sign_in(admin, server.password)
    expect(admin.get_by_role("link", name="digits")).to_be_visible()
    act(admin, server, "PUT", "/projects/digits/members/bob", {"role": "editor"})
    page.reload()
    expect(page.get_by_role("button", name="Edit notes")).not_to_have_attribute("aria-disabled", "true")
    act(admin, server, "PUT", "/projects/digits/members/bob", {"role": "viewer"})
    page.get_by_role("button", name="Edit notes").click()
    page.get_by_role("textbox", name="Notes").fill("too late")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="you are a viewer of this project")).to_be_visible()
    context.close()
