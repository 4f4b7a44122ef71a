"""Asking the server from a command, and the exit status that its answer means.

What always holds: whatever the server says or fails to say, a command ends with one sentence on standard error and one
of these statuses, never with a traceback.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tracker.errors import RefusedError, TrackerError, TransportError

if TYPE_CHECKING:
    from tracker.query import Api

DONE: Final = 0
NOT_DONE: Final = 1
USED_WRONGLY: Final = 2
UNREACHABLE: Final = 3

STATUSES: Final = """\
exit status:
  0    done
  1    not done: the server has no such thing, or refuses (a wrong key, say)
  2    used wrongly
  3    the server cannot be reached
  130  interrupted"""


def parser(name: str, description: str, more: str = "") -> argparse.ArgumentParser:
    """A parser for `tracker <name>`, with the options that every command has which asks the server."""
    made = argparse.ArgumentParser(
        prog=f"tracker {name}",
        description=description,
        epilog=f"{STATUSES}\n\n{more}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(made)
    return made


def add_options(made: argparse.ArgumentParser) -> None:
    """`--url` and `--json`."""
    made.add_argument("--url", help="the server's address (default: TRACKER_URL, the settings file, this machine)")
    made.add_argument("--json", action="store_true", help="print one JSON document")


def asked(url: str | None, act: Callable[[Api], int]) -> int:
    """Do something with the server's data; the exit status."""
    from tracker.query import Api  # a command that only prints its help does without

    try:
        api = Api(url, attempts=1)
        return act(api)
    except ValueError as error:
        return complaint(error, USED_WRONGLY)
    except TransportError as error:
        return complaint(error, UNREACHABLE)
    except RefusedError as error:
        way_out = "; `tracker login` keeps one that it takes" if error.code == "unauthorized" else ""
        return complaint(f"{error}{way_out}", NOT_DONE)
    except TrackerError as error:
        return complaint(error, NOT_DONE)
    except OSError as error:  # a disk that is full, a folder that may not be written
        where = f"{error.filename}: " if error.filename is not None else ""
        return complaint(f"{where}{error.strerror or error}", NOT_DONE)


def complaint(message: object, status: int) -> int:
    """Print why it is not done; the status."""
    print(f"tracker: {message}", file=sys.stderr)
    return status
