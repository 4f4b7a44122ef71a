"""What a rule can ask, as values: the text of rules read and checked, and nothing of any version yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracker_server.gates.schema import Protection, Rule, RuleKind

MAIN_ALIAS = "production"
"""The alias that is protected whatever the rules say."""

DEFAULT_ERROR_RATE = 0.05
DEFAULT_SEEDS = 3
FEWEST_EXAMPLES = 50
"""Below that a bootstrap of paired differences promises more than it holds."""

MAX_SEEDS = 500
MAX_EXAMPLES = 1_000_000
MAX_DAYS = 36_500


@dataclass(frozen=True)
class Tolerance:
    """So much, or so large a part of what the holder has (`is_relative`: 0.01 is one percent)."""

    amount: float
    is_relative: bool = False

    def of(self, holder: float) -> float:
        """In the metric's own unit."""
        return self.amount * abs(holder) if self.is_relative else self.amount

    @property
    def says(self) -> str:
        return f"{self.amount * 100:g} %" if self.is_relative else f"{self.amount:g}"


@dataclass(frozen=True)
class Bounds:
    """The value lies between them; None leaves a side open."""

    at_least: float | None
    at_most: float | None

    def hold(self, value: float) -> bool:
        """Whether the value keeps to both."""
        is_low = self.at_least is not None and value < self.at_least
        is_high = self.at_most is not None and value > self.at_most
        return not is_low and not is_high

    @property
    def says(self) -> str:
        parts = [("at least", self.at_least), ("at most", self.at_most)]
        return " and ".join(f"{words} {number:g}" for words, number in parts if number is not None)


@dataclass(frozen=True)
class Margin:
    """Against the holder: better by more than `by`, or else not worse by as much. `goal` is what the rule says is
    better; None leaves it to the metric's goal in the project."""

    is_better: bool
    by: Tolerance
    goal: Literal["min", "max"] | None

    @property
    def says(self) -> str:
        if self.by.amount == 0:
            return "better" if self.is_better else "not worse"
        return f"better by more than {self.by.says}" if self.is_better else f"not worse by more than {self.by.says}"


@dataclass(frozen=True)
class Evidence:
    """What has to lie behind a comparison: at least `seeds` runs a side, or `examples` that both were evaluated on.

    `error_rate` is how often it may pass though what is asked is not so; `seed` is the config key that tells the seeds
    of one recipe apart, None for every key whose last part is `seed`.
    """

    source: Literal["seeds", "examples"]
    count: int
    error_rate: float
    seed: str | None = None

    @property
    def says(self) -> str:
        what = f"{self.count} seeds of each" if self.source == "seeds" else f"{self.count} examples"
        return f"shown by at least {what} at an error rate of {self.error_rate * 100:g} %"


@dataclass(frozen=True)
class OfMetric:
    metric: str
    asked: Bounds | Margin
    evidence: Evidence | None


@dataclass(frozen=True)
class OfSlices:
    """Every metric whose name fits the pattern `metric`; or with `by` every part of the examples that one value of that
    column marks, by its scores of `metric`."""

    metric: str
    by: str | None
    asked: Bounds | Margin
    evidence: Evidence | None


@dataclass(frozen=True)
class OfSize:
    at_most_bytes: int


@dataclass(frozen=True)
class OfData:
    """That the evaluation was made on the artifact version `evaluated_on` (`name:v4`, `name@alias`), or on the one that
    the evaluation of what holds the alias `same_as` was."""

    evaluated_on: str | None
    same_as: str | None


@dataclass(frozen=True)
class OfTags:
    tags: tuple[str, ...]


@dataclass(frozen=True)
class OfCard:
    fields: tuple[str, ...]


@dataclass(frozen=True)
class OfFiles:
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class OfProof:
    """That its stored example was replayed, by the form `form` where one is named, no more than so many days ago."""

    within_days: int | None
    form: str | None


Asked = OfMetric | OfSlices | OfSize | OfData | OfTags | OfCard | OfFiles | OfProof


@dataclass(frozen=True)
class GateRule:
    """`line` is where it begins in the text. Without `aliases` it is for every protected one."""

    name: str
    line: int
    aliases: tuple[str, ...]
    asked: Asked

    @property
    def kind(self) -> RuleKind:
        match self.asked:
            case OfMetric(asked=Bounds()):
                return "bound"
            case OfMetric():
                return "comparison"
            case OfSlices():
                return "slices"
            case OfSize():
                return "size"
            case OfData():
                return "data"
            case OfTags():
                return "tags"
            case OfCard():
                return "card"
            case OfFiles():
                return "files"
            case OfProof():
                return "verified"

    @property
    def says(self) -> str:
        """The whole of it as a sentence without its point."""
        match self.asked:
            case OfMetric(metric, asked, evidence):
                return _with_evidence(f"{metric} is {asked.says}", evidence)
            case OfSlices(metric, by, asked, evidence):
                what = f"every metric {metric}" if by is None else f"{metric} on every part of the examples by {by}"
                return _with_evidence(f"{what} is {asked.says}", evidence)
            case OfSize(at_most_bytes):
                return f"the files have at most {told_bytes(at_most_bytes)}"
            case OfData(evaluated_on, same_as):
                return f"it was evaluated on {evaluated_on or f'the data that {same_as} was evaluated on'}"
            case OfTags(tags):
                return f"it has the {'tag' if len(tags) == 1 else 'tags'} {', '.join(tags)}"
            case OfCard(fields):
                return f"its card says {', '.join(fields)}"
            case OfFiles(patterns):
                return f"its files include {', '.join(patterns)}"
            case OfProof(within_days, form):
                when = f" within {within_days} {'day' if within_days == 1 else 'days'}" if within_days else ""
                return f"it was verified{when}{f', by its form {form}' if form is not None else ''}"


def _with_evidence(sentence: str, evidence: Evidence | None) -> str:
    return sentence if evidence is None else f"{sentence}, {evidence.says}"


def told_bytes(size: int) -> str:
    """As a person says it: `14.2 MB`."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.4g} {unit}"
        amount /= 1000
    return f"{amount:.4g} TB"


@dataclass(frozen=True)
class RuleBook:
    """All that a text of rules says. `revision` is None for one that came with a request, 0 for the one that a model
    has by itself."""

    text: str
    protected: tuple[Protection, ...]
    rules: tuple[GateRule, ...]
    revision: int | None = None

    def protection(self, alias: str) -> Protection | None:
        """How the alias is protected; None for a free one."""
        return next((found for found in self.protected if found.alias == alias), None)

    def is_protected(self, alias: str) -> bool:
        return self.protection(alias) is not None

    def of_alias(self, alias: str) -> list[GateRule]:
        """The rules that a version has to pass to hold the alias, in order."""
        is_protected = self.is_protected(alias)
        return [rule for rule in self.rules if (alias in rule.aliases if rule.aliases else is_protected)]

    def told(self) -> list[Rule]:
        """As the API tells of them."""
        return [
            Rule(name=rule.name, kind=rule.kind, says=rule.says, line=rule.line, aliases=list(rule.aliases))
            for rule in self.rules
        ]
