"""`tracker backup`, `restore`, `fsck` and `gc`: from their arguments to what `tracker_server.upkeep` does.

They work on the data where it lies, not through a server; one may run meanwhile. Their exit status: 0 all is well, 1
something is missing or damaged (said in sentences), 2 used wrongly or not possible.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url

from tracker_server import upkeep
from tracker_server.artifacts import BlobStore
from tracker_server.cli import places
from tracker_server.cli.places import CannotStart
from tracker_server.db import Database
from tracker_server.media.thumbnails import Thumbnails
from tracker_server.migrating import NewerDatabase
from tracker_server.retention import GRACE_MS
from tracker_server.settings import Settings

HOUR_MS = 3600 * 1000
BY_POSTGRESQL = "pg_dump and pg_restore do that, and --blobs-only the files: docs/operations.md says in which order"

Command = Callable[[list[str]], int]


def _said(command: Command) -> Command:
    """The command, with what keeps it from its work said in a sentence; its status is then 2."""

    @functools.wraps(command)
    def run(arguments: list[str]) -> int:
        try:
            return command(arguments)
        except (CannotStart, NewerDatabase, upkeep.CannotRestore) as error:
            print(f"tracker {command.__name__}: {error}", file=sys.stderr)
        except OSError as error:
            print(f"tracker {command.__name__}: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        return 2

    return run


@_said
def backup(arguments: list[str]) -> int:
    """Copy the database and the files into a folder."""
    parser = argparse.ArgumentParser("tracker backup", description="Copy a server's data; it may run meanwhile.")
    parser.add_argument("folder", type=Path, help="a second backup into the same folder copies only files that are new")
    parser.add_argument("--blobs-only", action="store_true", help="the files alone, where pg_dump copies the database")
    places.add_to(parser)
    options = parser.parse_args(arguments)
    places.keep_private()
    settings = _existing(options)
    folder = options.folder.expanduser().resolve()
    store = BlobStore(settings.blobs)
    if not options.blobs_only and not _is_sqlite(settings):
        raise CannotStart(f"a database on PostgreSQL is not copied by this command; {BY_POSTGRESQL}")
    with _Opened(settings) as database:
        if options.blobs_only:
            stored = upkeep.stored_blobs(database)
            missing = sorted(upkeep.copy_blobs(stored, store, BlobStore(folder / "blobs")))
            print(f"{len(stored) - len(missing)} files are in {folder / 'blobs'}")
            return _tell_missing(missing, "could not be copied: lost or damaged where they lie; tracker fsck says more")
        made = upkeep.back_up(database, store, folder)
    print(f"backed up to {folder}: the database, and {made.blob_count} files of {made.blob_bytes} bytes")
    return _tell_missing(made.missing, "are not in it: lost or damaged where they lie; tracker fsck says more")


@_said
def restore(arguments: list[str]) -> int:
    """Put a backup where a server starts on it."""
    parser = argparse.ArgumentParser("tracker restore", description="Put a backup where a server starts on it.")
    parser.add_argument("folder", type=Path, help="what `tracker backup` wrote")
    parser.add_argument(
        "--blobs-only", action="store_true", help="only files that the database refers to and that are not there"
    )
    places.add_to(parser)
    options = parser.parse_args(arguments)
    places.keep_private()
    folder = options.folder.expanduser().resolve()
    if options.blobs_only:
        settings = _existing(options)
        with _Opened(settings) as database:
            blobs = upkeep.stored_blobs(database)
            missing = upkeep.restore_blobs(folder, BlobStore(settings.blobs), blobs)
        print(f"{len(blobs) - len(missing)} files are in {settings.blobs}")
        return _tell_missing(missing, "are not in the backup, whole")
    settings = places.settings_from(options)
    if not _is_sqlite(settings):
        raise CannotStart(f"a database on PostgreSQL is not restored by this command; {BY_POSTGRESQL}")
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    restored = upkeep.restore(folder, _file(settings), BlobStore(settings.blobs))
    print(f"restored what was backed up at {_utc(restored.backup.taken_ms)} to {settings.data}")
    return _tell_missing(restored.missing, "are not in the backup, whole; what uses them shows that they are missing")


@_said
def fsck(arguments: list[str]) -> int:
    """Read all that is stored, and say what is damaged."""
    parser = argparse.ArgumentParser("tracker fsck", description="Read all that is stored, and say what is damaged.")
    parser.add_argument("--quick", action="store_true", help="look at the size of each file and not at its bytes")
    places.add_to(parser)
    options = parser.parse_args(arguments)
    places.keep_private()
    settings = _existing(options)
    with _Opened(settings) as database:
        report = upkeep.check(database, BlobStore(settings.blobs), reads_blobs=not options.quick, tell=print)
    print(f"{report.runs} runs and {report.blobs} files of {report.blob_bytes} bytes were checked")
    if report.loose:
        print(f"{report.loose} files of {report.loose_bytes} bytes belong to nothing; tracker gc removes them")
    if report.problems:
        print(f"tracker fsck: {len(report.problems)} problems; a backup has what is lost", file=sys.stderr)
    return 1 if report.problems else 0


@_said
def gc(arguments: list[str]) -> int:
    """Remove the files that nothing refers to."""
    parser = argparse.ArgumentParser("tracker gc", description="Remove the files that nothing refers to.")
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    parser.add_argument(
        "--grace-hours",
        type=float,
        default=GRACE_MS / HOUR_MS,
        help="keep what came within so many hours (default: %(default)g); bytes come before what refers to them",
    )
    places.add_to(parser)
    options = parser.parse_args(arguments)
    places.keep_private()
    if not options.grace_hours >= 0:
        parser.error(f"--grace-hours must be 0 or more, got {options.grace_hours:g}")
    settings = _existing(options)
    with _Opened(settings) as database:
        found = upkeep.collect(
            database,
            BlobStore(settings.blobs),
            now_ms=time.time_ns() // 1_000_000,
            grace_ms=round(options.grace_hours * HOUR_MS),
            is_dry=options.dry_run,
            thumbnails=Thumbnails(settings.data / "thumbnails"),
        )
    what = "would be removed" if options.dry_run else "removed"
    print(f"{found.count} files of {found.size_bytes} bytes {what}; {found.loose} of them were in no row")
    return 0


class _Opened:
    """The database of these settings while a command works on it."""

    def __init__(self, settings: Settings) -> None:
        self._database = places.open_database(settings)

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def _existing(options: argparse.Namespace) -> Settings:
    """The settings, where there is a database: none of these commands makes one."""
    settings = places.settings_from(options)
    if _is_sqlite(settings) and not _file(settings).is_file():
        raise CannotStart(f"there is no database {_file(settings)}; --data or --database says where it is")
    return settings


def _is_sqlite(settings: Settings) -> bool:
    return make_url(settings.database_url).get_backend_name() == "sqlite"


def _file(settings: Settings) -> Path:
    return Path(make_url(settings.database_url).database or "")


def _tell_missing(digests: list[str], what: str) -> int:
    for digest in digests:
        print(digest, file=sys.stderr)
    if digests:
        print(f"{len(digests)} files {what}", file=sys.stderr)
    return 1 if digests else 0


def _utc(time_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time_ms / 1000))
