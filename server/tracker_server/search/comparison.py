"""Runs side by side: each config key, metric and fact of the environment, and whether it differs."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from tracker_server import metrics, runs
from tracker_server.errors import NotFound
from tracker_server.runs import Run
from tracker_server.runs.schema import MetricSummary
from tracker_server.search import rows
from tracker_server.search.schema import Comparison, MetricRow, ValueRow

FIRST_FACTS = ("git", "command", "script", "python", "host", "gpus")
LAST_FACTS = ("packages",)


def compare(session: Session, run_ids: Sequence[str], *, now_ms: int, lost_after_ms: int) -> Comparison:
    """The runs in the order asked for, one named twice once. Raises NotFound that names the runs that are not there."""
    found = _runs(session, list(dict.fromkeys(run_ids)))
    ids = [run.id for run in found]
    summaries = metrics.last(session, ids, None)
    return Comparison(
        runs=rows.build(session, found, rows.NONE, now_ms=now_ms, lost_after_ms=lost_after_ms),
        config=_value_rows([runs.chosen_config(run.config, None) for run in found]),
        metrics=_metric_rows([summaries[run_id] for run_id in ids]),
        environment=_value_rows([dict(_facts(run.environment)) for run in found]),
    )


def _runs(session: Session, ids: list[str]) -> list[Run]:
    statement = sa.select(Run).where(Run.id.in_(ids), Run.deleted_ms.is_(None))
    options = (rows.shown(), undefer(Run.environment))
    found = {run.id: run for run in session.scalars(statement.options(*options))}
    missing = [run_id for run_id in ids if run_id not in found]
    if missing:
        names = ", ".join(repr(run_id) for run_id in missing)
        raise NotFound("unknown_run", f"there is no run {names}; leave it out to compare the others", field="runs")
    return [found[run_id] for run_id in ids]


def _value_rows(sides: Sequence[dict[str, Any]]) -> list[ValueRow]:
    """A row for each key of any side, in the order in which the sides name them first."""
    keys = dict.fromkeys(key for side in sides for key in side)
    return [
        ValueRow(
            key=key,
            values=[side.get(key) for side in sides],
            is_present=[key in side for side in sides],
            differs=any(key not in side for side in sides) or differ([side[key] for side in sides]),
        )
        for key in keys
    ]


def differ(values: Sequence[Any]) -> bool:
    """Whether they are not all the same JSON value: 1 and 1.0 are one number, 1 and true are not, NaN is itself."""
    return len({identity(value) for value in values}) > 1


def identity(value: Any) -> str:
    """A text that is the same for the same JSON value, and for no other."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return repr(float(value) + 0.0) if abs(value) < 2**53 else repr(value)  # -0.0 is 0
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{identity(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(identity(item) for item in value) + "]"


def _metric_rows(sides: Sequence[dict[str, MetricSummary]]) -> list[MetricRow]:
    """A row for each metric of any side, by name. Metrics differ where their last values do."""
    names = sorted({name for side in sides for name in side})
    return [
        MetricRow(name, values, differs=len({(value is not None, value and value.last) for value in values}) > 1)
        for name, values in ((name, [side.get(name) for side in sides]) for name in names)
    ]


def _facts(environment: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The environment as leaves under dotted keys, code first and packages last."""
    first = [name for name in FIRST_FACTS if name in environment]
    rest = [name for name in environment if name not in (*FIRST_FACTS, *LAST_FACTS)]
    for name in (*first, *rest, *(name for name in LAST_FACTS if name in environment)):
        yield from _leaves(name, environment[name])


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if path == "git.patch":
        yield from _patch(path, value)
    elif path in ("source.files", "notebook.cells") and isinstance(value, list):
        yield from _texts(path, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for place, item in enumerate(value):
            yield from _leaves(f"{path}.{place}", item)
    elif isinstance(value, list):
        yield path, shlex.join(str(item) for item in value)
    else:
        yield path, value


def _texts(path: str, texts: list[Any]) -> Iterator[tuple[str, Any]]:
    """Files and cells are told by the digests of what is in them; files under their own names."""
    for place, found in enumerate(texts):
        name, text = (found.get("path"), found.get("text")) if isinstance(found, dict) else (None, found)
        digest = hashlib.sha256(str(text).encode(errors="replace")).hexdigest()
        yield f"{path}.{place if name is None else name}.sha256", digest


def _patch(path: str, patch: Any) -> Iterator[tuple[str, Any]]:
    """A patch can be long, so it is told by its digest and its length; the run's own page has it whole."""
    text = patch if isinstance(patch, str) else msgspec.json.encode(patch).decode()
    yield f"{path}.sha256", hashlib.sha256(text.encode(errors="replace")).hexdigest()
    yield f"{path}.lines", len(text.splitlines())
