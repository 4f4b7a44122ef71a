"""The curves that stand for groups of runs: every point of every run, aligned and put into statistics.

What always holds: at one time no more than about `POINTS_AT_ONCE` points are in memory, however many the runs have:
curves of few points are read some together, and one of more is read range after range of x, whose numbers are the same.
Of a run that several processes wrote, the main one's points count, or, where it has none of a metric, those of the
first label; points that were superseded do not count.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tracker_server.errors import Refused
from tracker_server.metrics import alignment, bulk, formulas, naming, reckoning, smoothing
from tracker_server.metrics.alignment import Line
from tracker_server.metrics.bulk import MAX_X, MIN_X, Along, Bounds, Head
from tracker_server.metrics.columns import Floats, Integers, Points
from tracker_server.metrics.models import Series
from tracker_server.metrics.reckoning import Reckoned
from tracker_server.metrics.schema import METRIC_AXIS, Axis, Smoothing
from tracker_server.metrics.statistics import Band, Statistic, Summary, interval, summarise
from tracker_server.metrics.thinning import thin

MAX_SERIES = 20_000
MAX_CURVES = 2_000
MAX_X_COUNT = 20_000_000
POINTS_AT_ONCE = 2**24

_PARTS = 16
"""Into how many parts of equal width a chunk is thought to be cut, to say where its points lie."""


@dataclass(frozen=True)
class GroupView:
    """How groups are looked at. `range` is of x, inclusive; `started_ms` is where each run's relative time is zero.

    About `points_at_once` points are in memory at one time.
    """

    x: Axis = "step"
    range: tuple[float, float] | None = None
    points: int = 400
    started_ms: dict[str, int] = field(default_factory=dict)
    statistic: Statistic = "mean"
    band: Band = "none"
    interpolates: bool = False
    smoothing: Smoothing | None = None
    points_at_once: int = POINTS_AT_ONCE

    @property
    def over(self) -> str | None:
        """The name of the metric that x is; None for steps and times."""
        return self.x.removeprefix(METRIC_AXIS) if self.x.startswith(METRIC_AXIS) else None

    @property
    def along(self) -> Along:
        """The axis where x is no metric."""
        return Along(self.x, self.started_ms, keeps_neighbours=self.interpolates)


@dataclass(frozen=True)
class Curve:
    """One metric of one group as parallel columns, in order of x. `x_count` is how many x these stand for.

    `smoothed` is empty where nothing is smoothed; where it is, so are `low` and `high`.
    """

    group: int
    metric: str
    run_count: int
    x_count: int
    is_exact: bool
    is_interpolated: bool
    x: Floats
    center: Floats
    low: Floats
    high: Floats
    n: Integers
    smoothed: Floats


class _Member(NamedTuple):
    """A series, and the one that is its x where x is a metric."""

    series: Series | Reckoned
    axis: Series | None = None

    @property
    def sources(self) -> list[Series]:
        """The series that its points are of."""
        parts = self.series.parts if isinstance(self.series, Reckoned) else (self.series,)
        return [*parts, *([self.axis] if self.axis is not None else [])]

    @property
    def point_count(self) -> int:
        return self.series.count + (self.axis.count if self.axis is not None else 0)


class _Job(NamedTuple):
    """The members of a curve, in order of their runs' ids, so that nothing hangs on how they were found."""

    group: int
    metric: str
    members: list[_Member]

    @property
    def point_count(self) -> int:
        return sum(member.point_count for member in self.members)

    @property
    def is_reckoned(self) -> bool:
        return formulas.is_formula(self.metric)


def read(session: Session, groups: Sequence[Sequence[str]], metrics: Sequence[str], view: GroupView) -> Iterator[Curve]:
    """The curve of each group and metric that it has, in this order; metrics by name.

    A name may be `prefix/*`. Raises Refused where these are more than one answer should hold.
    """
    jobs = _jobs(session, groups, metrics, view)
    if len(jobs) > MAX_CURVES:
        raise Refused(
            "too_many_curves",
            f"{len(jobs):,} curves, of groups × metrics, are more than the {MAX_CURVES:,} that an answer has; ask for "
            "fewer metrics, or group by fewer keys",
            field="metrics",
        )
    for pack in _packs(jobs, view.points_at_once):
        yield from _curves(session, pack, view)


def _jobs(session: Session, groups: Sequence[Sequence[str]], metrics: Sequence[str], view: GroupView) -> list[_Job]:
    groups_of: dict[str, list[int]] = defaultdict(list)
    for number, run_ids in enumerate(groups):
        for run_id in run_ids:
            groups_of[run_id].append(number)
    names, texts = formulas.split(metrics)
    understood = reckoning.understand(texts)
    found: list[Series | Reckoned] = [*_find(session, list(groups_of), names)]
    found += reckoning.of(_find(session, list(groups_of), reckoning.metrics_of(understood)), understood)
    mains: dict[tuple[str, str], Series | Reckoned] = {}
    for series in found:
        mains.setdefault((series.run_id, series.name), series)  # "" is the first label
    axes = {} if view.over is None else _axes(session, list(groups_of), view.over)
    jobs: dict[tuple[int, str], list[_Member]] = defaultdict(list)
    for (run_id, name), series in sorted(mains.items()):
        axis = axes.get((run_id, series.label)) or axes.get((run_id, ""))
        if view.over is None or axis is not None:
            for number in groups_of[run_id]:
                jobs[number, name].append(_Member(series, axis))
    return [_Job(group, name, jobs[group, name]) for group, name in sorted(jobs)]


def _axes(session: Session, run_ids: Sequence[str], name: str) -> dict[tuple[str, str], Series]:
    return {(series.run_id, series.label): series for series in _find(session, run_ids, [name])}


def _find(session: Session, run_ids: Sequence[str], metrics: Sequence[str]) -> list[Series]:
    """The series in use of these runs that are shown by these names, by run, name and label."""
    if not metrics:
        return []
    names = naming.of_runs(session, run_ids)
    exact = [name for name in names.logged(metrics) if not name.endswith("/*")]
    below = [Series.name.startswith(name[:-1], autoescape=True) for name in metrics if name.endswith("/*")]
    statement = (
        sa.select(Series)
        .where(Series.run_id.in_(run_ids), Series.count > 0, Series.segment == 0)
        .where(sa.or_(Series.name.in_(exact), *below))
        .limit(MAX_SERIES + 1)
    )
    found = list(session.scalars(statement))
    if len(found) > MAX_SERIES:
        raise Refused(
            "too_many_series",
            f"these runs have more than {MAX_SERIES:,} series of these metrics; ask for fewer runs or metrics",
            field="metrics",
        )
    shown = naming.renamed(names, found, metrics)
    return sorted(shown, key=lambda series: (series.run_id, series.name, series.label))


def _packs(jobs: Sequence[_Job], limit: int) -> Iterator[list[_Job]]:
    """The jobs in packs that are read together; one with too many points is a pack of its own, formulas are apart."""
    pack: list[_Job] = []
    size = 0
    for job in jobs:
        if pack and (size + job.point_count > limit or job.is_reckoned != pack[0].is_reckoned):
            yield pack
            pack, size = [], 0
        pack.append(job)
        size += job.point_count
    if pack:
        yield pack


def _curves(session: Session, pack: Sequence[_Job], view: GroupView) -> Iterator[Curve]:
    if view.over is not None or pack[0].is_reckoned:
        lines, bounds = _whole_lines(session, pack, view), _whole_bounds(view)
    else:
        found = list({one.id: one for job in pack for member in job.members for one in member.sources}.values())
        heads, bounds = bulk.heads(session, found, view.along), _bounds(view)
        if pack[0].point_count > view.points_at_once:
            yield _long_curve(session, pack[0], heads, bounds, view)
            return
        lines = bulk.lines(session, found, heads, bounds, view.along)
    for job in pack:
        yield _short_curve(job, lines, bounds, view)


def _whole_lines(session: Session, pack: Sequence[_Job], view: GroupView) -> dict[int, Line]:
    """The lines of these by the ids of their series: of what has to be read whole, since points are joined."""
    if pack[0].point_count > view.points_at_once:
        raise Refused(
            "too_many_points",
            f"a curve over a metric, or of a formula, is of at most {view.points_at_once:,} points, and "
            f"{pack[0].metric!r} has {pack[0].point_count:,} in all; ask for fewer runs, or for a metric over steps",
            field="x" if view.over is not None else "metrics",
        )
    members = [member for job in pack for member in job.members]
    sources = list({one.id: one for member in members for one in member.sources}.values())
    points = bulk.every_point(session, sources)
    return {member.series.id: _whole_line(member, points, view) for member in members}


def _whole_line(member: _Member, points: dict[int, Points], view: GroupView) -> Line:
    series = member.series
    drawn = reckoning.reckoned(series, points) if isinstance(series, Reckoned) else points[series.id]
    if member.axis is not None:
        return bulk.line_over(drawn, points[member.axis.id])
    return alignment.line((drawn.steps if view.x == "step" else drawn.times) - view.along.zero(series), drawn.values)


def _short_curve(job: _Job, lines: dict[int, Line], bounds: Bounds, view: GroupView) -> Curve:
    """A curve whose points are in memory."""
    own = [lines[member.series.id] for member in job.members]
    return _curve(job, [bounds], lambda _: own, view)


def _long_curve(session: Session, job: _Job, heads: dict[int, list[Head]], bounds: Bounds, view: GroupView) -> Curve:
    """A curve of more points than are held at once: each range of x is read by itself."""
    found = [one for member in job.members for one in member.sources]

    def lines_of(part: Bounds) -> list[Line]:
        return list(bulk.lines(session, found, heads, part, view.along).values())

    return _curve(job, _ranges(found, heads, bounds, view), lines_of, view)


def _whole_bounds(view: GroupView) -> Bounds:
    """Of what is in memory whole. Smoothing looks at all of it."""
    return (-math.inf, math.inf) if view.range is None or view.smoothing else view.range


def _bounds(view: GroupView) -> Bounds:
    if view.range is None or view.smoothing:
        return MIN_X, MAX_X
    low, high = (min(max(bound, float(MIN_X)), float(MAX_X)) for bound in view.range)
    return max(MIN_X, math.ceil(low)), min(MAX_X, math.floor(high))


def _ranges(found: Sequence[Series], heads: dict[int, list[Head]], bounds: Bounds, view: GroupView) -> list[Bounds]:
    """The bounds cut into ranges of about as many points as are held at once, as far as the chunks' spans say."""
    spans = [head for series in found for head in (*heads[series.id], _tail_head(series, heads[series.id], view.along))]
    shares = np.arange(_PARTS) / _PARTS
    places = np.concatenate([head.low + shares * (head.high - head.low) for head in spans])
    order = np.argsort(places)
    places, weights = places[order], np.repeat([head.count / _PARTS for head in spans], _PARTS)[order]
    inside = (places > bounds[0]) & (places < bounds[1])
    filled = np.cumsum(weights[inside]) // view.points_at_once
    starts = {int(place) for place in places[inside][1:][np.diff(filled) > 0].tolist()}
    lows = [bounds[0], *sorted(start for start in starts if bounds[0] < start <= bounds[1])]
    return list(zip(lows, [*(low - 1 for low in lows[1:]), bounds[1]], strict=True))


def _tail_head(series: Series, sealed: Sequence[Head], along: Along) -> Head:
    """Where the points of a series that are not sealed may lie: after the sealed ones, up to its last one."""
    last = series.last_step if along.x == "step" else series.last_time_ms
    high = (last or 0) - along.zero(series)
    return Head(0, series.count - series.sealed_count, max((head.high for head in sealed), default=high), high)


def _curve(job: _Job, ranges: Sequence[Bounds], lines_of: Callable[[Bounds], list[Line]], view: GroupView) -> Curve:
    """The curve over these ranges of x, thinned to about the points asked for.

    Which x are kept is chosen by the extremes of the line and of the band. The bootstrap interval is made at these
    alone, and they are chosen by the standard error, which it is close to: elsewhere nobody would see it. So it is not
    smoothed, as all else is: over all x, before any is left out.
    """
    x, summary, is_interpolated = _summarised(ranges, lines_of, view)
    smoothed = np.empty(0, np.float64)
    if view.smoothing is not None:
        x, summary, smoothed = _in_range(*_smoothed(x, summary, view.smoothing, view.band), view)
    kept = _kept(x, summary, view.points)
    shown = x[kept]
    low, high = summary.low[kept], summary.high[kept]
    if view.band == "ci95":
        low, high = _intervals(shown, ranges, lines_of, view)
    return Curve(
        group=job.group,
        metric=job.metric,
        run_count=len(job.members),
        x_count=len(x),
        is_exact=len(kept) == len(x),
        is_interpolated=is_interpolated,
        x=shown.astype(np.float64),
        center=summary.center[kept],
        low=low,
        high=high,
        n=summary.n[kept],
        smoothed=smoothed[kept] if view.smoothing is not None else smoothed,
    )


def _summarised(
    ranges: Sequence[Bounds], lines_of: Callable[[Bounds], list[Line]], view: GroupView
) -> tuple[Any, Summary, bool]:
    """Every x, what is at each, and whether a value of these was interpolated."""
    parts: list[tuple[Any, Summary]] = []
    own_count = x_count = 0
    for bounds in ranges:
        lines = lines_of(bounds)
        x = alignment.grid(lines, *bounds)
        own_count += alignment.own_count(lines, *bounds)
        x_count += len(x)
        if x_count > MAX_X_COUNT:
            raise Refused(
                "too_many_x",
                f"the points of one group stand at more than {MAX_X_COUNT:,} different x; ask for a narrower range, or "
                "over steps, which runs have in common",
                field="range",
            )
        for part, table in alignment.tables(lines, x, interpolates=view.interpolates):
            parts.append((x[part], summarise(table, view.statistic, "stderr" if view.band == "ci95" else view.band)))
    if not parts:
        nothing = np.empty(0, np.float64)
        return nothing, Summary(nothing, nothing, nothing, np.empty(0, np.int64)), False
    columns = ("center", "low", "high", "n")
    whole = Summary(*(np.concatenate([getattr(part, name) for _, part in parts]) for name in columns))
    return np.concatenate([x for x, _ in parts]), whole, int(whole.n.sum()) > own_count


def _smoothed(x: Any, summary: Summary, how: Smoothing, band: Band) -> tuple[Any, Summary, Floats]:
    """The same with its band smoothed, and the line smoothed."""
    low, high = (
        (column if band in ("none", "ci95") else smoothing.smooth(x, column, how))
        for column in (summary.low, summary.high)
    )
    return x, Summary(summary.center, low, high, summary.n), smoothing.smooth(x, summary.center, how)


def _in_range(x: Any, summary: Summary, smoothed: Floats, view: GroupView) -> tuple[Any, Summary, Floats]:
    if view.range is None:
        return x, summary, smoothed
    part = slice(int(np.searchsorted(x, view.range[0], "left")), int(np.searchsorted(x, view.range[1], "right")))
    cut = Summary(summary.center[part], summary.low[part], summary.high[part], summary.n[part])
    return x[part], cut, smoothed[part]


def _kept(x: Any, summary: Summary, points: int) -> Integers:
    """The places that are shown: all of few; of many the extremes of each column, and where it has gaps."""
    if len(x) <= points:
        return np.arange(len(x), dtype=np.int64)
    columns = [column for column in (summary.center, summary.low, summary.high) if not np.isnan(column).all()]
    drawn = [thin(x, column, max(3, points // len(columns))) for column in columns]
    places = [part for one in drawn for part in (one.chosen, one.gaps)]
    return np.unique(np.concatenate(places)) if places else np.empty(0, np.int64)


def _intervals(
    x: Any, ranges: Sequence[Bounds], lines_of: Callable[[Bounds], list[Line]], view: GroupView
) -> tuple[Floats, Floats]:
    """The bootstrap interval at these x."""
    lows, highs = [np.empty(0, np.float64)], [np.empty(0, np.float64)]
    for bounds in ranges:
        inside = x[(x >= bounds[0]) & (x <= bounds[1])]
        for _, table in alignment.tables(lines_of(bounds), inside, interpolates=view.interpolates):
            low, high = interval(table, view.statistic)
            lows.append(low)
            highs.append(high)
    return np.concatenate(lows), np.concatenate(highs)
