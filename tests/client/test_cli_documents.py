"""docs/command-line.md tells of every command and every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker import cli

DOCUMENT = Path(__file__).parents[2] / "docs" / "command-line.md"
COMMANDS = [
    "login", "logout", "status", "ls", "run show", "run stop", "sync", "export", "import", "journal show",
    "leaderboard", "models", "register",
    "checkout", "reproduce", "verify", "gate", "rules", "propose", "promote", "rollback", "serve", "package",
]  # fmt: skip
SERVERS_OWN = {"server", "audit", "backup", "restore", "fsck", "gc"}
"""Commands that the extra `server` brings; how they are used is told in docs/operations.md."""


def help_of(command, capsys):
    with pytest.raises(SystemExit):
        cli.main([*command.split(), "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_its_options_are_described(command, capsys):
    text = DOCUMENT.read_text()
    said = help_of(command, capsys)
    assert f"tracker {command}" in text
    assert {option for option in re.findall(r"--[a-z]+", said) if option not in text} == set()


def test_no_command_is_left_out(capsys):
    assert cli.main(["--help"]) == 0
    listed = re.findall(r"^  (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert set(listed) - SERVERS_OWN == {command.split()[0] for command in COMMANDS}
    assert {name for name in SERVERS_OWN if f"tracker {name}" not in DOCUMENT.read_text()} == set()
