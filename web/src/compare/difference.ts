/** How a value differs from the baseline's, in words and numbers. Pure. */

import { formatChange, formatNumber } from "../format";

export type Difference = { absolute: string; relative: string | null };

/** Null where there is nothing to compare: not numbers, or the same. Nothing here says which direction is better. */
export function differenceOf(value: unknown, baseline: unknown): Difference | null {
  if (typeof value !== "number" || typeof baseline !== "number" || value === baseline) return null;
  const absolute = value - baseline;
  const sign = absolute > 0 ? "+" : "";
  return { absolute: `${sign}${formatNumber(tidy(absolute))}`, relative: baseline === 0 ? null : formatChange(absolute / Math.abs(baseline)) };
}

/** 0.3 - 0.2 is not 0.09999999999999998 to anybody. */
const tidy = (value: number) => Number(value.toPrecision(12));

/** The baseline first, and each run once. */
export const withBaseline = (runs: readonly string[], baseline: string): string[] => [baseline, ...runs.filter((run) => run !== baseline)];
