"""The arguments of a provider of identities. Its secret is none of them: it would stand in the list of processes."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path

from tracker_server.cli.places import CannotStart
from tracker_server.settings import Oidc

SECRET_VARIABLE = "TRACKER_OIDC_SECRET"  # noqa: S105  the name of a variable, which holds one


def add_to(parser: argparse.ArgumentParser) -> None:
    """The arguments `--oidc-…`."""
    add = parser.add_argument_group("signing in through a provider (OpenID Connect)").add_argument
    add("--oidc-issuer", metavar="URL", help="the provider, as it calls itself: https://accounts.example.org")
    add("--oidc-client-id", metavar="ID", help="what it calls this server")
    add(
        "--oidc-secret-file",
        type=Path,
        metavar="FILE",
        help=f"holds the secret that goes with the id, readable by its owner alone (or {SECRET_VARIABLE})",
    )
    add(
        "--oidc-domain",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="who has a verified address there may enter; '*' is everybody whom the provider knows",
    )
    add("--oidc-name", default="", metavar="NAME", help="what the button calls the provider (default: its host)")


def settings_of(options: argparse.Namespace, *, needs_key: bool) -> Oidc | None:
    """The provider that the arguments name. Raises CannotStart for half of one."""
    if options.oidc_issuer is None:
        if options.oidc_client_id or options.oidc_secret_file or options.oidc_domain or options.oidc_name:
            raise CannotStart("--oidc-client-id, -secret-file, -domain and -name need --oidc-issuer: the provider")
        return None
    if not options.oidc_issuer.startswith(("https://", "http://")):
        raise CannotStart(f"--oidc-issuer must be an address that begins with https://, got {options.oidc_issuer!r}")
    if not options.oidc_client_id:
        raise CannotStart("--oidc-issuer needs --oidc-client-id: what the provider calls this server")
    if not options.oidc_domain:
        raise CannotStart(
            "--oidc-issuer needs --oidc-domain: whose people may enter, such as example.org; '*' is everybody whom the "
            "provider knows"
        )
    if not needs_key:
        raise CannotStart("--oidc-issuer needs --auth: a server on loopback asks nobody to sign in without it")
    host = options.oidc_issuer.partition("://")[2].partition("/")[0]
    return Oidc(
        issuer=options.oidc_issuer,
        client_id=options.oidc_client_id,
        client_secret=_secret(options.oidc_secret_file),
        domains=tuple(domain.lower().lstrip("@") for domain in options.oidc_domain),
        name=options.oidc_name or host,
    )


def _secret(file: Path | None) -> str:
    if file is None:
        secret = os.environ.get(SECRET_VARIABLE, "")
        if not secret:
            raise CannotStart(f"--oidc-issuer needs the client's secret: --oidc-secret-file, or {SECRET_VARIABLE}")
        return secret
    try:
        others = stat.S_IMODE(file.stat().st_mode) & 0o077
        secret = file.read_text().strip()
    except OSError as error:
        raise CannotStart(f"--oidc-secret-file {file} cannot be read: {error.strerror}") from error
    if others:
        raise CannotStart(f"--oidc-secret-file {file} can be read by others; chmod 600 {file}")
    return secret
