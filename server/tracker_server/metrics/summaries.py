"""The rows of series, and the summaries in them, kept current by every batch.

What always holds: `last` is the finite value at the highest step (of equal steps the latest, then the one that arrived
last); min and max are those of the point that had them first; NaN and infinities count as points and as nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, cast

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db, runs
from tracker_server.metrics import naming
from tracker_server.metrics.chunks import bounded
from tracker_server.metrics.columns import Block
from tracker_server.metrics.models import Series
from tracker_server.runs.schema import MetricSummary

Kind = Literal["metric", "system"]

_TABLE = cast(sa.Table, Series.__table__)
SUMMARY = (
    "count", "finite_count", "finite_sum", "last", "last_step", "last_time_ms", "min", "min_step", "max", "max_step",
)  # fmt: skip
UPDATE = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("series_id"))


class Held(NamedTuple):
    """What is known of a series; the last eight fields are None while no finite value has come."""

    id: int
    points: int
    finite_count: int
    finite_sum: float
    last: float | None
    last_step: int | None
    last_time_ms: int | None
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None


class _Found(NamedTuple):
    """What a block says of one of its series, which has a finite value in it."""

    finite_count: int
    finite_sum: float
    last: float
    last_step: int
    last_time_ms: int
    min: float
    min_step: int
    max: float
    max_step: int


class _Stored(msgspec.Struct, frozen=True, gc=False):
    """A series as far as its summary goes."""

    run_id: str
    name: str
    kind: str
    count: int
    finite_count: int
    finite_sum: float
    last: float | None
    last_step: int | None
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None


class _Kind(NamedTuple):
    """A series as far as its name goes."""

    run_id: str
    name: str
    kind: str


_STORED = tuple(_TABLE.c[name] for name in _Stored.__struct_fields__)


def take_in(
    session: Session, run_id: str, label: str, kind: Kind, blocks: Sequence[Block], *, segment: int = 0
) -> list[Block]:
    """Count the blocks' points into their series, made where they are new; the blocks with series ids as keys."""
    names = [name for block in blocks for name in block.keys]
    held = _held(session, run_id, label, segment, names)
    new = [name for name in names if name not in held]
    if new:
        _create(session, run_id, label, segment, kind, new)
        held |= _held(session, run_id, label, segment, new)
    changes = [change for block in blocks for change in changes_of(block, held)]
    db.execute_many(session.connection(), UPDATE, changes)
    return [
        Block(tuple(held[name].id for name in block.keys), block.steps, block.times, block.values) for block in blocks
    ]


def _held(session: Session, run_id: str, label: str, segment: int, names: Sequence[str]) -> dict[str, Held]:
    """The series of these names, locked in order of id, so that two batches never wait for each other.

    They are looked up one by one, however many there are: a run may have a hundred times as many as a batch.
    """
    columns = (_TABLE.c.name, _TABLE.c.id, *(_TABLE.c[name] for name in SUMMARY))
    is_same = (_TABLE.c.run_id == run_id, _TABLE.c.label == label, _TABLE.c.segment == segment)
    is_named = _TABLE.c.name.in_(sa.select(db.listed(list(names)).c.value))
    statement = sa.select(*columns).where(*is_same, is_named).order_by(_TABLE.c.id).with_for_update()
    return {row[0]: Held(*row[1:]) for row in session.execute(statement)}


def _create(session: Session, run_id: str, label: str, segment: int, kind: Kind, names: Sequence[str]) -> None:
    rows = [
        {"run_id": run_id, "name": name, "label": label, "segment": segment, "kind": kind, "count": 0,
         "sealed_count": 0, "finite_count": 0, "finite_sum": 0.0}
        for name in names
    ]  # fmt: skip
    keys = ["run_id", "name", "label", "segment"]
    session.connection().execute(db.insert(session, Series).on_conflict_do_nothing(index_elements=keys), rows)
    runs.note_keys(session, run_id, kind, names)


def changes_of(block: Block, held: dict[str, Held]) -> Iterator[dict[str, Any]]:
    """The new columns of the block's series."""
    points = block.values.shape[1]
    for name, found in zip(block.keys, _summaries(block), strict=True):
        known = held[name]
        merged = _merged(known, found) if found.finite_count else known[2:]
        yield dict(zip(SUMMARY, (known.points + points, *merged), strict=True), series_id=known.id)


def _summaries(block: Block) -> Iterator[_Found]:
    """What the block says of each of its series: vectorised, since there may be ten thousand of a few points each."""
    steps, times, values = block.steps, block.times, block.values
    if len(steps) == 1:
        return _single(int(steps[0]), int(times[0]), values[:, 0].tolist())
    order = np.lexsort((times, steps))  # stable: of equal ones the last to arrive stands last
    is_finite = np.isfinite(values)
    lows = np.where(is_finite, values, np.inf).argmin(axis=1)
    highs = np.where(is_finite, values, -np.inf).argmax(axis=1)
    lasts = order[-1 - is_finite[:, order][:, ::-1].argmax(axis=1)]
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.where(is_finite, values, 0.0).sum(axis=1)
    row = np.arange(len(values))
    columns = (
        is_finite.sum(axis=1), sums, values[row, lasts], steps[lasts], times[lasts],
        values[row, lows], steps[lows], values[row, highs], steps[highs],
    )  # fmt: skip
    return map(_Found, *(column.tolist() for column in columns))


def _single(step: int, time_ms: int, values: list[float]) -> Iterator[_Found]:
    """The same of one point of each series, which is most of what live runs send."""
    for value in values:
        is_finite = math.isfinite(value)
        yield _Found(int(is_finite), value if is_finite else 0.0, value, step, time_ms, value, step, value, step)


def _merged(known: Held, found: _Found) -> tuple[float | None, ...]:
    """The summary from `finite_count` on, of what was known and what has been found."""
    last, low, high = known[4:7], known[7:9], known[9:11]
    if last[0] is None or found[3:5] >= last[1:]:
        last = found[2:5]
    if low[0] is None or found.min < low[0]:
        low = found[5:7]
    if high[0] is None or found.max > high[0]:
        high = found[7:9]
    total = bounded(known.finite_sum + found.finite_sum)
    return (known.finite_count + found.finite_count, total, *last, *low, *high)


def last(
    session: Session, run_ids: Sequence[str], names: Sequence[str] | None = None, *, with_hidden: bool = False
) -> dict[str, dict[str, MetricSummary]]:
    """The summary of each metric of each run by the name that it is shown by, of all metrics for None.

    Every run id has an entry. Hidden metrics come only `with_hidden`.

    Where parallel writers logged one metric, the summary is the main writer's (label ""), else the first label's.
    """
    found: dict[str, dict[str, MetricSummary]] = {run_id: {} for run_id in run_ids}
    definitions = runs.definitions(session, run_ids)
    statement = sa.select(*_STORED).where(Series.run_id.in_(run_ids), Series.count > 0, Series.segment == 0)
    read_as = naming.of_runs(session, run_ids)
    if names is not None:
        statement = statement.where(Series.name.in_(read_as.logged(names)))
    in_order = session.execute(statement.order_by(Series.run_id, Series.name, Series.label))
    stored = (_Stored(*row) for row in in_order)  # not as objects of the session, which cost five times as much
    for series, name in read_as.shown(stored, names, with_hidden=with_hidden):
        found[series.run_id].setdefault(name, _summary(series, definitions[series.run_id]))
    return found


def first(
    session: Session, run_id: str, most: int, *, having: str = "", with_hidden: bool = False
) -> tuple[dict[str, MetricSummary], int]:
    """The summaries of the run's first metrics in order of name, `most` of each kind; and how many metrics there are.

    Only those count whose names have this text in them, in upper or lower case.
    """
    kinds = _kinds(session, run_id, with_hidden=with_hidden)
    found = sorted(name for name in kinds if having.casefold() in name.casefold())
    of_kind = {kind: [name for name in found if kinds[name] == kind] for kind in ("metric", "system")}
    chosen = [name for names in of_kind.values() for name in names[:most]]
    return last(session, [run_id], chosen, with_hidden=with_hidden)[run_id], len(found)


def _kinds(session: Session, run_id: str, *, with_hidden: bool) -> dict[str, str]:
    """The names that a run's metrics are shown by, each with its kind."""
    columns = (_TABLE.c.run_id, _TABLE.c.name, _TABLE.c.kind)
    is_shown = (_TABLE.c.run_id == run_id, _TABLE.c.count > 0, _TABLE.c.segment == 0)
    rows = session.execute(sa.select(*columns).where(*is_shown))
    read_as = naming.of_runs(session, [run_id])
    return {name: row.kind for row, name in read_as.shown(map(_Kind._make, rows), None, with_hidden=with_hidden)}


def _summary(series: _Stored, definitions: runs.Definitions) -> MetricSummary:
    """What the API says of a series in a few numbers, read as its run has defined."""
    mean = series.finite_sum / series.finite_count if series.finite_count > 0 else None
    defined = definitions.of(series.name)
    word = defined.summary or "last"
    return MetricSummary(
        count=series.count,
        last=series.last,
        last_step=series.last_step,
        min=series.min,
        min_step=series.min_step,
        max=series.max,
        max_step=series.max_step,
        mean=mean,
        kind="system" if series.kind == "system" else "metric",
        shown={"last": series.last, "min": series.min, "max": series.max, "mean": mean}[word],
        summary=word,
        goal=defined.goal,
    )
