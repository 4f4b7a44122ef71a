"""A metric of the candidate beside that of the holder: by one value each, by seeds, or by examples.

What always holds: with evidence asked for, a rule passes only where what it asks is shown at its error rate, and fails
only where the contrary is; in between it says what would be enough. Differences are turned so that more is better.
"""

from __future__ import annotations

import statistics as plain
from typing import NamedTuple

import numpy as np

from tracker_server.gates import statistics
from tracker_server.gates.examples import Logged, Malformed, Numbers, Paired, pair
from tracker_server.gates.facts import Facts
from tracker_server.gates.results import (
    NOTHING_TO_COMPARE,
    TOO_MANY,
    missing,
    not_enough,
    result,
    told_difference,
    without_goal,
)
from tracker_server.gates.rules import Evidence, GateRule, Margin
from tracker_server.gates.schema import Interval, RuleResult, Verdict
from tracker_server.gates.sides import Side, value_of

_ROUNDING = 1e-9
"""Part of the numbers compared that may be rounding: 0.8 - 0.005 is a little over 0.795."""


_MOST_KEPT = 100
"""So many answers are kept of one pair of evaluations."""


class Shown(NamedTuple):
    """What a comparison comes to."""

    verdict: Verdict
    found: str
    enough: str | None
    interval: Interval | None


def compared(rule: GateRule, metric: str, margin: Margin, evidence: Evidence | None, facts: Facts) -> RuleResult:
    """What comes of comparing one metric."""
    if facts.holder is None:
        candidate = value_of(facts.candidate, metric)
        return result(rule, "pass", NOTHING_TO_COMPARE, metric=metric, candidate=candidate)
    goal = margin.goal or facts.goal(metric)
    if evidence is not None and not facts.may_compare(1):
        return not_enough(rule, *TOO_MANY, metric=metric)
    if evidence is not None and evidence.source == "examples":
        if goal is None:
            return without_goal(rule, metric)
        return _by_examples(rule, metric, margin, evidence, facts, facts.holder, goal == "max")
    candidate, holder = value_of(facts.candidate, metric), value_of(facts.holder, metric)
    if candidate is None or holder is None:
        return missing(rule, metric, facts.candidate if candidate is None else facts.holder)
    if goal is None:
        return without_goal(rule, metric)
    if evidence is not None:
        return _by_seeds(rule, metric, margin, evidence, facts, facts.holder, goal == "max")
    better = (candidate - holder) * (1 if goal == "max" else -1)
    verdict: Verdict = "pass" if keeps(margin, better, holder) else "fail"
    found = f"{told_difference(better)}: {facts.candidate.name} has {candidate:.6g}, {facts.holder.name} {holder:.6g}"
    return result(rule, verdict, found, metric=metric, candidate=candidate, holder=holder)


def keeps(margin: Margin, better: float, holder: float) -> bool:
    """Whether a difference is what the margin asks for."""
    tolerance = margin.by.of(holder)
    rounding = _ROUNDING * max(abs(holder), abs(tolerance), abs(better))
    return better - tolerance > rounding if margin.is_better else better + tolerance >= -rounding


def _threshold(margin: Margin, holder: float) -> float:
    """What the true difference has to be above."""
    return margin.by.of(holder) * (1 if margin.is_better else -1)


def _by_seeds(
    rule: GateRule, metric: str, margin: Margin, evidence: Evidence, facts: Facts, old: Side, is_more_better: bool
) -> RuleResult:
    new = facts.candidate
    ours, theirs = facts.seeds(new, evidence.seed), facts.seeds(old, evidence.seed)
    if ours.recipe is not None and ours.recipe == theirs.recipe:
        found = f"{new.name} and {old.name} are of one recipe: their runs differ by chance alone"
        enough = "evidence by examples: seeds compare recipes, and these two models have the same"
        return not_enough(rule, found, enough, metric=metric)
    candidate, holder = ours.values(metric), theirs.values(metric)
    means = {"candidate": plain.fmean(candidate), "holder": plain.fmean(holder)}
    lacking = [(max(0, evidence.count - len(values)), side) for values, side in ((candidate, new), (holder, old))]
    if any(count for count, _ in lacking):
        found = f"{new.name} has {_seeds(len(candidate))} with {metric}, {old.name} {_seeds(len(holder))}"
        found += f"; the rule asks for {evidence.count} of each"
        return not_enough(rule, found, _more_seeds(lacking), metric=metric, **means)
    sign = 1 if is_more_better else -1
    shown = statistics.two_samples(
        tuple(sign * value for value in candidate),
        tuple(sign * value for value in holder),
        threshold=_threshold(margin, means["holder"]),
        error_rate=evidence.error_rate,
    )
    more = None
    if shown.needed is not None:
        short = [max(0, shown.needed - len(values)) for values in (candidate, holder)]
        short = short if any(short) else [1, 1]  # they were unlucky: that many would have shown it more often than not
        more = _more_seeds(list(zip(short, (new, old), strict=True)))
    too_many = f"more than {statistics.MOST_SEEDS} seeds of each: the difference is smaller than the noise"
    told = _told(shown, margin, evidence, len(candidate), len(holder), more or too_many, means["holder"])
    return result(rule, told.verdict, told.found, enough=told.enough, metric=metric, interval=told.interval, **means)


def _seeds(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"


def _more_seeds(lacking: list[tuple[int, Side]]) -> str:
    parts = [f"{count} more seed{'' if count == 1 else 's'} of {side.name}" for count, side in lacking if count]
    return f"{' and '.join(parts)} (the same run with another seed in its config)"


def _told(
    shown: statistics.Compared,
    margin: Margin,
    evidence: Evidence,
    candidate_count: int,
    holder_count: int,
    more: str,
    holder: float,
) -> Shown:
    """The answer in words."""
    interval = Interval(
        difference=shown.difference,
        low=shown.low,
        high=shown.high,
        confidence=1 - 2 * evidence.error_rate,
        source=evidence.source,
        candidate_count=candidate_count,
        holder_count=holder_count,
    )
    span = "of any size" if shown.low is None or shown.high is None else f"{shown.low:+.4g} to {shown.high:+.4g}"
    base = f"{candidate_count} and {holder_count} {evidence.source}"
    if evidence.source == "examples":
        base = f"{candidate_count} examples"
    found = (
        f"{told_difference(shown.difference)} ({100 * interval.confidence:g} % interval of what is better: {span}; "
        f"{base})"
    )
    if shown.is_above:
        return Shown("pass", found, None, interval)
    if shown.is_below:
        return Shown("fail", found, None, interval)
    if shown.difference <= _threshold(margin, holder):
        more += "; as it looks now, that would rather show the contrary"
    return Shown("not_enough_evidence", found, more, interval)


def _by_examples(
    rule: GateRule, metric: str, margin: Margin, evidence: Evidence, facts: Facts, old: Side, is_more_better: bool
) -> RuleResult:
    try:
        both = paired(facts, old, metric)
    except Malformed as error:
        return not_enough(rule, str(error), log_examples(metric), metric=metric)
    shown = examples_shown(both, margin, evidence, is_more_better)
    means = {"candidate": mean(both.candidate), "holder": mean(both.holder)}
    return result(
        rule, shown.verdict, shown.found, enough=shown.enough, metric=metric, interval=shown.interval, **means
    )


def paired(facts: Facts, old: Side, metric: str) -> Paired:
    """The scores of both. Raises Malformed, also where one logged none or they were made on other data."""
    ours, theirs = scored(facts, facts.candidate, metric), scored(facts, old, metric)
    if ours.data is not None and theirs.data is not None and ours.data != theirs.data:
        raise Malformed(
            f"{facts.candidate.name} was evaluated on {ours.data}, {old.name} on {theirs.data}: what they scored is "
            "not of the same examples"
        )
    return pair(ours, theirs, metric)


def scored(facts: Facts, side: Side, metric: str) -> Logged:
    """The evaluation that has a side's scores. Raises Malformed."""
    found = facts.evaluation(side, metric)
    if found is None:
        raise Malformed(f"the run of {side.name} has logged no scores of {metric} by example")
    return found


def log_examples(metric: str) -> str:
    return f"evaluations of both models on the same examples: tracker.log_evaluation(…, {{{metric!r}: …}})"


def mean(scores: Numbers) -> float | None:
    return float(scores.mean()) if len(scores) else None


def examples_shown(both: Paired, margin: Margin, evidence: Evidence, is_more_better: bool) -> Shown:
    """What the scores show."""
    if both.count < evidence.count:
        lacking = evidence.count - both.count
        found = f"{both.count} examples have a score of both; the rule asks for {evidence.count}"
        return Shown("not_enough_evidence", found, f"{lacking} more examples that both are evaluated on", None)
    holder = float(both.holder.mean())
    shown = _pairs_compared(both, 1 if is_more_better else -1, _threshold(margin, holder), evidence.error_rate)
    too_many = f"more than {statistics.MOST_EXAMPLES:,} examples: the difference is smaller than the noise"
    more = too_many
    if shown.needed is not None:
        more = f"{max(1, shown.needed - both.count)} more examples that both are evaluated on"
    return _told(shown, margin, evidence, both.count, both.count, more, holder)


def _pairs_compared(both: Paired, sign: int, threshold: float, error_rate: float) -> statistics.Compared:
    key = (sign, threshold, error_rate)
    if key not in both.shown:
        if len(both.shown) >= _MOST_KEPT:
            both.shown.clear()
        differences = (both.candidate - both.holder) * np.float64(sign)
        both.shown[key] = statistics.pairs(differences, threshold=threshold, error_rate=error_rate, reach=both.reach)
    return both.shown[key]
