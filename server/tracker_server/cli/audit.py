"""`tracker audit verify`: whether the trail of models is as it was written, on the machine that has the data."""

from __future__ import annotations

import argparse
import re
import sys

from tracker_server.cli import places
from tracker_server.cli.places import CannotStart
from tracker_server.migrating import NewerDatabase
from tracker_server.registry import chain

_DIGEST = re.compile("[0-9a-f]{64}")


def audit(arguments: list[str]) -> int:
    """Go along the chain. Returns the exit status: 0 where it holds, 1 where it does not, 2 where it cannot be read."""
    options = _options(arguments)
    try:
        found = _verified(options)
    except (CannotStart, NewerDatabase) as error:
        print(f"tracker audit: {error}", file=sys.stderr)
        return 2
    if found.broken is not None:
        print(f"tracker audit: {found.broken.message}; {_fitting(found.entries)} before it", file=sys.stderr)
        return 1
    if not found.is_expected:
        message = f"no entry has the digest {options.expect}: what is there now is not what it was taken of"
        print(f"tracker audit: {message}", file=sys.stderr)
        return 1
    print(f"all entries are as they were written: {_fitting(found.entries)}")
    print(f"digest {found.digest or 'none yet'}")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("tracker audit", description="The trail of what was done to models.")
    verify = parser.add_subparsers(dest="act", required=True).add_parser(
        "verify",
        help="whether it is as it was written",
        description="Go along the trail of what was done to models, and name the first entry that was changed, taken "
        "out or put in since it was written. The server may run meanwhile. Exit status: 0 it holds, 1 it does not.",
    )
    verify.add_argument(
        "--expect",
        metavar="DIGEST",
        help="a digest that an earlier run printed and that was kept elsewhere: some entry has to have it",
    )
    places.add_to(verify)
    options = parser.parse_args(arguments)
    if options.expect is not None and not _DIGEST.fullmatch(options.expect):
        verify.error(
            f"--expect must be the 64 hexadecimal digits that `tracker audit verify` printed, got "
            f"{options.expect!r:.80}"
        )
    return options


def _verified(options: argparse.Namespace) -> chain.Verified:
    settings = places.settings_from(options)
    if not places.is_there(settings):
        raise CannotStart(f"there is no database in {settings.data}; --data or --database says where it is")
    database = places.open_database(settings)
    try:
        with database.reading() as session:
            return chain.verify(session, expected=options.expect or "")
    finally:
        database.close()


def _fitting(entries: int) -> str:
    return "1 entry fits" if entries == 1 else f"{entries} entries fit"
