"""`tracker reset-password`: for an admin who is locked out, on the machine that has the data."""

from __future__ import annotations

import argparse
import sys
import time

from tracker_server import auth
from tracker_server.accounts import people
from tracker_server.accounts.schema import PersonChanges
from tracker_server.cli import places
from tracker_server.cli.places import CannotStart
from tracker_server.errors import NotFound, Refused
from tracker_server.migrating import NewerDatabase


def reset_password(arguments: list[str]) -> int:
    """Give a person a new random password, printed once. Returns the exit status: 0, or 2 where that cannot be."""
    parser = argparse.ArgumentParser(
        "tracker reset-password",
        description="Give a person a new random password, and sign them out everywhere; the server may run meanwhile.",
    )
    parser.add_argument("name", help="what the person is called on the server")
    places.add_to(parser)
    options = parser.parse_args(arguments)
    try:
        password = _reset(options)
    except (CannotStart, NewerDatabase, NotFound, Refused) as error:
        print(f"tracker reset-password: {error}", file=sys.stderr)
        return 2
    print(f"the new password of {options.name!r}, shown this once: {password}")
    return 0


def _reset(options: argparse.Namespace) -> str | None:
    settings = places.settings_from(options)
    if not places.is_there(settings):
        raise CannotStart(f"there is no database in {settings.data}; --data or --database says where it is")
    database = places.open_database(settings)
    now_ms = time.time_ns() // 1_000_000
    try:
        with database.writing() as session:
            operator = auth.ensure_operator(session, places.operator_name(), now_ms)
            wanted = PersonChanges(resets_password=True)
            person, password = people.change(session, options.name, wanted, actor_id=operator.id, now_ms=now_ms)
            session.commit()
    finally:
        database.close()
    if not person.is_active:
        print(f"{person.name!r} may not enter: another admin makes them active again, on the page People")
    return password
