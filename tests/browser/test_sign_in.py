"""A server that has people sign in: nothing is shown before, and with it one is where one wanted to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import row
from tests.browser.people import OPERATOR, end_session, sign_in
from tests.browser.serving import Serving, serving
from tests.processes import environment, run_script
from tracker_server.auth import attempts

CODE = """
import tracker
with tracker.init("digits", name="heron", system_interval_s=0):
    tracker.log({"train/loss": 1.0})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One run, sent with a key."""
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


def sign_in_by_key(page: Page, key: str) -> None:
    page.get_by_role("button", name="Sign in with a key instead").click()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_nothing_is_shown_before_one_has_signed_in(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page).to_have_title("Sign in · Tracker")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    expect(page.get_by_role("link")).to_have_count(0)


def test_a_password_manager_knows_the_fields(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("textbox", name="Name")).to_have_attribute("autocomplete", "username")
    expect(page.get_by_label("Password")).to_have_attribute("autocomplete", "current-password")


def test_a_wrong_password_is_refused_with_a_sentence(page: Page) -> None:
    page.goto("/")
    sign_in(page, "a guess of mine")
    expect(page.get_by_role("alert")).to_have_text("That name and password do not go together.")
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Password")).to_be_focused()


def test_a_wrong_key_is_refused_with_a_sentence(page: Page) -> None:
    page.goto("/")
    sign_in_by_key(page, "not the key")
    expect(page.get_by_role("alert")).to_contain_text("does not know that key")


def test_who_fails_too_often_is_told_when_to_try_again(page: Page) -> None:
    page.goto("/")
    for number in range(attempts.PER_NAME_AND_ADDRESS):
        with page.expect_response("**/api/v1/session"):
            sign_in(page, f"guess number {number}", name="eve")
    sign_in(page, "one guess too many", name="eve")
    expect(page.get_by_role("alert")).to_contain_text("try again in")


def test_name_and_password_lead_to_the_address_that_was_asked_for(page: Page, server: Serving) -> None:
    address = f"{server.url}/p/digits?view=table"
    page.goto(address)
    sign_in(page, server.password)
    expect(row(page, "heron")).to_be_visible()
    expect(page).to_have_url(address)
    page.reload()  # the session stays
    expect(row(page, "heron")).to_be_visible()


def test_a_key_is_another_way_in(page: Page, server: Serving) -> None:
    page.goto("/p/digits?view=table")
    sign_in_by_key(page, server.key or "")
    expect(row(page, "heron")).to_be_visible()


def test_signing_out_closes_the_door(page: Page, server: Serving) -> None:
    page.goto("/p/digits?view=table")
    sign_in(page, server.password)
    expect(row(page, "heron")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitem", name=f"Sign out {OPERATOR}").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/models")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_after_a_session_has_ended_the_page_goes_on_where_it_was(page: Page, server: Serving) -> None:
    page.goto("/p/digits?view=table")
    sign_in(page, server.password)
    row(page, "heron").get_by_role("link").dblclick()
    page.get_by_role("button", name="Edit notes").click()
    page.get_by_role("textbox", name="Notes").fill("a thought that took an hour")
    address = page.url
    end_session(page)
    ended = page.get_by_role("dialog", name="Sign in")
    expect(ended).to_contain_text("Your session has ended")  # the page's own questions found out
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(ended).to_be_visible()
    page.get_by_label("Password").fill(server.password or "")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(ended).to_have_count(0)
    expect(page).to_have_url(address)
    expect(page.get_by_role("textbox", name="Notes")).to_have_value("a thought that took an hour")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("a thought that took an hour")).to_be_visible()


def test_no_secret_is_kept_where_scripts_can_read_it(page: Page, server: Serving) -> None:
    page.goto("/")
    sign_in(page, server.password)
    expect(page.get_by_role("link", name="digits")).to_be_visible()
    readable = page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert (server.password or "") not in readable
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] in ("Lax", "Strict")
