"""The verdicts of a gate as JUnit XML, which the systems that run continuous integration show as tests.

What always holds: a rule is a testcase. One without enough evidence is a failure of a type of its own, and not skipped:
a skipped test is shown as if nothing were to be done, while the candidate has not passed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from tracker.cli.output import plain

if TYPE_CHECKING:
    from tracker.query import GateReport, RuleResult


def document(report: GateReport, rules: Path | None = None) -> bytes:
    """The whole file. `rules` is where the rules stand, where they came from a file."""
    wanting = str(sum(rule.verdict != "pass" for rule in report.rules))
    counts = {"tests": str(len(report.rules)), "failures": wanting, "errors": "0", "skipped": "0", "time": "0"}
    suites = ElementTree.Element("testsuites", {"name": "tracker gate", **counts})
    name = f"{report.model}:v{report.candidate_version} against {report.alias}"
    at = {"timestamp": report.evaluated.strftime("%Y-%m-%dT%H:%M:%S")}
    suite = ElementTree.SubElement(suites, "testsuite", {"name": name, **counts, **at})
    _add_properties(suite, report)
    for rule in report.rules:
        _add(suite, report, rule, rules)
    ElementTree.indent(suites)
    written: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written


def _add_properties(suite: ElementTree.Element, report: GateReport) -> None:
    properties = ElementTree.SubElement(suite, "properties")
    facts = {
        "verdict": report.verdict,
        "candidate_version": report.candidate_version,
        "against_version": report.against_version,
        "rules_revision": report.revision,
        "digest": report.digest,
    }
    for name, value in facts.items():
        if value is not None:
            ElementTree.SubElement(properties, "property", {"name": name, "value": str(value)})


def _add(suite: ElementTree.Element, report: GateReport, rule: RuleResult, rules: Path | None) -> None:
    where = {} if rules is None else {"file": plain(str(rules)), "line": str(rule.line)}
    of = f"tracker.gate.{report.model}.{report.alias}"
    case = ElementTree.SubElement(suite, "testcase", {"classname": of, "name": plain(rule.name), "time": "0", **where})
    found = plain(rule.found if rule.enough is None else f"{rule.found}; enough would be: {rule.enough}")
    if rule.verdict == "pass":
        ElementTree.SubElement(case, "system-out").text = f"{plain(rule.says)}: {found}"
        return
    failure = ElementTree.SubElement(case, "failure", {"type": rule.verdict, "message": found})
    parts = [f"{part.name}: {part.verdict}: {part.says}" for part in rule.slices if part.verdict != "pass"]
    failure.text = "\n".join(plain(line) for line in (f"asked: {rule.says}", f"found: {found}", *parts))
