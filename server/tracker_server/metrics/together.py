"""Appending to many runs at once, with the same few statements for all of them.

What always holds: what is stored is what `append` would have stored for each. Only what is simple is done here: points
of series that are there already, of runs without superseded history and without forks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server import db
from tracker_server.errors import Refused
from tracker_server.metrics import abandoned, columns, parts, sealing
from tracker_server.metrics.columns import Arrivals, Block
from tracker_server.metrics.models import Series, Tail
from tracker_server.metrics.sealing import LIMITS, Limits
from tracker_server.metrics.summaries import SUMMARY, UPDATE, Held, changes_of

MOST_NAMES = 500
"""How many names one statement asks for, over all batches."""

_SERIES = cast(sa.Table, Series.__table__)
_TAILS = cast(sa.Table, Tail.__table__)

_HELD = (
    sa.select(_SERIES.c.run_id, _SERIES.c.label, _SERIES.c.name, _SERIES.c.id, *(_SERIES.c[name] for name in SUMMARY))
    .where(_SERIES.c.run_id.in_(sa.bindparam("runs", expanding=True)))
    .where(_SERIES.c.name.in_(sa.bindparam("names", expanding=True)))
    .where(_SERIES.c.label.in_(sa.bindparam("labels", expanding=True)), _SERIES.c.segment == 0)
    .order_by(_SERIES.c.id)  # so that two transactions never wait for each other
    .with_for_update()
)
_SIZES = (
    sa.select(_TAILS.c.run_id, sa.func.count(), sa.func.sum(_TAILS.c.point_count))
    .where(_TAILS.c.run_id.in_(sa.bindparam("runs", expanding=True)))
    .group_by(_TAILS.c.run_id)
)


@dataclass(frozen=True)
class Appended:
    """Points of one run by one label, as `append` takes them; each name stands in one of `points` only.

    Every entry of `points` has the step from which its steps count.
    """

    run_id: str
    label: str
    points: Sequence[tuple[Arrivals, int]]


def append_together(session: Session, batches: Sequence[Appended], *, limits: Limits = LIMITS) -> list[bool]:
    """Append what is simple enough; of each batch, whether it is stored whole, or nothing of it is.

    The caller holds the runs' rows. No two of the batches are of the same run.
    """
    blocks = [_blocks(batch) for batch in batches]
    asked = _within(blocks)
    held = _held(session, [batches[place] for place in asked], [blocks[place] for place in asked])
    stored = [place for place in asked if _is_held(batches[place], blocks[place], held)]
    changes: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for place in stored:
        run_id = batches[place].run_id
        known = held.get((run_id, batches[place].label), {})
        for part in blocks[place]:
            changes += [change for block in part for change in changes_of(block, known)]
            rows.append(_tail(run_id, part, known))
    if rows:
        connection = session.connection()
        db.execute_many(connection, UPDATE, changes)
        connection.execute(sa.insert(_TAILS), rows)
        abandoned.note(session, [batches[place].run_id for place in stored])
        _tidy(session, [batches[place].run_id for place in stored], limits)
    return [place in set(stored) for place in range(len(batches))]


def _blocks(batch: Appended) -> list[list[Block]]:
    """The blocks of each entry; none where one has numbers that no column can hold, which `append` says."""
    try:
        made = [(arrivals.blocks(), first_step) for arrivals, first_step in batch.points]
    except Refused:
        return []
    return [parts.onward(blocks, first) if first else blocks for blocks, first in made if blocks]


def _names(blocks: Sequence[Sequence[Block]]) -> list[str]:
    return [name for part in blocks for block in part for name in block.keys]


def _within(blocks: Sequence[Sequence[Sequence[Block]]]) -> list[int]:
    """The places of the batches whose names, all together, one statement may ask for."""
    names: set[str] = set()
    places = []
    for place, made in enumerate(blocks):
        more = names.union(_names(made))
        if len(more) <= MOST_NAMES:
            names = more
            places.append(place)
    return places


def _held(
    session: Session, batches: Sequence[Appended], blocks: Sequence[Sequence[Sequence[Block]]]
) -> dict[tuple[str, str], dict[str, Held]]:
    """The series that are there, by run and label, then by name; they are locked."""
    given = {
        "runs": [batch.run_id for batch in batches],
        "labels": sorted({batch.label for batch in batches}),
        "names": sorted({name for made in blocks for name in _names(made)}),
    }
    found: dict[tuple[str, str], dict[str, Held]] = {}
    if given["names"]:
        for run_id, label, name, *row in session.connection().execute(_HELD, given).all():
            found.setdefault((run_id, label), {})[name] = Held(*row)
    return found


def _is_held(batch: Appended, blocks: Sequence[Sequence[Block]], held: dict[tuple[str, str], dict[str, Held]]) -> bool:
    """Whether all its series are there, and none of them comes in two parts: the second would not know of the first."""
    names = _names(blocks)
    if not names:
        return False
    known = held.get((batch.run_id, batch.label), {})
    return all(name in known for name in names) and len(set(names)) == len(names)


def _tail(run_id: str, blocks: Sequence[Block], known: dict[str, Held]) -> dict[str, Any]:
    kept = [
        Block(tuple(known[name].id for name in block.keys), block.steps, block.times, block.values) for block in blocks
    ]
    count = sum(block.values.size for block in kept)
    return {"run_id": run_id, "point_count": count, "payload": columns.pack(kept)}


def _tidy(session: Session, run_ids: Sequence[str], limits: Limits) -> None:
    sizes = session.connection().execute(_SIZES, {"runs": run_ids}).all()
    for run_id, row_count, point_count in sizes:
        if row_count > sealing.rows_of(run_id, limits) or point_count > limits.tail_points:
            sealing.tidy(session, run_id, limits)
