"""What may name an artifact, an alias of one, and a file in one: the one place of the server that decides it.

A path is a key of a table, never a path on this server's disk; it is checked all the same, because the clients that
download it make a file of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tracker_server.errors import Refused

MAX_NAME = 128
MAX_PATH = 1000
MAX_PATH_BYTES = 2400
"""An index entry of PostgreSQL holds no more."""

_VERSION = re.compile("v[0-9]+")


def check_artifact(name: str) -> None:
    """Raises Refused unless the name is printable, of reasonable length, and free of `/`, `:` and `@`."""
    if not _is_name(name) or set(name) & set("/:@\\"):
        raise Refused(
            "bad_record",
            f"{name[:200]!r} cannot name an artifact: a name has 1 to {MAX_NAME} printable characters, none of "
            "/ : @ \\, and is not dots alone",
            field="name",
        )


def check_alias(alias: str) -> None:
    """Raises Refused unless the alias is a name that is no reference already: neither `latest` nor a version."""
    if not _is_name(alias) or set(alias) & set("/:@\\") or alias == "latest" or _VERSION.fullmatch(alias):
        raise Refused(
            "bad_record",
            f"{alias[:200]!r} cannot be an alias of an artifact: an alias has 1 to {MAX_NAME} printable characters, "
            "none of / : @ \\, and is neither 'latest', which is always the newest version, nor a version such as 'v3'",
            field="aliases",
        )


def check_paths(paths: Iterable[str]) -> None:
    """Raises Refused unless each can be a file beside the others, on every system that may download them."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        _check_path(path)
        if path in files:
            raise Refused(
                "bad_record", f"an artifact names the path {path!r} twice; give each file its own", field="path"
            )
        files.add(path)
        parts = path.split("/")[:-1]
        folders.update("/".join(parts[: depth + 1]) for depth in range(len(parts)))
    if both := files & folders:
        raise Refused(
            "bad_record",
            f"an artifact has {min(both)!r} both as a file and as a folder of files; one of them needs another name",
            field="path",
        )


def _check_path(path: str) -> None:
    is_inside = all(part not in ("", ".", "..") for part in path.split("/")) and path[1:2] != ":"
    is_plain = "\\" not in path and not any(ord(character) < 32 for character in path)
    if not is_inside or not is_plain or len(path) > MAX_PATH or len(path.encode()) > MAX_PATH_BYTES:
        raise Refused(
            "bad_record",
            f"{path[:200]!r} cannot be a file's path in an artifact: it must be relative, with forward slashes, "
            "without '.', '..', control characters or backslashes, and have at most "
            f"{MAX_PATH} characters and {MAX_PATH_BYTES} bytes",
            field="path",
        )


def _is_name(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name.strip(". ") != ""
