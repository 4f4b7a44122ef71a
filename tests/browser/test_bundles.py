"""Versions that are bundles: what their pages say of them, how they are used and asked, and who runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser import bundles
from tests.browser.bundles import ALTERED, LOG, VERIFIED, Serve, hold, register, verify
from tests.browser.conftest import watch
from tests.browser.pages import log
from tests.browser.test_scenes import grave
from tests.processes import Server, free_port


@pytest.fixture(scope="module")
def served() -> Iterator[Serve]:
    with bundles.serve() as served:
        yield served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bundles") / "server"
    with Server(folder) as server:
        yield server


@pytest.fixture(scope="module")
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    return log(server, tmp_path_factory.mktemp("client"), LOG).splitlines()[-1]


@pytest.fixture
def model(server: Server, run: str, request: pytest.FixtureRequest) -> str:
    """A model of the test's own."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:60].strip("-")
    register(server, run, name)
    return name


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_a_version_says_what_it_is_and_what_verifying_found(page: Page, server: Server, model: str) -> None:
    page.goto(f"/models/{model}/1")
    main, bundle = page.get_by_role("main"), region(page, "Bundle")
    expect(main.get_by_text("Not verified")).to_be_visible()
    expect(bundle.get_by_label("Command that verifies this version", exact=True)).to_have_text(
        f"tracker verify {model}:v1"
    )
    rows = bundle.get_by_role("region", name="Table of forms").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("ONNX")
    expect(rows.nth(1)).to_contain_text("at most 2.4e-7")
    expect(rows.nth(2)).to_contain_text("logged")
    expect(bundle.get_by_role("row", name="pixels")).to_contain_text("batch × 4")
    references = bundle.get_by_role("region", name="Table of references")
    expect(references.get_by_role("row", name="embeddings.bin")).to_contain_text("s3://lake/embeddings-v4.bin")
    bundle.get_by_text("Lock: 3 packages").click()
    expect(bundle.get_by_label("Package lock", exact=True)).to_contain_text("torch==2.5.1  # PyTorch")

    verify(server, model, 1, VERIFIED)
    expect(main.get_by_text(re.compile("Verified (just now|.* ago)"))).to_be_visible()  # by itself
    newest = bundle.get_by_role("region", name="Table of verifications").get_by_role("row").nth(1)
    for told in ("Verified", "212 ms", "0.412 ms", "1.93 ms", "184 MB", "2.4e-7", "Python 3.12.3"):
        expect(newest).to_contain_text(told)
    assert grave(page, "light") == []

    page.goto(f"/models/{model}/3")
    expect(region(page, "Files of the version")).to_contain_text("These are loose files")
    expect(bundle).to_have_count(0)
    expect(region(page, "Use it")).to_contain_text("tracker.use_model(")


def test_the_lines_have_the_models_name_and_this_servers_address(page: Page, server: Server, model: str) -> None:
    page.goto(f"/models/{model}/1")
    use = region(page, "Use it")
    load = use.get_by_label("Load this version", exact=True)
    expect(load).to_contain_text(f'model = tracker.load("{model}@production", url="{server.url}")')
    expect(load).to_contain_text("model.predict(pixels=[[0,0.25,0.5,1],[1,0.5,0.25,0]], scale=1)")
    expect(use.get_by_label("Serve this version", exact=True)).to_contain_text(f"tracker serve {model}@production")
    expect(use.get_by_label("Verify this version", exact=True)).to_contain_text(f"tracker verify {model}:v1")
    expect(use.get_by_label("Package this version", exact=True)).to_contain_text(f"tracker package {model}:v1 --out")
    page.goto(f"/models/{model}/2")
    expect(load).to_contain_text(f'tracker.load("{model}:v2"')


def test_an_altered_file_turns_the_badge_red_and_bars_the_promotion(page: Page, server: Server, model: str) -> None:
    verify(server, model, 1, ALTERED)
    page.goto(f"/models/{model}/1")
    expect(page.get_by_role("main").get_by_text(re.compile("Files changed (just now|.* ago)"))).to_be_visible()
    changed = region(page, "Bundle").get_by_role("list", name="Files that have changed")
    expect(changed).to_have_text("embeddings.bin the ETag is 77aa01, and was 9b2cf5")
    assert grave(page, "light") == []

    page.goto(f"/models/{model}")
    versions = region(page, "Table of versions")
    expect(versions.get_by_role("row", name="v1")).to_contain_text("Files changed")
    expect(versions.get_by_role("row", name="v2")).to_contain_text("lacks vocabulary")
    versions.get_by_role("button", name="Promote v2…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("v2 has no file for the role 'vocabulary'")
    dialog.get_by_role("textbox", name="Reason (required)").fill("it is better")
    expect(dialog.get_by_role("button", name="Promote v2")).to_be_disabled()
    page.goto("/models")
    expect(page.get_by_role("row", name=model)).to_contain_text("Files changed")


def test_the_model_is_tried_at_a_process_that_serves_it(
    context: BrowserContext, server: Server, model: str, served: Serve
) -> None:
    page = context.new_page()
    complaints = watch(page, server.url)
    hold(server, model, "gpu-1", 1, "production", kind="serve", address=served.url)
    page.goto(f"/models/{model}/1")
    form = page.get_by_role("form", name="Ask the model")
    expect(form.get_by_role("combobox", name="Ask")).to_contain_text(f"{served.url} · v1 · production on gpu-1.cluster")
    pixels, scale = form.get_by_role("textbox", name="pixels"), form.get_by_role("textbox", name="scale")
    expect(pixels).to_have_value("[\n  [0, 0.25, 0.5, 1],\n  [1, 0.5, 0.25, 0]\n]")  # the stored example

    pixels.fill("[[1, 2, 3]]")
    form.get_by_role("button", name="Send").click()
    expect(pixels).to_be_focused()
    expect(pixels).to_have_accessible_description(re.compile(r"\[0\] has 3 values, 4 expected"))
    assert served.asked == []  # what does not fit is not sent

    pixels.fill("[[0, 0, 0, 0.5]]")
    pixels.press("Tab")
    scale.fill("2")
    scale.press("Enter")
    answer = form.get_by_role("status", name="Answer")
    expect(answer).to_contain_text(re.compile(r"v1 answered in \d"))
    expect(answer.get_by_label("Output digit", exact=True)).to_have_text("[7]")
    assert served.asked == [{"pixels": [[0, 0, 0, 0.5]], "scale": 2}]
    strange = [one for one in complaints if urlsplit(served.url).netloc not in one]
    assert strange == []

    scale.fill("-1")
    form.get_by_role("button", name="Send").click()
    expect(scale).to_have_accessible_description(re.compile("scale must not be below 0"))
    assert grave(page, "light") == []


def test_what_keeps_a_model_from_answering_is_explained(
    context: BrowserContext, server: Server, model: str, served: Serve
) -> None:
    page = context.new_page()  # the browser itself complains of requests that come to nothing
    page.goto(f"/models/{model}/1")
    form = page.get_by_role("form", name="Ask the model")
    start = f"tracker serve {model}@production --cors {server.url}"
    expect(form.get_by_label("Command that serves this model", exact=True)).to_have_text(start)
    address, send = form.get_by_role("textbox", name="or ask at the address"), form.get_by_role("button", name="Send")
    answer = form.get_by_role("status", name="Answer")
    address.fill("https://models.invalid")
    send.click()
    expect(answer).to_contain_text("The policy of this page does not let it ask https://models.invalid")
    expect(answer).to_contain_text("tracker server --serving-origin https://models.invalid")
    address.fill(f"http://127.0.0.1:{free_port()}")
    send.click()
    expect(answer).to_contain_text("Nothing answers at http://127.0.0.1:")

    served.allows = False
    address.fill(served.url)
    send.click()
    expect(answer).to_contain_text(f"does not let pages of {server.url} read its answers")
    expect(answer).to_contain_text(start)
    served.allows, served.version = True, 2
    send.click()
    expect(answer).to_contain_text("That is not the version of this page, v1.")
    served.version = 1


def test_what_runs_is_told_beside_what_should(page: Page, server: Server, model: str) -> None:
    hold(server, model, "gpu-1", 1, "production")
    hold(server, model, "gpu-2", 2, "production")
    page.goto(f"/models/{model}")
    running = page.get_by_role("list", name="What runs, by alias").get_by_role("listitem")
    expect(running).to_contain_text("points at v1")
    expect(running).to_contain_text("v2 runs in 1 process")
    expect(running).to_contain_text("1 of 2 runs another version than it points at")
    region(page, "Running now").get_by_text("2 processes").click()
    expect(page.get_by_role("row", name="gpu-2.cluster")).to_contain_text("production")
    assert grave(page, "light") == []
    hold(server, model, "gpu-2", 1, "production")  # it has followed
    page.reload()
    expect(running).to_contain_text("v1 runs in 2 processes on 2 hosts")
    expect(running).not_to_contain_text("another version")
    for width in (360, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("", "/1"):
            page.goto(f"/models/{model}{path}")
            expect(region(page, "Running now")).to_contain_text("gpu-1.cluster" if path else "production")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
