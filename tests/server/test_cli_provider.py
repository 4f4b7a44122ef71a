"""The arguments that name a provider of identities."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker_server import cli
from tracker_server.cli import provider
from tracker_server.cli.places import CannotStart
from tracker_server.cli.serving import _parser, settings_from
from tracker_server.settings import Oidc

WHOLE = [
    "--oidc-issuer",
    "https://accounts.example.org",
    "--oidc-client-id",
    "tracker",
    "--oidc-domain",
    "@Example.org",
]


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("of the client\n")
    path.chmod(0o600)
    return path


def oidc(*arguments: str) -> Oidc | None:
    return settings_from(_parser().parse_args(["--auth", *arguments])).oidc


def test_a_provider_is_named_and_its_secret_read_from_a_file(secret_file: Path) -> None:
    found = oidc(*WHOLE, "--oidc-secret-file", str(secret_file))
    assert found is not None
    assert (found.client_secret, found.domains, found.name) == (
        "of the client",
        ("example.org",),
        "accounts.example.org",
    )
    assert "of the client" not in repr(found)
    assert oidc() is None


def test_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(provider.SECRET_VARIABLE, "of the environment")
    found = oidc(*WHOLE, "--oidc-name", "Example")
    assert found is not None
    assert (found.client_secret, found.name) == ("of the environment", "Example")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--oidc-client-id", "x"], "need --oidc-issuer"),
        (["--oidc-issuer", "accounts.example.org"], "begins with https://"),
        (WHOLE[:2], "needs --oidc-client-id"),
        (WHOLE[:4], "needs --oidc-domain"),
        (WHOLE, "needs the client's secret"),
        ([*WHOLE, "--oidc-secret-file", "/nowhere/at/all"], "cannot be read: No such file"),
    ],
)
def test_half_of_one_is_told_with_what_is_missing(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        oidc(*arguments)


def test_a_secret_that_others_can_read_is_refused(secret_file: Path) -> None:
    secret_file.chmod(0o640)
    with pytest.raises(CannotStart, match="chmod 600"):
        oidc(*WHOLE, "--oidc-secret-file", str(secret_file))


def test_a_server_that_asks_nobody_to_sign_in_has_no_use_for_one(
    secret_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.serve([*WHOLE, "--oidc-secret-file", str(secret_file)]) == 2
    assert "--oidc-issuer needs --auth" in capsys.readouterr().err
