"""`tracker checkout` and `tracker reproduce`: a run's code in a folder, and its command run there again.

What always holds: what of the code was not captured is said before anything is run; `reproduce` ends with 0 where the
same metrics came out, and only then.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.cli import asking
from tracker.cli.output import number, plain, print_facts, print_json, print_table

if TYPE_CHECKING:
    from tracker.query import Api
    from tracker.reproducing import Checkout, Reproduced

_SHOWN = 20


def checkout(arguments: list[str]) -> int:
    """Run `tracker checkout`."""
    parser = asking.parser(
        "checkout", "Put what a run ran into a folder: its commit, its patch, the files that git did not know.",
        'With --json: {"run", "folder", "cwd", "command", "variables", "missing", "packages", "inputs"}. In the\n'
        "folder is another, .tracker, with requirements.txt (the packages), inputs.json (the artifacts that it read)\n"
        "and run.json.",
    )  # fmt: skip
    _add_place(parser)
    parsed = parser.parse_args(arguments)
    return asking.asked(parsed.url, lambda api: _checkout(api, parsed))


def reproduce(arguments: list[str]) -> int:
    """Run `tracker reproduce`."""
    parser = asking.parser(
        "reproduce", "Run again what a run ran, from a folder of its own, and compare the metrics of the two.",
        'With --json: {"run", "reproduces", "url", "folder", "status", "is_same", "tolerance", "metrics": [{"metric",\n'
        '"outcome", "statistic", "before", "after"}], "ignored"}. Status 0 is a run whose metrics are the same within\n'
        "the tolerance. The command of the run is run on this machine, as you. A reference to an artifact without a\n"
        'version, such as "data@latest", is taken for the version that the run read.',
    )  # fmt: skip
    _add_place(parser)
    parser.add_argument("--environment", action="store_true", help="build one from the packages of the run, and use it")
    parser.add_argument("--anyway", action="store_true", help="also where something of the code was not captured")
    parser.add_argument(
        "--tolerance", type=float, default=1e-6, metavar="X", help="the largest relative difference (default: 1e-6)"
    )
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="PATTERN",
        help='metrics to leave out, "time/*"; again for more',
    )
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for the program (default: as long as it takes)"
    )
    parsed = parser.parse_args(arguments)
    if not 0 <= parsed.tolerance < 1:
        return asking.complaint(f"--tolerance must be from 0 to below 1, got {parsed.tolerance}", asking.USED_WRONGLY)
    return asking.asked(parsed.url, lambda api: _reproduce(api, parsed))


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run's id")
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="a new folder (default: the run's name, here)")
    parser.add_argument(
        "--repository",
        metavar="PLACE",
        help="where to take the commit from (default: where it is found, or the remote)",
    )


def _checkout(api: Api, parsed: argparse.Namespace) -> int:
    from tracker import reproducing

    what = reproducing.captured(api.run(parsed.run))
    made = reproducing.checkout(what, _folder(parsed, what.name), repository=parsed.repository)
    if parsed.json:
        print_json(_described(made) | {"run": what.run, "packages": list(what.packages), "inputs": _inputs(made)})
    else:
        _print_checkout(made)
    return asking.DONE


def _reproduce(api: Api, parsed: argparse.Namespace) -> int:
    from tracker import reproducing
    from tracker.reproducing import running

    run = api.run(parsed.run)
    for told in (
        running.differences(reproducing.captured(run))[:_SHOWN] if not parsed.environment and not parsed.json else ()
    ):
        print(plain(f"another package here: {told}"))
    found = running.reproduce(
        api, run.id, _folder(parsed, run.name), repository=parsed.repository, environment=parsed.environment,
        anyway=parsed.anyway, tolerance=parsed.tolerance, ignore=parsed.ignore, timeout_s=parsed.timeout,
        prints_to_stderr=parsed.json,
    )  # fmt: skip
    if parsed.json:
        print_json(_as_document(found, run.id, parsed.tolerance))
    else:
        _print_reproduced(found, run.name)
    return asking.DONE if found.status == 0 and found.comparison.is_same else asking.NOT_DONE


def _folder(parsed: argparse.Namespace, name: str) -> Path:
    """Where it goes: without a folder in the arguments one that is named as the run, which anybody may have named."""
    if parsed.folder is not None:
        return Path(parsed.folder)
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name).strip(".-")
    return Path(safe[:80] or parsed.run)


def _described(made: Checkout) -> dict[str, Any]:
    return {
        "folder": str(made.folder), "cwd": str(made.cwd), "command": list(made.command), "variables": made.variables,
        "missing": list(made.missing),
    }  # fmt: skip


def _inputs(made: Checkout) -> dict[str, str]:
    import json

    read: dict[str, str] = json.loads((made.folder / ".tracker" / "inputs.json").read_bytes())
    return read


def _print_checkout(made: Checkout) -> None:
    for told in made.missing:
        print(plain(f"missing: {told}"))
    facts = [("folder", str(made.folder)), ("packages", str(made.folder / ".tracker" / "requirements.txt"))]
    inputs = _inputs(made)
    facts += [("reads", ", ".join(f"{ref}:{version}" for ref, version in inputs.items()))] if inputs else []
    print_facts(facts)
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in made.variables.items())
    print(plain(f"cd {shlex.quote(str(made.cwd))} && {variables}{shlex.join(made.command)}"))


def _print_reproduced(found: Reproduced, name: str) -> None:
    comparison = found.comparison
    shown = [verdict for verdict in comparison.metrics if verdict.outcome in ("differs", "missing", "new")]
    if shown:
        rows = [
            [each.metric, each.outcome, each.statistic or "", number(each.before), number(each.after)]
            for each in shown[:_SHOWN]
        ]
        print_table(["METRIC", "OUTCOME", "STATISTIC", "BEFORE", "AFTER"], rows, right=(3, 4))
        if len(shown) > _SHOWN:
            print(f"… and {len(shown) - _SHOWN} more")
    counts = f"{comparison.count('equal')} equal, {comparison.count('close')} within the tolerance, {len(shown)} not"
    left_out = f", {len(comparison.ignored)} ignored" if comparison.ignored else ""
    ended = "" if found.status == 0 else f"; the program ended with status {found.status}"
    verdict = "the same" if comparison.is_same else "NOT the same"
    print(plain(f"{name} again: {verdict}. Of {len(comparison.metrics)} metrics {counts}{left_out}{ended}"))
    print(found.url)


def _as_document(found: Reproduced, run_id: str, tolerance: float) -> dict[str, Any]:
    import msgspec

    return {
        "run": found.run, "reproduces": run_id, "url": found.url, "folder": str(found.folder), "status": found.status,
        "is_same": found.comparison.is_same, "tolerance": tolerance,
        "metrics": [msgspec.to_builtins(verdict) for verdict in found.comparison.metrics],
        "ignored": list(found.comparison.ignored),
    }  # fmt: skip
