"""Promotion among several people: who proposes, what the gates say, who approves or overrides, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.people import HEADERS, OPERATOR, act, sign_in
from tests.browser.serving import Serving, serving
from tests.processes import environment, run_script
from tests.server.test_registry_chain import by_sql
from tracker_server import cli
from tracker_server.db import Database

CODE = """
import json, os, tracker
from pathlib import Path

ids = {}
for name, accuracy in (("base", 0.81), ("weak", 0.70), ("strong", 0.90)):
    weights = Path(os.environ["TRACKER_DIR"]) / "weights.bin"
    with tracker.init("digits", name=name, config={"width": accuracy}, system_interval_s=0) as run:
        run.define_metric("val/acc", goal="max")
        for step in range(5):
            tracker.log({"val/acc": accuracy * (step + 1) / 5})
        weights.write_bytes(name.encode() * 1000)
        for model in ("team", "gated", "edited"):
            run.log_artifact(weights, name=model, type="model")
        ids[name] = run.id
print(json.dumps(ids))
"""
ENOUGH = "rules:\n  - metric: val/acc\n    at_least: 0.8\n"
ALONE = f"protected:\n  production: {{approvals: 0}}\n{ENOUGH}"
ROLES = {"bob": "promoter", "cleo": "promoter", "dana": "editor"}

Enter = Callable[[str], Page]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("promotion")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder / "server", needs_key=True) as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Serving, folder: Path) -> dict[str, str]:
    (folder / "client").mkdir()
    sent = run_script(CODE, environment(server.url, folder / "client", TRACKER_API_KEY=server.key or ""))
    assert sent.returncode == 0, sent.stderr
    found: dict[str, str] = json.loads(sent.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def passwords(server: Serving, runs: dict[str, str], browser: Browser) -> dict[str, str | None]:
    """Of the admin and of three people more, whose roles in the project are ROLES."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/")
    sign_in(page, server.password)
    expect(page.get_by_role("link", name="digits")).to_be_visible()
    found = {OPERATOR: server.password}
    for name, role in ROLES.items():
        found[name] = act(page, server, "POST", "/people", {"name": name})["password"]
        act(page, server, "PUT", f"/projects/digits/members/{name}", {"role": role})
    context.close()
    return found


@pytest.fixture
def enter(browser: Browser, server: Serving, passwords: dict[str, str | None]) -> Iterator[Enter]:
    """Signs somebody in, in a browser of their own. Not watched: the browser itself complains about each refusal."""
    contexts = []

    def signed_in(name: str) -> Page:
        context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 900}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        page.goto("/p/digits")
        sign_in(page, passwords[name], name=name)
        expect(page.get_by_role("grid", name="Runs")).to_be_visible()
        return page

    yield signed_in
    for context in contexts:
        context.close()


def source_of(page: Page, server: Serving, run: str, model: str) -> int:
    artifacts = act(page, server, "GET", f"/runs/{run}/artifacts")["artifacts"]
    found: int = next(one["id"] for one in artifacts if one["name"] == model)
    return found


def holder(page: Page, server: Serving, model: str) -> int | None:
    aliases = act(page, server, "GET", f"/models/{model}")["aliases"]
    return next((one["version"] for one in aliases if one["alias"] == "production"), None)


def opened(page: Page, run: str, artifact: str) -> Locator:
    """The dialog that promotes an artifact of a run."""
    page.goto(f"/p/digits/runs/{run}/artifacts")
    page.get_by_role("article", name=artifact).get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("list", name="Gates")).to_be_visible()
    return dialog


def say_why(dialog: Locator, reason: str, button: str) -> None:
    dialog.get_by_role("textbox", name="Reason (required)").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()


def state(page: Page) -> Locator:
    return page.get_by_role("status", name="State")


def promote_base(admin: Page, bob: Page, cleo: Page, server: Serving, runs: dict[str, str]) -> None:
    """The model with its rules, and a first version in production."""
    source = source_of(bob, server, runs["base"], "team")
    act(bob, server, "POST", "/models/team/versions", {"artifact_version_id": source})
    act(admin, server, "PUT", "/models/team/rules", {"text": ENOUGH, "revision": 0})
    asked = act(bob, server, "POST", "/models/team/proposals", {"version": 1, "reason": "the baseline"})
    approval = {"replaces": None, "text": ""}
    act(cleo, server, "POST", f"/models/team/proposals/{asked['number']}/approval", approval)


def test_two_people_bring_a_better_model_into_production_and_back(
    enter: Enter, server: Serving, runs: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin, bob, cleo = enter(OPERATOR), enter("bob"), enter("cleo")
    promote_base(admin, bob, cleo, server, runs)

    dialog = opened(bob, runs["weak"], "team:v2")
    expect(dialog.get_by_role("list", name="Gates")).to_contain_text(
        re.compile(r"✕ fails.*val/acc is at least 0.8.*0.7")
    )
    expect(dialog.get_by_role("region", name="Approval")).to_contain_text("cleo")
    expect(dialog.get_by_role("region", name="Comparison")).to_contain_text(re.compile("val/acc.*−13.6 %.*worse"))
    say_why(dialog, "it is smaller", "Request approval")
    expect(bob.get_by_role("heading", name="Proposal 2: team v2 to production")).to_be_visible()
    expect(state(bob)).to_contain_text("waiting since")
    expect(bob.get_by_role("list", name="Gates")).to_contain_text(re.compile("fails.*val/acc is at least 0.8"))

    cleo.goto("/models")
    expect(cleo.get_by_role("link", name="Models 1 waiting for you")).to_be_visible()
    cleo.get_by_role("list", name="Proposals that wait for you").get_by_role("link").click()
    approve = cleo.get_by_role("button", name="Approve and promote")
    expect(approve).to_have_attribute("title", "A gate fails.")
    approve.click(force=True)
    assert holder(cleo, server, "team") == 1
    cleo.get_by_role("button", name="Reject…").click()
    say_why(cleo.get_by_role("dialog"), "not good enough", "Reject")
    expect(state(bob)).to_contain_text("rejected by cleo")  # without a reload
    expect(bob.get_by_role("list", name="Remarks")).to_contain_text("not good enough")

    dialog = opened(bob, runs["strong"], "team:v3")
    expect(dialog.get_by_role("list", name="Gates")).to_contain_text("✓ passes")
    say_why(dialog, "better on everything", "Request approval")
    expect(bob.get_by_role("heading", name="Proposal 3: team v3 to production")).to_be_visible()
    own = bob.get_by_role("button", name="Approve and promote")
    expect(own).to_have_attribute("title", re.compile("you have proposed this yourself"))
    refused = bob.context.request.post(
        "/api/v1/models/team/proposals/3/approval", headers=HEADERS, data={"replaces": 1, "text": ""}
    )
    assert (refused.ok, refused.json()["error"]["code"]) == (False, "own_proposal")

    cleo.goto("/models/team/proposals/3")
    cleo.get_by_role("textbox", name="Comment in Markdown").fill("The *long tail*, too? <img src=x onerror=alert(1)>")
    cleo.get_by_role("button", name="Comment").click()
    remarks = bob.get_by_role("list", name="Remarks")
    expect(remarks.get_by_text("long tail", exact=True)).to_be_visible()
    assert remarks.locator("em").inner_text() == "long tail"
    assert remarks.locator("img").count() == 0
    cleo.get_by_role("button", name="Approve and promote").click()
    expect(state(cleo)).to_contain_text("production moved from v1 to v3")
    expect(cleo.get_by_text("team production: v1 → v3")).to_be_visible()
    expect(state(bob)).to_contain_text("promoted by cleo")
    assert holder(cleo, server, "team") == 3

    cleo.goto("/models/team")
    cleo.get_by_role("button", name="Roll production back to v1").first.click()
    back = cleo.get_by_role("dialog", name="Roll production back to v1")
    expect(back.get_by_role("region", name="Comparison")).to_contain_text(re.compile("val/acc.*worse"))
    say_why(back, "it forgets the digit 7", "Roll back to v1")
    expect(back).to_be_hidden()
    assert holder(cleo, server, "team") == 1

    admin.goto("/audit?model=team")
    history = admin.get_by_role("list", name="History")
    for told in (
        "cleo rolled production of team back v3 → v1",
        "cleo moved production of team v1 → v3",
        "bob proposed v3",
        "cleo rejected v2",
        "bob proposed v2",
        "changed the rules",
    ):
        expect(history).to_contain_text(told, use_inner_text=True)
    expect(history).to_contain_text("it forgets the digit 7")
    assert_chain_names_what_is_edited(folder / "server", capsys)


def assert_chain_names_what_is_edited(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The trail holds as it is, and no more once somebody has edited a row in the database."""
    assert cli.audit(["verify", "--data", str(data)]) == 0
    database = Database(f"sqlite:///{data / 'tracker.db'}")
    with database.reading() as session:
        edited = session.scalar(sa.text("SELECT id FROM audit WHERE reason = 'not good enough'"))
    by_sql(database, f"UPDATE audit SET reason = 'looks fine' WHERE id = {edited}")
    database.close()
    capsys.readouterr()
    assert cli.audit(["verify", "--data", str(data)]) == 1
    assert f"entry {edited} is not what was written" in capsys.readouterr().err


def keep_rules(admin: Page, server: Serving, model: str, run: str, text: str) -> None:
    """A model with one version, that of a run, and rules of its own."""
    source = source_of(admin, server, run, model)
    act(admin, server, "POST", f"/models/{model}/versions", {"artifact_version_id": source})
    act(admin, server, "PUT", f"/models/{model}/rules", {"text": text, "revision": 0})


def test_a_failing_gate_blocks_a_promoter_and_an_admin_overrides_it_with_a_reason(
    enter: Enter, server: Serving, runs: dict[str, str]
) -> None:
    admin, bob = enter(OPERATOR), enter("bob")
    keep_rules(admin, server, "gated", runs["weak"], ALONE)
    dialog = opened(bob, runs["weak"], "gated:v2")
    expect(dialog).to_contain_text("Nothing is in production yet")
    dialog.get_by_role("textbox", name="Reason (required)").fill("I want it")
    expect(dialog.get_by_role("button", name="Promote v1")).to_be_disabled()
    expect(dialog).to_contain_text("A gate fails.")
    anyway = dialog.get_by_role("checkbox", name="Promote anyway")
    expect(anyway).to_be_disabled()
    expect(anyway).to_have_accessible_description(re.compile("an admin may do this"))
    refused = bob.context.request.post(
        "/api/v1/models/gated/aliases/production",
        headers=HEADERS,
        data={"version": 1, "replaces": None, "reason": "I want it"},
    )
    assert (refused.status, refused.json()["error"]["code"]) == (409, "gate_failed")

    dialog = opened(admin, runs["weak"], "gated:v2")
    dialog.get_by_role("checkbox", name="Promote anyway").check()
    button = dialog.get_by_role("button", name="Promote anyway")
    expect(button).to_be_disabled()  # there is no reason yet
    say_why(dialog, "only for the demonstration", "Promote anyway")
    expect(dialog).to_be_hidden()
    assert holder(admin, server, "gated") == 1
    admin.goto("/models/gated")
    moved = admin.get_by_role("list", name="History").get_by_role("listitem").filter(has_text="demonstration")
    expect(moved).to_contain_text("promoted anyway")


def test_who_may_not_promote_sees_what_it_would_be_and_who_may(
    enter: Enter, server: Serving, runs: dict[str, str]
) -> None:
    admin, dana = enter(OPERATOR), enter("dana")
    keep_rules(admin, server, "edited", runs["strong"], ALONE)
    dialog = opened(dana, runs["strong"], "edited:v3")
    expect(dialog.get_by_role("list", name="Gates")).to_contain_text("passes")
    expect(dialog).to_contain_text("You are an editor of this project; a promoter may do this.")
    dialog.get_by_role("textbox", name="Reason (required)").fill("it is ready")
    dialog.get_by_role("button", name="Promote v1").click(force=True)
    assert holder(dana, server, "edited") is None
    dana.goto("/models/edited/rules")
    text = dana.get_by_role("textbox", name="Rules as YAML")
    expect(text).to_have_value(ALONE)
    expect(text).not_to_be_editable()
    expect(dana.get_by_role("button", name="Save")).to_have_attribute("title", re.compile("an admin may do this"))
