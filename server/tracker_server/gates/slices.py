"""Parts of a whole, each of which has to pass: metrics whose names fit a pattern, or parts of the examples.

That every part has to pass needs no correction for looking at many: the rule passes wrongly only where the worst part
does (the intersection-union test: Berger 1982).
"""

from __future__ import annotations

import fnmatch
from typing import Final

from tracker_server.gates import comparing
from tracker_server.gates.comparing import compared
from tracker_server.gates.examples import MOST_PARTS, Malformed, Paired, pair, parts
from tracker_server.gates.facts import Facts
from tracker_server.gates.results import (
    NOTHING_TO_COMPARE,
    TOO_MANY,
    joint,
    missing,
    not_enough,
    result,
    told_difference,
    without_goal,
)
from tracker_server.gates.rules import Bounds, Evidence, GateRule, Margin, OfSlices
from tracker_server.gates.schema import RuleResult, SliceResult, Verdict
from tracker_server.gates.sides import value_of

_NAMED: Final = 3


def sliced(rule: GateRule, asked: OfSlices, facts: Facts) -> RuleResult:
    """What comes of a rule about parts."""
    if isinstance(asked.asked, Margin) and facts.holder is None:
        return result(rule, "pass", NOTHING_TO_COMPARE)
    return _of_metrics(rule, asked, facts) if asked.by is None else _of_examples(rule, asked, asked.by, facts)


def _of_metrics(rule: GateRule, asked: OfSlices, facts: Facts) -> RuleResult:
    known = {*facts.candidate.metrics, *(facts.holder.metrics if facts.holder is not None else ())}
    names = sorted(name for name in known if fnmatch.fnmatchcase(name, asked.metric))
    if not names or len(names) > MOST_PARTS:
        found = f"{len(names) or 'no'} metrics are called {asked.metric}; 1 to {MOST_PARTS} are looked at"
        return not_enough(rule, found, f"metrics that are called {asked.metric}")
    return _all(rule, [_of_metric(rule, asked, name, facts) for name in names])


def _of_metric(rule: GateRule, asked: OfSlices, name: str, facts: Facts) -> SliceResult:
    value = value_of(facts.candidate, name)
    if isinstance(asked.asked, Margin):
        found = compared(rule, name, asked.asked, asked.evidence, facts)
    elif value is None:
        found = missing(rule, name, facts.candidate)
    else:
        found = result(rule, "pass" if asked.asked.hold(value) else "fail", f"{value:.6g}", candidate=value)
    return SliceResult(
        name=name,
        verdict=found.verdict,
        candidate=found.candidate,
        holder=found.holder,
        interval=found.interval,
        says=_whole(found.found, found.enough),
    )


def _of_examples(rule: GateRule, asked: OfSlices, by: str, facts: Facts) -> RuleResult:
    goal = (asked.asked.goal or facts.goal(asked.metric)) if isinstance(asked.asked, Margin) else "max"
    if goal is None:
        return without_goal(rule, asked.metric)
    try:
        if facts.holder is not None and isinstance(asked.asked, Margin):
            both = comparing.paired(facts, facts.holder, asked.metric)
        else:
            scores = comparing.scored(facts, facts.candidate, asked.metric)
            both = pair(scores, scores, asked.metric)
        found = parts(both, by)
    except Malformed as error:
        return not_enough(rule, str(error), comparing.log_examples(asked.metric), metric=asked.metric)
    if not found:
        told = f"no example has a score of {asked.metric}"
        return not_enough(rule, told, comparing.log_examples(asked.metric), metric=asked.metric)
    if asked.evidence is not None and not facts.may_compare(len(found)):
        return not_enough(rule, *TOO_MANY, metric=asked.metric)
    return _all(
        rule, [_of_part(name, part, asked.asked, asked.evidence, goal == "max") for name, part in found.items()]
    )


def _of_part(
    name: str, part: Paired, asked: Bounds | Margin, evidence: Evidence | None, is_more_better: bool
) -> SliceResult:
    candidate, holder = float(part.candidate.mean()), float(part.holder.mean())
    if isinstance(asked, Bounds):
        verdict: Verdict = "pass" if asked.hold(candidate) else "fail"
        says = f"{candidate:.6g} on {part.count} examples"
        return SliceResult(name=name, verdict=verdict, candidate=candidate, holder=None, interval=None, says=says)
    if evidence is not None:
        shown = comparing.examples_shown(part, asked, evidence, is_more_better)
        return SliceResult(
            name=name, verdict=shown.verdict, candidate=candidate, holder=holder, interval=shown.interval,
            says=_whole(shown.found, shown.enough),
        )  # fmt: skip
    better = (candidate - holder) * (1 if is_more_better else -1)
    verdict = "pass" if comparing.keeps(asked, better, holder) else "fail"
    says = f"{told_difference(better)}: {candidate:.6g} and {holder:.6g} on {part.count} examples"
    return SliceResult(name=name, verdict=verdict, candidate=candidate, holder=holder, interval=None, says=says)


def _all(rule: GateRule, slices: list[SliceResult]) -> RuleResult:
    """What the parts come to together."""
    verdict = joint(part.verdict for part in slices)
    if verdict == "pass":
        return result(rule, verdict, f"all {len(slices)} parts pass", slices=slices)
    wrong = [part for part in slices if part.verdict == verdict]
    named = "; ".join(f"{part.name}: {part.says}" for part in wrong[:_NAMED])
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    what = "do not pass" if verdict == "fail" else "lack evidence"
    found = f"{len(wrong)} of {len(slices)} parts {what} ({named}{more})"
    enough = "what each of the parts asks for" if verdict == "not_enough_evidence" else None
    return result(rule, verdict, found, enough=enough, slices=slices)


def _whole(found: str, enough: str | None) -> str:
    return found if enough is None else f"{found}; enough would be {enough}"
