"""The way of a model from a run to production and back, for one person and for two at once."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.pages import ask, log
from tests.processes import Server

CODE = """
import json, tracker
from pathlib import Path

ids = {}
for name, loss in (("first", 0.5), ("second", 0.25)):
    weights = Path(__import__("os").environ["TRACKER_DIR"]) / "weights.bin"
    with tracker.init("digits", name=name, config={"lr": loss}, system_interval_s=0) as run:
        tracker.log({"val/loss": loss})
        weights.write_bytes(name.encode() * 1000)
        for model in ("plain", "race", "undone", "removed", "audited", "verified"):
            run.log_artifact(weights, name=model, type="model")
        ids[name] = run.id
print(json.dumps(ids))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("models") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two runs, each with a version of six artifacts: one for each test to promote."""
    found: dict[str, str] = json.loads(log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1])
    return found


def card(page: Page, run: str, artifact: str) -> Locator:
    """An artifact on the page of its run."""
    page.goto(f"/p/digits/runs/{run}/artifacts")
    return page.get_by_role("article", name=artifact)


def promote(page: Page, run: str, artifact: str, reason: str) -> None:
    card(page, run, artifact).get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason (required)").fill(reason)
    dialog.get_by_role("button", name=re.compile("^(Register and p|P)romote v")).click()
    expect(dialog).to_be_hidden()


def promote_elsewhere(server: Server, model: str, run: str, version: int, reason: str) -> None:
    """What a colleague does meanwhile, in a browser of their own."""
    artifacts = ask(server, f"/runs/{run}/artifacts")["artifacts"]
    source = next(one["id"] for one in artifacts if one["name"] == model and one["version"] == version)
    move = {"artifact_version_id": source, "replaces": None, "reason": reason}
    ask(server, f"/models/{model}/aliases/production", move)


def test_a_version_is_registered_without_being_promoted(page: Page, runs: dict[str, str]) -> None:
    plain = card(page, runs["first"], "plain:v1")
    plain.get_by_role("button", name="Register model").click()
    page.get_by_role("dialog", name="Register plain:v1").get_by_role("button", name="Register model").click()
    expect(page.get_by_text("Registered plain v1")).to_be_visible()
    expect(plain.get_by_role("link", name="plain v1")).to_be_visible()
    page.goto("/models")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="plain"))
    expect(row).to_contain_text("nothing yet")
    row.get_by_role("link", name="plain").click()
    expect(page.get_by_text("Nothing is in production yet.")).to_be_visible()


def test_who_promotes_second_sees_who_was_first_and_decides_again(
    context: BrowserContext, server: Server, runs: dict[str, str]
) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 409
    card(page, runs["first"], "race:v1").get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is in production yet")

    def be_faster(route: Route) -> None:
        promote_elsewhere(server, "race", runs["second"], 2, "half the loss")
        route.continue_()

    # between what the dialog asks for anew by itself, and what the button sends
    page.route("**/models/race/aliases/production", be_faster, times=1)
    dialog.get_by_role("textbox", name="Reason (required)").fill("it was there first")
    button = dialog.get_by_role("button", name=re.compile("^Register and promote v"))
    button.click()
    expect(dialog.get_by_role("alert")).to_contain_text("production")
    expect(dialog).to_contain_text(re.compile("replaces v1"))  # the table is compared with theirs now
    expect(dialog.get_by_role("textbox", name="Reason (required)")).to_have_value("it was there first")
    assert [alias["version"] for alias in ask(server, "/models/race")["aliases"]] == [1]  # nothing has happened
    button.click()
    expect(dialog).to_be_hidden()
    assert [alias["version"] for alias in ask(server, "/models/race")["aliases"]] == [2]


def test_a_promotion_is_undone_within_ten_seconds(page: Page, runs: dict[str, str]) -> None:
    promote(page, runs["first"], "undone:v1", "the first")
    promote(page, runs["second"], "undone:v2", "half the loss")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile(", undone$"))).to_be_visible()
    page.goto("/models/undone")
    expect(page.get_by_role("list", name="Aliases")).to_contain_text("v1")
    newest = page.get_by_role("list", name="History").get_by_role("listitem").first
    expect(newest).to_contain_text("rolled production back v2 → v1")
    expect(newest).to_contain_text("Undone right away")


def test_undoing_the_first_promotion_leaves_nothing_in_production(page: Page, runs: dict[str, str]) -> None:
    promote(page, runs["first"], "removed:v1", "too early")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("removed production: removed from v1")).to_be_visible()
    page.goto("/models/removed")
    expect(page.get_by_text("Nothing is in production yet.")).to_be_visible()


def test_the_audit_trail_tells_who_when_what_and_why_of_one_model(page: Page, runs: dict[str, str]) -> None:
    promote(page, runs["first"], "audited:v1", "the baseline")
    promote(page, runs["second"], "audited:v2", "half the loss")
    page.goto("/audit")
    page.get_by_role("combobox", name="Model").select_option("audited")
    entries = page.get_by_role("list", name="History").get_by_role("listitem")
    expect(entries).to_contain_text(
        ["moved production of audited v1 → v2", "registered v2", "moved production of audited to v1", "registered v1"],
        use_inner_text=True,
    )
    expect(entries.first).to_contain_text("half the loss")
    expect(entries.first.get_by_role("time")).to_have_attribute("title", re.compile(r"\d{4}"))
    page.reload()
    expect(entries.first).to_contain_text("audited")
    page.get_by_role("combobox", name="What").select_option("moves of aliases")
    expect(entries).to_have_count(2)
    page.get_by_role("searchbox", name="Who").fill("somebody else")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_the_audit_trail_is_verified_and_taken_away(page: Page, server: Server, runs: dict[str, str]) -> None:
    promote(page, runs["first"], "verified:v1", "the baseline")
    page.goto("/audit?model=verified")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status").filter(has_text="as written. Digest")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export JSON lines").click()
    lines = download.value.path().read_text().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["alias.moved", "version.registered", "model.created"]
    with sqlite3.connect(server.data / "tracker.db") as database:
        database.execute("DROP TRIGGER audit_refuses_update")
        (changed,) = database.execute("SELECT min(id) FROM audit WHERE action = 'alias.moved'").fetchone()
        database.execute("UPDATE audit SET reason = 'another' WHERE id = ?", [changed])
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text(f"It is not as it was written: entry {changed} is not what was written")).to_be_visible()


def test_the_page_of_a_version_holds_its_evidence(page: Page, runs: dict[str, str]) -> None:
    promote(page, runs["second"], "plain:v2", "half the loss")
    page.goto("/models/plain")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="second"))
    row.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("region", name="Where it comes from")).to_contain_text("second")
    expect(page.get_by_role("region", name="Metrics at registration")).to_contain_text("0.25")
    expect(page.get_by_label("Python that fetches this version", exact=True)).to_contain_text("plain")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download weights.bin").click()
    assert download.value.path().read_bytes() == b"second" * 1000
