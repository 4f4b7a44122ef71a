/**
 * Putting the lines of runs onto each other at a moment that each run has of its own: where a metric is best, where it
 * begins, where it reaches a value. Pure.
 *
 * An offset is the x of that moment; a line that is aligned stands at x minus the offset of its run.
 */

import type { Search } from "../address";
import type { SeriesColumns } from "../series";

/** The moment, told by a metric. */
export type Alignment = { metric: string } & ({ at: "min" | "max" | "first" } | { at: "value"; value: number });

/** "max@val/acc", or "0.7@val/acc" for where that value is reached. */
export function readAlignment(text: Search[string]): Alignment | null {
  const split = (text ?? "").indexOf("@");
  const at = (text ?? "").slice(0, split);
  const metric = (text ?? "").slice(split + 1);
  if (split < 1 || metric === "") return null;
  if (at === "min" || at === "max" || at === "first") return { at, metric };
  const value = Number(at);
  return Number.isFinite(value) ? { at: "value", value, metric } : null;
}

export const writeAlignment = (alignment: Alignment | null): string | undefined =>
  alignment === null ? undefined : `${alignment.at === "value" ? String(alignment.value) : alignment.at}@${alignment.metric}`;

export function alignmentText({ metric, ...moment }: Alignment): string {
  if (moment.at === "value") return `where ${metric} reaches ${String(moment.value)}`;
  return moment.at === "first" ? `the first point of ${metric}` : `the ${moment.at === "max" ? "highest" : "lowest"} ${metric}`;
}

/** By run; a run without that moment has none. Only the main writer's own series counts. */
export function offsetsOf(series: readonly SeriesColumns[], alignment: Alignment): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  for (const one of series) {
    if (one.metric !== alignment.metric || one.segment !== 0 || offsets.has(one.run)) continue;
    const at = momentOf(one, alignment);
    if (at !== null) offsets.set(one.run, at);
  }
  return offsets;
}

/** Of equal extremes the first counts. O(n). */
function momentOf({ x, values }: SeriesColumns, alignment: Alignment): number | null {
  switch (alignment.at) {
    case "first":
      return x[0] ?? null;
    case "value":
      return reaching(x, values, alignment.value);
    case "min":
    case "max": {
      let best = -1;
      values.forEach((value, index) => {
        const known = values[best] ?? NaN;
        if (Number.isNaN(value)) return;
        if (Number.isNaN(known) || (alignment.at === "max" ? value > known : value < known)) best = index;
      });
      return x[best] ?? null;
    }
  }
}

/** Where the straight lines between the points first meet the value. */
function reaching(x: Float64Array, values: Float64Array, value: number): number | null {
  for (let index = 0; index < x.length; index += 1) {
    const here = values[index] ?? NaN;
    if (here === value) return x[index] ?? null;
    const before = values[index - 1] ?? NaN;
    const isBetween = (before < value && here > value) || (before > value && here < value);
    if (!isBetween) continue;
    const start = x[index - 1] ?? 0;
    return start + ((value - before) / (here - before)) * ((x[index] ?? start) - start);
  }
  return null;
}

/** Without the runs that have no such moment. */
export function aligned(series: readonly SeriesColumns[], offsets: ReadonlyMap<string, number>): SeriesColumns[] {
  return series.flatMap((one) => {
    const offset = offsets.get(one.run);
    if (offset === undefined) return [];
    return [{ ...one, x: one.x.map((at) => at - offset), marks: one.marks.map((mark) => ({ ...mark, x: mark.x - offset })) }];
  });
}

/** The stretch of the runs' own x that shows within an aligned range. */
export function ownRange(range: readonly [number, number] | null, offsets: ReadonlyMap<string, number>): [number, number] | null {
  if (range === null || offsets.size === 0) return null;
  const all = [...offsets.values()];
  return [range[0] + Math.min(...all), range[1] + Math.max(...all)];
}
