"""What a scenario found, and the table of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

MOST_TOLD = 10
"""Misses of one row that are printed: the first ones say what is wrong."""


@dataclass
class Outcome:
    """One row: what was done, what must hold, what was `counted`, and a sentence for each promise that was missed."""

    what: str
    goal: str
    counted: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return not self.misses

    def count(self, *words: str) -> None:
        self.counted.extend(words)

    def expect(self, is_so: bool, otherwise: str) -> None:
        """Note a miss unless it is so."""
        if not is_so:
            self.misses.append(otherwise)

    def miss(self, found: Iterable[str]) -> None:
        self.misses.extend(found)


def text(outcomes: Sequence[Outcome]) -> str:
    """A row for each with what was counted, and below them what was missed."""
    width = max(len(one.what) for one in outcomes)
    lines = [f"{'what'.ljust(width)}  {'':10}  goal"]
    lines.append("─" * max(len(one.what.ljust(width)) + len(one.goal) + 14 for one in outcomes))
    for one in outcomes:
        lines.append(f"{one.what.ljust(width)}  {_verdict(one):10}  {one.goal}")
        lines += [f"    {words}" for words in one.counted]
    return "\n".join([*lines, *_told(outcomes)])


def markdown(outcomes: Sequence[Outcome]) -> str:
    """The same as a table of Markdown."""
    rows = [("what", "goal", "", "counted"), ("---", "---", "---", "---")]
    rows += [(one.what, one.goal, _verdict(one), "; ".join(one.counted)) for one in outcomes]
    return "\n".join(["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows])


def _verdict(outcome: Outcome) -> str:
    return "held" if outcome.is_held else f"MISSED {len(outcome.misses)}"


def _told(outcomes: Sequence[Outcome]) -> list[str]:
    lines = []
    for one in outcomes:
        told = [f"    {miss}" for miss in one.misses[:MOST_TOLD]]
        more = len(one.misses) - MOST_TOLD
        lines += ["", f"{one.what}:", *told] if told else []
        lines += [f"    and {more} more"] if more > 0 else []
    return lines
