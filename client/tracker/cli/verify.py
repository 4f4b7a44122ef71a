"""`tracker verify`: prove that a version's files are what they were, and that its model still gives what it gave.

What always holds: the exit status is the verdict's: 1 says that the version does not hold what it says, or that no
verdict could be reached here; 3 that the server, an index or a place could not be asked, which says nothing of it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, get_args

from tracker.cli import asking
from tracker.cli.output import number, plain, print_facts, print_json, size

if TYPE_CHECKING:
    from tracker.bundles.verifying import Verified


def verify(arguments: list[str]) -> int:
    """Run `tracker verify`."""
    from tracker.manifest import FormKind

    parser = asking.parser(
        "verify", "Check every file of a model's version, and replay its example in an environment of its own lock.",
        'With --json: {"model", "version", "url", "is_recorded", "outcome", "checked", "form", "message", …}.\n'
        "Status 0 is a version that holds what it says, 1 one that does not, 3 a server, an index or a place that\n"
        "cannot be asked. The replay runs the bundle's own code on this machine, in a process of its own.",
    )  # fmt: skip
    parser.add_argument("version", metavar="NAME@ALIAS|NAME:vN", help="the version; the name alone is its newest")
    parser.add_argument("--files-only", action="store_true", help="only the files and what lies elsewhere")
    parser.add_argument(
        "--form", choices=get_args(FormKind), help="the form to run (default: the bundle's preferred one)"
    )
    parser.add_argument("--allow-pickle", action="store_true", help="it may be a pickle, which does whatever it says")
    parser.add_argument("--tolerance", type=float, metavar="X", help="the largest difference, in place of the bundle's")
    parser.add_argument("--no-environment", action="store_true", help="replay with the Python at hand; is not recorded")
    parser.add_argument("--no-record", action="store_true", help="do not keep what was found on the version")
    parser.add_argument("--timeout", type=float, default=900.0, metavar="SECONDS", help="for all of it (default: 900)")
    parsed = parser.parse_args(arguments)
    return asking.asked(parsed.url, lambda api: _verify(api.url, parsed))


def _verify(url: str, parsed: argparse.Namespace) -> int:
    from tracker.bundles import verifying

    found = verifying.verify(
        parsed.version, files_only=parsed.files_only, form=parsed.form, allow_pickle=parsed.allow_pickle,
        tolerance=parsed.tolerance, environment=not parsed.no_environment, record=not parsed.no_record,
        timeout_s=parsed.timeout, url=url,
    )  # fmt: skip
    if parsed.json:
        print_json(found.as_dict())
    else:
        _print(found)
    return asking.DONE if found.is_passed else asking.NOT_DONE


def _print(found: Verified) -> None:
    finding = found.finding
    what = "its example was replayed" if finding.checked == "replay" else "its files were checked"
    print(plain(f"{found.model}:v{found.version}: {'holds' if found.is_passed else 'FAILS'}, {what}"))
    if finding.message:
        print(plain(f"  {finding.message}"))
    for problem in finding.problems:
        print(plain(f"  {problem.path}: {problem.message}"))
    facts = [("form", finding.form), ("python", finding.python), ("platform", finding.platform)]
    facts += [("largest difference", _told(finding.max_difference)), ("load", _told(finding.load_ms, " ms"))]
    facts += [
        ("latency p50", _told(finding.latency_p50_ms, " ms")),
        ("latency p99", _told(finding.latency_p99_ms, " ms")),
    ]
    if finding.peak_memory_bytes is not None:
        facts.append(("peak memory", f"{size(finding.peak_memory_bytes)} resident, the whole process"))
    print_facts([(name, value) for name, value in facts if value], indent="  ")
    print(f"  {'recorded: ' if found.is_recorded else 'not recorded: '}{found.url}")


def _told(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{number(value)}{unit}"
