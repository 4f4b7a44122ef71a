"""The settings file, changed from the command line.

What always holds: the file is exchanged in one step and is readable by its owner alone; whatever else it says, comments
included, stays as it was.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker import settings
from tracker.journal_files import make_private_folder


def path() -> Path:
    """Where it is, whether it is there or not."""
    return settings.settings_file(os.environ)


def read() -> dict[str, Any]:
    """What it says; nothing where there is none. Raises ValueError where it is not TOML, OSError."""
    return _parsed(_text(path()), path())


def change(values: Mapping[str, str | None]) -> None:
    """Set these keys, and remove those that are None. Raises ValueError where the file is not TOML, OSError."""
    file = path().resolve()  # it may be a link into a folder of settings
    before = _text(file)
    wanted = {key: value for key, value in {**_parsed(before, file), **values}.items() if value is not None}
    after = _changed(before, values)
    if _parsed(after, file) != wanted:
        raise ValueError(f"{file} cannot be changed without touching the rest of it; set {', '.join(values)} by hand")
    make_private_folder(file.parent)
    _write(file, after)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the settings file {file} is not valid TOML: {error}") from error


def _changed(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these top-level keys where they stood, or before the first table."""
    lines = text.splitlines()
    end = next((place for place, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    head = lines[:end]
    for key, value in values.items():
        found = [place for place, line in enumerate(head) if re.match(rf'\s*"?{key}"?\s*=', line)]
        new = [] if value is None else [f"{key} = {json.dumps(value)}"]
        place = found[0] if found else len(head)
        head[place : place + len(found[:1])] = new
    return "".join(f"{line}\n" for line in (*head, *lines[end:]))


def _write(file: Path, text: str) -> None:
    temporary = file.with_name(f".{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fsync(descriptor)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
