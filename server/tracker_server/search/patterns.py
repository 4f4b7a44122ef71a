"""Regular expressions of one syntax, RE2, on every database: what fits is found here, among the different texts.

What always holds: fitting takes time in proportion to the texts, whatever the pattern, since RE2 never goes back; its
memory is bounded, and so are the texts that are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable

import re2  # type: ignore[import-untyped]

MAX_PATTERN = 500
MAX_TEXTS = 200_000
MAX_CHARACTERS = 20_000_000
MAX_MEMORY_BYTES = 1 << 20


class BadPattern(ValueError):
    """A pattern that cannot be used; `fragment` is the part of it that is to blame, where one is known."""

    def __init__(self, problem: str, fragment: str = "") -> None:
        super().__init__(problem)
        self.fragment = fragment


class TooManyTexts(ValueError):
    """There are more texts than are looked at."""


class Pattern:
    """A pattern that is looked for anywhere in a text. Raises BadPattern."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_PATTERN:
            raise BadPattern(f"a pattern has at most {MAX_PATTERN} characters, this one has {len(pattern)}")
        options = re2.Options()
        options.log_errors = False
        options.max_mem = MAX_MEMORY_BYTES
        try:
            re2.compile(pattern, options)  # for its words: a set of patterns only says that this one is none
            self._set = re2.Set.SearchSet(options)  # and for its speed: it asks whether, and not where
            self._set.Add(pattern)
            self._set.Compile()
        except re2.error as error:
            raise _refusal(error) from error

    def is_in(self, text: str) -> bool:
        """Whether the text has it in it."""
        return bool(self._set.Match(text))

    def fitting(self, texts: Iterable[str]) -> list[str]:
        """Those of the texts that have it in them. Raises TooManyTexts."""
        found: list[str] = []
        size = 0
        for number, text in enumerate(texts, 1):
            size += len(text)
            if number > MAX_TEXTS or size > MAX_CHARACTERS:
                raise TooManyTexts(
                    f"a pattern is looked for in at most {MAX_TEXTS:,} different texts with {MAX_CHARACTERS:,} "
                    "characters together, and this project has more; write contains, startswith or endswith"
                )
            if self._set.Match(text):
                found.append(text)
        return found


def literal(text: str) -> str:
    """The pattern that looks for this very text."""
    return str(re2.escape(text))


def _refusal(error: re2.error) -> BadPattern:
    told = error.args[0]
    message = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    if message == "failed to compile Set":
        message = "pattern too large"
    return BadPattern(f"this is no regular expression (RE2): {message}", message.partition(": ")[2])
