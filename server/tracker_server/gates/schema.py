"""What the API says of rules and of what came of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tracker_server.bounds import Id

Verdict = Literal["pass", "fail", "not_enough_evidence"]
RuleKind = Literal["bound", "comparison", "slices", "size", "data", "tags", "card", "files", "verified"]

RulesText = Annotated[str, msgspec.Meta(max_length=65_536)]
"""YAML, as `docs/gates.md` describes it."""


class RuleProblem(msgspec.Struct, frozen=True):
    """What is wrong in a text of rules, in which line (from 1), and in which rule where it is in one."""

    line: int
    rule: str | None
    message: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as it was understood: `says` is the whole of it as a sentence, `line` where it begins."""

    name: str
    kind: RuleKind
    says: str
    line: int
    aliases: list[str]


class Protection(msgspec.Struct, frozen=True):
    """An alias that is guarded by rules. `approvals` is how many other people have to approve; None leaves it to the
    server: one, where more than one person has an account."""

    alias: str
    approvals: int | None


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a model. `revision` is 0, and `text` that of a model without rules of its own, until some are
    kept."""

    model: str
    revision: int
    text: str
    changed_ms: int | None
    changed_by: str | None
    protected: list[Protection]
    rules: list[Rule]


class RulesChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole text of the rules, in place of that of `revision`, which the caller saw. 409 `rules_changed` where
    somebody was faster, 422 `bad_rules` with `problems` for a text that is not understood."""

    text: RulesText
    revision: int


class RulesToCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: RulesText


class CheckedRules(msgspec.Struct, frozen=True):
    """What is wrong with a text, or else what it says."""

    problems: list[RuleProblem]
    protected: list[Protection]
    rules: list[Rule]


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """How much better the candidate is: candidate minus holder, turned so that more is better.

    Between `low` and `high` with the stated `confidence`; either is None where so few observations say nothing.
    `source` is what was compared: one value a run of several seeds, or one an example.
    """

    difference: float
    low: float | None
    high: float | None
    confidence: float
    source: Literal["seeds", "examples"]
    candidate_count: int
    holder_count: int


class SliceResult(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    verdict: Verdict
    candidate: float | None
    holder: float | None
    interval: Interval | None
    says: str


class RuleResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one rule. `found` says in a sentence what was seen, `enough` what evidence would be enough where
    there is not enough of it. `candidate` and `holder` are the values that were compared, where the rule is about one
    metric (`metric`); `slices` the parts of one that looks at parts."""

    name: str
    kind: RuleKind
    line: int
    says: str
    verdict: Verdict
    found: str
    enough: str | None = None
    metric: str | None = None
    candidate: float | None = None
    holder: float | None = None
    interval: Interval | None = None
    slices: list[SliceResult] = []


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate against the version that holds the alias (`against_version`, None for none), by the rules of
    `revision` (None: by a text that came with the request). `verdict` is fail where any rule fails, else not enough
    evidence where any says so, else pass: also without rules. `digest` changes when anything that it says does, but
    for the time."""

    model: str
    alias: str
    candidate_version: int | None
    against_version: int | None
    revision: int | None
    verdict: Verdict
    rules: list[RuleResult]
    digest: str
    evaluated_ms: int


class GateQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`candidate` is `v3`, `latest` or an alias; `against` the alias that it is compared with and whose rules count;
    `rules` are used in place of the model's own."""

    candidate: Id
    against: Id = "production"
    rules: RulesText | None = None


def kept(report: GateReport) -> list[dict[str, Any]]:
    """What the trail keeps of a report: each rule with its verdict and what was found."""
    return [
        {"rule": rule.name, "says": rule.says, "verdict": rule.verdict, "found": rule.found} for rule in report.rules
    ]
