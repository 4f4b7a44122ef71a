"""Runs side by side: each config key, metric, input and fact of the environment, and whether it differs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from tracker_server import artifacts, metrics, runs
from tracker_server.runs import Run
from tracker_server.runs.schema import Goal
from tracker_server.search import facts, rows
from tracker_server.search.schema import (
    AbsentRun,
    CompareRequest,
    Comparison,
    MetricNames,
    MetricNamesRequest,
    MetricRow,
    ValueRow,
)


def compare(session: Session, asked: CompareRequest, *, now_ms: int, lost_after_ms: int) -> Comparison:
    """The runs in the order asked for, one named twice once; those that are not there, or no more, apart."""
    wanted = list(dict.fromkeys(asked.runs))
    found = _runs(session, wanted)
    ids = [run.id for run in found]
    shown = rows.build(session, found, rows.NONE, now_ms=now_ms, lost_after_ms=lost_after_ms)
    captured = [facts.of(run.environment) for run in found]
    inputs = artifacts.inputs(session, ids)
    sections = {
        "summary": _value_rows([row.summary for row in shown]),
        "config": _value_rows([runs.chosen_config(run.config, None) for run in found]),
        "environment": _value_rows([one.environment for one in captured]),
        "packages": _value_rows([one.packages for one in captured]),
        "data": _value_rows([inputs[run_id] for run_id in ids]),
        "system": _value_rows([one.machine for one in captured]),
    }
    is_all = asked.only == "all"
    told = metrics.differing(session, ids, asked.statistic)
    values = [row for section in sections.values() for row in section]
    equal_count = len(told.names) - len(told.differing) + sum(not row.differs for row in values)
    having = [name for name in told.differing if _has(name, asked.having)]
    equal = sorted(set(told.names).difference(told.differing)) if is_all else []
    chosen = [*having, *(name for name in equal if _has(name, asked.having))]
    measured = _metric_rows(session, ids, sorted(chosen[: asked.limit]), set(told.differing))
    goals = runs.metric_goals(session, found[0].project_id) if found else None
    return Comparison(
        runs=shown,
        absent=_absent(session, [run_id for run_id in wanted if run_id not in ids]),
        metrics=[msgspec.structs.replace(row, goal=_goal(row, goals)) for row in measured],
        metrics_left_out=len(chosen) - len(measured),
        equal_count=equal_count,
        metric_names=list(itertools.islice((name for name in told.names if _has(name, asked.having)), asked.limit)),
        metric_count=len(told.names),
        shared_metric_count=told.shared_count,
        **{name: [row for row in section if is_all or row.differs] for name, section in sections.items()},
    )


def _has(name: str, text: str) -> bool:
    return not text or text.casefold() in name.casefold()


def _runs(session: Session, ids: list[str]) -> list[Run]:
    statement = sa.select(Run).where(Run.id.in_(ids), Run.deleted_ms.is_(None))
    options = (rows.shown(), undefer(Run.environment))
    found = {run.id: run for run in session.scalars(statement.options(*options))}
    return [found[run_id] for run_id in ids if run_id in found]


def _absent(session: Session, ids: list[str]) -> list[AbsentRun]:
    """What is left to say of these runs: a deleted one has its name while it is in the trash."""
    if not ids:
        return []
    statement = sa.select(Run.id, Run.name, runs.Project.name).join(runs.Project).where(Run.id.in_(ids))
    known = {run_id: (name, project) for run_id, name, project in session.execute(statement)}
    return [AbsentRun(run_id, *known.get(run_id, (None, None))) for run_id in ids]


def _value_rows(sides: Sequence[dict[str, Any]]) -> list[ValueRow]:
    """A row for each key of any side, in the order in which the sides name them first."""
    keys = dict.fromkeys(key for side in sides for key in side)
    return [
        ValueRow(
            key=key,
            values=[runs.told(side.get(key)) for side in sides],
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


def _metric_rows(session: Session, ids: Sequence[str], names: Sequence[str], unequal: set[str]) -> list[MetricRow]:
    """A row for each of these metrics, whole: few, of however many that the runs have."""
    summaries = metrics.last(session, ids, names)
    return [MetricRow(name, [summaries[run_id].get(name) for run_id in ids], differs=name in unequal) for name in names]


def names(session: Session, asked: MetricNamesRequest) -> MetricNames:
    """What the metrics of these runs are called, those of any of them."""
    told = metrics.differing(session, [run.id for run in _runs(session, list(dict.fromkeys(asked.runs)))], "last")
    found = [name for name in told.names if _has(name, asked.having)]
    return MetricNames(found[: asked.limit], len(found))


def _goal(row: MetricRow, goals: runs.Goals | None) -> Goal | None:
    """What the first run's project says, else what any of the runs has defined."""
    said = goals.of(row.name) if goals is not None else None
    return said or next((value.goal for value in row.values if value is not None and value.goal is not None), None)
