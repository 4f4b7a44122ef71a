"""People in front of a browser: signing in, and the end of their sessions."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.serving import Serving
from tracker_server.settings import Settings

OPERATOR = Settings.operator
HEADERS = {"X-Tracker-Client": "test"}


def sign_in(page: Page, password: str | None, *, name: str = OPERATOR) -> None:
    """Fill in the form that is on the page."""
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_label("Password").fill(password or "")
    page.get_by_role("button", name="Sign in", exact=True).click()


def end_session(page: Page) -> None:
    """End the session on the server; the page is told nothing."""
    assert page.context.request.delete("/api/v1/session", headers=HEADERS).ok


def act(page: Page, server: Serving, method: str, path: str, data: object = None) -> Any:
    """What the API answers to a request with the cookie of the page."""
    answer = page.context.request.fetch(f"{server.url}/api/v1{path}", method=method, headers=HEADERS, data=data)
    assert answer.ok, (method, path, answer.status, answer.text())
    return answer.json() if answer.body() else None
