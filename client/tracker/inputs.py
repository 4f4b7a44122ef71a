"""The data that DVC keeps versions of beside a run's code: what `dvc.lock` and `*.dvc` files point at.

What always holds: nothing of DVC is run or imported, no data is read, and the files are read as data alone, so many and
so large as is said here. What cannot be read is left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tracker import manifest
from tracker.forking import importing

MAX_POINTERS: Final = 5_000
MAX_FILES: Final = 500
MAX_FILE_BYTES: Final = 1024 * 1024
MAX_FOLDERS: Final = 5_000
MAX_S: Final = 3.0

_MAX_TEXT: Final = 500
_PASSED_OVER: Final = {"node_modules", "__pycache__", "venv", "site-packages"}
_HASHES: Final = ("md5", "sha256", "etag", "checksum")


def pointers(folder: Path) -> dict[str, Any] | None:
    """What the DVC repository around the folder points at: `{"files": [{path, hash, algorithm, size_bytes, source}]}`.

    Paths are from the top of the repository, and so is `source`, the file that says it. A folder that DVC knows as one
    is one entry. None where there is no such repository, or it points at nothing. With `is_cut`, there were more.
    """
    top = _top(folder)
    if top is None:
        return None
    with importing():
        import yaml  # noqa: F401 (the manifest's reader needs it, and this is a thread)
    found: dict[str, dict[str, Any]] = {}
    is_cut = False
    for file in _pointer_files(top):
        for pointer in _said_in(file, top):
            if len(found) >= MAX_POINTERS:
                is_cut = True
                break
            found.setdefault(pointer["path"], pointer)
    if not found:
        return None
    return {"files": [found[path] for path in sorted(found)]} | ({"is_cut": True} if is_cut else {})


def _top(folder: Path) -> Path | None:
    """The repository's folder, which has one named `.dvc` in it."""
    try:
        return next((each for each in (folder, *folder.parents) if (each / ".dvc").is_dir()), None)
    except OSError:
        return None


def _pointer_files(top: Path) -> Iterator[Path]:
    """`*.dvc` and `dvc.lock` below the folder: the former first, since they say what people added themselves."""
    until = time.monotonic() + MAX_S
    locks: list[Path] = []
    count = 0
    for number, (where, folders, names) in enumerate(os.walk(top)):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _PASSED_OVER)
        if number >= MAX_FOLDERS or count >= MAX_FILES or time.monotonic() > until:
            break
        for name in sorted(names):
            if name == "dvc.lock":
                locks.append(Path(where, name))
            elif name.endswith(".dvc"):
                count += 1
                yield Path(where, name)
    yield from locks[:MAX_FILES]


def _said_in(file: Path, top: Path) -> Iterator[dict[str, Any]]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            return
        content = manifest.plain(file.read_bytes())
    except (OSError, manifest.ManifestError):
        return
    source = file.relative_to(top).as_posix()
    for entry, inner in _entries(content):
        pointer = _pointer(entry, PurePosixPath(source).parent / inner, source)
        if pointer is not None:
            yield pointer


def _entries(content: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every entry for a file, and the folder that its path is in: of a `*.dvc` what it keeps, of a lock all stages."""
    if not isinstance(content, dict):
        return
    inner = content.get("wdir", "")
    yield from ((entry, inner if isinstance(inner, str) else "") for entry in _listed(content, "outs"))
    stages = content.get("stages")
    for stage in stages.values() if isinstance(stages, dict) else ():
        for part in ("deps", "outs"):
            yield from ((entry, "") for entry in _listed(stage, part))


def _listed(holder: Any, part: str) -> Iterator[dict[str, Any]]:
    listed = holder.get(part) if isinstance(holder, dict) else None
    yield from (entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, dict))


def _pointer(entry: dict[str, Any], folder: PurePosixPath, source: str) -> dict[str, Any] | None:
    path, algorithm = entry.get("path"), next((name for name in _HASHES if isinstance(entry.get(name), str)), None)
    if not isinstance(path, str) or not path or algorithm is None:
        return None
    is_address = "://" in path
    whole = path if is_address else os.path.normpath(folder / path)
    size = entry.get("size")
    return {
        "path": whole[:_MAX_TEXT],
        "hash": entry[algorithm][:_MAX_TEXT],
        "algorithm": algorithm,
        "size_bytes": size if isinstance(size, int) and size >= 0 else None,
        "source": source[:_MAX_TEXT],
    }
