"""Webhooks from the page: made, tested against a real receiver, told of a promotion, failing, paused, deleted."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.pages import ask, log
from tests.browser.test_scenes import grave
from tests.processes import Server
from tests.server.receiving import receiving
from tests.server.signatures import is_signed

CODE = """
import os, tracker
from pathlib import Path

with tracker.init("digits", name="calm-heron", system_interval_s=0) as run:
    tracker.log({"val/loss": 0.25})
    weights = Path(os.environ["TRACKER_DIR"]) / "weights.bin"
    weights.write_bytes(b"weights")
    run.log_artifact(weights, name="cnn", type="model")
    print(run.id)
"""
SETTINGS = "/settings/webhooks?project=digits"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It may send to this machine, and to no other that is not public."""
    folder = tmp_path_factory.mktemp("webhooks") / "server"
    with Server(folder, more=("--allow-webhook-to", "127.0.0.0/8")) as server:
        yield server


@pytest.fixture(scope="module")
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    return log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1]


@pytest.fixture(autouse=True)
def _none_left(server: Server, run: str) -> None:
    """Each test begins without webhooks: those of others would be told too, and nobody listens there any more."""
    for hook in ask(server, "/projects/digits/webhooks")["webhooks"]:
        ask(server, f"/projects/digits/webhooks/{hook['id']}", method="DELETE")


def make(page: Page, url: str, name: str = "deploy-bot") -> str:
    """Make a webhook on the page; its secret."""
    page.goto(SETTINGS)
    page.get_by_role("button", name="New webhook").click()
    dialog = page.get_by_role("dialog", name="New webhook of digits")
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_role("textbox", name="Address").fill(url)
    dialog.get_by_role("button", name="Make webhook").click()
    shown = page.get_by_role("dialog", name=f"The secret of {name}")
    secret = shown.get_by_label("Secret", exact=True).inner_text().strip()
    shown.get_by_role("button", name="Done").click()
    expect(shown).to_be_hidden()
    return secret


def item(page: Page, name: str = "deploy-bot") -> Locator:
    return page.get_by_role("list", name="Webhooks").get_by_role("listitem", name=name)


def promote(page: Page, run: str) -> None:
    page.goto(f"/p/digits/runs/{run}/artifacts")
    page.get_by_role("article", name="cnn:v1").get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Reason (required)").fill("it is better")
    dialog.get_by_role("button", name=re.compile("^Register and promote v")).click()
    expect(dialog).to_be_hidden()


def test_a_webhook_is_made_and_tested_and_told_once_of_a_promotion(page: Page, run: str) -> None:
    with receiving() as receiver:
        page.goto(SETTINGS)
        expect(page.get_by_role("heading", name="No webhooks")).to_be_visible()
        secret = make(page, receiver.url)
        assert secret.startswith("whsec_")
        page.reload()
        expect(item(page)).to_contain_text("Nothing sent yet")
        assert secret not in page.content()
        item(page).get_by_role("button", name="Send test").click()
        whole = page.get_by_role("dialog", name="Deliveries to deploy-bot").get_by_role("region", name="Delivery")
        expect(whole.get_by_role("status")).to_have_text("200")
        expect(whole.get_by_label("Request", exact=True)).to_contain_text("Webhook-Signature: v1,")
        expect(whole.get_by_label("Request", exact=True)).to_contain_text('"event": "test"')
        expect(whole.get_by_label("Answer", exact=True)).to_contain_text("thanks")
        assert grave(page, "light") == []
        promote(page, run)
        tested, told = receiver.wait_for(2)
        assert is_signed(tested, secret)
        assert is_signed(told, secret)
        said = json.loads(told.body)
        assert (said["event"], said["data"]["model"], said["data"]["alias"]) == ("alias.moved", "cnn", "production")
        page.goto(SETTINGS)
        expect(item(page)).to_contain_text(re.compile("^deploy-bot200 · "))
        assert len(receiver.requests) == 2


def test_what_failed_twice_is_seen_to_arrive_the_third_time(page: Page, server: Server, run: str) -> None:
    is_looked_at = threading.Event()

    def answer(count: int) -> int:
        if count == 2:
            is_looked_at.wait(8)
        return 503 if count < 2 else 200

    with receiving(answer) as receiver:
        secret = make(page, receiver.url)
        source = ask(server, f"/runs/{run}/artifacts")["artifacts"][0]["id"]
        move = {"artifact_version_id": source, "replaces": None, "reason": "the first"}
        ask(server, "/models/retried/aliases/production", move)
        expect(item(page)).to_contain_text(re.compile("503 · try [23] of 8"))
        item(page).get_by_role("button", name="Deliveries").click()
        dialog = page.get_by_role("dialog", name="Deliveries to deploy-bot")
        whole = dialog.get_by_role("region", name="Delivery")
        expect(whole.get_by_label("Answer", exact=True)).to_contain_text("not now")
        expect(whole.get_by_role("status")).to_contain_text("503 · try 3 of 8")
        is_looked_at.set()
        expect(whole.get_by_role("status")).to_have_text("200", timeout=30_000)
        expect(dialog.get_by_role("list", name="Deliveries").get_by_role("listitem")).to_have_count(1)
        whole.get_by_role("button", name="Redeliver").click()
        received = receiver.wait_for(4)
        assert len({one.headers["Webhook-Id"] for one in received}) == 1
        assert all(is_signed(one, secret) for one in received)


def test_an_address_that_is_not_sent_to_is_refused_beside_its_field(context: BrowserContext, run: str) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 422
    page.goto(SETTINGS)
    page.get_by_role("button", name="New webhook").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("inside")
    address = dialog.get_by_role("textbox", name="Address")
    address.fill("http://169.254.169.254/latest/meta-data")
    dialog.get_by_role("button", name="Make webhook").click()
    expect(dialog.get_by_role("alert")).to_contain_text("'169.254.169.254' is link-local")
    expect(dialog.get_by_role("alert")).to_contain_text("tracker server --allow-webhook-to")
    expect(address).to_have_accessible_description(re.compile("link-local"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="No webhooks")).to_be_visible()


def test_a_webhook_is_changed_paused_and_deleted_by_its_name(page: Page, server: Server, run: str) -> None:
    with receiving() as receiver:
        make(page, receiver.url)
        item(page).get_by_role("button", name="Edit").click()
        dialog = page.get_by_role("dialog", name="Edit deploy-bot")
        dialog.get_by_role("textbox", name="Name").fill("pager")
        dialog.get_by_role("checkbox", name="An alias is promoted").uncheck()
        expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
        dialog.get_by_role("checkbox", name="A run has failed").check()
        dialog.get_by_role("button", name="Save").click()
        expect(item(page, "pager")).to_contain_text("run.failed")
        item(page, "pager").get_by_role("button", name="Pause").click()
        expect(item(page, "pager")).to_contain_text("Paused")
        item(page, "pager").get_by_role("button", name="Resume").click()
        expect(item(page, "pager")).to_contain_text("Nothing sent yet")
        item(page, "pager").get_by_role("button", name="Delete").click()
        dialog = page.get_by_role("dialog", name="Delete pager")
        expect(dialog.get_by_role("button", name="Delete webhook")).to_be_disabled()
        dialog.get_by_role("textbox", name="Type its name to delete it").fill("pager")
        dialog.get_by_role("button", name="Delete webhook").click()
        expect(page.get_by_role("heading", name="No webhooks")).to_be_visible()
        assert ask(server, "/projects/digits/webhooks")["webhooks"] == []
        assert receiver.requests == []


def test_the_history_shows_that_a_webhook_failed_and_retries_it(page: Page, server: Server, run: str) -> None:
    is_mended = threading.Event()
    with receiving(lambda _: 200 if is_mended.is_set() else 503) as receiver:
        make(page, receiver.url)
        source = ask(server, f"/runs/{run}/artifacts")["artifacts"][0]["id"]
        move = {"artifact_version_id": source, "replaces": None, "reason": "the first"}
        ask(server, "/models/told/aliases/production", move)
        page.goto("/models/told")
        moved = page.get_by_role("list", name="History").get_by_role("listitem").filter(has_text="the first").first
        told = moved.get_by_role("list", name="Webhooks that were told")
        expect(told).to_contain_text(re.compile(r"deploy-bot.*503 · try \d of 8"))
        is_mended.set()
        told.get_by_role("button", name="Retry: deploy-bot").click()
        expect(told).to_contain_text(re.compile("deploy-bot.*✓ 200"))
        assert len({one.headers["Webhook-Id"] for one in receiver.wait_for(2)}) == 1
