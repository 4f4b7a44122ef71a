"""Where a server's data lies: the arguments that all commands on it share, and its database, opened."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path
from typing import Any

import platformdirs
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from tracker_server.db import Database
from tracker_server.migrating import CannotKeepCopy, migrate
from tracker_server.settings import Settings


class CannotStart(Exception):
    """Why a command does not start, as a sentence with the way out."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """The arguments `--data`, `--database` and `--blobs`."""
    add = parser.add_argument
    add("--data", type=Path, help="folder for the database and the files (default: your data directory)")
    add("--database", help="default: SQLite in the data folder; a team's: postgresql+psycopg://user:password@host/name")
    add("--blobs", type=Path, help="folder for files (default: blobs/ in the data folder)")


def keep_private() -> None:
    """From here on every file that this process makes is its owner's alone: a database holds what nobody else reads."""
    os.umask(0o077)


def settings_from(options: argparse.Namespace, **others: Any) -> Settings:
    """The settings that these arguments ask for."""
    return Settings.in_folder(
        (options.data or Path(platformdirs.user_data_dir("tracker"))).expanduser().resolve(),
        database_url=options.database,
        blobs=options.blobs.expanduser().resolve() if options.blobs else None,
        **others,
    )


def open_database(settings: Settings) -> Database:
    """The database at this code's schema. Raises CannotStart, and NewerDatabase where it is ahead of the code."""
    url = settings.database_url
    try:
        url = make_url(url).render_as_string(hide_password=True)
        database = Database(settings.database_url)
        migrate(database, lock_folder=settings.data)
    except ModuleNotFoundError as error:
        raise CannotStart(f"{url} needs the module {error.name!r}; pip install 'tracker-runs[postgres]'") from error
    except CannotKeepCopy as error:
        raise CannotStart(str(error)) from error
    except (OperationalError, ArgumentError) as error:
        reason = str(error).partition("\n")[0]
        raise CannotStart(f"cannot open the database {url}: {reason}; --database says which") from error
    return database


def is_there(settings: Settings) -> bool:
    """Whether there is a database already, as far as that can be seen without asking a server for it."""
    url = make_url(settings.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def operator_name() -> str:
    """Whom acts stand under that are done on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user-{os.getuid()}"
