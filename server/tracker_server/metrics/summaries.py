"""The rows of series, and the summaries in them, kept current by every batch.

What always holds: `last` is the finite value at the highest step (of equal steps the latest, then the one that arrived
last); min and max are those of the point that had them first; NaN and infinities count as points and as nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.metrics.chunks import bounded
from tracker_server.metrics.columns import Block, Floats
from tracker_server.metrics.models import Series
from tracker_server.runs.schema import MetricSummary

Kind = Literal["metric", "system"]

_COLUMNS = (
    "id", "name", "count", "finite_count", "finite_sum", "last", "last_step", "last_time_ms",
    "min", "min_step", "max", "max_step",
)  # fmt: skip
_MANY = 500
"""From this many names on, all series of the run are read in place of naming them."""


def take_in(session: Session, run_id: str, label: str, kind: Kind, blocks: Sequence[Block]) -> list[Block]:
    """Count the blocks' points into their series, made where they are new; the blocks with series ids as keys."""
    names = [name for block in blocks for name in block.keys]
    rows = _rows(session, run_id, label, names)
    new = [name for name in names if name not in rows]
    if new:
        _create(session, run_id, label, kind, new)
        rows = _rows(session, run_id, label, names)
    changed = [row for block in blocks for row in _updated(block, rows)]
    session.execute(sa.update(Series), changed)
    return [
        Block(tuple(rows[name]["id"] for name in block.keys), block.steps, block.times, block.values)
        for block in blocks
    ]


def _rows(session: Session, run_id: str, label: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The series of these names, locked in order of id, so that two batches never wait for each other."""
    columns = [getattr(Series, name) for name in _COLUMNS]
    statement = sa.select(*columns).where(Series.run_id == run_id, Series.label == label, Series.segment == 0)
    if len(names) < _MANY:
        statement = statement.where(Series.name.in_(names))
    found = session.execute(statement.order_by(Series.id).with_for_update()).mappings()
    return {row["name"]: dict(row) for row in found}


def _create(session: Session, run_id: str, label: str, kind: Kind, names: Sequence[str]) -> None:
    rows = [
        {"run_id": run_id, "name": name, "label": label, "segment": 0, "kind": kind, "count": 0, "sealed_count": 0,
         "finite_count": 0, "finite_sum": 0.0}
        for name in names
    ]  # fmt: skip
    keys = ["run_id", "name", "label", "segment"]
    session.execute(db.insert(session, Series).on_conflict_do_nothing(index_elements=keys), rows)


def _updated(block: Block, rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The new columns of the block's series. Vectorised over the block; one pass of Python a series, not a point."""
    order = np.lexsort((block.times, block.steps))  # stable: of equal ones the last to arrive stands last
    values = block.values
    is_finite: NDArray[np.bool_] = np.isfinite(values)
    counts = is_finite.sum(axis=1)
    is_whole = counts == values.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.where(is_finite, values, 0.0).sum(axis=1)
    lows = np.where(is_finite, values, np.inf).argmin(axis=1)
    highs = np.where(is_finite, values, -np.inf).argmax(axis=1)
    changed = []
    for number, name in enumerate(block.keys):
        row = rows[name]
        change: dict[str, Any] = {"id": row["id"], "count": row["count"] + values.shape[1]}
        changed.append(change)
        for column in _COLUMNS[3:]:
            change[column] = row[column]
        if not counts[number]:
            continue
        last = order[-1] if is_whole[number] else order[np.flatnonzero(is_finite[number][order])[-1]]
        change["finite_count"] += int(counts[number])
        change["finite_sum"] = bounded(change["finite_sum"] + float(sums[number]))
        _keep_last(change, block, values[number], int(last))
        _keep_extreme(change, block, values[number], int(lows[number]), "min")
        _keep_extreme(change, block, values[number], int(highs[number]), "max")
    return changed


def _keep_last(change: dict[str, Any], block: Block, values: Floats, place: int) -> None:
    step, time_ms = int(block.steps[place]), int(block.times[place])
    if change["last"] is None or (step, time_ms) >= (change["last_step"], change["last_time_ms"]):
        change.update(last=float(values[place]), last_step=step, last_time_ms=time_ms)


def _keep_extreme(
    change: dict[str, Any], block: Block, values: Floats, place: int, which: Literal["min", "max"]
) -> None:
    value, kept = float(values[place]), change[which]
    if kept is None or (value < kept if which == "min" else value > kept):
        change[which], change[f"{which}_step"] = value, int(block.steps[place])


def last(
    session: Session, run_ids: Sequence[str], names: Sequence[str] | None = None
) -> dict[str, dict[str, MetricSummary]]:
    """The summary of each metric of each run, of all metrics for None. Every run id has an entry.

    Where parallel writers logged one metric, the summary is the main writer's (label ""), else the first label's.
    """
    found: dict[str, dict[str, MetricSummary]] = {run_id: {} for run_id in run_ids}
    statement = sa.select(Series).where(Series.run_id.in_(run_ids), Series.count > 0)
    if names is not None:
        statement = statement.where(Series.name.in_(names))
    for series in session.scalars(statement.order_by(Series.run_id, Series.name, Series.label)):
        found[series.run_id].setdefault(series.name, summary(series))
    return found


def summary(series: Series) -> MetricSummary:
    """What the API says of a series in a few numbers."""
    has_value = series.finite_count > 0
    return MetricSummary(
        count=series.count,
        last=series.last,
        last_step=series.last_step,
        min=series.min,
        min_step=series.min_step,
        max=series.max,
        max_step=series.max_step,
        mean=series.finite_sum / series.finite_count if has_value else None,
        kind="system" if series.kind == "system" else "metric",
    )
