"""What the documents say is there, is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGES.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(checkout: Path, document: str) -> None:
    named = re.findall(r"`([\w.]+/[\w./]*)`", (checkout / document).read_text())
    built = ("server/tracker_server/static/",)
    assert [name for name in named if name not in built and not (checkout / name).exists()] == []


def test_changes_begin_with_this_version(checkout: Path) -> None:
    (version,) = re.findall(r"^version = (.+)$", (checkout / "setup.cfg").read_text(), re.MULTILINE)
    first = re.findall(r"^## (.+)$", (checkout / "CHANGES.md").read_text(), re.MULTILINE)[0]
    assert first == version


def test_every_setting_of_the_client_is_in_the_readme(checkout: Path) -> None:
    source = (checkout / "client" / "tracker" / "settings.py").read_text()
    readme = (checkout / "README.md").read_text()
    assert {name for name in re.findall(r'"(TRACKER_\w+)"', source) if f"`{name}`" not in readme} == set()
