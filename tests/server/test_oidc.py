"""Signing in through a provider of identities: who is let in, and what of its answers proves nothing."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from joserfc.jwk import OctKey, RSAKey

from tests.frames import START_MS
from tests.provider import CLIENT_ID, CLIENT_SECRET, Provider, provider
from tests.server.people import PROGRAM, Somebody, nobody, signed_in
from tracker_server import auth
from tracker_server.app import create_app
from tracker_server.auth.models import User
from tracker_server.oidc.models import OidcAttempt
from tracker_server.settings import Oidc, Settings

ADA = {"sub": "ada-1", "email": "ada@example.org", "email_verified": True, "preferred_username": "ada"}


@pytest.fixture(scope="module")
def known() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def provided(known: Provider) -> Provider:
    """The provider, honest again whatever the test before made of it."""
    known.key, known.algorithm, known.claims = known.published, "RS256", {}
    return known


@pytest.fixture
def app(settings: Settings, provided: Provider) -> Iterator[Flask]:
    settings.data.mkdir()
    oidc = Oidc(provided.url, CLIENT_ID, CLIENT_SECRET, ("example.org",), "Example")
    made = create_app(dataclasses.replace(settings, needs_key=True, operator="root", oidc=oidc))
    yield made
    made.extensions["tracker.database"].close()


def begun(browser: Somebody, to: str = "/") -> str:
    """The provider's address that signing in leads to."""
    return str(browser.done("POST", "/session/oidc", {"to": to})["url"])


def back(browser: Somebody, address: str) -> str:
    """Where the browser ends when the provider has sent it to an address of ours."""
    path = address.partition("/api/v1")[2]
    answer = browser.client.get(f"/api/v1{path}")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


def through(app: Flask, provided: Provider, to: str = "/", **claims: Any) -> tuple[Somebody, str]:
    """A browser that has been there and back."""
    browser = Somebody(app.test_client(), dict(PROGRAM))
    return browser, back(browser, provided.allow(begun(browser, to), **claims))


def test_somebody_new_signs_in_and_is_made_known(app: Flask, provided: Provider) -> None:
    assert nobody(app).done("GET", "/server")["provider"] == "Example"
    browser, page = through(app, provided, "/p/digits?view=table", **ADA)
    assert page == "/p/digits?view=table"
    me = browser.done("GET", "/me")
    assert (me["name"], me["is_signed_in"], me["is_admin"], me["has_password"]) == ("ada", True, False, False)
    assert browser.get("/projects").status_code == 200
    again, _ = through(app, provided, **{**ADA, "email": "ada.lovelace@example.org", "preferred_username": "other"})
    assert again.done("GET", "/me")["name"] == "ada"  # it is the subject that counts


def test_who_comes_for_the_first_time_in_two_browsers_at_once_is_one_person(app: Flask, provided: Provider) -> None:
    browsers = [nobody(app) for _ in range(4)]
    addresses = [provided.allow(begun(browser), **ADA) for browser in browsers]
    with ThreadPoolExecutor(len(browsers)) as threads:
        pages = list(threads.map(back, browsers, addresses))
    assert set(pages) <= {"/", "/#oidc=came_twice"}
    assert "/" in pages
    with app.extensions["tracker.database"].reading() as session:
        assert session.scalars(sa.select(User.name).where(User.email == "ada@example.org")).all() == ["ada"]


def test_a_name_that_is_taken_gets_a_number(app: Flask, provided: Provider) -> None:
    """Nobody becomes somebody by being called alike, or by having their address."""
    through(app, provided, **ADA)
    other, _ = through(app, provided, **{**ADA, "sub": "another"})
    root, _ = through(app, provided, **{**ADA, "sub": "third", "preferred_username": "root"})
    assert other.done("GET", "/me")["name"] == "ada-2"
    assert root.done("GET", "/me")["name"] == "root-2"
    assert root.done("GET", "/me")["is_admin"] is False


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eve@evil.example", "email_verified": True},
        {"email": "eve@example.org", "email_verified": False},
        {"email": "eve@example.org"},
        {"email": "example.org", "email_verified": True},
        {},
    ],
    ids=["another domain", "not verified", "nothing said", "no address", "none"],
)
def test_who_is_not_of_the_domain_is_not_let_in(app: Flask, provided: Provider, claims: dict[str, Any]) -> None:
    browser, page = through(app, provided, sub="eve", **claims)
    assert page == "/#oidc=domain_not_allowed"
    assert browser.done("GET", "/me")["is_signed_in"] is False


def test_who_was_deactivated_is_not_let_in(app: Flask, provided: Provider) -> None:
    browser, _ = through(app, provided, **ADA)
    with app.extensions["tracker.database"].writing() as session:
        password = auth.ensure_admin(session, "root", START_MS)
        session.commit()
    signed_in(app, "root", password or "").done("PATCH", "/people/ada", {"is_active": False})
    assert browser.get("/projects").status_code == 401
    _, page = through(app, provided, **ADA)
    assert page == "/#oidc=inactive"


def test_who_denies_comes_back_to_where_they_were(app: Flask, provided: Provider) -> None:
    browser = nobody(app)
    assert back(browser, provided.deny(begun(browser, "/models?x=1#there"))) == "/models?x=1#oidc=denied"
    assert back(browser, "http://x/api/v1/session/oidc/callback?error=access_denied") == "/#oidc=denied"


FORGED: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "somebody"},
    "for many without a party": {"aud": [CLIENT_ID, "somebody"]},
    "for another party": {"aud": [CLIENT_ID, "somebody"], "azp": "somebody"},
    "of another attempt": {"nonce": "another"},
    "expired": {"exp": int(time.time()) - 3600},
    "of tomorrow": {"iat": int(time.time()) + 86_400},
    "without an end": {"exp": None},
    "of nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", FORGED.values(), ids=FORGED)
def test_a_token_that_is_not_for_this_proves_nothing(app: Flask, provided: Provider, claims: dict[str, Any]) -> None:
    browser, page = through(app, provided, **{**ADA, **claims})
    assert page == "/#oidc=unproven"
    assert browser.done("GET", "/me")["is_signed_in"] is False


def test_a_token_of_another_key_proves_nothing(app: Flask, provided: Provider) -> None:
    provided.key = RSAKey.generate_key(2048, {"kid": provided.published.kid})
    assert through(app, provided, **ADA)[1] == "/#oidc=unproven"
    provided.key = RSAKey.generate_key(2048, auto_kid=True)
    assert through(app, provided, **ADA)[1] == "/#oidc=unproven"


def test_a_token_that_is_signed_with_a_shared_secret_proves_nothing(app: Flask, provided: Provider) -> None:
    """A provider's published keys could not check it, and whoever knows the secret could make it."""
    provided.key = OctKey.import_key(CLIENT_SECRET * 2, {"kid": provided.published.kid})
    provided.algorithm = "HS256"
    assert through(app, provided, **ADA)[1] == "/#oidc=unproven"


def test_keys_that_the_provider_changes_are_asked_for_again(app: Flask, provided: Provider) -> None:
    through(app, provided, **ADA)
    provided.published = provided.key = RSAKey.generate_key(2048, auto_kid=True)
    browser, page = through(app, provided, **ADA)
    assert (page, browser.done("GET", "/me")["name"]) == ("/", "ada")


def test_an_attempt_is_good_once_and_in_its_own_browser(app: Flask, provided: Provider) -> None:
    browser, other = nobody(app), nobody(app)
    address = provided.allow(begun(browser), **ADA)
    begun(other)
    assert back(other, address) == "/#oidc=stale_attempt"
    assert back(nobody(app), address) == "/#oidc=stale_attempt"
    assert back(browser, address) == "/"
    assert back(browser, address) == "/#oidc=stale_attempt"


def test_an_attempt_does_not_last(app: Flask, provided: Provider) -> None:
    browser = nobody(app)
    address = provided.allow(begun(browser), **ADA)
    with app.extensions["tracker.database"].writing() as session:
        session.execute(sa.update(OidcAttempt).values(created_ms=OidcAttempt.created_ms - 601_000))
        session.commit()
    assert back(browser, address) == "/#oidc=stale_attempt"


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example", "/\\evil.example", "x", "/a\nb", ""])
def test_one_comes_back_to_a_page_of_ours(app: Flask, to: str) -> None:
    answer = nobody(app).ask("POST", "/session/oidc", {"to": to})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "to")


def test_a_provider_that_is_away_is_told_as_such(settings: Settings) -> None:
    settings.data.mkdir()
    oidc = Oidc("http://127.0.0.1:9", CLIENT_ID, CLIENT_SECRET, ("*",), "Example")
    app = create_app(dataclasses.replace(settings, needs_key=True, oidc=oidc))
    answer = nobody(app).ask("POST", "/session/oidc", {})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "provider_away")
    app.extensions["tracker.database"].close()


def test_a_server_without_a_provider_says_so(guarded: Flask) -> None:
    assert nobody(guarded).ask("POST", "/session/oidc", {}).status_code == 404
    assert nobody(guarded).done("GET", "/server")["provider"] is None


def test_everybody_may_be_let_in(settings: Settings, provided: Provider) -> None:
    settings.data.mkdir()
    oidc = Oidc(provided.url, CLIENT_ID, CLIENT_SECRET, ("*",), "Example")
    app = create_app(dataclasses.replace(settings, needs_key=True, oidc=oidc))
    browser, _ = through(app, provided, sub="x", name="Grace / Hopper")
    assert browser.done("GET", "/me")["name"] == "Grace  Hopper"
    with app.extensions["tracker.database"].reading() as session:
        assert session.scalars(sa.select(User.email).where(User.name == "Grace  Hopper")).one() is None
    app.extensions["tracker.database"].close()
