"""Config and summary as typed rows: any key filters and sorts, and the exact value is kept beside.

A config is a tree of any depth. Its leaves are rows under dotted keys ("optim.lr"); a list is one leaf. The tree
itself is in `Run.config`, whole, so nothing is lost where a row is cut short for the index.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.runs import keys
from tracker_server.runs.models import ConfigValue, Run, SummaryValue

MAX_INDEXED = 300

_WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}


@dataclass(frozen=True)
class Typed:
    """A value as the columns of a row."""

    kind: str
    number: float | None
    text: str | None


def flatten(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a config under dotted keys, in order. An empty dict is a leaf."""
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict) and value:
            yield from flatten(value, path)
        else:
            yield path, value


def typed(value: Any) -> Typed:
    """How a value stands in a row; text is cut to what an index can hold."""
    if value is None:
        return Typed("null", None, None)
    if isinstance(value, bool):
        return Typed("bool", float(value), "true" if value else "false")
    if isinstance(value, int | float):
        return Typed("number", _as_float(value), None)
    if isinstance(value, str):
        return Typed("text", None, value[:MAX_INDEXED])
    return Typed("json", None, json.dumps(value, separators=(",", ":"))[:MAX_INDEXED])


def _as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def replace_config(session: Session, run: Run, values: dict[str, Any]) -> None:
    """Set top-level keys of the run's config; each replaces all that stood below it."""
    run.config = {**run.config, **values}
    for key in values:
        below = sa.or_(ConfigValue.key == key, ConfigValue.key.startswith(f"{key}.", autoescape=True))
        session.execute(sa.delete(ConfigValue).where(ConfigValue.run_id == run.id, below))
    _insert(session, ConfigValue, run, dict(flatten(values)))


def replace_summary(session: Session, run: Run, values: dict[str, Any]) -> None:
    """Set summary values of the run by hand."""
    gone = sa.delete(SummaryValue).where(SummaryValue.run_id == run.id, SummaryValue.key.in_(list(values)))
    session.execute(gone)
    _insert(session, SummaryValue, run, values)


def _insert(session: Session, table: type[ConfigValue | SummaryValue], run: Run, leaves: dict[str, Any]) -> None:
    rows = []
    for key, value in leaves.items():
        if len(key) <= MAX_INDEXED:
            row = typed(value)
            rows.append({"run_id": run.id, "key": key, "kind": row.kind, "number": row.number, "text": row.text})
    if rows:
        statement = db.insert(session, table)
        columns = {name: statement.excluded[name] for name in ("kind", "number", "text")}
        session.execute(statement.on_conflict_do_update(index_elements=["run_id", "key"], set_=columns), rows)
        if table is ConfigValue:
            keys.note(session, run.id, "config", (key for key in leaves if len(key) <= MAX_INDEXED))


def chosen(tree: dict[str, Any], keys: Sequence[str] | None) -> dict[str, Any]:
    """The leaves of a config with those dotted keys; all of them for None."""
    leaves = dict(flatten(tree))
    return leaves if keys is None else {key: leaves[key] for key in keys if key in leaves}


def told(value: Any) -> Any:
    """A value as an answer tells it: "NaN", "Infinity" or "-Infinity" for the numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _WORDS.get(value, "NaN")
    if isinstance(value, dict):
        return {key: told(part) for key, part in value.items()}
    return [told(part) for part in value] if isinstance(value, list) else value


def summaries(session: Session, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The summary values that were set by hand, by run."""
    found: dict[str, dict[str, Any]] = {run_id: {} for run_id in run_ids}
    for row in session.scalars(sa.select(SummaryValue).where(SummaryValue.run_id.in_(run_ids))):
        found[row.run_id][row.key] = value_of(row.kind, row.number, row.text)
    return found


def value_of(kind: str, number: float | None, text: str | None) -> Any:
    """The value that a row stands for (a text as far as the row has it)."""
    if kind == "number":
        return number
    if kind == "bool":
        return bool(number)
    if kind == "json":
        return _parsed(text or "")
    return text


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # cut short for the index
        return text
