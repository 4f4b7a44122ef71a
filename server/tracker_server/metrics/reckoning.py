"""Series that nobody has logged: a formula over the metrics of a run, reckoned from every point of these.

What always holds: a point stands where all metrics of the formula have one at the same step, and none is moved; of
several points of a metric at one step the last counts, and the point's time is the latest of theirs. A formula of one
metric has all of its points. They are reckoned before anything is smoothed or thinned, so that the line is the same in
every range. A series of a writer is of this writer's metrics, and of the main one's where it has logged none of a name.

One that has grown always comes whole, never as a delta: what is new of one metric may meet an old point of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from sqlalchemy.orm import Session

from tracker_server.metrics import formulas, reading
from tracker_server.metrics.columns import Integers, Points
from tracker_server.metrics.formulas import Formula
from tracker_server.metrics.models import Series
from tracker_server.metrics.reading import View
from tracker_server.metrics.wire import Drawing

_encode = msgspec.msgpack.Encoder().encode

_ID_BYTES = 6
"""A browser has whole numbers of 53 bits."""

Place = tuple[str, str, int]
"""A run, a writer's label, a segment."""


@dataclass(frozen=True)
class Reckoned:
    """`parts` are the series of the formula's metrics, in its order. `name` is as it was asked for.

    `id` is below 0, where no stored series is, and another one as soon as it is reckoned from other series; `count` is
    how many points all of these have, so that it grows with each of them.
    """

    formula: Formula
    run_id: str
    name: str
    label: str
    segment: int
    parts: tuple[Series, ...]

    @property
    def id(self) -> int:
        told = _encode((self.name, self.label, self.segment, [part.id for part in self.parts]))
        return -int.from_bytes(hashlib.sha256(told).digest()[:_ID_BYTES])

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)


def find(session: Session, run_ids: Sequence[str], names: Sequence[str]) -> list[Reckoned]:
    """What of these formulas can be reckoned of these runs; reads no point.

    Raises Refused for a text that is no formula, and where the metrics' series are too many.
    """
    if not names:
        return []
    understood = understand(names)
    return of(reading.find(session, run_ids, metrics_of(understood)), understood)


def understand(names: Sequence[str]) -> dict[str, Formula]:
    """The formulas by these names of them. Raises Refused for a text that is none."""
    return {name: formulas.read(name.removeprefix(formulas.PREFIX)) for name in names}


def metrics_of(understood: Mapping[str, Formula]) -> list[str]:
    """The names of all that these formulas are of."""
    return sorted({metric for formula in understood.values() for metric in formula.metrics})


def of(found: Sequence[Series], understood: Mapping[str, Formula]) -> list[Reckoned]:
    """What of these formulas can be reckoned from these series, by run, label and segment."""
    series = {(*_place(one), one.name): one for one in found}
    places = sorted({(run, label, segment) for run, label, segment, _ in series})
    made = [_at(place, name, formula, series) for place in places for name, formula in understood.items()]
    return [one for one in made if one is not None]


def read(
    session: Session, found: Sequence[Reckoned], view: View, counts: Mapping[int, int] | None = None
) -> list[Drawing]:
    """The columns of these; of one in `counts` only where it has grown."""
    known = counts or {}
    new = [one for one in found if known.get(one.id) != one.count]
    axes = reading.axes(session, [one.run_id for one in new], view)
    pairs = [(one, reading.axis_of(one, axes)) for one in new]
    shown = [(one, axis) for one, axis in pairs if view.over is None or axis is not None]
    sizes = [one.count + (axis.count if axis is not None else 0) for one, axis in shown]
    drawn = []
    for pack in reading.packs(shown, sizes, view.points_at_once):
        needed = {series.id: series for one, axis in pack for series in (*one.parts, *([axis] if axis else []))}
        points = reading.every_point(session, list(needed.values()))
        for one, axis in pack:
            over = points[axis.id] if axis is not None else None
            drawn.append(reading.draw(one, reckoned(one, points), over, view))
    return drawn


def reckoned(one: Reckoned, points: Mapping[int, Points]) -> Points:
    """Its points, given those of the series it is of. O(n log n) where these are not in order, else O(n)."""
    parts = [points[part.id] for part in one.parts]
    steps, times, columns = _joined(parts)
    return Points(steps, times, one.formula.reckon(dict(zip(one.formula.metrics, columns, strict=True))))


def _place(series: Series) -> Place:
    return series.run_id, series.label, series.segment


def _at(
    place: Place, name: str, formula: Formula, series: Mapping[tuple[str, str, int, str], Series]
) -> Reckoned | None:
    """The formula of one writer; None where it has logged none of the metrics, or one is nowhere."""
    run, label, segment = place
    own = [series.get((*place, metric)) for metric in formula.metrics]
    parts = [one or series.get((run, "", segment, metric)) for one, metric in zip(own, formula.metrics, strict=True)]
    found = tuple(part for part in parts if part is not None)
    is_there = any(one is not None for one in own) and len(found) == len(parts)
    return Reckoned(formula, run, name, label, segment, found) if is_there else None


def _joined(parts: Sequence[Points]) -> tuple[Integers, Integers, list[np.ndarray]]:
    """The points at the steps that all have: steps, times, and a column of values of each."""
    if len(parts) == 1:
        return parts[0].steps, parts[0].times, [parts[0].values]
    single = [_last_of_steps(part) for part in parts]
    steps = single[0].steps
    for part in single[1:]:
        if not np.array_equal(part.steps, steps):
            steps = np.intersect1d(steps, part.steps, assume_unique=True)
    places = [np.searchsorted(part.steps, steps) for part in single]
    times = np.max([part.times[at] for part, at in zip(single, places, strict=True)], axis=0)
    return steps, times, [part.values[at] for part, at in zip(single, places, strict=True)]


def _last_of_steps(points: Points) -> Points:
    """In order of step, and of each step the last point by time, then by arrival."""
    if (points.steps[1:] > points.steps[:-1]).all():
        return points
    order = np.lexsort((points.times, points.steps))
    steps = points.steps[order]
    order = order[np.append(steps[1:] != steps[:-1], True)]
    return Points(points.steps[order], points.times[order], points.values[order])
