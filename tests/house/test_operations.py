"""What the documents tell to type can be typed, and what `docs/operations.md` says of limits and of moving is so."""

from __future__ import annotations

import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from tests.processes import TRACKER, Server, environment, free_port, run_script
from tracker import cli
from tracker_server.cli.limits import LIMITS
from tracker_server.settings import Settings

OF_OTHERS = {"--profile", "--upgrade", "--extra-index-url", "--format", "--file", "--dbname", "--force-reinstall"}
"""Options of docker, pip and PostgreSQL's tools, which the documents tell to use too."""

NO_LIMITS = {"port", "proxies"}
FIXED = {"abandoned_after_ms": "10 min", "webhook_first_wait_s": "again after 2 s, 8 times in all"}
"""Settings that are bounds and have no option, with how the table says them."""

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


OF_MAKE = ("benchmarks", "chaos", "figures")
"""Pages on what `make` runs, which has options of its own."""


def documents(checkout: Path) -> list[Path]:
    """Those for users; benchmarks and figures tell of tools of the checkout."""
    return [
        checkout / "README.md",
        *(path for path in sorted((checkout / "docs").glob("*.md")) if path.stem not in OF_MAKE),
    ]


def options_of(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """The options that a command's help names."""
    inner = {"run": ["show", "stop"], "journal": ["show"]}.get(command, [""])
    found: set[str] = set()
    for word in inner:
        with pytest.raises(SystemExit) as ended:
            cli.main([command, *([word] if word else []), "--help"])
        assert ended.value.code == 0
        found |= set(OPTION.findall(capsys.readouterr().out))
    return found


def commands(capsys: pytest.CaptureFixture[str]) -> dict[str, set[str]]:
    cli.main(["--help"])
    names = re.findall(r"^  ([\w-]+) ", capsys.readouterr().out, re.MULTILINE)
    return {name: options_of(name, capsys) for name in names}


def test_every_option_that_a_document_names_exists(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = set().union(*commands(capsys).values()) | OF_OTHERS | {"--help", "--version"}
    named = {
        (document.name, option)
        for document in documents(checkout)
        for option in OPTION.findall(document.read_text())
        if option not in known
    }
    assert named == set()


def test_every_command_that_a_document_shows_takes_its_options(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = commands(capsys)
    shown = [
        (command, option, line)
        for document in documents(checkout)
        for line in document.read_text().splitlines()
        for command, rest in re.findall(r"(?:^    |`)tracker ([a-z][\w-]*)([^`#|]*)", line)
        for option in OPTION.findall(rest)
    ]
    assert len(shown) > 10
    assert [one for one in shown if one[0] not in known or one[1] not in known[one[0]] | {"--help"}] == []


def rows(checkout: Path) -> list[list[str]]:
    """The rows of the table of limits."""
    text = (checkout / "docs" / "operations.md").read_text().partition("\n## Limits\n")[2]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.option)
def test_each_limit_stands_in_the_table_with_its_default(checkout: Path, limit: object) -> None:
    assert isinstance(limit, type(LIMITS[0]))
    (row,) = [row for row in rows(checkout) if f"`{limit.option}`" in row[2]]
    assert re.match(rf"{limit.default}\b", row[1].replace(",", ""))


def test_each_bound_of_the_settings_is_a_limit() -> None:
    bounds = {field.name for field in fields(Settings) if isinstance(field.default, int | float)}
    bounds -= {field.name for field in fields(Settings) if isinstance(field.default, bool)}
    assert bounds - NO_LIMITS - FIXED.keys() == {limit.field for limit in LIMITS}


def test_bounds_without_an_option_stand_in_the_table(checkout: Path) -> None:
    said = {row[1] for row in rows(checkout)}
    assert set(FIXED.values()) <= said


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "99999999"])
def test_a_limit_that_is_none_is_refused(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["server", f"--max-json-mib={value}"])
    assert ended.value.code == 2
    assert "must be a whole number from 1 to 1,000,000" in capsys.readouterr().err


def test_a_limit_that_is_moved_holds(tmp_path: Path) -> None:
    with Server(tmp_path, more=("--max-json-mib", "1")) as server:
        body = b'{"name": "' + b"x" * (2 * 1024**2) + b'"}'
        headers = {"Content-Type": "application/json", "X-Tracker-Client": "test"}
        request = urllib.request.Request(f"{server.url}/api/v1/projects", data=body, headers=headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 413
        assert str(1024**2) in refused.value.read().decode()


SCRIPT = """
import tracker
for project in ("digits", "letters"):
    with tracker.init(project=project, id=project) as run:
        for step in range(100):
            tracker.log({"loss": 1 / (step + 1)})
"""


def moving(checkout: Path) -> list[str]:
    """The lines that the document says to type for moving to PostgreSQL."""
    text = (checkout / "docs" / "operations.md").read_text()
    section = text.partition("\n## Moving to PostgreSQL, or to another machine\n")[2].partition("\n## ")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def test_the_way_to_postgresql_is_as_the_document_says(
    checkout: Path, tmp_path: Path, make_database_url: Callable[[str], str]
) -> None:
    serve, export, take_in = moving(checkout)
    port = free_port()
    with Server(tmp_path / "old") as old:
        assert run_script(SCRIPT, environment(old.url, tmp_path / "client")).returncode == 0
        given = {
            "http://127.0.0.1:8090": old.url,
            "http://127.0.0.1:8091": f"http://127.0.0.1:{port}",
            "/backups/projects": str(tmp_path / "projects"),
        }
        assert re.fullmatch(
            r"tracker server --port 8091 --data \S+ --database postgresql\+psycopg://user:password@host/name", serve
        )
        with Server(tmp_path / "new", make_database_url("postgres"), port) as new:
            for line in (export, take_in, take_in):
                for text, ours in given.items():
                    line = line.replace(text, ours)
                done = subprocess.run(
                    ["bash", "-c", line.replace("tracker ", f"{TRACKER} ", 1)],
                    env={**os.environ, "TRACKER_DIR": str(tmp_path / "client")},
                    capture_output=True, text=True, timeout=60, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stderr
            for project in ("digits", "letters"):
                path = f"/api/v1/runs/{project}/series?resolution=full&metric=loss"
                answers = []
                for server in (old, new):
                    request = urllib.request.Request(server.url + path, headers={"Accept": "application/x-ndjson"})
                    with urllib.request.urlopen(request, timeout=10) as answer:
                        answers.append(re.sub(rb'"id":\d+', b"", answer.read()))
                assert answers[0] == answers[1] != b""
