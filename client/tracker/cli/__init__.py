"""The command `tracker`: finds the sub-command that was asked for and runs it.

What always holds: a command is a function that takes its arguments as `list[str]` and returns the exit status: 0 done,
1 not (all) done, 2 used wrongly, 3 the server cannot be reached. Other distributions and extras add commands through
the entry point group `tracker.commands`; the client's own are listed here, and imported when they are run.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from tracker.version import client_version

Command = Callable[[list[str]], int]

GROUP: Final = "tracker.commands"
_OWN: Final[dict[str, tuple[str, str]]] = {
    "checkout": ("tracker.cli.reproduce:checkout", "put the code that a run ran into a folder"),
    "export": ("tracker.cli.exporting:export", "write a project, with all its runs and files, to one file"),
    "gate": ("tracker.cli.gate:gate", "say whether a model's version passes the rules of an alias"),
    "import": ("tracker.cli.importing:import_", "make anew on the server what export wrote"),
    "journal": ("tracker.cli.journal:journal", "look into a journal file"),
    "leaderboard": ("tracker.cli.leaderboards:leaderboard", "say who stands where on a leaderboard of a project"),
    "login": ("tracker.cli.login:login", "keep the server's address and your key on this machine"),
    "logout": ("tracker.cli.login:logout", "forget the key that is kept on this machine"),
    "ls": ("tracker.cli.runs:ls", "list projects, or the runs of one"),
    "models": ("tracker.cli.models:models", "list registered models, or the versions of one"),
    "package": (
        "tracker.cli.package:package",
        "write a version as a folder for Docker, a hub or MLflow",
    ),
    "promote": ("tracker.cli.models:promote", "have an alias of a model point at a version"),
    "propose": ("tracker.cli.models:propose", "ask others to approve that"),
    "register": ("tracker.cli.models:register", "make an artifact or files the next version of a model"),
    "reproduce": ("tracker.cli.reproduce:reproduce", "run again what a run ran, and compare what comes out"),
    "rollback": ("tracker.cli.models:rollback", "have an alias point again at a version that held it"),
    "rules": ("tracker.cli.models:rules", "print the rules of a model, or check or keep those in a file"),
    "run": ("tracker.cli.runs:run", "look at one run, or stop it"),
    "serve": ("tracker.cli.serve:serve", "answer requests with a version of a model"),
    "status": ("tracker.cli.status:status", "say which server is used, whether it answers, and what waits to be sent"),
    "sync": ("tracker.cli.sync:sync", "send journals that were kept on this machine to the server"),
    "verify": ("tracker.cli.verify:verify", "prove that a model's version holds what it says"),
}
"""Where each command is, as `module:function`, and what it does."""

_OF_THE_SERVER: Final[dict[str, str]] = {
    "audit": "say whether the log of what was done to models is as it was written",
    "backup": "copy a server's data into a folder, while it runs",
    "fsck": "read all that a server stores, and say what is damaged",
    "gc": "remove files that nothing refers to",
    "restore": "put a backup where a server starts on it",
    "server": "run the server and the dashboard",
}
"""What the commands of the extra `server` do; it brings them itself, and may not be here."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0 if given else 2
    name, rest = given[0], given[1:]
    if name in ("-V", "--version"):
        print(f"tracker {client_version()}")
        return 0
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot show a name still gets the rest
    try:
        return _run(name, rest)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        sys.stdout = None
        return 0


def _run(name: str, rest: list[str]) -> int:
    if name in _OWN:
        return _own(name)(rest)
    added = {point.name: point for point in entry_points(group=GROUP)}
    if name not in added:
        print(f"tracker: there is no command {name!r}\n\n{_usage()}", file=sys.stderr)
        return 2
    command = _loaded(added[name])
    return 1 if command is None else command(rest)


def _own(name: str) -> Command:
    module, _, function = _OWN[name][0].partition(":")
    command: Command = getattr(import_module(module), function)
    return command


def _loaded(point: EntryPoint) -> Command | None:
    """The function of an added command; None, said in a sentence, where its extra is not installed."""
    try:
        command: Command = point.load()
    except ModuleNotFoundError as error:
        missing = error.name or "a module"
        print(
            f"tracker: the command {point.name!r} needs {missing!r}, which is not installed. "
            f'Install what belongs to it: pip install "tracker-runs[{point.name}]"',
            file=sys.stderr,
        )
        return None
    return command


def _usage() -> str:
    described = {name: text for name, (_, text) in _OWN.items()}
    described |= {point.name: f"from {point.value.partition('.')[0]}" for point in entry_points(group=GROUP)}
    described |= {name: text for name, text in _OF_THE_SERVER.items() if name in described or name == "server"}
    lines = [f"  {name:<11} {text}" for name, text in sorted(described.items())]
    return "\n".join(
        [
            "usage: tracker COMMAND [ARGUMENT…]",
            "       tracker --version",
            "",
            *lines,
            "",
            "tracker COMMAND --help says more about one.",
        ]
    )
