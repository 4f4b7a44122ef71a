"""Every page follows what happens elsewhere: little is asked, nothing while hidden, and no text or menu is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.pages import ask, bodies, shows, tile, wait_for_points
from tests.browser.training import Training, finished
from tests.processes import Server


def register(server: Server, run: str, model: str, *, replaces: int | None = None) -> None:
    artifact = ask(server, f"/runs/{run}/artifacts")["artifacts"][0]["id"]
    move = {"artifact_version_id": artifact, "replaces": replaces, "reason": "better"}
    ask(server, f"/models/{model}/aliases/production", move)


def asked(page: Page) -> list[str]:
    """The paths that the page asks the API for, growing as it does."""
    found: list[str] = []

    def on_request(request: Request) -> None:
        if "/api/v1/" in request.url:
            found.append(request.url.partition("/api/v1")[2])

    page.on("request", on_request)
    return found


def test_a_comparison_follows_its_runs_with_small_requests(page: Page, server: Server, tmp_path: Path) -> None:
    with (
        Training(server, tmp_path, "heron", lr=0.1) as heron,
        Training(server, tmp_path, "otter", lr=0.2) as otter,
    ):
        for run in (heron, otter):
            run.train(5)
            wait_for_points(server, run.id, "train/loss", 5)
        page.goto(f"/p/digits/compare?runs={heron.id},{otter.id}&by=last")
        head = page.get_by_role("rowheader", name="train/loss")
        losses = page.get_by_role("row").filter(has=head).get_by_role("cell")
        expect(losses.first).to_contain_text("0.7143")
        find = page.get_by_role("searchbox", name="Find a row")
        find.fill("train")
        whole = bodies(page, "/runs/compare")
        heron.train(16)
        expect(losses.first).to_contain_text("0.3333")
        expect(losses.nth(1)).to_contain_text("+66.7 %")
        expect(find).to_have_value("train")
        assert whole == []
        page.get_by_role("link", name="Charts").click()
        expect(tile(page, "train/loss")).to_have_accessible_name(shows("train/loss", 2))
        heron.train(20)
        expect(tile(page, "train/loss")).to_have_accessible_description(re.compile("lowest 0.2 in heron at step 40"))
        heron.finish()
        expect(page.get_by_text("live 1")).to_be_visible()
        page.get_by_role("link", name="Differences").click()
        expect(page.get_by_role("columnheader", name="heron")).to_contain_text("finished")


def test_models_and_the_audit_trail_follow_and_keep_what_one_types(page: Page, server: Server, tmp_path: Path) -> None:
    run = finished(server, tmp_path, "heron", lr=0.1)
    page.goto("/models")
    expect(page.get_by_text("No models yet")).to_be_visible()
    register(server, run, "first")
    expect(page.get_by_role("link", name="first")).to_be_visible()
    find = page.get_by_role("searchbox", name="Find a model")
    find.fill("sec")
    register(server, run, "second")
    expect(page.get_by_role("link", name="second")).to_be_visible()
    expect(find).to_have_value("sec")
    expect(find).to_be_focused()
    page.goto("/audit?model=second")
    entries = page.get_by_role("main").get_by_role("listitem")
    expect(entries.first).to_be_visible()
    count = entries.count()
    later = finished(server, tmp_path, "otter", lr=0.2)
    register(server, later, "second", replaces=1)
    expect(entries).not_to_have_count(count)
    page.goto("/models/second")
    expect(page.get_by_role("region", name="Versions", exact=True).get_by_role("link", name="v2")).to_be_visible()
    last = finished(server, tmp_path, "finch", lr=0.3)
    register(server, last, "second", replaces=2)
    expect(page.get_by_role("region", name="Versions", exact=True).get_by_role("link", name="v3")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/models", "/audit", "compare"], ids=["projects", "models", "audit", "compare"])
def test_a_hidden_page_asks_nothing_and_one_that_is_cut_off_says_so(
    context: BrowserContext, server: Server, tmp_path: Path, path: str
) -> None:
    page = context.new_page()  # not watched: the browser itself complains where the server is gone
    run = finished(server, tmp_path, "heron", lr=0.1)
    page.add_init_script(
        "window.seen = true; Object.defineProperty(document, 'hidden', { get: () => !window.seen });"
        "Object.defineProperty(document, 'visibilityState', { get: () => (window.seen ? 'visible' : 'hidden') });"
        "window.see = (seen) => { window.seen = seen; document.dispatchEvent(new Event('visibilitychange')); };"
    )
    page.clock.install()
    page.goto(f"/p/digits/compare?runs={run}" if path == "compare" else path)
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_attached()
    page.wait_for_load_state("networkidle")
    page.evaluate("see(false)")
    paths = asked(page)
    page.clock.run_for(60_000)
    assert paths == []
    with page.expect_request("**/api/v1/**"):
        page.evaluate("see(true)")
    page.wait_for_load_state("networkidle")
    complaints = page.get_by_role("alert").filter(has_text="Connection lost")
    server.kill()
    for _ in range(12):
        page.clock.fast_forward(15_000)
        if complaints.count() > 0:
            break
    expect(complaints).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
    server.start()
    complaints.get_by_role("button", name="Retry now").click()
    expect(complaints).to_have_count(0)
