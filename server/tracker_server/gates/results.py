"""How results are made and said, whatever the rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker_server.gates.rules import GateRule
from tracker_server.gates.schema import RuleResult, Verdict
from tracker_server.gates.sides import Side

NOTHING_TO_COMPARE = "nothing holds the alias yet, so there is nothing to compare with"

MOST_COMPARISONS = 400
"""So many are weighed for one question; a slice is one."""

TOO_MANY = (
    f"one question is answered with at most {MOST_COMPARISONS} comparisons that ask for evidence",
    "fewer rules with evidence, or fewer slices",
)


def result(rule: GateRule, verdict: Verdict, found: str, **fields: Any) -> RuleResult:
    return RuleResult(
        name=rule.name, kind=rule.kind, line=rule.line, says=rule.says, verdict=verdict, found=found, **fields
    )


def not_enough(rule: GateRule, found: str, enough: str, **fields: Any) -> RuleResult:
    return result(rule, "not_enough_evidence", found, enough=enough, **fields)


def missing(rule: GateRule, metric: str, side: Side) -> RuleResult:
    """Nothing to judge by: the metric was not logged, or never as a number."""
    summary = side.metrics.get(metric)
    if summary is None:
        found, enough = f"the run of {side.name} has not logged {metric}", f"log {metric} in that run"
    else:
        found = f"{metric} of {side.name} was logged {summary.count} times, never as a finite number"
        enough = f"a finite value of {metric}"
    if side.version is not None:
        enough += "; a version keeps what its run had logged when it was registered, so register a new one"
    return not_enough(rule, found, enough, metric=metric)


def without_goal(rule: GateRule, metric: str) -> RuleResult:
    found = f"nobody has said whether more or less of {metric} is better"
    enough = "add `goal: max` or `goal: min` to the rule, or choose the metric's goal in the project"
    return not_enough(rule, found, enough, metric=metric)


def joint(verdicts: Iterable[Verdict]) -> Verdict:
    """What several verdicts come to, all of which have to pass."""
    found = set(verdicts)
    if "fail" in found:
        return "fail"
    return "not_enough_evidence" if "not_enough_evidence" in found else "pass"


def told_difference(better: float) -> str:
    if better == 0:
        return "the same"
    return f"{'better' if better > 0 else 'worse'} by {abs(better):.4g}"
