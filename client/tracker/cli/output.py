"""How commands print: tables and facts for people, JSON for programs.

What always holds: text that came from a server is printed without control characters, so that a run's name cannot drive
a terminal; nothing is coloured; only on a terminal is anything cut to its width.
"""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

_GAP: Final = "  "
_NARROWEST: Final = 8


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print aligned columns; those numbered in `right` end at one place. On a terminal the widest are cut to fit."""
    cells = [list(headers), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(_width(row[place]) for row in cells) for place in range(len(headers))]
    if sys.stdout.isatty():
        widths = _narrowed(widths, shutil.get_terminal_size().columns)
    for row in cells:
        padded = [_fitted(cell, widths[place], place in right) for place, cell in enumerate(row)]
        print(_GAP.join(padded).rstrip())


def print_facts(facts: Sequence[tuple[str, str]], *, indent: str = "") -> None:
    """Print names and what they are, one a line, aligned."""
    longest = max((_width(plain(name)) for name, _ in facts), default=0)
    for name, value in facts:
        print(f"{indent}{_fitted(plain(name), longest)}{_GAP}{plain(value)}".rstrip())


def plain(text: str) -> str:
    """The text on one line: what is not printable is shown as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def number(value: float | None) -> str:
    """A number in as few digits as tell it apart; nothing for None."""
    return "" if value is None else f"{value:.6g}"


def local_time(moment: datetime | None) -> str:
    """A time as this machine's clock shows it; nothing for None."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def size(size_bytes: int) -> str:
    """A number of bytes in a unit that suits it."""
    amount = float(size_bytes)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}" if unit != "bytes" else f"{size_bytes} bytes"
        amount /= 1000
    return f"{amount:.3g} GB"


def _narrowed(widths: Sequence[int], available: int) -> list[int]:
    """The widths, those of the widest columns lessened until a row fits or nothing more can be taken away."""
    narrowed = list(widths)
    excess = sum(narrowed) + len(_GAP) * (len(narrowed) - 1) - available
    while excess > 0 and max(narrowed) > _NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
        excess -= 1
    return narrowed


def _fitted(text: str, width: int, is_right: bool = False) -> str:
    cut = text = text if _width(text) <= width else text[: 4 * width]  # a text may be a megabyte
    while _width(cut) > width:
        cut = cut[:-1] if cut == text else cut[:-2]
        cut += "…"
    space = " " * (width - _width(cut))
    return space + cut if is_right else cut + space


def _width(text: str) -> int:
    """How many places of a terminal a text takes: two for a wide character, none for one that combines."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
