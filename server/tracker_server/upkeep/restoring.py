"""From a backup to a folder that a server starts on.

What always holds: nothing that is there is overwritten; the database gets its name last, so that a restore that was
interrupted leaves no server half its data, and can be repeated.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tracker_server.artifacts import BlobStore
from tracker_server.snapshots import sync_file
from tracker_server.upkeep.backing_up import FORMAT, MANIFEST, Backup, blobs_of, copy_blobs, sha256_of


class CannotRestore(Exception):
    """Why a backup is not restored, as a sentence with the way out."""


@dataclass(frozen=True)
class Restored:
    """`missing` are the digests of blobs that the database refers to and that the backup does not have, whole."""

    backup: Backup
    missing: list[str]


def read_manifest(folder: Path) -> Backup:
    """What is in a backup. Raises CannotRestore where that is none, or one of a format that is not known."""
    path = folder / MANIFEST
    try:
        backup = msgspec.json.decode(path.read_bytes(), type=Backup)
    except FileNotFoundError as error:
        raise CannotRestore(
            f"{folder} has no {MANIFEST}: it is no backup, or its first one was interrupted; `tracker backup` makes one"
        ) from error
    except (msgspec.DecodeError, OSError) as error:
        raise CannotRestore(f"{path} cannot be read: {error}") from error
    if backup.format != FORMAT:
        raise CannotRestore(
            f"{path} is of format {backup.format}, and this tracker reads format {FORMAT}; tracker {backup.tracker} "
            "made it: restore with that version"
        )
    return backup


def restore(folder: Path, database_file: Path, store: BlobStore) -> Restored:
    """Put the backup in `folder` where a server expects its data. Raises CannotRestore before anything is changed."""
    backup = read_manifest(folder)
    source = folder / backup.database
    _check(source, backup)
    if database_file.exists():
        raise CannotRestore(
            f"{database_file} is there already, and nothing is overwritten; give another folder with --data, or move "
            "that one away"
        )
    missing = copy_blobs(blobs_of(source), BlobStore(folder / "blobs"), store)
    arriving = database_file.with_name(f"{database_file.name}.arriving")
    try:
        shutil.copyfile(source, arriving)
        arriving.chmod(0o600)
        sync_file(arriving)
        arriving.replace(database_file)
        sync_file(database_file)
    finally:
        arriving.unlink(missing_ok=True)
    return Restored(backup, sorted(missing))


def restore_blobs(folder: Path, store: BlobStore, blobs: list[tuple[str, int]]) -> list[str]:
    """Copy these blobs from a backup, as its other half, PostgreSQL's own, says them; those that are not there."""
    return sorted(copy_blobs(blobs, BlobStore(folder / "blobs"), store))


def _check(source: Path, backup: Backup) -> None:
    try:
        found = sha256_of(source)
    except OSError as error:
        raise CannotRestore(f"{source}, the database of this backup, cannot be read: {error.strerror}") from error
    if found != backup.database_sha256:
        raise CannotRestore(
            f"{source} has the sha256 {found}, and {backup.database_sha256} was written: it is damaged; restore from "
            "another backup"
        )
