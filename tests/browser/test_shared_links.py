"""A read-only link: made on the page of a run, opened where nobody is signed in, and revoked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.conftest import watch
from tests.browser.pages import another_browser, row, signed_in
from tests.browser.serving import Serving, serving
from tests.processes import environment, run_script

CODE = """
import tracker
for name in ("heron", "otter"):
    with tracker.init("digits", id=name, name=name, system_interval_s=0):
        for step in range(5):
            tracker.log({"train/loss": 1.0 / (1 + step)})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Two runs, on a server that has people sign in."""
    folder = tmp_path_factory.mktemp("links")
    with serving(folder / "server", needs_key=True) as server:
        assert server.key is not None
        sent = run_script(CODE, environment(server.url, folder / "client", TRACKER_API_KEY=server.key))
        assert sent.returncode == 0, sent.stderr
        yield server


@pytest.fixture
def page(context: BrowserContext, server: Serving) -> Page:
    """Of the admin, who is signed in."""
    return signed_in(context, server.password)


@pytest.fixture
def visitor(browser: Browser, server: Serving) -> Iterator[Page]:
    """Of a browser where nobody is signed in."""
    with another_browser(browser, server.url) as page:
        yield page


def open_links(page: Page, run: str) -> None:
    page.goto(f"/p/digits/runs/{run}")
    page.get_by_role("button", name="More for this run").click()
    page.get_by_role("menuitem", name="Read-only link…").click()


def make_link(page: Page, run: str, note: str) -> str:
    """The address of a new link to a run."""
    open_links(page, run)
    page.get_by_label("Good for").select_option("1 week")
    page.get_by_label("Note", exact=True).fill(note)
    page.get_by_role("button", name="Make a link").click()
    return page.get_by_label("Read-only link", exact=True).inner_text().strip()


def test_a_link_shows_its_run_to_whoever_has_it_and_no_other(page: Page, visitor: Page, server: Serving) -> None:
    address = make_link(page, "heron", "for the reviewers")
    secret = address.partition("#")[2]
    assert secret
    said: list[str] = []

    def note(request: Request) -> None:
        said.extend([request.url, request.headers.get("referer", "")])

    complaints = watch(visitor, server.url)
    visitor.on("request", note)
    visitor.goto(address)
    expect(visitor).to_have_url(f"{server.url}/p/digits/runs/heron")
    expect(visitor).to_have_title("heron · digits · Tracker")
    expect(visitor.get_by_text("You look through a shared link")).to_be_visible()
    visitor.goto("/p/digits?view=table")
    expect(row(visitor, "heron")).to_be_visible()
    expect(row(visitor, "otter")).to_have_count(0)
    assert complaints == []
    assert not [one for one in said if secret in one.partition("#")[0]]
    visitor.goto("/p/digits/runs/otter")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("no such run")


def test_a_link_that_is_revoked_ends_at_once(page: Page, visitor: Page) -> None:
    address = make_link(page, "otter", "for a day")
    visitor.goto(address)
    expect(visitor).to_have_title("otter · digits · Tracker")
    page.get_by_role("button", name="Revoke for a day").click()
    expect(page.get_by_role("listitem").filter(has_text="for a day")).to_contain_text("revoked")
    visitor.reload()
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.goto("/")
    visitor.goto(address)
    expect(visitor.get_by_role("alert")).to_contain_text("shows nothing")


def test_who_leaves_a_link_sees_nothing_any_more(page: Page, visitor: Page) -> None:
    visitor.goto(make_link(page, "otter", "to leave"))
    expect(visitor).to_have_title("otter · digits · Tracker")
    visitor.get_by_role("button", name="Settings").click()
    visitor.get_by_role("menuitem", name="Leave the shared link").click()
    expect(visitor.get_by_role("heading", name="Sign in")).to_be_visible()


def test_on_a_phone_the_links_fit(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    make_link(page, "heron", "a note that is rather long, for whoever reads it on a small screen")
    dialog = page.get_by_role("dialog", name="Read-only links")
    assert dialog.evaluate("element => element.scrollWidth <= element.clientWidth")
