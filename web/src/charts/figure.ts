/**
 * What a chart shows, as plain data. Both engines draw the same figure, so a tile and its enlarged view agree.
 *
 * Numbers of a line are parallel arrays ordered by x. A NaN is a gap. Everything here is pure.
 */

import { formatCount, plural } from "../format";
import type { Goal } from "../goals";
import type { Center, SeriesColumns } from "../series";
import { between, extentIn } from "./extent";
import { type Excursion, excursions, usualSpan } from "./outliers";
import { smooth } from "./smooth";
import { type Smoothing, isSmoothing, sameSmoothing } from "./smoothing";
import { formatMeasure } from "./units";

/** "metric:<name>" is another metric of the same run, joined by step on the server. */
export type XAxis = "step" | "time" | "relative_time" | `metric:${string}`;
export type Range = readonly [number, number];
export type Mark = { x: number; kind: "nan" | "inf" | "-inf" };

/** What stands beside a name to tell it from others, and the same in full. */
export type Note = { text: string; full: string };

/**
 * How a run or a group of runs is drawn wherever it appears. `dash` tells apart what shares a hue: 0 solid, 1 dashed, 2
 * dotted. A run with `memberOf` is drawn faintly behind the line of that group; `of` is the metric that is drawn so, in a
 * chart of several.
 */
export type RunStyle = { id: string; name: string; note?: Note | null; hue: number; dash: number; isRunning: boolean; memberOf?: string; of?: string };

/** Where the area from the least to the greatest is drawn: where many points share a pixel, wherever it is known, nowhere. */
export type Shade = "dense" | "always" | "never";

/** How high a chart reaches: over what it shows, from 0 on, or from and to these values. */
export type YSpan = "auto" | "zero" | Range;

export type ChartView = {
  x: XAxis;
  smoothing: Smoothing;
  shade: Shade;
  hasRaw: boolean;
  isLog: boolean;
  ySpan: YSpan;
  isWithoutOutliers: boolean;
  range: Range | null;
};

export type Band = { low: Float64Array; high: Float64Array };

/**
 * `y` is what is drawn strongly: the smoothed values where there is smoothing, and then `raw` is drawn behind them.
 * `band` is the least and the greatest of the values that each point stands for, where that is drawn. Of a group it is the
 * spread of its runs, and `n` says of how many runs each point is. `outside` is where the line leaves the chart because
 * outliers were not to count for its height.
 */
export type Line = {
  id: string;
  run: string;
  metric: string;
  name: string;
  note?: Note | null;
  hue: number;
  dash: number;
  isLive: boolean;
  x: Float64Array;
  steps: Float64Array;
  y: Float64Array;
  raw: Float64Array | null;
  band: Band | null;
  n: Float64Array | null;
  marks: readonly Mark[];
  outside: readonly Excursion[];
};

/**
 * `superseded` is what a run had logged after the step from which it was resumed, and the runs of groups. It is drawn
 * faintly behind the lines and read nowhere. `pooled` says what the lines are of the runs of groups. `dropped` counts the
 * values that a log axis cannot show; `hidden` the lines beyond the most that a tile draws; `beyond` the points that lie
 * above or below because outliers do not count. `stored` is how many points the lines stand for, and `isExact` says that
 * each of them is drawn. Without `hasRaw` the values behind smoothed lines are known but not drawn.
 */
export type Figure = {
  metric: string;
  axis: XAxis;
  isLog: boolean;
  hasRaw: boolean;
  x: Range;
  y: Range;
  lines: Line[];
  superseded: Line[];
  dropped: number;
  beyond: number;
  hidden: number;
  stored: number;
  isExact: boolean;
  pooled: { center: Center; runCount: number; leftOut: number } | null;
};

export type Drawn = { series: SeriesColumns; style: RunStyle };

/** How strongly a superseded line is drawn: to be seen when one looks for it. */
export const FAINT = 0.35;

/** Beyond this many lines nobody can tell them apart, and drawing them costs too much. */
export const MOST_LINES = 100;
/** Over the whole page there is room for more, and one of them can be picked out. */
export const MOST_ENLARGED = 500;

export function lineFigure(metric: string, drawn: readonly Drawn[], view: ChartView, most = MOST_LINES): Figure {
  // a series of nothing but NaN and infinities has marks alone
  const counting = drawn.filter(({ series, style }) => series.x.length + series.marks.length > 0 && series.segment === 0 && style.memberOf === undefined);
  const lines = counting.slice(0, most).map((one) => line(one, view));
  const old = drawn.filter(({ series, style }) => series.x.length > 0 && (series.segment !== 0 || style.memberOf !== undefined)).map((one) => line(one, view));
  const superseded = old.slice(0, most - lines.length);
  const pooled = counting.slice(0, most).flatMap(({ series }) => series.pooled ?? []);
  const all = [...superseded, ...lines];
  const x = view.range ?? spanOf(all);
  const { span, dropped } = heightsIn(all, x, view);
  const y = heightsOf(span, view);
  // a height that was chosen by hand leaves out what it leaves out
  const beyond = view.isWithoutOutliers && typeof view.ySpan === "string" ? lines.reduce((sum, one) => sum + markOutside(one, x, y, view), 0) : 0;
  return {
    metric,
    axis: view.x,
    isLog: view.isLog,
    hasRaw: view.hasRaw,
    x,
    y,
    lines,
    superseded,
    dropped,
    beyond,
    hidden: counting.length - lines.length,
    stored: counting.slice(0, most).reduce((sum, { series }) => sum + series.points_in_range, 0),
    isExact: counting.every(({ series }) => series.is_exact),
    pooled: pooled[0] === undefined ? null : { center: pooled[0].center, runCount: pooled.reduce((sum, { runCount }) => sum + runCount, 0), leftOut: pooled.reduce((sum, { leftOut }) => sum + leftOut, 0) },
  };
}

/** Whether the lines have every point that was logged, in a word and in a sentence. */
export function exactness({ lines, stored, isExact, pooled }: Figure): { word: string; sentence: string } {
  const drawn = lines.reduce((sum, { x }) => sum + x.length, 0);
  if (pooled !== null) {
    const runs = `${CENTERS[pooled.center]} of ${pooled.leftOut > 0 ? "the newest " : ""}${plural(pooled.runCount, "run")}`;
    const rest = pooled.leftOut > 0 ? `, ${formatCount(pooled.leftOut)} older ones left out` : "";
    const x = isExact ? `at every x that one of them has: ${formatCount(drawn)}` : `at ${formatCount(drawn)} of ${formatCount(stored)} x, the extremes among them; zoom in for more`;
    return { word: `${runs} · ${isExact ? "exact" : "thinned"}`, sentence: `The ${runs}${rest}, ${x}` };
  }
  if (isExact) return { word: "exact", sentence: `Every point is drawn: ${formatCount(stored)}` };
  return { word: "thinned", sentence: `${formatCount(drawn)} of ${formatCount(stored)} points are drawn, the least and the greatest of each stretch among them; zoom in for more` };
}

/** What stands for the runs of a group at an x, in a word. */
export const CENTERS: Record<Center, string> = { mean: "mean", median: "median", min: "least", max: "greatest" };

/** The first line of each run and metric. */
export const seriesOf = ({ lines }: Figure): Line[] => lines.filter(({ run, metric }, index) => lines.findIndex((line) => line.run === run && line.metric === metric) === index);

/** What the faint lines are. */
export const supersededNote = ({ superseded, pooled }: Figure) =>
  pooled === null
    ? `faint: superseded when the ${new Set(superseded.map(({ run }) => run)).size === 1 ? "run was" : "runs were"} resumed`
    : `faint: ${plural(superseded.length, "single run")}`;

/** Whether nothing has a height: every point is a NaN or an infinity, and marked. */
export const isOnlyMarks = ({ lines }: Figure) => lines.length > 0 && lines.every(({ x }) => x.length === 0);

/** Without the lines of these ids, and without what they have superseded. */
export function withoutLines(figure: Figure, ids: ReadonlySet<string>): Figure {
  return {
    ...figure,
    lines: figure.lines.filter(({ id }) => !ids.has(id)),
    superseded: figure.superseded.filter(({ id }) => !ids.has(id.replace(/\d+$/, "0"))),
  };
}

function line({ series, style }: Drawn, view: ChartView): Line {
  const isSmoothed = isSmoothing(view.smoothing);
  return {
    id: `${style.id}/${style.of === undefined ? "" : `${style.of}/`}${series.label}/${String(series.segment)}`,
    run: style.memberOf ?? style.id,
    metric: series.metric,
    name: lineName(series, style.name),
    note: style.note ?? null,
    hue: style.hue,
    dash: style.dash,
    isLive: style.isRunning,
    x: series.x,
    steps: series.steps,
    y: isSmoothed ? smoothed(series, view.smoothing) : series.values,
    raw: isSmoothed ? series.values : null,
    band: isShaded(series, view.shade) ? { low: series.low, high: series.high } : null,
    n: series.pooled?.n ?? null,
    marks: series.marks,
    outside: [],
  };
}

/** A line has about as many points as pixels, so that this many stored ones for each are as many on a pixel. */
const DENSE = 20;

function isShaded({ x, low, points_in_range, pooled }: SeriesColumns, shade: Shade): boolean {
  if (low.length !== x.length) return false;
  if (pooled !== undefined) return true;
  if (shade === "never") return false;
  return shade === "always" || points_in_range > DENSE * x.length;
}

/** Of all points, as the server has made it; until it has, of those at hand. */
const smoothed = (series: SeriesColumns, smoothing: Smoothing) =>
  sameSmoothing(series.shape.smoothing, smoothing) && series.smoothed.length === series.x.length ? series.smoothed : smooth(series, smoothing);

/** The name of a line with what tells it apart, and the same in full for a title. */
export const labelOf = ({ name, note }: Pick<Line, "name" | "note">): string => (note ? `${name} · ${note.text}` : name);
export const titleOf = ({ name, note }: Pick<Line, "name" | "note">): string => (note ? `${name}\n${note.full}` : name);

const lineName = ({ label }: SeriesColumns, name: string) => (label === "" ? name : `${name} · ${label}`);

function spanOf(lines: readonly Line[]): Range {
  let least = Infinity;
  let most = -Infinity;
  for (const { x, marks } of lines) {
    least = Math.min(least, x[0] ?? Infinity, marks[0]?.x ?? Infinity);
    most = Math.max(most, x.at(-1) ?? -Infinity, marks.at(-1)?.x ?? -Infinity);
  }
  if (least > most) return [0, 1];
  return least === most ? [least - 0.5, most + 0.5] : [least, most];
}

/** The least and the most of what can be drawn inside a range, and how many values a log axis cannot show. */
function heightsIn(lines: readonly Line[], range: Range, view: ChartView): { span: Range; dropped: number } {
  let least = Infinity;
  let most = -Infinity;
  let dropped = 0;
  const usual: number[] = [];
  for (const { x, y, raw, band } of lines) {
    const main = view.hasRaw ? (raw ?? y) : y;
    const areas = band === null || view.isWithoutOutliers ? [] : [band.low, band.high];
    for (const values of [y, ...(main === y ? [] : [main]), ...areas]) {
      const extent = extentIn(x, values, range);
      if (view.isLog && values === main) dropped += extent.unpositive;
      least = Math.min(least, view.isLog ? extent.leastPositive : extent.least);
      most = Math.max(most, view.isLog && extent.most <= 0 ? -Infinity : extent.most);
      if (view.isWithoutOutliers) collect(usual, values, between(x, range), view.isLog);
    }
  }
  return { span: view.isWithoutOutliers ? usualSpan(usual) : [least, most], dropped };
}

function collect(into: number[], values: Float64Array, [start, end]: Range, isLog: boolean): void {
  for (let index = start; index < end; index += 1) {
    const value = values[index] ?? NaN;
    if (!Number.isNaN(value) && !(isLog && value <= 0)) into.push(value);
  }
}

/** Notes where a line leaves the range, and answers how many of its points do. */
function markOutside(one: Line, [from, to]: Range, y: Range, { hasRaw, isLog }: ChartView): number {
  const values = hasRaw ? (one.raw ?? one.y) : one.y;
  const shown = values.map((value, index) => {
    const at = one.x[index] ?? NaN;
    return at >= from && at <= to && !(isLog && value <= 0) ? value : NaN;
  });
  const { found, count } = excursions(one.x, shown, y);
  one.outside = found;
  return count;
}

function heightsOf(span: Range, { isLog, ySpan }: ChartView): Range {
  const [low, high] = isLog ? logRange(span) : linearRange(span);
  if (ySpan === "auto" || (ySpan === "zero" && isLog)) return [low, high]; // a log axis has no 0
  if (ySpan === "zero") return [span[0] >= 0 ? 0 : low, span[1] <= 0 && span[0] < 0 ? 0 : high];
  const [from, to] = ySpan;
  if (!isLog || from > 0) return [from, to];
  return to > 0 ? [Math.min(low, to / 10), to] : [low, high];
}

const ROOM = 0.06;

function linearRange([least, most]: Range): Range {
  if (!(least <= most)) return [0, 1];
  if (least === most) {
    const room = least === 0 ? 1 : Math.abs(least) * 0.1;
    return [least - room, least + room];
  }
  const room = (most - least) * ROOM;
  return [least - room, most + room];
}

/** A tenth of a decade of room on either side, and a whole one around a single value. */
function logRange([least, most]: Range): Range {
  if (least > most) return [0.1, 1];
  if (least === most) return [least / 3, least * 3];
  const room = Math.max(0.02, (Math.log10(most) - Math.log10(least)) * ROOM);
  return [Math.max(Number.MIN_VALUE, least / 10 ** room), Math.min(Number.MAX_VALUE, most * 10 ** room)];
}

/** Where a band has values without a gap: from each start to the end behind its last point. */
export function bandPieces({ low, high }: Band): Range[] {
  const pieces: Range[] = [];
  let start = 0;
  for (let end = 0; end <= low.length; end += 1) {
    if (end < low.length && !Number.isNaN(low[end] ?? NaN) && !Number.isNaN(high[end] ?? NaN)) continue;
    if (end > start) pieces.push([start, end]);
    start = end + 1;
  }
  return pieces;
}

/** The index of the x nearest to `at`, -1 for none. `x` is ordered. O(log n). */
export function nearest(x: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = x.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  return Math.abs((x[low] ?? 0) - at) <= Math.abs((x[high] ?? 0) - at) ? low : high;
}

export type Reading = { line: Line; x: number; step: number; value: number; raw: number | null; n: number | null };

/**
 * What every line says at `at`, highest first. A line is left out where it has no value within `reach` of there, so
 * that a run that ended early does not pretend to go on.
 */
export function readingsAt(figure: Figure, at: number, reach: number): Reading[] {
  const readings: Reading[] = [];
  for (const one of figure.lines) {
    const index = nearest(one.x, at);
    const x = one.x[index];
    const value = one.y[index];
    if (x === undefined || value === undefined || Number.isNaN(value)) continue;
    const isInside = at >= (one.x[0] ?? 0) && at <= (one.x.at(-1) ?? 0);
    if (!isInside && Math.abs(x - at) > reach) continue;
    readings.push({ line: one, x, step: one.steps[index] ?? 0, value, raw: one.raw?.[index] ?? null, n: one.n?.[index] ?? null });
  }
  return readings.sort((a, b) => b.value - a.value);
}

/** What stands on the axis, in a word. */
export function axisName(axis: XAxis): string {
  if (axis === "step" || axis === "time") return axis;
  return axis === "relative_time" ? "relative time" : axis.slice("metric:".length);
}

/** The sentence that stands for the picture. */
export function describeFigure(metric: string, view: ChartView, lines: number, noun: "run" | "group" = "run"): string {
  return `${metric} over ${view.x === "time" ? "wall time" : axisName(view.x)}, ${plural(lines, noun)}`;
}

/**
 * What one would say of the picture: "best 0.781 in calm-heron-213 at step 4,120", or the lowest and the highest where
 * nobody has said which is better. Null where there is nothing to say.
 */
export function bestOf(figure: Figure, goal: Goal | null): string | null {
  const told = ({ line, value, step }: Extreme) => `${formatMeasure(figure.metric, value)} in ${line.name}${Number.isNaN(step) ? "" : ` at step ${formatCount(step)}`}`;
  if (goal !== null) {
    const best = extreme(figure, goal);
    return best === null ? null : `best ${told(best)}`;
  }
  const [lowest, highest] = [extreme(figure, "min"), extreme(figure, "max")];
  if (lowest === null || highest === null) return null;
  return lowest.value === highest.value ? `${formatMeasure(figure.metric, lowest.value)} throughout` : `lowest ${told(lowest)}, highest ${told(highest)}`;
}

type Extreme = { line: Line; value: number; step: number };

/** Of equal ones the first. */
function extreme({ lines, x: range }: Figure, end: Goal): Extreme | null {
  const sign = end === "min" ? -1 : 1;
  let found: Extreme | null = null;
  for (const line of lines) {
    const values = line.raw ?? line.y;
    const { leastAt, mostAt } = extentIn(line.x, values, range);
    const at = end === "min" ? leastAt : mostAt;
    const value = values[at];
    if (value !== undefined && sign * value > (found === null ? -Infinity : sign * found.value)) found = { line, value, step: line.steps[at] ?? 0 };
  }
  return found;
}

/** Runs that share a hue are dashed, then dotted, in the order in which they are shown. */
export function dashes(hues: readonly number[]): number[] {
  const seen = new Map<number, number>();
  return hues.map((hue) => {
    const before = seen.get(hue) ?? 0;
    seen.set(hue, before + 1);
    return Math.min(before, 2);
  });
}
