/** What stands at the ticks of an axis. */

import { formatDuration, formatMoment, formatNumber, formatSi } from "../format";
import type { XAxis } from "./figure";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Distances between ticks that a person reads as time. */
export const DURATION_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100].map((count) => count * DAY),
];

/** There is no half step. */
export const STEP_STEPS = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** The shortest word for a moment of a run: "40s", "1m30", "2h05". */
export function durationTick(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 0) return `−${durationTick(-ms)}`;
  if (ms < SECOND) return `${String(ms)}ms`;
  if (ms < MINUTE) return `${String(Number((ms / SECOND).toFixed(2)))}s`;
  if (ms < HOUR) return pair(ms, MINUTE, "m", SECOND);
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE);
  return `${String(Number((ms / DAY).toFixed(1)))}d`;
}

function pair(ms: number, unit: number, name: string, smaller: number): string {
  const rest = Math.round((ms % unit) / smaller);
  return `${String(Math.floor(ms / unit))}${name}${rest === 0 ? "" : String(rest).padStart(2, "0")}`;
}

/** More would take the room of the chart. */
const MOST_DIGITS = 9;

/** What stands at ticks, each written with so many digits that no two neighbours read the same. */
export function distinct<T>(ticks: readonly T[], write: (tick: T, digits: number) => string | null): (string | null)[] {
  const withDigits = (digits: number) => ticks.map((tick) => write(tick, digits));
  for (let digits = 4; digits < MOST_DIGITS; digits += 1) {
    const texts = withDigits(digits);
    if (texts.every((text, index) => text === null || text !== texts[index - 1])) return texts;
  }
  return withDigits(MOST_DIGITS);
}

export const xTicks = (axis: XAxis, ticks: readonly number[]): string[] => distinct(ticks, (at, digits) => xTick(axis, at, digits)).map((text) => text ?? "");

export function xTick(axis: XAxis, value: number, digits?: number): string {
  if (axis === "relative_time") return durationTick(value);
  if (axis === "time") return new Date(value).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return formatSi(value, digits);
}

/** As it is read beside a chart: longer than at a tick. */
export function xText(axis: XAxis, x: number): string {
  if (axis === "time") return formatMoment(x);
  if (axis === "relative_time") return x < 0 ? `−${formatDuration(-x)}` : formatDuration(x);
  return formatNumber(x);
}

/** Powers of ten between `low` and `high`, thinned to about `most`; where they are few, with 2 and 5, else evenly. */
export function logTicks(low: number, high: number, most: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const within = (value: number) => value >= low && value <= high;
  const every = Math.max(1, Math.ceil((last - first) / most));
  const powers = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => Number(`1e${String(first + index * every)}`));
  const shown = powers.filter(within);
  if (shown.length > 2) return shown;
  const finer = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(within);
  return finer.length > 1 ? finer : evenTicks(low, high, most);
}

/** Round numbers between two that are less than a power of ten apart. */
function evenTicks(low: number, high: number, most: number): number[] {
  const least = (high - low) / Math.max(2, most);
  const power = Math.floor(Math.log10(least));
  const digit = [1, 2, 5, 10].find((one) => one * 10 ** power >= least) ?? 10;
  const step = digit * 10 ** power;
  const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((Math.ceil(low / step) + index) * step).toPrecision(12)));
}
