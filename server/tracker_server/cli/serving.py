"""`tracker server`: from its arguments to a running server.

A server on loopback asks nobody to sign in, unless `--auth` says so. On any other address it does: at its first start
it makes an admin, prints the password once, and answers nobody whom it does not know.
"""

from __future__ import annotations

import argparse
import errno
import ipaddress
import re
import socket
import sys
import time
from typing import TextIO, get_args

from tracker_server import auth, logs
from tracker_server.cli import limits, places, provider
from tracker_server.cli.places import CannotStart
from tracker_server.migrating import NewerDatabase
from tracker_server.rights import Role
from tracker_server.serving import serve_forever
from tracker_server.settings import LOOPBACK_HOSTS, Settings


def serve(arguments: list[str]) -> int:
    """Run the server until it is told to stop. Returns its exit status: 0, or 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    places.keep_private()
    logs.configure(options.log_format, options.log_level)
    try:
        settings = settings_from(options)
        password = prepare(settings)
    except (CannotStart, NewerDatabase) as error:
        print(f"tracker server: {error}", file=sys.stderr)
        return 2
    _greet(settings, password, sys.stdout)
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
    add(
        "--allow-webhook-to",
        action="append",
        default=[],
        metavar="CIDR",
        help="a network that webhooks may be sent to although it is not public, such as 10.1.0.0/16",
    )
    add(
        "--serving-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="where models are served that pages may try, such as https://models.example",
    )
    add("--auth", action="store_true", help="have everybody sign in; so on any address but this machine's own")
    add(
        "--new-projects",
        choices=("private", *get_args(Role)[:3]),
        default="private",
        help="what everybody who is signed in is in a new project (default: %(default)s: its maker alone sees it)",
    )
    add(
        "--proxies",
        type=int,
        default=0,
        metavar="N",
        help="how many proxies of yours stand in front; the addresses and https that they tell of are believed",
    )
    add("--log-format", choices=("text", "json"), default="text", help="of the log on standard error, a line a request")
    add("--log-level", choices=logs.LEVELS, default="info", help="least that is logged; requests are info")
    add("--threads", type=int, default=32, help="requests answered at once (default: %(default)s)")
    add("--workers", type=int, default=1, help="processes; more than one needs PostgreSQL")
    limits.add_to(parser)
    provider.add_to(parser)
    return parser


def settings_from(options: argparse.Namespace) -> Settings:
    """The settings that the arguments ask for. Raises CannotStart for what cannot be."""
    if options.proxies < 0:
        raise CannotStart(f"--proxies must be 0 or more, got {options.proxies}")
    if not 0 < options.port < 65536:
        raise CannotStart(f"--port must be between 1 and 65535, got {options.port}")
    names = [name.lower() for name in options.allowed_host]
    needs_key = options.auth or not _is_loopback(options.host)
    settings = places.settings_from(
        options,
        host=options.host,
        port=options.port,
        allowed_hosts=(*LOOPBACK_HOSTS, *_own_name(options.host), *names),
        needs_key=needs_key,
        operator=places.operator_name(),
        webhook_networks=tuple(_network(text) for text in options.allow_webhook_to),
        serving_origins=tuple(_origin(text) for text in options.serving_origin),
        new_projects=None if options.new_projects == "private" else options.new_projects,
        proxies=options.proxies,
        oidc=provider.settings_of(options, needs_key=needs_key),
        **limits.settings_of(options),
    )
    if options.workers > 1 and settings.database_url.startswith("sqlite"):
        raise CannotStart(
            "several workers need PostgreSQL: give --database postgresql+psycopg://…, or leave --workers out"
        )
    return settings


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise CannotStart(
            f"--allow-webhook-to must be a network such as 10.1.0.0/16 or fd00::/8, got {text!r}: {error}"
        ) from error


def _origin(text: str) -> str:
    found = re.fullmatch(r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::([0-9]{1,5}))?", text)
    if found is None or not 0 < int(found[1] or 1) < 65536:
        raise CannotStart(
            f"--serving-origin must be an origin such as https://models.example or http://gpu1:8000, got {text!r}"
        )
    return text.lower()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_name(host: str) -> tuple[str, ...]:
    """The address itself may be called by; the ones that stand for every address are no name."""
    return () if host in ("0.0.0.0", "::") else (host.lower(),)  # noqa: S104 (compared, not bound to)


def prepare(settings: Settings) -> str | None:
    """Make the folders, migrate the database, and see to it that an admin can sign in; returns a new password, once."""
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
        auth.ensure_operator(session, settings.operator, now_ms)
        password = auth.ensure_admin(session, settings.operator, now_ms) if settings.needs_key else None
        session.commit()
    database.close()
    return password


def _check_port(settings: Settings) -> None:
    try:
        socket.create_server((settings.host, settings.port), family=_family(settings.host)).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"port {settings.port} is in use on {settings.host}; give another with --port") from error
        raise CannotStart(f"cannot listen on {settings.host} port {settings.port}: {error.strerror}") from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _greet(settings: Settings, password: str | None, out: TextIO) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"tracker: serving on http://{host}:{settings.port}, data in {settings.data}", file=out)
    if password is not None:
        print(f"tracker: sign in as {settings.operator!r}; the password, shown this once: {password}", file=out)
        print("tracker: on the page, Settings makes keys; clients take theirs from TRACKER_API_KEY", file=out)
    if settings.needs_key and len(settings.allowed_hosts) == len(LOOPBACK_HOSTS):
        print("tracker: add --allowed-host NAME for each name or address that others reach this server by", file=out)
    out.flush()
