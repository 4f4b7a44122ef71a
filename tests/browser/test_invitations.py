"""An invitation: made by an admin in the settings, and opened by somebody who has no account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import watch
from tests.browser.pages import another_browser, signed_in
from tests.browser.serving import Serving, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("invitations") / "server", needs_key=True) as server:
        yield server


@pytest.fixture
def page(context: BrowserContext, server: Serving) -> Page:
    """Of the admin, who is signed in."""
    return signed_in(context, server.password)


@pytest.fixture
def newcomer(browser: Browser, server: Serving) -> Iterator[Page]:
    with another_browser(browser, server.url) as page:
        yield page


def invite(page: Page, note: str) -> str:
    """The address of a new invitation."""
    page.goto("/settings/invitations")
    page.get_by_label("Whom it is for").fill(note)
    page.get_by_role("button", name="Invite", exact=True).click()
    return page.get_by_label("Invitation link", exact=True).inner_text().strip()


def join(newcomer: Page, name: str, password: str) -> None:
    newcomer.get_by_label("Name").fill(name)
    newcomer.get_by_label("Password").fill(password)
    newcomer.get_by_role("button", name="Join").click()


def test_who_was_invited_joins_and_is_in(page: Page, newcomer: Page, server: Serving) -> None:
    address = invite(page, "eve@example.org")
    complaints = watch(newcomer, server.url)
    newcomer.goto(address)
    join(newcomer, "eve", "a few words will do")
    expect(newcomer).to_have_url(f"{server.url}/")
    newcomer.get_by_role("button", name="Settings").click()
    expect(newcomer.get_by_role("menuitem", name="Sign out eve")).to_be_visible()
    assert complaints == []
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="eve@example.org")).to_contain_text("eve joined")


def test_an_invitation_that_was_revoked_says_so(page: Page, newcomer: Page) -> None:
    address = invite(page, "mallory")
    page.get_by_role("button", name="Revoke mallory").click()
    expect(page.get_by_role("listitem").filter(has_text="mallory")).to_contain_text("revoked")
    newcomer.goto(address)
    join(newcomer, "mallory", "a few words will do")
    expect(newcomer.get_by_role("alert")).to_contain_text("good no more")


def test_on_a_phone_the_invitations_fit(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    invite(page, "somebody with a name that is rather long for a small screen")
    for part in (
        page.get_by_role("list", name="Invitations"),
        page.get_by_label("Whom it is for"),
        page.get_by_label("Invitation link", exact=True),
    ):
        box = part.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
