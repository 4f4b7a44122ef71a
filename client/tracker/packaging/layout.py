"""A layout: which file stands where in a package, and putting it on the disk in one step.

What always holds: what is at the final place is whole; a file of the bundle was hashed as it was copied, so one that
changes meanwhile ends the packaging and not the package.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tracker.bundles.folder import Bundle
from tracker.manifest import BundleFile
from tracker.packaging.shipment import PackagingError

_PIECE_BYTES: Final = 1024 * 1024


@dataclass
class Layout:
    """By its path in the package: the text or bytes of a file, or the file of the bundle that it is."""

    files: dict[str, bytes | BundleFile | Path] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    """What whoever ships it should know."""
    steps: list[str] = field(default_factory=list)
    """What one does next, as commands; `{out}` is the folder."""

    def add(self, path: str, content: str | bytes | BundleFile | Path) -> None:
        """Raises PackagingError where two files would be one on some disks."""
        taken = {place.casefold(): place for place in self.files}.get(path.casefold())
        if taken is not None:
            raise PackagingError(
                f"the bundle has a file where the package has its own, {taken!r}: log it by another name"
            )
        self.files[path] = content.encode() if isinstance(content, str) else content


def check_place(out: Path) -> Path:
    """Where the package will be: a folder that is new or empty. Raises PackagingError."""
    place = out.resolve()
    if place == Path.cwd():
        raise PackagingError(f"{out} is the folder that you are in, which a package replaces; name another one")
    if place.exists() and not place.is_dir():
        raise PackagingError(f"{out} is no folder; name one that is new or empty")
    if place.is_dir() and any(place.iterdir()):
        raise PackagingError(f"{out} is not empty, and nothing in it is written over; name one that is new or empty")
    return place


def write(layout: Layout, bundle: Bundle, out: Path) -> int:
    """Have the package at `out`, as `check_place` gave it; how many bytes it has. Raises PackagingError."""
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        for path, content in layout.files.items():
            target = temporary.joinpath(*path.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            elif isinstance(content, BundleFile):
                _copy(bundle.path(content.path), target, content)
            else:
                shutil.copyfile(content, target)
        size_bytes = sum(place.stat().st_size for place in temporary.rglob("*") if place.is_file())
        if out.exists():
            out.rmdir()
        temporary.rename(out)
    except OSError as error:
        raise PackagingError(f"the package cannot be written to {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return size_bytes


def _copy(source: Path, target: Path, file: BundleFile) -> None:
    digest = hashlib.sha256()
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(source, flags), "rb") as reader, target.open("xb") as writer:
        while piece := reader.read(_PIECE_BYTES):
            digest.update(piece)
            writer.write(piece)
    if digest.hexdigest() != file.sha256:
        raise PackagingError(f"{file.path!r} was changed while it was being copied; nothing was packaged")
