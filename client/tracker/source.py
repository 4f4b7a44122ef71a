"""The code that git does not know: untracked files, the entry script outside of git, the cells of a notebook.

What always holds: it is small (the limits below) whatever lies in the folder, files that hold keys by their name are
never opened, links are not followed, and what is left out is named with the reason. Ignored files are not looked at:
git's ignore files count, and a `.trackerignore` in the repository's root, which is written as they are.
"""

from __future__ import annotations

import fnmatch
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

MAX_FILE_BYTES: Final = 256 * 1024
MAX_TOTAL_BYTES: Final = 1024 * 1024
MAX_FILES: Final = 200
MAX_LEFT_OUT: Final = 100
MAX_CELLS: Final = 1000
SECRET_FILES: Final = (
    ".env*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ovpn", "*.tfstate*",
    "*.tfvars", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass",
    ".htpasswd", ".git-credentials", "kaggle.json", "credentials", "credentials.*", "*credentials*.json",
    "*service[-_]account*.json", "secret", "secrets", "secrets.*", "token", "token.txt", "token.json",
)  # fmt: skip

_MAX_LISTING_BYTES: Final = 4 * 1024 * 1024
_MAX_LOOKED_AT: Final = 2000
_LISTING_TIMEOUT_S: Final = 5.0
_SOURCE_SUFFIXES: Final = (
    ".py", ".ipynb", ".sh", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".c", ".cc", ".cpp", ".cu", ".cuh", ".h", ".hpp",
    ".pyx", ".rs", ".go", ".r", ".jl", ".js", ".ts", ".md", ".slurm", ".sbatch",
)  # fmt: skip


def untracked(root: Path) -> dict[str, Any]:
    """The untracked text files of the repository in `root`: `files`, `left_out` and `left_out_count`.

    Source files come first, then what lies less deep. Of what is left out, the first hundred are named.
    """
    names, is_cut = _listed(root)
    names.sort(key=lambda name: (os.path.splitext(name)[1].lower() not in _SOURCE_SUFFIXES, name.count("/"), name))
    found = _read(root, names)
    if is_cut:
        found["left_out"].append({"path": "…", "reason": "git lists more untracked files than are looked at"})
    return found


def script(path: Path) -> dict[str, Any]:
    """The entry script, as `untracked` gives files."""
    return _read(path.parent, [path.name])


def notebook() -> dict[str, Any] | None:
    """The notebook that this process is the kernel of: its `path` where it is known, and the `cells` run so far."""
    shell = _shell()
    if shell is None:
        return None
    cells: list[dict[str, Any]] = [
        {"number": number, "text": str(text)} for number, text in enumerate(shell.user_ns.get("In", ())) if text
    ]
    kept: list[dict[str, Any]] = []
    left = MAX_TOTAL_BYTES
    for cell in reversed(cells[-MAX_CELLS:]):
        left -= len(cell["text"].encode("utf-8", "replace"))
        if left < 0:
            break
        kept.insert(0, cell)
    return {"path": notebook_path(), "cells": kept, "left_out_count": len(cells) - len(kept)}


def notebook_path() -> str | None:
    """Where the notebook lies, as the program that shows it tells; None outside of one."""
    shell = _shell()
    if shell is None:
        return None
    names = (shell.user_ns.get("__vsc_ipynb_file__"), shell.user_ns.get("__session__"))
    return next((str(name) for name in (*names, os.environ.get("JPY_SESSION_NAME")) if name), None)


def _shell() -> Any:
    """The shell of IPython, in a process that has one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def _listed(root: Path) -> tuple[list[str], bool]:
    """Git's list of untracked files, and whether it was cut."""
    command = ["git", "--no-optional-locks", "-C", str(root), "ls-files", "--others", "--exclude-standard", "-z"]
    if (root / ".trackerignore").is_file():
        command.append(f"--exclude-from={root / '.trackerignore'}")
    try:
        process = subprocess.Popen(  # noqa: S603 (git by name, with arguments of our own)
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except OSError:
        return [], False
    with process:
        give_up = threading.Timer(_LISTING_TIMEOUT_S, process.kill)
        give_up.daemon = True
        give_up.start()
        data = process.stdout.read(_MAX_LISTING_BYTES + 1) if process.stdout else b""
        is_over = len(data) > _MAX_LISTING_BYTES
        if is_over:
            process.kill()
        is_cut = process.wait() != 0 or is_over
        give_up.cancel()
    names = data.decode(errors="replace").split("\0")[:-1]
    return names, is_cut and bool(names)


def _read(root: Path, names: Iterable[str]) -> dict[str, Any]:
    files: list[dict[str, str]] = []
    left_out: list[dict[str, str]] = []
    left_out_count = total = 0
    for index, name in enumerate(names):
        text, reason = (
            (None, "too many files") if index >= _MAX_LOOKED_AT or len(files) >= MAX_FILES else _text(root / name)
        )
        if text is not None and total + len(text.encode()) > MAX_TOTAL_BYTES:
            text, reason = None, "over 1 MB in all"
        if text is None:
            left_out_count += 1
            if len(left_out) < MAX_LEFT_OUT:
                left_out.append({"path": name, "reason": reason})
            continue
        total += len(text.encode())
        files.append({"path": name, "text": text})
    return {"files": files, "left_out": left_out, "left_out_count": left_out_count}


def may_hold_keys(path: str) -> bool:
    """Whether the name of a file says that there are keys or passwords in it."""
    name = path.rpartition("/")[2].lower()
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in SECRET_FILES)


def is_code(path: str) -> bool:
    """Whether a file is source by its name, or could have been: its name says that there are keys in it."""
    return os.path.splitext(path)[1].lower() in _SOURCE_SUFFIXES or may_hold_keys(path)


def _text(path: Path) -> tuple[str | None, str]:
    """What a file says, or why that is not captured."""
    if may_hold_keys(path.name):
        return None, "may hold keys"
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            return None, "not a regular file"
        if facts.st_size > MAX_FILE_BYTES:
            return None, "larger than 256 KB"
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES)
    except OSError as error:
        return None, f"cannot be read: {error.strerror}"
    try:
        return (None, "not text") if b"\0" in data else (data.decode(), "")
    except UnicodeDecodeError:
        return None, "not text"
