"""`tracker reset-password`: who is locked out gets in again, and whoever was in is out."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.server.people import Somebody, nobody, signed_in
from tracker_server import cli
from tracker_server.settings import Settings


def reset(settings: Settings, name: str) -> int:
    places = ["--data", str(settings.data), "--database", settings.database_url]
    return cli.reset_password([name, *places])


def test_the_new_password_is_printed_and_the_old_one_is_good_no_more(
    guarded: Flask, settings: Settings, ada: Somebody, adas_password: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reset(settings, "ada") == 0
    said = capsys.readouterr().out.strip()
    assert said.startswith("the new password of 'ada', shown this once: ")
    assert signed_in(guarded, "ada", said.rpartition(" ")[2]).done("GET", "/me")["is_admin"]
    assert not ada.done("GET", "/me")["is_signed_in"]  # the browsers that were signed in are out
    old = nobody(guarded).ask("POST", "/session", {"name": "ada", "password": adas_password})
    assert old.status_code == 401


def test_who_is_not_there_or_has_no_password_is_told(
    guarded: Flask, settings: Settings, ada: Somebody, capsys: pytest.CaptureFixture[str]
) -> None:
    ada.done("POST", "/people", {"name": "ci", "kind": "service"})
    assert (reset(settings, "nobody"), reset(settings, "ci")) == (2, 2)
    said = capsys.readouterr().err
    assert "there is nobody called 'nobody'" in said
    assert "'ci' is a service account" in said


def test_it_makes_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.reset_password(["ada", "--data", str(tmp_path)]) == 2
    assert "there is no database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
