"""Versions that are bundles: what their pages say of them, how they are used and asked, and who runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.bundles import LOG, VERIFIED, hold, register, verify
from tests.browser.pages import log
from tests.browser.test_scenes import grave
from tests.processes import Server


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
