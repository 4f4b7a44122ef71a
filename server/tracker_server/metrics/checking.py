"""Whether the points of a run are as their rows say: every chunk and tail is read, and counted against its series."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import Unreadable
from tracker_server.metrics import columns
from tracker_server.metrics.chunks import decode, facts
from tracker_server.metrics.columns import Floats, Points
from tracker_server.metrics.models import Chunk, Series, Tail

SUM_TOLERANCE = 1e-9
"""Relative: another processor may add up the same values in another order."""

_DAMAGED = (struct.error, msgspec.DecodeError, IndexError, ValueError)
"""How the payload of a tail fails to be read, by where its bytes are wrong."""


@dataclass
class _Counted:
    """What was found of one series: its points in chunks, those in tails, and of all of them the finite ones."""

    sealed: int = 0
    waiting: int = 0
    finite: int = 0
    min: float = math.inf
    max: float = -math.inf

    def add(self, values: Floats) -> None:
        finite = values[np.isfinite(values)]
        self.finite += len(finite)
        if len(finite):
            self.min = min(self.min, float(finite.min()))
            self.max = max(self.max, float(finite.max()))


def problems(session: Session, run_id: str) -> Iterator[str]:
    """What is wrong with the points of a run, a sentence each; nothing where all is well."""
    series = session.scalars(sa.select(Series).where(Series.run_id == run_id).order_by(Series.id)).all()
    found = {one.id: _Counted() for one in series}
    for one in series:
        yield from _of_chunks(session, one, found[one.id])
    yield from _of_tails(session, run_id, found)
    for one in series:
        yield from _of_summary(one, found[one.id])
    session.expunge_all()


def _of_chunks(session: Session, series: Series, counted: _Counted) -> Iterator[str]:
    statement = sa.select(Chunk.__table__).where(Chunk.series_id == series.id).order_by(Chunk.first_ordinal)
    for row in session.execute(statement.execution_options(yield_per=1)).mappings():
        where = f"chunk {row['id']} of {_called(series)}"
        if row["first_ordinal"] != counted.sealed:
            yield f"{where} begins at point {row['first_ordinal']}, and those before it end at {counted.sealed}"
        counted.sealed = row["first_ordinal"] + row["count"]
        try:
            points = decode(row["count"], row["steps"], row["times"], row["values"])
        except Unreadable as error:
            yield f"{where}: {error.message}"
            continue
        counted.add(points.values)
        for name, says, holds in _differences(row, points):
            yield f"{where} says {name} {says}, and its points have {holds}"


def _differences(row: sa.RowMapping, points: Points) -> Iterator[tuple[str, Any, Any]]:
    """The columns of a chunk's row that its points contradict: name, what the row says, what the points have."""
    held = facts(points)
    added_up = held.pop("sum")
    for name, holds in held.items():
        if row[name] != holds:
            yield name, row[name], holds
    tolerance = SUM_TOLERANCE * _magnitude(points.values)
    if not math.isclose(row["sum"], added_up, rel_tol=SUM_TOLERANCE, abs_tol=tolerance):
        yield "sum", row["sum"], added_up


def _magnitude(values: Floats) -> float:
    """Of values that cancel out: what a rounding of their sum is measured against."""
    with np.errstate(over="ignore"):
        return float(np.abs(values[np.isfinite(values)]).sum())


def _of_tails(session: Session, run_id: str, found: dict[int, _Counted]) -> Iterator[str]:
    statement = sa.select(Tail.id, Tail.point_count, Tail.payload).where(Tail.run_id == run_id).order_by(Tail.id)
    for tail_id, point_count, payload in session.execute(statement.execution_options(yield_per=1)):
        where = f"tail {tail_id} of run {run_id}"
        try:
            points = columns.by_series([payload])
        except Unreadable as error:
            yield f"{where}: {error.message}"
            continue
        except _DAMAGED as error:
            yield f"{where} cannot be read: {type(error).__name__}: {error}"
            continue
        if (held := sum(map(len, points.values()))) != point_count:
            yield f"{where} says {point_count} points, and has {held}"
        for series_id, of_series in points.items():
            if series_id not in found:
                yield f"{where} has {len(of_series)} points of series {series_id}, which this run does not have"
                continue
            found[series_id].waiting += len(of_series)
            found[series_id].add(of_series.values)


def _of_summary(series: Series, counted: _Counted) -> Iterator[str]:
    called = _called(series)
    if series.sealed_count != counted.sealed:
        yield f"{called} says {series.sealed_count} points in chunks, and has {counted.sealed}"
    if series.count != counted.sealed + counted.waiting:
        yield f"{called} says {series.count} points, and has {counted.sealed + counted.waiting}"
    if series.finite_count != counted.finite:
        yield f"{called} says {series.finite_count} finite points, and has {counted.finite}"
    elif counted.finite and (series.min, series.max) != (counted.min, counted.max):
        yield f"{called} says {series.min} to {series.max}, and goes from {counted.min} to {counted.max}"


def _called(series: Series) -> str:
    label = f" [{series.label}]" if series.label else ""
    segment = f", segment {series.segment}" if series.segment else ""
    return f"{series.name!r}{label} of run {series.run_id}{segment}"
