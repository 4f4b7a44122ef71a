"""What may name a thing, and how much of a kind there may be: one function for each kind of name, on both sides.

The client asks them before it writes a record, the server before it believes one; so nothing waits in a journal that no
server would take, and a server trusts no client. This module depends on nothing, and is one of the two modules of the
client that the server imports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MAX_NAME: Final = 500
"""Characters of what a person or a program calls a metric, a run, a group, a tag."""

MAX_SHORT_NAME: Final = 128
"""Characters of a project's name, and of an artifact's, its type's and its aliases'."""

MAX_PATH: Final = 1000
MAX_PATH_BYTES: Final = 2400
"""Of a file in an artifact. An index entry of PostgreSQL holds no more bytes."""

MAX_TAGS: Final = 1000
MAX_NOTES: Final = 1_000_000
MAX_DEPTH: Final = 100
"""How deep mappings and lists may lie in one another, in a config or in metadata."""

_VERSION = re.compile("v[0-9]+")
_MODEL = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION_OF_MODEL = re.compile("v[0-9]{1,127}", re.IGNORECASE)
_DEVICE = re.compile(r"(?i:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|conin\$|conout\$)[ ]*(?:[.].*)?", re.DOTALL)
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROLS = frozenset(map(chr, (*range(32), *range(127, 160), 0x2028, 0x2029)))


def is_metric(name: str) -> bool:
    """Whether it can name a metric, or a value of a summary."""
    return 0 < len(name) <= MAX_NAME and "\0" not in name and (name.isascii() or _is_utf8(name))


def is_project(name: str) -> bool:
    """Whether it can name a project, which stands in addresses: printable, without a slash, not dots alone."""
    return 0 < len(name) <= MAX_SHORT_NAME and name.isprintable() and "/" not in name and name.strip(". ") != ""


def is_artifact(name: str) -> bool:
    """Whether it can name an artifact or its type; a reference puts `:` or `@` behind it, a folder a slash."""
    return is_project(name) and not set(name) & set(":@\\")


def is_alias(name: str) -> bool:
    """Whether it can be an alias of an artifact: a name that is not a reference already."""
    return is_artifact(name) and name != "latest" and _VERSION.fullmatch(name) is None


def is_model(name: str) -> bool:
    """Whether it can name a registered model: letters, digits, `-`, `_` and `.`, the first a letter or a digit."""
    return _MODEL.fullmatch(name) is not None


def is_model_alias(alias: str) -> bool:
    """Whether it can be an alias of a model: made as a model's name is, and no reference already."""
    return is_model(alias) and not is_model_pointer(alias)


def is_model_pointer(ref: str) -> bool:
    """Whether it is `latest` or a version such as `v3`, which always point where they say."""
    return ref.lower() == "latest" or _VERSION_OF_MODEL.fullmatch(ref) is not None


def is_path(path: str) -> bool:
    """Whether it can be a file's path in an artifact: relative, with forward slashes, and within the folder it names.

    A path with control characters, or with those that turn the direction of a text, would not read as what it is.
    """
    is_inside = all(part not in ("", ".", "..") for part in path.split("/")) and path[1:2] != ":" and "\\" not in path
    is_legible = not _CONTROLS & set(path) and not _DIRECTIONS & set(path)
    is_short = len(path) <= MAX_PATH and _is_utf8(path) and len(path.encode()) <= MAX_PATH_BYTES
    return is_inside and is_legible and is_short


def _is_utf8(text: str) -> bool:
    """Whether it is text at all: half of a surrogate pair is none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_path_on_windows(path: str) -> bool:
    """Whether a path of an artifact is a file there: a device such as `NUL` is none, and `a:b` is a part of `a`."""
    parts = path.split("/")
    return not any(_DEVICE.fullmatch(part) or part[-1:] in (".", " ") or set(part) & set('<>:"|?*') for part in parts)


def is_too_deep(value: object) -> bool:
    """Whether its mappings and lists lie deeper in one another than `MAX_DEPTH`."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for each in level
            if isinstance(each, Mapping | list | tuple)
            for item in (each.values() if isinstance(each, Mapping) else each)
        ]
        if not level:
            return False
    return True
