"""What is stored of many series, read in few statements: heads of chunks, columns of chunks, tails.

What always holds: the number of statements follows the bytes that are read, and not how many series they belong to. At
one time the packed columns of at most two statements are in memory, and of tails the rows of one run.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.metrics import chunks
from tracker_server.metrics.columns import Block, Integers, Points, unpack
from tracker_server.metrics.models import Chunk, Series, Tail
from tracker_server.metrics.schema import Axis

CHUNKS_AT_ONCE = 64
TAILS_AT_ONCE = 16

WORTH_THREADS = 262_144
"""From so many points of a statement on, decoding them in threads costs less than it saves."""

Columns = tuple[Any, ...]
"""Arrays of one length: integers for steps and times, floats for values."""

_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_decoders = ThreadPoolExecutor(_CORES, thread_name_prefix="decoding")  # pcodec lets go of the interpreter


@dataclass(frozen=True, slots=True)
class Head:
    """What the row of a chunk says of its points."""

    id: int
    series_id: int
    first_ordinal: int
    count: int
    min_step: int
    max_step: int
    min_time_ms: int
    max_time_ms: int
    is_ordered: bool

    @property
    def end(self) -> int:
        """The ordinal after its last point's."""
        return self.first_ordinal + self.count

    def span(self, x: Axis) -> tuple[int, int]:
        """Between which x its points lie: steps, or Unix milliseconds."""
        return (self.min_step, self.max_step) if x == "step" else (self.min_time_ms, self.max_time_ms)


def heads(session: Session, found: Iterable[Series]) -> dict[int, list[Head]]:
    """The chunks of each series, in order of arrival; a series without one has an empty list."""
    sealed = {series.id: series.sealed_count > 0 for series in found}
    heads_of: dict[int, list[Head]] = {series_id: [] for series_id in sealed}
    ids = [series_id for series_id, is_sealed in sealed.items() if is_sealed]
    statement = sa.select(*(getattr(Chunk, one.name) for one in fields(Head))).where(Chunk.series_id.in_(ids))
    for row in session.execute(statement.order_by(Chunk.series_id, Chunk.first_ordinal)) if ids else ():
        heads_of[row[1]].append(Head(*row))
    return heads_of


def empty(names: Sequence[str], count: int) -> Columns:
    """Columns of these names that are still to be written."""
    return tuple(np.empty(count, np.float64 if name == "values" else np.int64) for name in names)


def decode(session: Session, names: Sequence[str], targets: Mapping[int, Columns]) -> None:
    """Write these columns of chunks, by id, into arrays of their lengths.

    While threads decode what one statement has brought, the next one is under way.
    """
    ids = sorted(targets)
    decoding: list[Future[None]] = []
    for start in range(0, len(ids), CHUNKS_AT_ONCE):
        packed = sa.select(Chunk.id, *(getattr(Chunk, name) for name in names)).execution_options(**db.HAS_BYTES)
        rows = session.execute(packed.where(Chunk.id.in_(ids[start : start + CHUNKS_AT_ONCE]))).all()
        _finish(decoding)
        if sum(len(targets[row[0]][0]) for row in rows) < WORTH_THREADS:
            _decode(rows, targets)
        else:
            decoding = [_decoders.submit(_decode, rows[part::_CORES], targets) for part in range(_CORES)]
    _finish(decoding)


def _finish(decoding: list[Future[None]]) -> None:
    while decoding:
        decoding.pop().result()


def _decode(rows: Sequence[Any], targets: Mapping[int, Columns]) -> None:
    for row in rows:
        for packed, column in zip(row[1:], targets[row[0]], strict=True):
            chunks.decompress_into(packed, column)


def tails(session: Session, found: Iterable[Series]) -> Iterator[tuple[int, Points]]:
    """What is not sealed yet of each of these series that has such points, in order of arrival."""
    open_series = [series for series in found if series.count > series.sealed_count]
    if not open_series:
        return
    wanted = {series.id for series in open_series}
    statement = (
        sa.select(Tail.run_id, Tail.payload)
        .where(Tail.run_id.in_({series.run_id for series in open_series}))
        .order_by(Tail.run_id, Tail.id)
    )
    rows = session.execute(statement, execution_options={"yield_per": TAILS_AT_ONCE, **db.HAS_BYTES})
    for _, of_run in groupby(rows, key=lambda row: row[0]):
        parts: defaultdict[int, list[_Part]] = defaultdict(list)
        for _, payload in of_run:
            for series_id, part in _parts(payload, wanted):
                parts[series_id].append(part)
        yield from _joined(parts)


class _Part(NamedTuple):
    """A series' row of a block."""

    block: Block
    row: int


def _parts(payload: bytes, wanted: set[int]) -> Iterator[tuple[int, _Part]]:
    for block in unpack(payload):
        if wanted.isdisjoint(block.keys):
            continue
        for row, series_id in enumerate(block.keys):
            if series_id in wanted:
                yield series_id, _Part(block, row)


def _joined(
    parts: Mapping[int, Sequence[_Part]], first: Mapping[int, int] | None = None
) -> Iterator[tuple[int, Points]]:
    """The points of each series, or those from the first wanted one on, copied out of the payloads.

    Series that stand in the same blocks have their steps and times in common.
    """
    shared: dict[tuple[int, ...], tuple[Integers, Integers]] = {}
    for series_id, found in parts.items():
        start = first[series_id] if first is not None else 0
        place = (start, *(id(part.block) for part in found))
        if place not in shared:
            steps, times = (
                np.concatenate([getattr(part.block, name) for part in found]) for name in ("steps", "times")
            )
            shared[place] = steps[start:], times[start:]
        yield series_id, Points(*shared[place], np.concatenate([part.block.values[part.row] for part in found])[start:])


def newest(session: Session, wanted: Mapping[Series, int]) -> dict[int, Points]:
    """So many points of each series, the last to arrive, where they are all in the tail.

    Of the tail no older row is read than it takes: as many as have enough points in all, and twice as many more each
    time that these were of other series.
    """
    if not wanted:
        return {}
    missing = {series.id: count for series, count in wanted.items()}
    ids_wanted = set(missing)
    run_of = {series.id: series.run_id for series in wanted}
    parts: defaultdict[int, list[_Part]] = defaultdict(list)
    rows = _sizes(session, set(run_of.values()))
    needed: dict[str, int] = defaultdict(int)
    for series_id, count in missing.items():
        needed[run_of[series_id]] += count
    while needed:
        ids = [row_id for run_id, count in needed.items() for row_id in _taken(rows[run_id], count)]
        statement = sa.select(Tail.payload).where(Tail.id.in_(ids)).order_by(Tail.id.desc())
        for payload in session.scalars(statement, execution_options=db.HAS_BYTES) if ids else ():
            for series_id, part in _parts(payload, ids_wanted):
                parts[series_id].append(part)
                missing[series_id] -= len(part.block.steps)
        lacking = {run_of[series_id] for series_id, count in missing.items() if count > 0}
        needed = {run_id: 2 * needed[run_id] for run_id in lacking if rows[run_id]}
    found = {key: list(reversed(parts[key])) for key, count in missing.items() if count <= 0}
    return dict(_joined(found, {key: -missing[key] for key in found}))


def _sizes(session: Session, run_ids: set[str]) -> defaultdict[str, list[tuple[int, int]]]:
    """The rows of each run's tail, ids and counts of points, the newest last."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    statement = sa.select(Tail.run_id, Tail.id, Tail.point_count).where(Tail.run_id.in_(run_ids)).order_by(Tail.id)
    for run_id, row_id, count in session.execute(statement):
        found[run_id].append((row_id, count))
    return found


def _taken(rows: list[tuple[int, int]], count: int) -> Iterator[int]:
    """The ids of the newest rows that have so many points in all, which are taken off the list."""
    while rows and count > 0:
        row_id, size = rows.pop()
        count -= size
        yield row_id
