"""Signing in through a provider of identities, in its own process: there and back, and refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.serving import Serving, serving
from tests.processes import free_port, wait_until
from tracker_server.settings import Oidc


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider that knows whoever says who they are."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: _answers(url), "the provider answers", timeout_s=60)
            for name, domain in (("ada", "example.org"), ("eve", "evil.example")):
                claims = {"email": f"{name}@{domain}", "email_verified": True, "preferred_username": name}
                assert requests.put(f"{url}/users/{name}", json=claims, timeout=10).ok
            yield url
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/.well-known/openid-configuration", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    issuer = requests.get(f"{provider}/.well-known/openid-configuration", timeout=5).json()["issuer"]
    oidc = Oidc(issuer, "tracker", "a secret", ("example.org",), "Example")
    folder: Path = tmp_path_factory.mktemp("provider")
    with serving(folder, needs_key=True, oidc=oidc) as made:
        yield made


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Not watched: the browser itself complains about each answer 401."""
    return context.new_page()


def go_as(page: Page, name: str) -> None:
    """From our sign-in page to the provider's form, and what it asks."""
    page.get_by_role("button", name="Sign in with Example").click()
    page.get_by_placeholder("sub").fill(name)
    page.get_by_role("button", name="Authorize").click()


def test_one_signs_in_there_and_is_back_where_one_was(page: Page, server: Serving) -> None:
    page.goto(f"{server.url}/models?q=x")
    go_as(page, "ada")
    expect(page.get_by_role("heading", name="Models", level=1)).to_be_visible()
    assert page.url == f"{server.url}/models?q=x"
    page.goto(f"{server.url}/settings/account")
    expect(page.get_by_text("ada").first).to_be_visible()


def test_who_may_not_enter_is_told_why(page: Page, server: Serving) -> None:
    page.goto(server.url)
    go_as(page, "eve")
    expect(page.get_by_role("alert")).to_have_text(
        "People of your address may not enter this server. Ask one of its admins for an invitation."
    )
    assert "oidc" not in page.url
    expect(page.get_by_label("Password")).to_be_visible()


def test_who_denies_is_told_so_and_can_try_again(page: Page, server: Serving) -> None:
    page.goto(server.url)
    page.get_by_role("button", name="Sign in with Example").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_have_text("The provider has not let you in.")
    go_as(page, "ada")
    expect(page.get_by_role("heading", name="Projects", level=1)).to_be_visible()
