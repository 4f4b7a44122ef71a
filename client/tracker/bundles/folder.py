"""A bundle as a folder: opened only when every file in it is the one that its manifest names.

What always holds: a folder that was opened holds the files of the manifest and no others, each with its sha256 and
size, none of them a link or anything but a file; nothing in it was carried out, and nothing was written anywhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker import manifest as manifests
from tracker.errors import TrackerError
from tracker.manifest import Manifest, ManifestError, Stored

_EXAMPLE: Final = "example"


class BundleError(TrackerError):
    """What is wrong with a bundle, or why it cannot be used here, in words that name the place and the way out."""


@dataclass(frozen=True)
class Bundle:
    """A folder that holds what its manifest says."""

    folder: Path
    manifest: Manifest

    def path(self, name: str) -> Path:
        """Where the file is that the manifest calls so."""
        return self.folder.joinpath(*name.split("/"))

    def files(self) -> dict[str, Path | list[Path]]:
        """By role: the file, or a list where the role has several, or none; without its code and its example."""
        found: dict[str, Path | list[Path]] = {}
        for role, names in self.manifest.roles.items():
            if role in (manifests.CODE, _EXAMPLE):
                continue
            paths = [self.path(name) for name in names]
            found[role] = paths[0] if len(paths) == 1 else paths
        return found


def open_folder(folder: Path, *, verified: Mapping[str, Stored] | None = None, has_references: bool = True) -> Bundle:
    """The bundle in a folder. Raises BundleError, which names what is wrong; reads every byte once.

    `verified` are files that the caller has just checked, by path: they are not read again. Without `has_references`
    the files that lie elsewhere need not have been fetched.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BundleError(f"{folder} is no folder; a bundle is one, with {manifests.FILE_NAME} in it")
    found = dict(_regular_files(folder))
    if manifests.FILE_NAME not in found:
        raise BundleError(
            f"{folder} has no {manifests.FILE_NAME}, so it is no bundle; tracker.log_model makes one, and "
            f"tracker.use_model gives files as they are"
        )
    try:
        manifest = _read(found[manifests.FILE_NAME])
        named = {file.path for file in manifest.files} | {reference.path for reference in manifest.references}
        stored = {
            name: (verified or {}).get(name) or (_stored(path) if name in named else Stored("", 0))
            for name, path in found.items()
            if name != manifests.FILE_NAME
        }
        _check_references(manifest, stored, has_references)
        elsewhere = {reference.path for reference in manifest.references}
        manifests.check_files(manifest, {name: each for name, each in stored.items() if name not in elsewhere})
    except ManifestError as error:
        raise BundleError(f"the bundle in {folder} is refused: {error}") from None
    return Bundle(folder, manifest)


def _regular_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below, by its path there. Nothing that a link leads to is looked at."""
    pending = [("", folder)]
    count = 0
    while pending:
        inside, place = pending.pop()
        with os.scandir(place) as entries:
            for entry in entries:
                count += 1
                if count > 4 * manifests.MAX_FILES:
                    raise BundleError(f"the folder {folder} has more files than a bundle may: {manifests.MAX_FILES}")
                name = f"{inside}{entry.name}"
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    pending.append((f"{name}/", Path(entry.path)))
                elif stat.S_ISREG(mode):
                    yield name, Path(entry.path)
                else:
                    what = "a link" if stat.S_ISLNK(mode) else "no file"
                    raise BundleError(f"{name!r} in {folder} is {what}; a bundle has files and folders alone")


def _read(path: Path) -> Manifest:
    with path.open("rb") as file:
        return manifests.read(file.read(manifests.MAX_BYTES + 1))


def _stored(path: Path) -> Stored:
    with path.open("rb") as file:
        return Stored(hashlib.file_digest(file, "sha256").hexdigest(), os.fstat(file.fileno()).st_size)


def _check_references(manifest: Manifest, stored: Mapping[str, Stored], has_references: bool) -> None:
    for reference in manifest.references:
        found = stored.get(reference.path)
        if found is None:
            if has_references:
                raise ManifestError(f"{reference.path!r} was not fetched from {reference.uri}")
            continue
        differs = reference.sha256 not in (None, found.sha256)
        if differs or reference.size_bytes not in (None, found.size_bytes):
            raise ManifestError(
                f"{reference.path!r} is not the file that was adopted from {reference.uri}: it has sha256 "
                f"{found.sha256} and {found.size_bytes} bytes, not {reference.sha256 or 'any'} and "
                f"{'any' if reference.size_bytes is None else reference.size_bytes}"
            )
