"""`tracker server`: from its arguments to a running server.

A server on loopback asks for no key. On any other address it makes an access key at its first start, prints it once,
and answers nobody without one.
"""

from __future__ import annotations

import argparse
import errno
import getpass
import ipaddress
import logging
import os
import socket
import sys
import time
from typing import TextIO

from tracker_server import auth
from tracker_server.cli import places
from tracker_server.cli.places import CannotStart
from tracker_server.db import NewerDatabase
from tracker_server.serving import serve_forever
from tracker_server.settings import LOOPBACK_HOSTS, Settings


def serve(arguments: list[str]) -> int:
    """Run the server until it is told to stop. Returns its exit status: 0, or 2 when it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = _parser().parse_args(arguments)
    try:
        settings = settings_from(options)
        key = prepare(settings)
    except (CannotStart, NewerDatabase) as error:
        print(f"tracker server: {error}", file=sys.stderr)
        return 2
    _greet(settings, key, sys.stdout)
    serve_forever(settings, workers=options.workers, threads=options.threads)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tracker server", description="Take in runs and show them in the browser.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8090, help="port to listen on (default: %(default)s)")
    places.add_to(parser)
    add(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that this server is called by",
    )
    add("--threads", type=int, default=32, help="requests answered at once (default: %(default)s)")
    add("--workers", type=int, default=1, help="processes; more than one needs PostgreSQL")
    return parser


def settings_from(options: argparse.Namespace) -> Settings:
    """The settings that the arguments ask for. Raises CannotStart for what cannot be."""
    if not 0 < options.port < 65536:
        raise CannotStart(f"--port must be between 1 and 65535, got {options.port}")
    names = [name.lower() for name in options.allowed_host]
    settings = places.settings_from(
        options,
        host=options.host,
        port=options.port,
        allowed_hosts=(*LOOPBACK_HOSTS, *_own_name(options.host), *names),
        needs_key=not _is_loopback(options.host),
        operator=_operator_name(),
    )
    if options.workers > 1 and settings.database_url.startswith("sqlite"):
        raise CannotStart(
            "several workers need PostgreSQL: give --database postgresql+psycopg://…, or leave --workers out"
        )
    return settings


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_name(host: str) -> tuple[str, ...]:
    """The address itself may be called by; the ones that stand for every address are no name."""
    return () if host in ("0.0.0.0", "::") else (host.lower(),)  # noqa: S104


def _operator_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"user-{os.getuid()}"


def prepare(settings: Settings) -> str | None:
    """Make the folders, migrate the database, and make the first key where one is needed; returns that key, once."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.blobs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"cannot make the folder {settings.data}: {error.strerror}; give another with --data"
        ) from error
    _check_port(settings)
    database = places.open_database(settings)
    now_ms = time.time_ns() // 1_000_000
    with database.writing() as session:
        operator = auth.ensure_operator(session, settings.operator, now_ms)
        key = auth.ensure_access_key(session, operator, now_ms) if settings.needs_key else None
        session.commit()
    database.close()
    return key


def _check_port(settings: Settings) -> None:
    try:
        socket.create_server((settings.host, settings.port), family=_family(settings.host)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"port {settings.port} is in use on {settings.host}; give another with --port") from error
        raise CannotStart(f"cannot listen on {settings.host} port {settings.port}: {error.strerror}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _greet(settings: Settings, key: str | None, out: TextIO) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"tracker: serving on http://{host}:{settings.port}, data in {settings.data}", file=out)
    if key is not None:
        print(f"tracker: access key, shown this once: {key}", file=out)
        print("tracker: sign in with it on the page; clients take it from TRACKER_API_KEY", file=out)
    if settings.needs_key and len(settings.allowed_hosts) == len(LOOPBACK_HOSTS):
        print("tracker: add --allowed-host NAME for each name or address that others reach this server by", file=out)
    out.flush()
