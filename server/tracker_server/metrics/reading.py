"""From what is stored of a series to the columns that a chart draws.

Chunks that cannot hold a point of the range are left out by the minima and maxima in their rows. A delta is every point
that arrived after the `count` that the page holds: it is sent as such only when all of it comes after what the page has
in order of x; else the series is sent anew.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import Refused
from tracker_server.metrics import chunks, joining, naming, reach, smoothing, stored
from tracker_server.metrics.columns import Floats, Integers, Points, join
from tracker_server.metrics.models import Series
from tracker_server.metrics.reach import Reach
from tracker_server.metrics.schema import METRIC_AXIS, Axis, Smoothing
from tracker_server.metrics.stored import Head
from tracker_server.metrics.thinning import Drawn, extent, thin
from tracker_server.metrics.wire import Drawing, Shown

MAX_SERIES = 4000
MIN_X, MAX_X = -(2**63), 2**63 - 1
POINTS_AT_ONCE = 2**22
"""64 MiB of points, or 96 where their times are read."""

MAX_DELTA = 4
"""A delta of more than so many times the points asked for is thinned, and so sent anew."""

EVERY_COLUMN = ("steps", "times", "values")
NO_POINTS = join([])

Heads = Mapping[int, Sequence[Head]]
"""Chunks of each series by its id, in order of arrival."""

Axes = dict[tuple[str, str, int], Series]
"""The series that are x, by run, label and segment."""

T = TypeVar("T")


@dataclass(frozen=True)
class View:
    """How series are looked at. `range` is of x, inclusive; `started_ms` is where each run's relative time is zero.

    About `points_at_once` points are in memory at one time, or those of one series that has more.
    """

    x: Axis = "step"
    range: tuple[float, float] | None = None
    points: int = 400
    started_ms: dict[str, int] = field(default_factory=dict)
    smoothing: Smoothing | None = None
    band: bool = False
    points_at_once: int = POINTS_AT_ONCE

    @property
    def over(self) -> str | None:
        """The name of the metric that x is; None for steps and times."""
        return self.x.removeprefix(METRIC_AXIS) if self.x.startswith(METRIC_AXIS) else None


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
    drawn = _deltas(session, new, view, known)
    drawn |= _wholes(session, [series for series in new if series.id not in drawn], view)
    return [drawn[series.id] for series in new]


def every_point(session: Session, found: Sequence[Series]) -> dict[int, Points]:
    """The points of each series by its id, in order of arrival."""
    return _points(session, found, stored.heads(session, found))


def draw(shown: Shown, points: Points, over: Points | None, view: View) -> Drawing:
    """The columns of points that are given in order of arrival, over the view's x, which is `over` where given."""
    if over is not None:
        return _joined(shown, points, over, view)
    return _in_range(shown, _sorted(points, view.x), view, *_stored_range(shown, view))


def axes(session: Session, run_ids: Iterable[str], view: View) -> Axes:
    """The series of the metric that x is; none where it is no metric."""
    return {} if view.over is None else _axes(session, run_ids, view.over)


def axis_of(series: Shown, axes: Axes) -> Series | None:
    """The x of a series: of its own writer and segment where that has one, else the main writer's, which counts."""
    run, label, segment = _place(series)
    choices = ((run, label, segment), (run, "", segment), (run, label, 0), (run, "", 0))
    return next((axes[choice] for choice in choices if choice in axes), None)


def _over_metric(session: Session, found: Sequence[Series], view: View, name: str) -> list[Drawing]:
    """The series over another metric of their runs; always whole, since a late x moves points that were there."""
    axes = _axes(session, [one.run_id for one in found], name)
    pairs = [(series, axis) for series in found if (axis := axis_of(series, axes)) is not None]
    drawn = []
    for pack in packs(pairs, [series.count + axis.count for series, axis in pairs], view.points_at_once):
        needed = list({series.id: series for pair in pack for series in pair}.values())
        points = every_point(session, needed)
        drawn += [_joined(series, points[series.id], points[axis.id], view) for series, axis in pack]
    return drawn


def _axes(session: Session, run_ids: Iterable[str], name: str) -> Axes:
    return {_place(series): series for series in find(session, list(set(run_ids)), [name])}


def _place(series: Shown) -> tuple[str, str, int]:
    return series.run_id, series.label, series.segment


def _joined(series: Shown, drawn: Points, over: Points, view: View) -> Drawing:
    x, places = joining.join_on_step(drawn, over)
    low, high = view.range or (-math.inf, math.inf)
    return _in_range(series, _Line(x, drawn.steps[places], drawn.values[places]), view, low, high)


def packs(found: Sequence[T], sizes: Sequence[int], limit: int) -> Iterator[list[T]]:
    """These in packs of at most so many points, or of one that has more."""
    pack: list[T] = []
    count = 0
    for one, size in zip(found, sizes, strict=True):
        if pack and count + size > limit:
            yield pack
            pack, count = [], 0
        pack.append(one)
        count += size
    if pack:
        yield pack


def _points(session: Session, found: Sequence[Series], sealed: Heads) -> dict[int, Points]:
    """The points of these chunks of each series and of its tail, in order of arrival."""
    tails = dict(stored.tails(session, found))
    columns = _columns(session, {series.id: sealed[series.id] for series in found}, tails, EVERY_COLUMN)
    return {series_id: Points(*found) for series_id, found in columns.items()}


def _columns(
    session: Session, sealed: Heads, tails: dict[int, Points], names: Sequence[str]
) -> dict[int, stored.Columns]:
    """These columns of the chunks of each series and of the tail after them, in order of arrival."""
    columns: dict[int, stored.Columns] = {}
    targets: dict[int, stored.Columns] = {}
    for series_id, heads in sealed.items():
        tail = tails.get(series_id, NO_POINTS)
        if not heads:
            columns[series_id] = tuple(getattr(tail, name) for name in names)
            continue
        count = sum(head.count for head in heads)
        columns[series_id] = stored.empty(names, count + len(tail))
        start = 0
        for head in heads:
            targets[head.id] = tuple(column[start : start + head.count] for column in columns[series_id])
            start += head.count
        for column, name in zip(columns[series_id], names, strict=True):
            column[count:] = getattr(tail, name)
    stored.decode(session, names, targets)
    return columns


def _deltas(session: Session, found: Sequence[Series], view: View, known: dict[int, int]) -> dict[int, Drawing]:
    """Those of the series that the page has the first points of, and to which what is new can simply be added."""
    if view.range is not None or view.smoothing is not None:
        return {}
    most = view.points * MAX_DELTA
    grown = [series for series in found if max(1, series.count - most) <= known.get(series.id, 0) < series.count]
    reaches = reach.of(session)
    drawn = {}
    for pack in _tips(session, grown, known, reaches, view.points_at_once):
        together: defaultdict[Any, list[tuple[Series, _Tip]]] = defaultdict(list)
        for series, tip in pack:
            together[id(tip.points.steps), tip.before, known[series.id]].append((series, tip))
        for (*_, count), tips in together.items():  # series that were logged together differ in their values alone
            reaches.note([series for series, _ in tips], tips[0][1].reach())
            new = _added(tips[0][1], count, view)
            if new is None:
                continue
            for series, tip in tips:
                line = replace(new, values=tip.points.values[count - tip.start :])
                drawn[series.id] = _drawn(series, line, view, None, is_delta=True)
    return drawn


@dataclass(frozen=True)
class _Tip:
    """The last points of a series, in order of arrival, and how far those before them reach, if there are any."""

    before: Reach | None
    points: Points

    @property
    def start(self) -> int:
        return self.before.count if self.before is not None else 0

    def reach(self) -> Reach:
        """How far all of it reaches."""
        step, time_ms = int(self.points.steps.max()), int(self.points.times.max())
        if self.before is None:
            return Reach(len(self.points), step, time_ms)
        count = self.before.count + len(self.points)
        return Reach(count, max(step, self.before.step), max(time_ms, self.before.time_ms))


def _tips(
    session: Session, found: Sequence[Series], known: dict[int, int], reaches: reach.Reaches, limit: int
) -> Iterator[list[tuple[Series, _Tip]]]:
    """Of each series what has arrived since the page asked, or some more; in packs of about so many points."""
    within = {series: reaches.within(series, known[series.id]) for series in found}
    short = {series: one for series, one in within.items() if one is not None and one.count >= series.sealed_count}
    newest = stored.newest(session, {series: series.count - one.count for series, one in short.items()})
    yield [(series, _Tip(one, newest[series.id])) for series, one in short.items() if series.id in newest]
    left = [series for series in found if series.id not in newest]
    sizes = [series.count - min(known[series.id], series.sealed_count) for series in left]
    for pack in packs(left, sizes, limit):
        sealed = stored.heads(session, pack)
        after = {series.id: [head for head in sealed[series.id] if head.end > known[series.id]] for series in pack}
        points = _points(session, pack, after)
        yield [
            (series, _Tip(_reach_of(sealed[series.id][: -len(after[series.id]) or None]), points[series.id]))
            for series in pack
        ]


def _reach_of(heads: Sequence[Head]) -> Reach | None:
    if not heads:
        return None
    return Reach(heads[-1].end, max(head.max_step for head in heads), max(head.max_time_ms for head in heads))


def _added(tip: _Tip, known: int, view: View) -> _Line | None:
    """What arrived after `known` points, where all of it comes in order after what the page has; else None."""
    old, new = tip.points.part(0, known - tip.start), tip.points.part(known - tip.start)
    x = _axis(new, view.x)
    ends = [int(_axis(old, view.x).max())] if len(old) else []
    if tip.before is not None:
        ends.append(tip.before.step if view.x == "step" else tip.before.time_ms)
    is_after = int(x[0]) >= max(ends) and (x[1:] >= x[:-1]).all()
    return _Line(x, new.steps, new.values) if is_after else None


def _wholes(session: Session, found: Sequence[Series], view: View) -> dict[int, Drawing]:
    """The series in the range, thinned."""
    sealed = stored.heads(session, found)
    needed = {series.id: _needed(series, sealed[series.id], view) for series in found}
    sizes = [sum(head.count for head in needed[series.id]) + series.count - series.sealed_count for series in found]
    reaches = reach.of(session)
    drawn = {}
    for pack in packs(found, sizes, view.points_at_once):
        tails = dict(stored.tails(session, pack))
        lines = _lines(session, {series.id: needed[series.id] for series in pack}, tails, view.x)
        for series in pack:
            if series.id in tails:
                reaches.note([series], _Tip(_reach_of(sealed[series.id]), tails[series.id]).reach())
            drawn[series.id] = _in_range(series, lines.pop(series.id), view, *_stored_range(series, view))
    return drawn


def _in_range(series: Shown, line: _Line, view: View, low: float, high: float) -> Drawing:
    """What of a line lies in the range, and its neighbours outside, so that it does not end at the picture's edge."""
    first, end = int(np.searchsorted(line.x, low, "left")), int(np.searchsorted(line.x, high, "right"))
    first, end = max(0, first - 1), end + 1
    smoothed = smoothing.smooth(line.x, line.values, view.smoothing)[first:end] if view.smoothing else None
    return _drawn(series, line.part(first, end), view, smoothed, is_delta=False)


def _stored_range(series: Shown, view: View) -> tuple[int, int]:
    """The range in the units that are stored: steps, or Unix milliseconds."""
    if view.range is None:
        return MIN_X, MAX_X
    offset = view.started_ms.get(series.run_id, 0) if view.x == "relative_time" else 0
    low, high = (min(max(bound, float(MIN_X)), float(MAX_X)) for bound in view.range)
    return max(MIN_X, math.ceil(low) + offset), min(MAX_X, math.floor(high) + offset)


def _needed(series: Series, sealed: Sequence[Head], view: View) -> list[Head]:
    """The chunks that the picture takes: smoothing looks at all."""
    return list(sealed) if view.smoothing else _overlapping(sealed, view.x, *_stored_range(series, view))


def _overlapping(found: Sequence[Head], x: Axis, low: int, high: int) -> list[Head]:
    """The chunks with a point in the range, and on each side those that end nearest outside of it."""
    below = max((end for _, end in (head.span(x) for head in found) if end < low), default=low)
    above = min((start for start, _ in (head.span(x) for head in found) if start > high), default=high)
    return [head for head in found if head.span(x)[1] >= below and head.span(x)[0] <= above]


def _lines(session: Session, sealed: Heads, tails: dict[int, Points], x: Axis) -> dict[int, _Line]:
    """The points of these chunks and tails in order of x: by step, equal steps by time, or the other way round."""
    in_order = {
        series_id: heads
        for series_id, heads in sealed.items()
        if x == "step" and _is_in_order(heads, tails.get(series_id, NO_POINTS))
    }
    others = {series_id: heads for series_id, heads in sealed.items() if series_id not in in_order}
    lines = {}
    for series_id, (steps, values) in _columns(session, in_order, tails, ("steps", "values")).items():
        lines[series_id] = _Line(steps, steps, values)
    for series_id, columns in _columns(session, others, tails, EVERY_COLUMN).items():
        lines[series_id] = _sorted(Points(*columns), x)
    return lines


def _sorted(points: Points, x: Axis) -> _Line:
    first, second = (points.steps, points.times) if x == "step" else (points.times, points.steps)
    if chunks.is_ordered(first, second):
        return _Line(first, points.steps, points.values)
    order = np.lexsort((second, first))  # stable: of equal ones the first to arrive comes first
    return _Line(first[order], points.steps[order], points.values[order])


def _is_in_order(heads: Sequence[Head], tail: Points) -> bool:
    """Whether the points arrived in order of step; known without reading the times of what is sealed."""
    spans = [(head.min_step, head.max_step) for head in heads]
    spans += [(int(tail.steps[0]), int(tail.steps[-1]))] if len(tail) else []
    is_each = all(head.is_ordered for head in heads) and chunks.is_ordered(tail.steps, tail.times)
    return is_each and all(left[1] < right[0] for left, right in pairwise(spans))


def _axis(points: Points, x: Axis) -> Integers:
    return points.steps if x == "step" else points.times


def _drawn(series: Shown, line: _Line, view: View, smoothed: Floats | None, *, is_delta: bool) -> Drawing:
    """The points as the columns of an answer: chosen, with their gaps and marks."""
    points = max(view.points, len(line.x)) if is_delta else view.points
    drawn = thin(line.x, line.values, points)
    places: Any = np.sort(np.concatenate([drawn.chosen, drawn.gaps])) if len(drawn.gaps) else drawn.chosen
    if len(places) == len(line.x):
        places = slice(None)  # all of it, and not a copy
    values = line.values[places]
    if len(drawn.gaps):
        values = np.where(np.isfinite(values), values, np.nan)
    zero = view.started_ms.get(series.run_id, 0) if view.x == "relative_time" else 0
    more = {} if smoothed is None else {"smoothed": smoothed[places]}
    if view.band:
        more |= _band(line, drawn, points)
    return Drawing(
        series=series,
        points_in_range=len(line.x),
        is_exact=drawn.is_exact,
        is_delta=is_delta,
        x=_from(zero, line.x[places]),
        steps=line.steps[places],
        values=values,
        mark_x=_from(zero, line.x[drawn.marks]),
        mark_values=line.values[drawn.marks],
        **more,
    )


def _from(zero: int, x: Floats | Integers) -> Floats:
    return (x - zero if zero else x).astype(np.float64, copy=False)


def _band(line: _Line, drawn: Drawn, points: int) -> dict[str, Floats]:
    """The extremes of what each point stands for, NaN at a gap."""
    extremes = extent(line.x, line.values, drawn.chosen, points)
    at = np.searchsorted(drawn.chosen, drawn.gaps)
    low, high = (np.insert(column, at, np.nan) for column in extremes)
    return {"low": low, "high": high}
