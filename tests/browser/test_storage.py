"""What takes space: policies with what they would let go, versions into the trash and back, and why others stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.pages import ask, log, signed_in
from tests.browser.people import act, sign_in
from tests.browser.serving import serving
from tests.processes import Server, environment, run_script

CODE = """
import os, tracker
from pathlib import Path

weights = Path(os.environ["TRACKER_DIR"]) / "net.bin"
for number, acc in enumerate((0.5, 0.9, 0.6, 0.7, 0.8, 0.4), 1):
    with tracker.init("digits", name=f"train-{number}", system_interval_s=0) as run:
        run.define_metric("val/acc", goal="max")
        tracker.log({"val/acc": acc})
        weights.write_bytes(bytes([number]) * 1000 * number)
        tracker.log_artifact(weights, name="net", type="model")
with tracker.init("digits", name="reader", system_interval_s=0):
    tracker.use_artifact("net:v3", type="model")

"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """net has six versions: v1 is registered, v3 was read, v6 is the newest; v2, v5, v4 are the best."""
    with Server(tmp_path / "server") as server:
        log(server, tmp_path / "client", CODE)
        versions = ask(server, "/projects/digits/artifacts/net/versions")["versions"]
        (first,) = [one["id"] for one in versions if one["version"] == 1]
        ask(server, "/models/digits/versions", {"artifact_version_id": first})
        yield server


def version(page: Page, number: int) -> Locator:
    """A version in the list of those that are not in the trash."""
    items = page.get_by_role("list", name="Versions").get_by_role("listitem")
    return items.filter(has=page.get_by_role("link", name=f"v{number}", exact=True))


def trashed(page: Page) -> Locator:
    return page.get_by_role("region", name="In the trash").get_by_role("listitem")


def test_a_policy_says_what_goes_before_it_is_saved(page: Page, server: Server) -> None:
    page.goto("/settings/storage")
    stored = page.get_by_role("row").filter(has=page.get_by_role("link", name="digits", exact=True))
    expect(stored.get_by_role("cell")).to_have_text(["21 kB", "0 B", "21 kB"])  # of artifacts, of media, together
    page.get_by_role("link", name="digits", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="net", exact=True))
    expect(row).to_contain_text("every version stays")
    row.get_by_role("link", name="net", exact=True).click()
    page.get_by_role("button", name="Policy…").click()
    dialog = page.get_by_role("dialog", name="Which versions of net stay")
    dialog.get_by_label("Keep the best").fill("two")
    expect(dialog.get_by_text("a whole number from 1 to 10,000, not “two”")).to_be_visible()
    dialog.get_by_label("Keep the best").fill("2")
    dialog.get_by_role("button", name="Save policy").click()
    expect(dialog.get_by_text("The best by which metric?")).to_be_visible()
    dialog.get_by_label("by the metric").fill("val/acc")
    expect(dialog.get_by_label("of which")).to_have_value("max")
    preview = dialog.get_by_role("region", name="What this would do")
    expect(preview).to_contain_text("1 version of 6, 4.0 kB, goes to the trash at once: v4.")
    expect(preview).to_contain_text("v6, v3, v1 stay whatever the policy says")
    assert ask(server, "/projects/digits/trash")["version_count"] == 0
    dialog.get_by_role("button", name="Save policy").click()
    expect(dialog).to_be_hidden()
    expect(
        page.get_by_text("Policy: the best 2 by val/acc (higher is better) stay; the others go at once.")
    ).to_be_visible()
    expect(trashed(page)).to_contain_text("not among the best 2 by val/acc")
    expect(trashed(page)).to_contain_text("by the policy")
    trashed(page).get_by_role("button", name="Restore v4").click()
    expect(version(page, 4)).to_contain_text("Kept: somebody took it out of the trash")


def test_versions_go_to_the_trash_and_come_back_and_kept_ones_say_why(page: Page, server: Server) -> None:
    page.goto("/settings/storage?project=digits&artifact=net")
    expect(version(page, 1)).to_contain_text("Kept: the model version digits:v1 is made of it")
    expect(version(page, 1).get_by_role("checkbox")).to_be_disabled()
    expect(version(page, 3)).to_contain_text("Kept: 1 run has read it")
    expect(version(page, 3).get_by_role("checkbox")).to_be_disabled()
    page.get_by_role("button", name="Choose all that nothing keeps").click()
    expect(page.get_by_role("button", name="Move 3 versions to trash…")).to_be_visible()
    page.get_by_role("checkbox", name="Choose v2").uncheck()
    page.get_by_role("checkbox", name="Even those that runs have read").check()
    page.get_by_role("checkbox", name="Choose v3").check()
    page.get_by_role("button", name="Move 3 versions to trash…").click()
    dialog = page.get_by_role("dialog", name="Delete 3 versions of net")
    expect(dialog).to_contain_text("1 run read v3")
    dialog.get_by_label("Reason").fill("disk is full")
    dialog.get_by_role("button", name="Move to trash").click()
    expect(trashed(page)).to_have_count(3)
    expect(trashed(page).first).to_contain_text("disk is full")
    expect(version(page, 3)).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(version(page, 3)).to_be_visible()
    expect(trashed(page)).to_have_count(0)
    assert ask(server, "/projects/digits/trash")["version_count"] == 0


def test_the_page_of_a_version_deletes_it_and_brings_it_back(page: Page) -> None:
    page.goto("/p/digits/artifacts/net/v1")
    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete net:v1")
    expect(dialog).to_contain_text("v1 stays: the model version digits:v1 is made of it")
    expect(dialog.get_by_role("button", name="Move to trash")).to_be_disabled()
    page.keyboard.press("Escape")
    page.goto("/p/digits/artifacts/net/v3")
    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete net:v3")
    expect(dialog).to_contain_text("1 run read v3")
    expect(dialog.get_by_role("button", name="Move to trash")).to_be_disabled()
    dialog.get_by_role("checkbox", name="Even those that runs have read").check()
    dialog.get_by_label("Reason").fill("wrong data")
    dialog.get_by_role("button", name="Move to trash").click()
    note = page.get_by_role("note")
    expect(note).to_contain_text(re.compile(r"In the trash since .*, by \S+: wrong data\."))
    note.get_by_role("button", name="Restore").click()
    expect(note).to_be_hidden()
    expect(page.get_by_role("button", name="Delete…")).to_be_visible()


def test_a_viewer_sees_why_the_acts_are_not_theirs(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "server", needs_key=True) as server:
        env = environment(server.url, tmp_path / "client", TRACKER_API_KEY=server.key or "")
        assert run_script(CODE, env).returncode == 0
        context = browser.new_context(base_url=server.url)
        admin = signed_in(context, server.password)
        password = act(admin, server, "POST", "/people", {"name": "bob"})["password"]
        act(admin, server, "PUT", "/projects/digits/members/bob", {"role": "viewer"})
        context.close()
        context = browser.new_context(base_url=server.url, viewport={"width": 360, "height": 800})
        page = context.new_page()
        page.goto("/settings/storage?project=digits&artifact=net")
        sign_in(page, password, name="bob")
        button = page.get_by_role("button", name="Policy…")
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(button).to_have_attribute("title", "You are a viewer of this project; an editor may do this.")
        expect(version(page, 3)).to_contain_text("1 run has read it")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        context.close()
