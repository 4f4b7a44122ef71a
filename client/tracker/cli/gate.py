"""`tracker gate`: ask the server whether a version passes the rules of an alias, so that a script can go by the answer.

What always holds: nothing is judged here, and the exit status is the verdict's; whatever keeps the server from giving
one is no verdict, and has a status of its own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracker import arguments as checked
from tracker.cli import asking, junit
from tracker.cli.output import plain, print_facts, print_json

if TYPE_CHECKING:
    from tracker.query import Api, BadRulesError, GateReport, RuleResult

PASSED: Final = 0
FAILED: Final = 1
NO_ANSWER: Final = 2
UNDECIDED: Final = 3

STATUSES: Final = """\
exit status:
  0    every rule passes
  1    a rule fails
  2    there is no answer: used wrongly, rules that are not understood, no such version, no server
  3    no rule fails, and for some there is not enough evidence yet
  130  interrupted"""

_OF_VERDICT: Final = {"pass": PASSED, "fail": FAILED, "not_enough_evidence": UNDECIDED}
_TOLD: Final = {"pass": "pass", "fail": "FAIL", "not_enough_evidence": "unsure"}


def gate(arguments: list[str]) -> int:
    """Run `tracker gate`."""
    parser = argparse.ArgumentParser(
        prog="tracker gate",
        description="Ask whether a version passes the rules of an alias, compared with the version that holds it.",
        epilog=f"{STATUSES}\n\nWith --json: the report as the HTTP API gives it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("candidate", metavar="NAME@ALIAS|NAME:vN", help="the version; the name alone is its newest")
    parser.add_argument("--against", default="production", metavar="ALIAS", help="default: production")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="YAML in place of the model's own rules")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="also write the verdicts there as JUnit XML")
    asking.add_options(parser)
    parsed = parser.parse_args(arguments)
    reports: list[GateReport] = []
    status = asking.asked(parsed.url, lambda api: _ask(api, parsed, reports))
    if status != asking.DONE or not reports:
        return NO_ANSWER
    return _OF_VERDICT[reports[0].verdict]


def _ask(api: Api, parsed: argparse.Namespace, reports: list[GateReport]) -> int:
    from tracker.query import BadRulesError

    name, pointer = checked.model_reference(parsed.candidate)
    against = checked.model_alias(parsed.against)
    try:
        rules = parsed.rules.read_text(encoding="utf-8") if parsed.rules is not None else None
        report = api.model(name).gate(pointer, against, rules=rules)
        if parsed.junit is not None:
            parsed.junit.write_bytes(junit.document(report, parsed.rules))
    except BadRulesError as error:
        return bad_rules(parsed.rules, error)
    except OSError as error:
        return asking.complaint(f"{error.filename}: {error.strerror}", NO_ANSWER)
    except UnicodeDecodeError as error:
        return asking.complaint(f"{parsed.rules} is no text in UTF-8: {error}", NO_ANSWER)
    if parsed.json:
        print_json(report.as_dict())
    else:
        _print(report)
    reports.append(report)
    return asking.DONE


def bad_rules(path: Path | None, error: BadRulesError) -> int:
    """Print what is wrong in a file of rules, each with its line as a compiler does; the status."""
    for problem in error.problems:
        print(plain(f"{path}:{problem}"), file=sys.stderr)
    return asking.complaint("the rules cannot be understood; docs/gates.md describes them", asking.USED_WRONGLY)


def _print(report: GateReport) -> None:
    print(plain(title(report)))
    for rule in report.rules:
        print()
        print(plain(f"  {_TOLD[rule.verdict]:<6}  {rule.name}"))
        print_facts(_facts(rule), indent="          ")
    print(f"\n{_sentence(report)}")


def title(report: GateReport) -> str:
    """What was asked: "digits:v7 against production, which v6 holds"."""
    holder = "nothing" if report.against_version is None else f"v{report.against_version}"
    return f"{report.model}:v{report.candidate_version} against {report.alias}, which {holder} holds"


def _facts(rule: RuleResult) -> list[tuple[str, str]]:
    facts = [("asked", rule.says), ("found", rule.found)]
    if rule.enough is not None:
        facts.append(("enough", rule.enough))
    return facts + [(f"on {part.name}", f"{_TOLD[part.verdict]}: {part.says}") for part in rule.slices]


def _sentence(report: GateReport) -> str:
    count = len(report.rules)
    if not count:
        return (
            f"passes: no rule is about {report.alias!r}; `tracker rules {report.model} --set FILE` gives the model some"
        )
    wanting = sum(rule.verdict == report.verdict for rule in report.rules)
    what = {"pass": "passes", "fail": "fails", "not_enough_evidence": "not enough evidence"}[report.verdict]
    return f"{what}: {wanting} of {count} rules"
