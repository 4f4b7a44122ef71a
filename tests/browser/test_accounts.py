"""The pages of keys, people and project access, as an admin and others use them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.people import act, sign_in
from tests.browser.serving import Serving, serving
from tests.browser.test_scenes import PHONE, grave
from tests.processes import Server


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("accounts") / "server", needs_key=True) as server:
        yield server


@pytest.fixture
def page(context: BrowserContext, server: Serving) -> Page:
    """That of the first admin. Not watched: the browser itself complains about each answer 401."""
    page = context.new_page()
    page.goto("/")
    sign_in(page, server.password)
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    act(page, server, "POST", "/projects", {"name": "digits"})
    return page


def status_of(server: Serving, key: str) -> int:
    """What the API answers to a program that shows the key."""
    request = urllib.request.Request(f"{server.url}/api/v1/projects", headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def line(page: Page, name: str) -> Locator:
    """The row of a table that begins with a name."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def test_a_key_is_shown_once_works_and_is_refused_once_revoked(page: Page, server: Serving) -> None:
    page.goto("/settings/keys")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("laptop")
    dialog.get_by_role("radio", name="Read").check()
    dialog.get_by_role("combobox", name="Expires").select_option("in 30 days")
    dialog.get_by_role("button", name="Make key").click()
    shown = page.get_by_role("dialog", name="The key laptop")
    secret = shown.get_by_label("Key", exact=True).inner_text().strip()
    expect(shown).to_contain_text(f"export TRACKER_API_KEY={secret}")
    expect(shown).to_contain_text("tracker login")
    assert status_of(server, secret) == 200
    shown.get_by_role("button", name="Done").click()
    expect(line(page, "laptop")).to_contain_text(f"{secret[:8]}…")
    page.reload()
    expect(line(page, "laptop")).to_contain_text("reading all projects")
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(line(page, "laptop")).to_contain_text("revoked")
    assert status_of(server, secret) == 401


def test_a_key_may_be_good_for_some_projects_until_a_day(page: Page) -> None:
    page.goto("/settings/keys")
    expect(page.get_by_role("heading", name="No keys yet").or_(page.get_by_role("table"))).to_be_visible()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("ci")
    dialog.get_by_role("radio", name="some projects").check()
    expect(dialog.get_by_role("button", name="Make key")).to_be_disabled()
    dialog.get_by_role("checkbox", name="digits").check()
    dialog.get_by_role("combobox", name="Expires").select_option("on a day…")
    dialog.get_by_label("Last day").fill("2001-01-01")
    dialog.get_by_role("button", name="Make key").click()
    expect(dialog.get_by_role("alert")).to_contain_text("expired already")
    dialog.get_by_label("Last day").fill("2099-12-31")
    dialog.get_by_role("button", name="Make key").click()
    page.get_by_role("dialog", name="The key ci").get_by_role("button", name="Done").click()
    expect(line(page, "ci")).to_contain_text("digits")
    expect(line(page, "ci")).to_contain_text("2099")


def test_an_admin_adds_somebody_who_signs_in_and_is_turned_away_once_deactivated(
    page: Page, server: Serving, browser: Browser
) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="Add person").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("bob")
    page.get_by_role("dialog").get_by_role("button", name="Add person").click()
    shown = page.get_by_role("dialog", name="The password of bob")
    password = shown.get_by_label("Password", exact=True).inner_text().strip()
    shown.get_by_role("button", name="Done").click()
    expect(line(page, "bob")).to_contain_text("person")
    context = browser.new_context(base_url=server.url)
    bobs = context.new_page()
    bobs.goto("/settings/people")
    sign_in(bobs, password, name="bob")
    expect(bobs.get_by_role("region", name="People")).to_contain_text("Only an admin of this server")
    page.get_by_role("button", name="More for bob").click()
    page.get_by_role("menuitem", name="Deactivate…").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(line(page, "bob")).to_contain_text("deactivated")
    bobs.goto("/")
    expect(bobs.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_the_last_admin_stays_one_and_the_page_says_why(page: Page) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="More for local").click()
    page.get_by_role("menuitem", name="Make no admin").click()
    expect(page.get_by_role("status").filter(has_text="nobody would be left to administer")).to_be_visible()


def test_a_service_account_leads_to_its_keys(page: Page, server: Serving) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="Add service account").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("robot")
    page.get_by_role("dialog").get_by_role("button", name="Add service account").click()
    expect(page.get_by_role("heading", name="Keys of robot")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("nightly")
    page.get_by_role("dialog").get_by_role("button", name="Make key").click()
    secret = page.get_by_role("dialog").get_by_label("Key", exact=True).inner_text().strip()
    assert status_of(server, secret) == 200


def test_one_changes_ones_own_password(page: Page, server: Serving) -> None:
    page.goto("/settings/account")
    page.get_by_label("Password until now").fill("a guess of mine")
    page.get_by_label("New password").fill("correct horse battery")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    page.get_by_label("Password until now").fill(server.password or "")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status").filter(has_text="Your password is changed")).to_be_visible()
    expect(page.get_by_label("New password")).to_have_value("")


def test_access_to_a_project_is_given_changed_and_taken(page: Page, server: Serving) -> None:
    act(page, server, "POST", "/people", {"name": "bob"})
    page.goto("/settings/access?project=digits")
    expect(page.get_by_role("combobox", name="Project", exact=True)).to_have_value("digits")
    form = page.get_by_role("form", name="Add a member")
    form.get_by_role("combobox", name="Name").fill("nobody-here")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody called 'nobody-here'")
    form.get_by_role("combobox", name="Name").fill("bob")
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_role("combobox", name="Role of bob")).to_have_value("viewer")
    page.get_by_role("combobox", name="Role of bob").select_option("promoter")
    page.get_by_role("combobox", name="Everyone who is signed in").select_option("viewer")
    page.reload()
    expect(page.get_by_role("combobox", name="Role of bob")).to_have_value("promoter")
    expect(page.get_by_role("combobox", name="Everyone who is signed in")).to_have_value("viewer")
    page.get_by_role("button", name="Remove bob").click()
    expect(page.get_by_role("combobox", name="Role of bob")).to_have_count(0)


def test_an_admin_reads_who_did_what_and_takes_it_away(page: Page, server: Serving) -> None:
    act(page, server, "POST", "/people", {"name": "bob"})
    page.goto("/settings/audit")
    table = page.get_by_role("table")
    expect(table.get_by_role("row").filter(has_text="user.created").filter(has_text="bob")).to_be_visible()
    expect(table.get_by_role("row").filter(has_text="project.created")).to_contain_text("digits")
    page.get_by_role("searchbox", name="What").fill("user")
    expect(table.get_by_role("row").filter(has_text="project.created")).to_have_count(0)
    with page.expect_download() as started:
        page.get_by_role("link", name="Export CSV").click()
    text = started.value.path().read_text()
    assert "bob" in text
    assert "project.created" not in text


def test_the_pages_of_accounts_are_accessible_and_fit_a_phone(page: Page, server: Serving) -> None:
    act(page, server, "POST", "/people", {"name": "bob"})
    act(page, server, "PUT", "/projects/digits/members/bob", {"role": "viewer"})
    act(page, server, "POST", "/keys", {"name": "laptop"})
    told = []
    page.set_viewport_size(PHONE)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for path in ("account", "keys", "people", "access", "audit"):
            page.goto(f"/settings/{path}")
            expect(page.get_by_role("table").or_(page.get_by_label("New password"))).to_be_visible()
            told += grave(page, f"{path}, {theme}")
            reach = page.evaluate("document.scrollingElement.scrollWidth")
            told += [] if reach <= PHONE["width"] else [f"{path}: the page is {reach} px"]
    assert told == []


def test_a_server_that_asks_nobody_says_how_to_change_that(
    context: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Server(tmp_path_factory.mktemp("open") / "server") as server:
        page = context.new_page()
        for path in ("account", "keys", "people", "access"):
            page.goto(f"{server.url}/settings/{path}")
            expect(page.get_by_label("Command that has people sign in", exact=True)).to_have_text(
                "tracker server --auth"
            )
