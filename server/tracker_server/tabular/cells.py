"""Cells of a table as they are sent: short, and of JSON alone.

What always holds: a page has a bounded number of characters, whatever stands in the cells; what was cut says so.
"""

from __future__ import annotations

import math
from typing import Any, Final
from urllib.parse import quote

import msgspec
import polars as pl

from tracker_server.tabular.decoding import Table

MAX_CHARACTERS: Final = 2000
"""Of one cell; fewer in a page of many."""

MAX_PAGE_CHARACTERS: Final = 4_000_000
MIN_CHARACTERS: Final = 40
_EXACT: Final = 2**53


def values(table: Table, rows: pl.DataFrame, names: list[str], media: str) -> list[list[Any]]:
    """The values of some columns, one list for each, of rows of the table. `media` is where media in cells are."""
    most = max(MIN_CHARACTERS, min(MAX_CHARACTERS, MAX_PAGE_CHARACTERS // max(1, rows.height * len(names))))
    return [_column(table, rows, name, most, media) for name in names]


def _column(table: Table, rows: pl.DataFrame, name: str, most: int, media: str) -> list[Any]:
    kind = table.types[name]
    if kind == "number":
        return [_number(value) for value in rows[name].to_list()]
    if kind in ("boolean", "time"):
        return rows[name].to_list()
    text = table.text(name)
    most = most if kind == "text" else max(most, 10 * MAX_CHARACTERS if kind == "media" else 0)
    cut = rows.select(text.str.slice(0, most).alias("text"), text.str.len_chars().alias("size"))
    pairs = zip(cut["text"].to_list(), cut["size"].to_list(), strict=True)
    if kind == "text":
        return [_text(value, size, most) for value, size in pairs]
    return [_json(value, size, most, media if kind == "media" else None) for value, size in pairs]


def _text(value: str | None, size: int | None, most: int) -> str | None:
    if value is None or size is None or size <= most:
        return value
    return f"{value}… ({size:,} characters)"


def _json(value: str | None, size: int | None, most: int, media: str | None) -> Any:
    if value is None or size is None:
        return None
    if size > most:
        return _text(value, size, most)
    try:
        found = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value
    if media is not None and isinstance(found, dict) and isinstance(found.get("file"), str):
        return {**found, "content_url": f"{media}{quote(found['file'], safe='')}" if media else None}
    return _safe(found)


def _safe(value: Any) -> Any:
    """Whole numbers within JSON are as far from exact as any."""
    if isinstance(value, dict):
        return {key: _safe(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_safe(part) for part in value]
    return _number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _number(value: float | None) -> float | str | None:
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
    return value if value is None or -_EXACT <= value <= _EXACT else str(value)
