"""From what is stored of a series to the columns that a chart draws.

Chunks that cannot hold a point of the range are left out by the minima and maxima in their rows. A delta is every point
that arrived after the `count` that the page holds: it is sent as such only when all of it comes after what the page has
in order of x; else the series is sent anew.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from tracker_server.errors import Refused
from tracker_server.metrics import chunks, joining, naming, smoothing
from tracker_server.metrics.columns import Floats, Integers, Points, by_series, join
from tracker_server.metrics.models import Chunk, Series, Tail
from tracker_server.metrics.schema import METRIC_AXIS, Axis, Smoothing
from tracker_server.metrics.thinning import extent, thin
from tracker_server.metrics.wire import Drawing

MAX_SERIES = 4000
MIN_X, MAX_X = -(2**63), 2**63 - 1
CHUNKS_AT_ONCE = 64
MAX_DELTA = 4
"""A delta of more than so many times the points asked for is thinned, and so sent anew."""


@dataclass(frozen=True)
class View:
    """How series are looked at. `range` is of x, inclusive; `started_ms` is where each run's relative time is zero."""

    x: Axis = "step"
    range: tuple[float, float] | None = None
    points: int = 400
    started_ms: dict[str, int] = field(default_factory=dict)
    smoothing: Smoothing | None = None
    band: bool = False

    @property
    def over(self) -> str | None:
        """The name of the metric that x is; None for steps and times."""
        return self.x.removeprefix(METRIC_AXIS) if self.x.startswith(METRIC_AXIS) else None


@dataclass(frozen=True)
class _Stored:
    """One series as it lies: the heads of its chunks, and its tail."""

    series: Series
    chunks: list[Chunk]
    tail: Points


@dataclass(frozen=True)
class _Line:
    """Points in order of x, in the units that are stored: three columns of one length."""

    x: Floats | Integers
    steps: Integers
    values: Floats

    def part(self, start: int, end: int) -> _Line:
        return _Line(self.x[start:end], self.steps[start:end], self.values[start:end])


def find(
    session: Session, run_ids: Sequence[str], metrics: Sequence[str], *, with_hidden: bool = False
) -> list[Series]:
    """The series of these runs that are shown by these names, or below a prefix that is given as `prefix/*`.

    Each is called so in the session, and nothing of that is stored. Raises Refused where these are more than one
    answer should hold.
    """
    names = naming.of_runs(session, run_ids)
    exact = [name for name in names.logged(metrics) if not name.endswith("/*")]
    below = [Series.name.startswith(name[:-1], autoescape=True) for name in metrics if name.endswith("/*")]
    statement = (
        sa.select(Series)
        .where(Series.run_id.in_(run_ids), Series.count > 0, Series.segment >= 0)
        .where(sa.or_(Series.name.in_(exact), *below))
        .order_by(Series.run_id, Series.name, Series.label, Series.segment)
        .limit(MAX_SERIES + 1)
    )
    found = list(session.scalars(statement))
    if len(found) > MAX_SERIES:
        raise Refused(
            "too_many_series", f"that is over {MAX_SERIES} series in one answer; ask for fewer runs or metrics"
        )
    return naming.renamed(names, found, metrics, with_hidden=with_hidden)


def read(session: Session, found: Sequence[Series], view: View, counts: dict[int, int] | None = None) -> list[Drawing]:
    """The columns of these series; of one in `counts` only what is new since, and nothing where nothing is."""
    known = counts or {}
    new = [series for series in found if known.get(series.id) != series.count]
    if view.over is not None:
        return _over_metric(session, new, view, view.over)
    stored = _stored(session, new)
    return [_delta(session, one, view, known.get(one.series.id)) or _whole(session, one, view) for one in stored]


def _over_metric(session: Session, found: Sequence[Series], view: View, name: str) -> list[Drawing]:
    """The series over another metric of their runs; always whole, since a late x moves points that were there."""
    axes = {_place(series): series for series in find(session, list({one.run_id for one in found}), [name])}
    pairs = [(series, _axis_of(series, axes)) for series in found]
    needed = {series.id: series for pair in pairs if pair[1] is not None for series in pair if series is not None}
    points = {one.series.id: _points(session, one) for one in _stored(session, list(needed.values()))}
    return [_joined(series, points[series.id], points[axis.id], view) for series, axis in pairs if axis is not None]


def _place(series: Series) -> tuple[str, str, int]:
    return series.run_id, series.label, series.segment


def _axis_of(series: Series, axes: dict[tuple[str, str, int], Series]) -> Series | None:
    """The x of a series: of its own writer and segment where that has one, else the main writer's, which counts."""
    run, label, segment = _place(series)
    choices = ((run, label, segment), (run, "", segment), (run, label, 0), (run, "", 0))
    return next((axes[choice] for choice in choices if choice in axes), None)


def _points(session: Session, stored: _Stored) -> Points:
    return Points(*_columns(session, stored.chunks, stored.tail, ("steps", "times", "values")))


def _joined(series: Series, drawn: Points, over: Points, view: View) -> Drawing:
    x, places = joining.join_on_step(drawn, over)
    low, high = view.range or (-math.inf, math.inf)
    return _in_range(series, _Line(x, drawn.steps[places], drawn.values[places]), view, low, high)


def _stored(session: Session, found: Sequence[Series]) -> list[_Stored]:
    ids = [series.id for series in found if series.sealed_count]
    heads: dict[int, list[Chunk]] = defaultdict(list)
    statement = sa.select(Chunk).where(Chunk.series_id.in_(ids)).order_by(Chunk.series_id, Chunk.first_ordinal)
    unread = (defer(Chunk.steps), defer(Chunk.times), defer(Chunk.values))
    for chunk in session.scalars(statement.options(*unread)) if ids else ():
        heads[chunk.series_id].append(chunk)
    open_ids = {series.id for series in found if series.count > series.sealed_count}
    run_ids = {series.run_id for series in found if series.id in open_ids}
    payloads = session.scalars(sa.select(Tail.payload).where(Tail.run_id.in_(run_ids)).order_by(Tail.id)).all()
    tails = by_series(payloads, open_ids)
    return [_Stored(series, heads[series.id], tails.get(series.id, join([]))) for series in found]


def _delta(session: Session, stored: _Stored, view: View, known: int | None) -> Drawing | None:
    """What arrived after `known` points, where it can simply be appended to what the page has; None where it cannot."""
    series = stored.series
    if known is None or view.range is not None or view.smoothing is not None or not 0 < known < series.count:
        return None
    if series.count - known > view.points * MAX_DELTA:
        return None
    before = [chunk for chunk in stored.chunks if chunk.first_ordinal < known]
    after = [chunk for chunk in stored.chunks if chunk.first_ordinal + chunk.count > known]
    points = Points(*_columns(session, after, stored.tail, ("steps", "times", "values")))
    start = known - (after[0].first_ordinal if after else series.sealed_count)
    old, new = points.part(0, start), points.part(start)
    ends = [_span(chunk, view.x)[1] for chunk in before if chunk not in after]
    ends += [int(_axis(old, view.x).max())] if len(old) else []
    x = _axis(new, view.x)
    if (ends and int(x[0]) < max(ends)) or (x[1:] < x[:-1]).any():
        return None
    return _drawn(series, _Line(x, new.steps, new.values), view, None, is_delta=True)


def _whole(session: Session, stored: _Stored, view: View) -> Drawing:
    """The series in the range, thinned."""
    low, high = _stored_range(stored.series, view)
    needed = stored.chunks if view.smoothing else _overlapping(stored.chunks, view.x, low, high)
    return _in_range(stored.series, _line(session, needed, stored.tail, view.x), view, low, high)


def _in_range(series: Series, line: _Line, view: View, low: float, high: float) -> Drawing:
    """What of a line lies in the range, and its neighbours outside, so that it does not end at the picture's edge."""
    first, end = int(np.searchsorted(line.x, low, "left")), int(np.searchsorted(line.x, high, "right"))
    first, end = max(0, first - 1), end + 1
    smoothed = smoothing.smooth(line.x, line.values, view.smoothing)[first:end] if view.smoothing else None
    return _drawn(series, line.part(first, end), view, smoothed, is_delta=False)


def _stored_range(series: Series, view: View) -> tuple[int, int]:
    """The range in the units that are stored: steps, or Unix milliseconds."""
    if view.range is None:
        return MIN_X, MAX_X
    offset = view.started_ms.get(series.run_id, 0) if view.x == "relative_time" else 0
    low, high = (min(max(bound, float(MIN_X)), float(MAX_X)) for bound in view.range)
    return max(MIN_X, math.ceil(low) + offset), min(MAX_X, math.floor(high) + offset)


def _span(chunk: Chunk, x: Axis) -> tuple[int, int]:
    return (chunk.min_step, chunk.max_step) if x == "step" else (chunk.min_time_ms, chunk.max_time_ms)


def _overlapping(found: Sequence[Chunk], x: Axis, low: int, high: int) -> list[Chunk]:
    """The chunks with a point in the range, and on each side those that end nearest outside of it."""
    below = max((end for _, end in (_span(chunk, x) for chunk in found) if end < low), default=low)
    above = min((start for start, _ in (_span(chunk, x) for chunk in found) if start > high), default=high)
    return [chunk for chunk in found if _span(chunk, x)[1] >= below and _span(chunk, x)[0] <= above]


def _line(session: Session, found: Sequence[Chunk], tail: Points, x: Axis) -> _Line:
    """The points of these chunks and the tail in order of x: by step, equal steps by time, or the other way round."""
    if x == "step" and _is_in_order(found, tail):
        steps, values = _columns(session, found, tail, ("steps", "values"))
        return _Line(steps, steps, values)
    points = Points(*_columns(session, found, tail, ("steps", "times", "values")))
    first, second = (points.steps, points.times) if x == "step" else (points.times, points.steps)
    if chunks.is_ordered(first, second):
        return _Line(first, points.steps, points.values)
    order = np.lexsort((second, first))  # stable: of equal ones the first to arrive comes first
    return _Line(first[order], points.steps[order], points.values[order])


def _is_in_order(found: Sequence[Chunk], tail: Points) -> bool:
    """Whether the points arrived in order of step; known without reading the times of what is sealed."""
    spans = [(chunk.min_step, chunk.max_step) for chunk in found]
    spans += [(int(tail.steps[0]), int(tail.steps[-1]))] if len(tail) else []
    is_each = all(chunk.is_ordered for chunk in found) and chunks.is_ordered(tail.steps, tail.times)
    return is_each and all(left[1] < right[0] for left, right in pairwise(spans))


def _columns(session: Session, found: Sequence[Chunk], tail: Points, names: tuple[str, ...]) -> list[Any]:
    """These columns of the chunks and the tail after them, in order of arrival; read a part of the chunks at a time."""
    count = sum(chunk.count for chunk in found)
    columns: list[Any] = [np.empty(count + len(tail), np.float64 if name == "values" else np.int64) for name in names]
    places: dict[int, slice] = {}
    for chunk in found:
        start = places[found[len(places) - 1].id].stop if places else 0
        places[chunk.id] = slice(start, start + chunk.count)
    for start in range(0, len(found), CHUNKS_AT_ONCE):
        ids = [chunk.id for chunk in found[start : start + CHUNKS_AT_ONCE]]
        packed = sa.select(Chunk.id, *(getattr(Chunk, name) for name in names)).where(Chunk.id.in_(ids))
        for row in session.execute(packed):
            for column, part in zip(columns, row[1:], strict=True):
                chunks.decompress_into(part, column[places[row[0]]])
    for column, name in zip(columns, names, strict=True):
        column[count:] = getattr(tail, name)
    return columns


def _axis(points: Points, x: Axis) -> Integers:
    return points.steps if x == "step" else points.times


def _drawn(series: Series, line: _Line, view: View, smoothed: Floats | None, *, is_delta: bool) -> Drawing:
    """The points as the columns of an answer: chosen, with their gaps and marks."""
    points = max(view.points, len(line.x)) if is_delta else view.points
    drawn = thin(line.x, line.values, points)
    places = np.sort(np.concatenate([drawn.chosen, drawn.gaps]))
    values = line.values[places]
    values[~np.isfinite(values)] = np.nan
    zero = view.started_ms.get(series.run_id, 0) if view.x == "relative_time" else 0
    more = {} if smoothed is None else {"smoothed": smoothed[places]}
    if view.band:
        more |= _band(line, drawn.chosen, places, points)
    return Drawing(
        series=series,
        points_in_range=len(line.x),
        is_exact=drawn.is_exact,
        is_delta=is_delta,
        x=(line.x[places] - zero).astype(np.float64),
        steps=line.steps[places],
        values=values,
        mark_x=(line.x[drawn.marks] - zero).astype(np.float64),
        mark_values=line.values[drawn.marks],
        **more,
    )


def _band(line: _Line, chosen: Integers, places: Integers, points: int) -> dict[str, Floats]:
    low, high = np.full(len(places), np.nan), np.full(len(places), np.nan)
    at = np.searchsorted(places, chosen)
    low[at], high[at] = extent(line.x, line.values, chosen, points)
    return {"low": low, "high": high}
