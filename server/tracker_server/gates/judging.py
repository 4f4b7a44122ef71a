"""One rule against a candidate and a holder: what was found, and whether that passes.

What always holds: what was never logged neither passes nor fails, it is not enough evidence, and the result says what
would be; a comparison with nothing passes and says so.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

from tracker_server.gates import rules
from tracker_server.gates.comparing import compared
from tracker_server.gates.facts import Facts
from tracker_server.gates.proof import proved
from tracker_server.gates.results import missing, not_enough, result
from tracker_server.gates.schema import RuleResult, Verdict
from tracker_server.gates.sides import value_of
from tracker_server.gates.slices import sliced


def judge(rule: rules.GateRule, facts: Facts) -> RuleResult:
    """What came of a rule."""
    match rule.asked:
        case rules.OfMetric(metric, asked, evidence):
            if isinstance(asked, rules.Bounds):
                return _bound(rule, metric, asked, facts)
            return compared(rule, metric, asked, evidence, facts)
        case rules.OfSlices() as slices:
            return sliced(rule, slices, facts)
        case rules.OfSize(at_most_bytes):
            return _size(rule, at_most_bytes, facts)
        case rules.OfData() as data:
            return _data(rule, data, facts)
        case rules.OfTags(tags):
            return _holds(rule, facts, tags, facts.candidate.tags, "tag", f"tag {facts.candidate.name} with")
        case rules.OfCard(fields):
            filled = [name for name, said in facts.candidate.card.items() if _is_said(said)]
            return _holds(rule, facts, fields, filled, "card field", f"fill in on the card of {facts.candidate.name}")
        case rules.OfFiles(patterns):
            return _files(rule, patterns, facts)
        case rules.OfProof() as proof:
            return proved(rule, proof, facts)


def _bound(rule: rules.GateRule, metric: str, bounds: rules.Bounds, facts: Facts) -> RuleResult:
    value = value_of(facts.candidate, metric)
    if value is None:
        return missing(rule, metric, facts.candidate)
    found = f"{facts.candidate.name} has {value:.6g}"
    return result(rule, "pass" if bounds.hold(value) else "fail", found, metric=metric, candidate=value)


def _size(rule: rules.GateRule, at_most_bytes: int, facts: Facts) -> RuleResult:
    size = facts.candidate_bytes
    verdict: Verdict = "pass" if size <= at_most_bytes else "fail"
    found = f"the files of {facts.candidate.name} have {rules.told_bytes(size)}"
    return result(rule, verdict, found, candidate=float(size))


def _data(rule: rules.GateRule, asked: rules.OfData, facts: Facts) -> RuleResult:
    """Whether the candidate was evaluated on the data that is asked for, or else has read it."""
    wanted = asked.evaluated_on
    if asked.same_as is not None:
        other = facts.held_by(asked.same_as)
        if other is None:
            return result(rule, "pass", f"nothing holds {asked.same_as} yet, so there is nothing to compare with")
        wanted = facts.evaluated_on(other)
        if wanted is None:
            return not_enough(rule, f"nobody has said what {other.name} was evaluated on", _SAY_DATA)
    assert wanted is not None  # one of the two is given
    meant = facts.data_version(facts.candidate, wanted)
    if meant is None:
        return not_enough(rule, f"there is no artifact {wanted} in the project", f"log {wanted} as an artifact")
    found = facts.evaluated_on(facts.candidate)
    if found is None:
        told = f"nobody has said what {facts.candidate.name} was evaluated on"
        return not_enough(rule, told, f"{_SAY_DATA}: data={meant.told!r}")
    logged = facts.data_version(facts.candidate, found)
    is_same = logged is not None and logged.digest == meant.digest
    told = f"{facts.candidate.name} was evaluated on {logged.told if logged is not None else found}"
    return result(rule, "pass" if is_same else "fail", told if is_same else f"{told}, not on {meant.told}")


_SAY_DATA = "an evaluation that names its data: tracker.log_evaluation(…, data=…)"


def _holds(
    rule: rules.GateRule, facts: Facts, asked: Iterable[str], there: Iterable[str], what: str, way_out: str
) -> RuleResult:
    """Whether everything that is asked for is there."""
    have = set(there)
    missing = [one for one in asked if one not in have]
    if not missing:
        return result(rule, "pass", f"{facts.candidate.name} has all of them")
    found = f"{facts.candidate.name} has no {what} {', '.join(missing)}"
    return result(rule, "fail", found, enough=f"{way_out} {', '.join(missing)}")


def _is_said(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [], {})


def _files(rule: rules.GateRule, patterns: Iterable[str], facts: Facts) -> RuleResult:
    paths = facts.candidate_files
    missing = [one for one in patterns if not any(fnmatch.fnmatchcase(path, one) for path in paths)]
    if not missing:
        return result(rule, "pass", f"{facts.candidate.name} has all of them")
    return result(rule, "fail", f"no file of {facts.candidate.name} is {', '.join(missing)}")
