"""`tracker status`: which server is used and why, whether it answers and takes the key, and what waits to be sent."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

import msgspec

from tracker import journal_files, settings
from tracker.cli import asking, settings_file
from tracker.cli.output import print_facts, print_json, size
from tracker.errors import TrackerError, TransportError
from tracker.settings import Settings
from tracker.version import client_version


class Answer(msgspec.Struct, frozen=True):
    """What came of asking the server. `user` is who one is there; `error` why nothing is known."""

    is_reached: bool
    version: str | None = None
    needs_key: bool | None = None
    user: str | None = None
    error: str | None = None


class Waiting(msgspec.Struct, frozen=True):
    """The journals of this machine; `live_count` of them are being written by a process that is still there."""

    count: int
    size_bytes: int
    live_count: int


def status(arguments: list[str]) -> int:
    """Run `tracker status`."""
    parser = asking.parser(
        "status", "Say which server is used, whether it answers and takes the key, and what waits to be sent.",
        "1 says that the server needs a key and was given none that it takes. Journals that wait change nothing: they\n"
        "are not lost, and `tracker sync` sends them.\n\n"
        'With --json: {"url", "url_from", "server", "key_from", "client", "python", "settings_file", "directory",\n'
        '"journals", "is_well"}.',
    )  # fmt: skip
    parsed = parser.parse_args(arguments)
    try:
        chosen = settings.load(url=parsed.url)
        stored = settings_file.read()
    except (ValueError, OSError) as error:
        return asking.complaint(error, asking.USED_WRONGLY)
    answer = _ask(chosen)
    waiting = _waiting(chosen.journals)
    facts = {
        "url": chosen.url,
        "url_from": _origin("url", "TRACKER_URL", stored, parsed.url) or "default",
        "server": msgspec.to_builtins(answer),
        "key_from": _origin("api_key", "TRACKER_API_KEY", stored, None),
        "client": client_version(),
        "python": platform.python_version(),
        "settings_file": str(settings_file.path()),
        "directory": str(chosen.directory),
        "journals": msgspec.to_builtins(waiting),
        "is_well": answer.user is not None,
    }
    if parsed.json:
        print_json(facts)
    else:
        _print(facts, answer, waiting)
    if not answer.is_reached:
        return asking.UNREACHABLE
    return asking.DONE if answer.user is not None else asking.NOT_DONE


def _ask(chosen: Settings) -> Answer:
    from tracker.query import Api

    try:
        server = Api(chosen.url, attempts=1).server()
    except TransportError as error:
        return Answer(False, error=str(error))
    except TrackerError as error:
        return Answer(True, error=str(error))
    return Answer(True, server.version, server.needs_key, server.user)


def _waiting(folder: Path) -> Waiting:
    sizes: list[int] = []
    live_count = 0
    for path in journal_files.find(folder):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # stored and removed just now
            continue
        live_count += journal_files.is_live(path)
    return Waiting(len(sizes), sum(sizes), live_count)


def _origin(key: str, variable: str, stored: dict[str, Any], argument: str | None) -> str | None:
    """Where a setting comes from; None where nobody has set it."""
    if argument:
        return "--url"
    if os.environ.get(variable):
        return variable
    return "settings file" if stored.get(key) else None


def _print(facts: dict[str, Any], answer: Answer, waiting: Waiting) -> None:
    lines = [("server", f"{facts['url']} (from: {facts['url_from']})"), ("answer", _said(answer))]
    lines.append(("key", f"from: {facts['key_from']}" if facts["key_from"] else "none is set"))
    lines.append(("client", f"{facts['client']}, Python {facts['python']}"))
    lines.append(("settings", facts["settings_file"]))
    lines.append(("folder", facts["directory"]))
    lines.append(("journals", _told(waiting)))
    print_facts(lines)
    if answer.needs_key and answer.user is None:
        print("tracker: the server takes no request without a key that it knows; run `tracker login`", file=sys.stderr)


def _said(answer: Answer) -> str:
    if answer.error is not None:
        return answer.error
    if not answer.needs_key:
        return f"version {answer.version}, needs no key"
    return f"version {answer.version}, needs a key; " + (
        f"yours is taken, as {answer.user}" if answer.user is not None else "yours is not taken"
    )


def _told(waiting: Waiting) -> str:
    if not waiting.count:
        return "none; all is sent"
    left = waiting.count - waiting.live_count
    said = f"{waiting.count}, {size(waiting.size_bytes)}; {waiting.live_count} of them of runs that go on"
    return f"{said}; `tracker sync` sends the others" if left else said
