"""`tracker login` and `tracker logout`: the server's address and the key, kept in the settings file.

What always holds: a key is printed nowhere; a key for one server is never sent to another; what is kept has been tried,
but for `--force`.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

from tracker import settings
from tracker.cli import asking, settings_file
from tracker.cli.output import print_json
from tracker.errors import RefusedError, TransportError


def login(arguments: list[str]) -> int:
    """Run `tracker login`."""
    parser = argparse.ArgumentParser(
        prog="tracker login",
        description="Try the server's address and your key, and keep both in the settings file.",
        epilog=asking.STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="the server's address (default: the one in use)")
    parser.add_argument(
        "--key", help="the key; without it, it is asked for, or read from standard input if that is no terminal"
    )
    parser.add_argument("--force", action="store_true", help="keep them although the server cannot be reached")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
    parsed = parser.parse_args(arguments)
    try:
        kept = _login(settings.load(url=parsed.url).url, parsed.key, is_forced=parsed.force)
    except (ValueError, EOFError) as error:
        return asking.complaint(error, asking.USED_WRONGLY)
    except TransportError as error:
        return asking.complaint(f"{error}; nothing is kept (--force keeps it untried)", asking.UNREACHABLE)
    except (RefusedError, OSError) as error:
        return asking.complaint(f"{error}; nothing is kept", asking.NOT_DONE)
    if kept is None:
        return asking.NOT_DONE
    _print(kept, as_json=parsed.json)
    _warn_of_environment({"TRACKER_URL": kept.url, "TRACKER_API_KEY": kept.key or ""})
    return asking.DONE


def logout(arguments: list[str]) -> int:
    """Run `tracker logout`."""
    parser = argparse.ArgumentParser(
        prog="tracker logout",
        description="Forget the key that the settings file keeps; the address stays.",
        epilog="exit status:\n  0    no key is kept\n  1    the settings file cannot be changed\n  2    used wrongly",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
    parsed = parser.parse_args(arguments)
    try:
        had_key = "api_key" in settings_file.read()
        if had_key:
            settings_file.change({"api_key": None})
    except (ValueError, OSError) as error:
        return asking.complaint(error, asking.NOT_DONE)
    place = settings_file.path()
    if parsed.json:
        print_json({"settings": str(place), "had_key": had_key})
    else:
        print(f"The key is gone from {place}" if had_key else f"No key is kept in {place}")
    _warn_of_environment({"TRACKER_API_KEY": ""})
    return asking.DONE


class _Kept(NamedTuple):
    """What the settings file holds now. `version` is the server's, "" where it was not reached; `user` the key's."""

    url: str
    key: str | None = None
    version: str = ""
    user: str | None = None


def _login(url: str, given_key: str | None, *, is_forced: bool) -> _Kept | None:
    """Try the address and the key, and keep them; None, said in a sentence, where the server does not take the key."""
    from tracker.query import Api

    try:
        server = Api(url, "", attempts=1).server()
    except TransportError as error:
        if not is_forced:
            raise
        print(f"tracker: {error}; it is kept untried", file=sys.stderr)
        return _keep(_Kept(url, _checked(given_key) if given_key else None))
    if not server.needs_key:
        if given_key:
            print(f"tracker: {url} needs no key; the one that was given is not kept", file=sys.stderr)
        return _keep(_Kept(url, version=server.version))
    key = _checked(given_key or _prompted(url))
    user = Api(url, key, attempts=1).server().user
    if user is None:
        asking.complaint(f"{url} does not take that key; nothing is kept", asking.NOT_DONE)
        return None
    return _keep(_Kept(url, key, server.version, user))


def _prompted(url: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Key for {url}: ").strip()
    return sys.stdin.readline().strip()


def _checked(key: str) -> str:
    """The key, if it can be one. Raises ValueError, which does not show it."""
    if not key:
        raise ValueError("no key was given; paste it when it is asked for, or pass --key")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("that is no key: a key has neither spaces nor characters beyond ASCII; was all of it pasted?")
    return key


def _keep(kept: _Kept) -> _Kept:
    settings_file.change({"url": kept.url, "api_key": kept.key})
    return kept


def _print(kept: _Kept, *, as_json: bool) -> None:
    place = settings_file.path()
    if as_json:
        facts = {"url": kept.url, "version": kept.version or None, "user": kept.user, "has_key": kept.key is not None}
        print_json(facts | {"settings": str(place)})
        return
    needs_none = f", which needs no key (version {kept.version})" if kept.version else ""
    remark = f", signed in as {kept.user}" if kept.user else needs_none
    print(f"Using {kept.url}{remark}; kept in {place}")


def _warn_of_environment(kept: Mapping[str, str]) -> None:
    for name, value in kept.items():
        if os.environ.get(name) not in (None, "", value):
            print(f"tracker: {name} is set in this shell, and wins over the settings file", file=sys.stderr)
