"""The limits that whoever runs a server can move, as arguments of `tracker server`.

What always holds: each is a field of `Settings` whose default is said there alone; `docs/operations.md` has a row of
each, with what one sees when it is reached.
"""

from __future__ import annotations

import argparse
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final

from tracker_server.settings import Settings

MIB: Final = 1024**2
GIB: Final = 1024**3
SECOND_MS: Final = 1000


@dataclass(frozen=True)
class Limit:
    """An argument for a field of the settings, in a unit that suits people."""

    option: str
    field: str
    unit: int
    meaning: str

    @property
    def default(self) -> int:
        """What holds where nothing is said, in this unit."""
        (given,) = (field.default for field in fields(Settings) if field.name == self.field)
        assert given is not MISSING
        return int(given // self.unit)


LIMITS: Final = (
    Limit("--max-journal-mib", "max_journal_bytes", MIB, "refuse larger requests with records of runs"),
    Limit("--max-json-mib", "max_json_bytes", MIB, "refuse larger requests in JSON"),
    Limit("--max-file-gib", "max_file_bytes", GIB, "refuse larger files of artifacts and media"),
    Limit("--max-waiting", "max_waiting_batches", 1, "let so many requests with records wait for the database"),
    Limit("--max-waiting-mib", "max_waiting_bytes", MIB, "let so much of them wait"),
    Limit("--live-requests", "live_requests_per_s", 1, "ask live runs to send so often a second, all together"),
    Limit("--stalled-after-s", "stalled_after_s", 1, "give up a client that is silent for so long within a request"),
    Limit("--lost-after-s", "lost_after_ms", SECOND_MS, "call a running run lost after such a silence"),
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """An argument for each limit."""
    group = parser.add_argument_group("limits")
    for limit in LIMITS:
        text = f"{limit.meaning} (default: {limit.default})"
        group.add_argument(limit.option, type=_count, default=limit.default, metavar="N", help=text)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """The fields of the settings that the arguments ask for."""
    given = vars(options)
    return {limit.field: given[_name(limit.option)] * limit.unit for limit in LIMITS}


def _name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 8 and 0 < int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 1,000,000, got {text!r}")
    return int(text)
