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

/**
 * What stands at ordered ticks, each written with so many digits that no two neighbours read the same. Where that would be too
 * many, the first is written in short and the others say by how much they are more: "1", "+2e-12", "+4e-12".
 */
export function distinct(ticks: readonly number[], write: (tick: number, digits: number) => string): string[] {
  const [first = 0] = ticks;
  for (let digits = 4; digits <= MOST_DIGITS; digits += 1) {
    const texts = ticks.map((tick) => write(tick, digits));
    if (texts.every((text, index) => text !== texts[index - 1] || ticks[index] === ticks[index - 1])) return texts;
  }
  const short = `${Number(first.toPrecision(4)) === first ? "" : "≈"}${write(first, 4)}`;
  return ticks.map((tick) => (tick === first ? short : `+${write(Number((tick - first).toPrecision(3)), 4)}`));
}

export const xTicks = (axis: XAxis, ticks: readonly number[]): string[] => distinct(ticks, (at, digits) => xTick(axis, at, digits));

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

/** About `most` round numbers from `low` to `high`, whatever their size; at least one. */
export function evenTicks(low: number, high: number, most: number): number[] {
  const least = high / Math.max(2, most) - low / Math.max(2, most); // the difference itself may be beyond all numbers
  const power = Math.floor(Math.log10(least));
  const step = [1, 2, 2.5, 5, 10].map((digit) => Number(`${String(digit)}e${String(power)}`)).find((one) => one >= least) ?? least;
  const first = Math.ceil(low / step - NEARLY);
  const count = Math.floor(high / step + NEARLY) - first + 1;
  const ticks = Array.from({ length: Math.min(Math.max(0, count), MOST_EVEN) }, (_, index) => Number(((first + index) * step).toPrecision(15)));
  return ticks.filter((tick, index) => tick >= low && tick <= high && tick !== ticks[index - 1]);
}

/** An end that is round itself may be a little beyond. */
const NEARLY = 1e-6;
/** Of numbers without digits between them there are as many as one likes. */
const MOST_EVEN = 100;
