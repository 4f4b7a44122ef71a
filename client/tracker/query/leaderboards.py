"""Leaderboards of a project as a server tells of them: what each asks, and who stands where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from tracker import arguments
from tracker.query.connection import Connection, NotFoundError

Value = Literal["shown", "last", "min", "max", "mean", "best"]


class BoardDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What is ranked, by what and on which data; `docs/leaderboards.md` says what each of it means."""

    task: str
    metric: str
    data: str | None = None
    value: str = "shown"
    goal: Literal["min", "max"] | None = None
    filter: str = ""
    rows: str = "family"
    seed: str | None = None
    size_metric: str | None = None
    time_metric: str | None = None


class BoardRun(msgspec.Struct, frozen=True):
    """A run that counts in a row, with its own score."""

    id: str
    name: str
    number: int
    score: float
    ended_ms: int


class BoardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A family of runs, or a version of a model. `score` is a mean over `run_count` runs for a family; `spread` is the
    standard deviation of single runs, None where there is but one. Times are milliseconds."""

    rank: int
    label: str
    score: float
    spread: float | None
    run_count: int
    best: float
    runs: list[BoardRun]
    config: dict[str, Any]
    model: str | None
    version: int | None
    aliases: list[str]
    duration_ms: int | None
    gpu_ms: int | None
    size_bytes: int | None
    size: float | None
    time: float | None
    time_ms: int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A run or version that does not count; `reason` says why in words."""

    code: str
    reason: str
    label: str
    run: str | None
    model: str | None
    version: int | None
    time_ms: int


class ProgressStep(msgspec.Struct, frozen=True, kw_only=True):
    """That a run or version was better than all before it."""

    time_ms: int
    score: float
    label: str
    run: str | None
    model: str | None
    version: int | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands where. `rows` are the first of `row_count`, `refused` the first of `refused_count`."""

    goal: Literal["min", "max"]
    rows: list[BoardRow]
    row_count: int
    refused: list[Refusal]
    refused_count: int
    progress: list[ProgressStep]


class _Facts(msgspec.Struct, frozen=True):
    id: int
    project: str
    name: str
    definition: BoardDefinition
    revision: int
    created_ms: int
    created_by: str
    changed_ms: int


class _List(msgspec.Struct, frozen=True):
    leaderboards: list[_Facts]


class Leaderboard:
    """A leaderboard as it was when it was fetched; its standing is read anew each time."""

    def __init__(self, connection: Connection, facts: _Facts) -> None:
        self._connection = connection
        self._facts = facts

    def __repr__(self) -> str:
        return f"<leaderboard {self.name!r} of {self.project!r}>"

    @property
    def name(self) -> str:
        return self._facts.name

    @property
    def project(self) -> str:
        return self._facts.project

    @property
    def definition(self) -> BoardDefinition:
        """What it asks."""
        return self._facts.definition

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self._connection.url}/p/{quote(self.project, safe='')}/leaderboards/{self._facts.id}"

    def standing(self) -> Standing:
        """Who stands where now."""
        return self._connection.ask("GET", f"{self._path}/standing", Standing)

    def export(self) -> dict[str, Any]:
        """The question and the standing as one JSON-like document."""
        return self._connection.ask("GET", f"{self._path}/export", dict[str, Any], parameters={"format": "json"})

    def save_page(self, path: str | Path) -> Path:
        """Write the standing as an HTML page that stands by itself, in place of what is there; the path."""
        target = Path(path)
        content = self._connection.fetch(f"{self._path}/export?format=html")
        target.write_bytes(content)
        return target

    def delete(self) -> None:
        """Delete it for good; the runs on it stay."""
        self._connection.ask("DELETE", self._path, dict[str, Any])

    def as_dict(self) -> dict[str, Any]:
        """What it is, with the fields of the HTTP API."""
        plain: dict[str, Any] = msgspec.to_builtins(self._facts)
        return plain

    @property
    def _path(self) -> str:
        return f"{_path(self.project)}/{self._facts.id}"


def every(connection: Connection, project: str) -> list[Leaderboard]:
    """Those of a project, by name."""
    found = connection.ask("GET", _path(arguments.project(project)), _List)
    return [Leaderboard(connection, facts) for facts in found.leaderboards]


def one(connection: Connection, project: str, name: str) -> Leaderboard:
    """The one of that name. Raises NotFoundError."""
    found = every(connection, project)
    for board in found:
        if board.name == name:
            return board
    there = ", ".join(repr(board.name) for board in found[:5]) or "none"
    raise NotFoundError(
        f"the project {project!r} has no leaderboard {name!r:.200}; it has {there}", code="unknown_leaderboard"
    )


def create(connection: Connection, project: str, name: str, definition: Mapping[str, Any]) -> Leaderboard:
    """Keep one."""
    body = {"name": arguments.text("name", name), "definition": dict(definition)}
    return Leaderboard(connection, connection.ask("POST", _path(arguments.project(project)), _Facts, body=body))


def _path(project: str) -> str:
    return f"/projects/{quote(project, safe='')}/leaderboards"
