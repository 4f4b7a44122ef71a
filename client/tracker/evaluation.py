"""Results by example as a file that rules of a model compare by: scores of metrics, and parts that the examples are in.

One CSV file: a column `example` (or `example of NAME:vN`, the data), `metric:NAME` for each metric, `slice:NAME` for
each way to part the examples. What always holds: what the server would not read raises here, before anything is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from tracker.naming import MAX_NAME, MAX_SHORT_NAME

KIND: Final = "evaluation"
FILE: Final = "evaluation.csv"

MAX_EXAMPLES: Final = 200_000
MAX_COLUMNS: Final = 99
_MAX_CELLS: Final = 2_000_000
_MAX_BYTES: Final = 64 * 1024 * 1024
_DATA = re.compile(r"[^\n:@]+:v[0-9]{1,9}")


class _Items(Protocol):
    """A mapping, or what lists its columns or rows as one does: a frame or a series of pandas."""

    def items(self) -> Any: ...


Table: TypeAlias = Mapping[str, Mapping[Any, Any]] | _Items
"""By column, then by example: `{"val/acc": {"img-1": 1, "img-2": 0}}`, or a frame of pandas with examples as index."""


def write(path: Path, scores: Table, *, slices: Table | None, data: str | None) -> dict[str, Any]:
    """Write the file, and return what the artifact says of itself. Raises TypeError and ValueError for a wrong one."""
    import csv  # as little as importing tracker may load

    if data is not None and (not isinstance(data, str) or not _DATA.fullmatch(data)):
        raise ValueError(
            f"data names one version of an artifact, such as 'imagenet-val:v4', got {data!r:.200}; an alias may move"
        )
    metrics = {name: _scores(name, column) for name, column in _columns("scores", scores).items()}
    parts = _columns("slices", slices) if slices is not None else {}
    examples = list(dict.fromkeys(example for column in metrics.values() for example in column))
    _check_size(metrics, parts, examples)
    header = ["example" if data is None else f"example of {data}"]
    header += [*(f"metric:{name}" for name in metrics), *(f"slice:{name}" for name in parts)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for example in examples:
            own = [column.get(example, "") for column in metrics.values()]
            writer.writerow([example, *own, *(_part(column.get(example, "")) for column in parts.values())])
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"an evaluation has at most {_MAX_BYTES // 2**20} MiB as CSV; log fewer examples")
    details = {"metrics": list(metrics), "slices": list(parts), "examples": len(examples)}
    return details if data is None else {**details, "data": data}


def _check_size(metrics: Mapping[str, Any], parts: Mapping[str, Any], examples: list[str]) -> None:
    if not metrics or not examples:
        raise ValueError("scores are of at least one metric and one example: {'val/acc': {'img-1': 1}}")
    columns = len(metrics) + len(parts)
    if columns > MAX_COLUMNS:
        raise ValueError(f"an evaluation has at most {MAX_COLUMNS} metrics and slices, got {columns}")
    if len(examples) > MAX_EXAMPLES or len(examples) * (columns + 1) > _MAX_CELLS:
        raise ValueError(
            f"an evaluation has at most {MAX_EXAMPLES:,} examples and {_MAX_CELLS:,} values, got {len(examples):,} "
            f"examples of {columns} metrics and slices; log a part of them, the same for every model"
        )


def _columns(what: str, table: Table) -> dict[str, dict[str, Any]]:
    """The columns by name, each by example; ids of examples as text."""
    if not hasattr(table, "items"):
        raise TypeError(
            f"{what} are a mapping by name, then by example: {{'val/acc': {{'img-1': 1}}}}, or a frame of pandas with "
            f"the examples as index, got {type(table).__name__}"
        )
    return {_name(what, name): _column(what, name, column) for name, column in table.items()}


def _name(what: str, name: object) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise ValueError(f"{what} have names of 1 to {MAX_NAME} printable characters, got {name!r:.200}")
    return name


def _column(what: str, name: object, column: Any) -> dict[str, Any]:
    if not hasattr(column, "items"):
        raise TypeError(f"{what} of {name!r} are a mapping by example, got {type(column).__name__}")
    found: dict[str, Any] = {}
    for example, value in column.items():
        key = str(example)
        if not 0 < len(key) <= MAX_NAME or not key.isprintable():
            raise ValueError(f"an example has an id of 1 to {MAX_NAME} printable characters, got {key!r:.200}")
        if key in found:
            raise ValueError(f"the example {key!r:.200} stands in {name!r} twice")
        found[key] = value
    return found


def _scores(name: str, column: dict[str, Any]) -> dict[str, float]:
    """Raises TypeError for what is no number. NaN says that the example has no score."""
    found = {}
    for example, value in column.items():
        try:
            if isinstance(value, str | bytes):
                raise TypeError
            found[example] = float(value)
        except (TypeError, ValueError):
            raise TypeError(f"the score of {example!r:.200} in {name!r} is a number, got {value!r:.200}") from None
    return found


def _part(value: object) -> str:
    text = str(value)
    if len(text) > MAX_SHORT_NAME or not (text.isprintable()):
        raise ValueError(f"a slice has a name of at most {MAX_SHORT_NAME} printable characters, got {text!r:.200}")
    return text
