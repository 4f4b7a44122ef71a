/** How values and lines differ from the baseline's. Pure. */

import type { MetricSummary } from "../api";
import { formatChange, formatNumber } from "../format";
import type { SeriesColumns } from "../series";

export type Goal = NonNullable<MetricSummary["goal"]>;

/** `word` says which is better, where the metric has a direction. */
export type Difference = { absolute: string; relative: string | null; word: "better" | "worse" | null };

/** Null where there is nothing to compare: not numbers, or the same. */
export function differenceOf(value: unknown, baseline: unknown, goal: Goal | null = null, format: (value: number) => string = formatNumber): Difference | null {
  if (typeof value !== "number" || typeof baseline !== "number" || value === baseline) return null;
  const absolute = value - baseline;
  if (Number.isNaN(absolute)) return null;
  const sign = absolute > 0 ? "+" : "";
  return {
    absolute: `${sign}${format(tidy(absolute))}`,
    relative: baseline === 0 ? null : formatChange(absolute / Math.abs(baseline)),
    word: goal === null ? null : absolute > 0 === (goal === "max") ? "better" : "worse",
  };
}

/** 0.3 - 0.2 is not 0.09999999999999998 to anybody. */
const tidy = (value: number) => Number(value.toPrecision(12));

/**
 * Each line minus the baseline's of the same writer, at the line's own x. Between two points of the baseline the straight
 * line counts; a gap of either is a gap, and before its first and after its last point there is nothing. Smoothed lines
 * are taken from each other likewise; shades are left out, since of two of them there is no difference. A difference is
 * exact where both lines are. O(n).
 */
export function lineDifferences(series: readonly SeriesColumns[], baseline: string): SeriesColumns[] {
  const bases = new Map(series.filter((one) => one.run === baseline && one.segment === 0).map((one) => [one.label, one]));
  return series.flatMap((one) => {
    const base = one.segment === 0 ? bases.get(one.label) : undefined;
    return base === undefined ? [] : [minus(one, base)];
  });
}

function minus(one: SeriesColumns, base: SeriesColumns): SeriesColumns {
  const isSmoothed = [one, base].every(({ smoothed, x }) => smoothed.length === x.length);
  const values = new Float64Array(one.x.length);
  const smoothed = isSmoothed ? new Float64Array(one.x.length) : EMPTY;
  let place = 0;
  one.x.forEach((at, index) => {
    // of points of the baseline at one x the last counts
    while ((base.x[place + 1] ?? Infinity) <= at) place += 1;
    const start = base.x[place] ?? NaN;
    const share = start === at ? 0 : (at - start) / ((base.x[place + 1] ?? NaN) - start);
    const read = (column: Float64Array) => (share === 0 ? (column[place] ?? NaN) : (column[place] ?? NaN) * (1 - share) + (column[place + 1] ?? NaN) * share);
    values[index] = (one.values[index] ?? NaN) - read(base.values);
    if (isSmoothed) smoothed[index] = (one.smoothed[index] ?? NaN) - read(base.smoothed);
  });
  const isInside = (at: number) => at >= (base.x[0] ?? Infinity) && at <= (base.x.at(-1) ?? -Infinity);
  const keep = (column: Float64Array) => column.filter((_, index) => isInside(one.x[index] ?? NaN));
  return {
    ...one,
    x: keep(one.x),
    steps: keep(one.steps),
    values: keep(values),
    smoothed: keep(smoothed),
    low: EMPTY,
    high: EMPTY,
    marks: one.marks.filter(({ x }) => isInside(x)),
    is_exact: one.is_exact && base.is_exact,
    shape: { smoothing: isSmoothed ? one.shape.smoothing : null, band: false },
  };
}

const EMPTY = new Float64Array();
