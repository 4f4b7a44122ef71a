"""The rules of a model, and what came of them for a candidate, in the server's words.

What always holds: nothing is judged here. A verdict is "pass", "fail" or "not_enough_evidence", and the server's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from tracker.errors import RefusedError, TrackerError
from tracker.query.answers import moment

Verdict = Literal["pass", "fail", "not_enough_evidence"]

BAD_RULES: Final = "bad_rules"


class RuleProblem(msgspec.Struct, frozen=True):
    """What is wrong in a text of rules: in which line (from 1), and in which rule where it is in one."""

    line: int
    rule: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {f'rule {self.rule!r}: ' if self.rule is not None else ''}{self.message}"


class BadRulesError(TrackerError, ValueError):
    """A text of rules that the server does not understand; `problems` says where and why."""

    def __init__(self, problems: list[RuleProblem]) -> None:
        super().__init__("the rules cannot be understood; line " + "; line ".join(str(each) for each in problems))
        self.problems = problems


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as the server understands it; `says` is the whole of it as a sentence."""

    name: str
    kind: str
    says: str
    line: int
    aliases: list[str]


class Protection(msgspec.Struct, frozen=True):
    """An alias that the rules guard. `approvals` of other people are needed; None leaves that to the server."""

    alias: str
    approvals: int | None


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a model in a revision, which is 0 until some are kept."""

    model: str
    revision: int
    text: str
    protected: list[Protection]
    rules: list[Rule]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class CheckedRules(msgspec.Struct, frozen=True):
    """What is wrong with a text of rules, or else what it says."""

    problems: list[RuleProblem]
    protected: list[Protection]
    rules: list[Rule]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """How much better the candidate is than the holder, turned so that more is better; None where nothing is known."""

    difference: float
    low: float | None
    high: float | None
    confidence: float
    source: str
    candidate_count: int
    holder_count: int


class SliceResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a rule for one part of the data."""

    name: str
    verdict: Verdict
    candidate: float | None
    holder: float | None
    interval: Interval | None
    says: str


class RuleResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one rule: `found` says what was seen, `enough` what would be enough where it is not."""

    name: str
    kind: str
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
    """A candidate by the rules of an alias, against the version that holds it (None for none).

    `verdict` is "fail" where any rule fails, else "not_enough_evidence" where any says so, else "pass".
    """

    model: str
    alias: str
    candidate_version: int | None
    against_version: int | None
    revision: int | None
    verdict: Verdict
    rules: list[RuleResult]
    digest: str
    evaluated_ms: int

    @property
    def evaluated(self) -> datetime:
        """When the server evaluated it, in UTC."""
        return moment(self.evaluated_ms)

    @property
    def is_passed(self) -> bool:
        """Whether every rule passes."""
        return self.verdict == "pass"

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def explained(error: RefusedError) -> TrackerError:
    """The error itself, or what it says of a text of rules."""
    try:
        problems = msgspec.convert(error.details.get("problems", []), list[RuleProblem])
    except msgspec.ValidationError:
        return error
    return BadRulesError(problems) if error.code == BAD_RULES and problems else error
