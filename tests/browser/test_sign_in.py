"""A server that needs a key: nothing is shown without one, and with it one is where one wanted to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import row
from tests.browser.serving import Serving, serving
from tests.processes import environment, run_script

CODE = """
import tracker
with tracker.init("digits", name="heron", system_interval_s=0):
    tracker.log({"train/loss": 1.0})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One run, sent with the key that the first start printed."""
    folder = tmp_path_factory.mktemp("key")
    with serving(folder / "server", needs_key=True) as server:
        assert server.key is not None
        sent = run_script(CODE, environment(server.url, folder / "client", TRACKER_API_KEY=server.key))
        assert sent.returncode == 0, sent.stderr
        yield server


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Not watched: the browser itself complains about each answer 401."""
    return context.new_page()


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("Access key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_nothing_is_shown_without_a_key(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page).to_have_title("Sign in · Tracker")
    expect(page.get_by_role("button", name="Sign in")).to_be_disabled()
    expect(page.get_by_role("link")).to_have_count(0)


def test_a_wrong_key_is_refused_with_a_sentence(page: Page) -> None:
    page.goto("/")
    sign_in(page, "not the key")
    expect(page.get_by_role("alert")).to_contain_text("key")
    expect(page.get_by_label("Access key")).to_have_attribute("aria-invalid", "true")


def test_the_right_key_leads_to_the_address_that_was_asked_for(page: Page, server: Serving) -> None:
    address = f"{server.url}/p/digits?view=table"
    page.goto(address)
    sign_in(page, server.key or "")
    expect(row(page, "heron")).to_be_visible()
    expect(page).to_have_url(address)
    page.reload()  # the session stays
    expect(row(page, "heron")).to_be_visible()


def test_signing_out_closes_the_door(page: Page, server: Serving) -> None:
    page.goto("/p/digits?view=table")
    sign_in(page, server.key or "")
    expect(row(page, "heron")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/models")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_key_is_not_kept_where_scripts_can_read_it(page: Page, server: Serving) -> None:
    page.goto("/")
    sign_in(page, server.key or "")
    expect(page.get_by_role("link", name="digits")).to_be_visible()
    readable = page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert (server.key or "") not in readable
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] in ("Lax", "Strict")
