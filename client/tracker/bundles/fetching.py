"""A bundle of a registered model, fetched: the files that the server has, and those that lie elsewhere.

What always holds: a bundle that is given here has every file of its manifest, each verified in this call. What was
fetched once is not fetched again, and needs neither the server nor the place where a file was.

    <directory>/models/versions/<key>/…         the files, as `version_cache` has them, and what was fetched elsewhere
    <directory>/models/versions/<key>.found     what that was when it was fetched
    <directory>/models/versions/.<token>        a file that is being fetched elsewhere
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from tracker import manifest as manifests
from tracker import references, version_cache
from tracker.bundles.folder import Bundle, BundleError, open_folder
from tracker.manifest import Reference, Stored
from tracker.settings import Settings
from tracker.version_cache import Resolved

_LEFTOVER: Final = re.compile(r"\.[0-9a-f]{16}")


class Fetched(NamedTuple):
    """A bundle, and the version of a model that it is."""

    resolved: Resolved
    bundle: Bundle


def fetch(ref: str, chosen: Settings) -> Fetched:
    """The bundle of `name@alias` or `name:v3`.

    Raises BundleError for a version that is none, or whose files are not what its manifest says; otherwise as
    `use_model`, and for files that lie elsewhere as `references.fetch`.
    """
    resolved, folder = version_cache.fetch_model(ref, chosen, check=_check_is_bundle)
    _remove_leftovers(folder, resolved)
    verified = {file.path: Stored(file.digest, file.size_bytes) for file in resolved.files}
    bundle = open_folder(folder, verified=verified, has_references=False)
    if bundle.manifest.references:
        _fetch_references(bundle)
        bundle = open_folder(folder, verified=verified)
    return Fetched(resolved, bundle)


def _check_is_bundle(resolved: Resolved) -> None:
    if any(file.path == manifests.FILE_NAME for file in resolved.files):
        return
    ref = f"{resolved.name}:v{resolved.version}"
    raise BundleError(
        f"{ref} has no {manifests.FILE_NAME}: it is files, and no bundle that could be loaded. "
        f'tracker.use_model("{ref}") gives their folder; tracker.log_model makes bundles, and tracker.register_model '
        'makes one of files that are there with loader="pkg.module:load"'
    )


def _remove_leftovers(folder: Path, resolved: Resolved) -> None:
    """Remove what an earlier client that was ended while it fetched has left among the files."""
    named = {file.path for file in resolved.files}
    for path in folder.rglob(".*"):
        if _LEFTOVER.fullmatch(path.name) and path.relative_to(folder).as_posix() not in named and path.is_file():
            path.unlink(missing_ok=True)


def _fetch_references(bundle: Bundle) -> None:
    noted = bundle.folder.with_name(f"{bundle.folder.name}.found")
    found = _found(noted)
    for reference in bundle.manifest.references:
        path = bundle.path(reference.path)
        if not _is_here(path, reference, found.get(reference.path)):
            found[reference.path] = references.fetch(reference, path, scratch=bundle.folder.parent)
    noted.write_bytes(msgspec.json.encode(found))


def _found(noted: Path) -> dict[str, Stored]:
    try:
        return msgspec.json.decode(noted.read_bytes(), type=dict[str, Stored])
    except (OSError, msgspec.DecodeError):
        return {}


def _is_here(path: Path, reference: Reference, found: Stored | None) -> bool:
    """Whether it is the file that was fetched: by its sha256, which was noted where the manifest has none."""
    sha256 = reference.sha256 or (found and found.sha256)
    size_bytes = found.size_bytes if found is not None else reference.size_bytes
    return sha256 is not None and size_bytes is not None and version_cache.is_intact(path, sha256, size_bytes)
