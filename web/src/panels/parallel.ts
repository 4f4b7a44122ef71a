/**
 * Parallel coordinates as plain data: where each run meets each axis, what is brushed, and the filter that says so. Pure.
 *
 * A place goes from 0 at the bottom to 1 at the top. A run without a value there, or with one that a log axis cannot
 * show, has a place below the axis, so that its line goes on.
 */

import { distinct, evenTicks, logTicks } from "../charts/ticks";
import { formatClock, formatNumber, formatSi } from "../format";
import { type Column, type Data, filterName, isTime, numberAt, spanOf } from "./data";
import type { AxisChoice } from "./state";

export type Axis = { key: string; column: Column; isLog: boolean; isInverted: boolean; low: number; high: number; places: Float64Array; missing: number };

/** What is chosen on an axis: a range of numbers, or some of the texts. */
export type Brush = { kind: "range"; low: number; high: number } | { kind: "texts"; texts: string[] };
export type Brushes = Readonly<Record<string, Brush>>;

/** So far below an axis a run stands that has no value there. */
export const NOWHERE = -0.07;

/** Axes without a column in the data are left out; they come with the next answer. */
export const axesOf = (data: Data, choices: readonly AxisChoice[]): Axis[] =>
  choices.flatMap((choice) => {
    const column = data.columns.get(choice.key);
    return column === undefined ? [] : [axisOf(column, choice)];
  });

function axisOf(column: Column, { key, isLog: wantsLog, isInverted }: AxisChoice): Axis {
  const isLog = wantsLog && !column.isText;
  const [low, high] = column.isText ? [0, Math.max(0, column.texts.length - 1)] : (spanOf(column.numbers, isLog) ?? [0, 1]);
  const bare = { key, column, isLog, isInverted, low, high };
  const places = Float64Array.from(column.numbers, (_, row) => placeOf(bare, numberAt(column, row)));
  return { ...bare, places, missing: places.reduce((sum, place) => sum + (place === NOWHERE ? 1 : 0), 0) };
}

type Scale = Pick<Axis, "isLog" | "isInverted" | "low" | "high">;

export function placeOf({ isLog, isInverted, low, high }: Scale, value: number): number {
  if (!Number.isFinite(value) || (isLog && value <= 0)) return NOWHERE;
  if (low === high) return 0.5;
  const place = isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return isInverted ? 1 - place : place;
}

/** The number at a place. */
export function numberOf({ isLog, isInverted, low, high }: Scale, place: number): number {
  const along = Math.min(1, Math.max(0, isInverted ? 1 - place : place));
  return isLog ? low * (high / low) ** along : low + along * (high - low);
}

/** What a drag between two places chooses; null for a drag that is too short to mean anything. */
export function brushOf(axis: Axis, from: number, to: number): Brush | null {
  const [bottom, top] = [Math.min(from, to), Math.max(from, to)];
  if (axis.column.isText) {
    const texts = axis.column.texts.filter((_, code) => {
      const place = placeOf(axis, code);
      return place >= bottom - 0.02 && place <= top + 0.02;
    });
    return texts.length === 0 ? null : { kind: "texts", texts };
  }
  if (top - bottom < 0.005) return null;
  const [one, other] = [numberOf(axis, bottom), numberOf(axis, top)];
  return { kind: "range", low: Math.min(one, other), high: Math.max(one, other) };
}

/** Where the brush begins and ends on its axis. */
export function brushedPlaces(axis: Axis, brush: Brush): [number, number] {
  const values = brush.kind === "range" ? [brush.low, brush.high] : brush.texts.map((text) => axis.column.texts.indexOf(text)).filter((code) => code >= 0);
  const places = values.map((value) => Math.min(1, Math.max(0, placeOf(axis, value))));
  const [bottom, top] = [Math.min(...places), Math.max(...places)];
  return brush.kind === "range" ? [bottom, top] : [Math.max(0, bottom - 0.025), Math.min(1, top + 0.025)];
}

/** The rows of the runs that all brushes let through, whether their axes are shown or not. */
export function rowsThrough(data: Data, brushes: Brushes): number[] {
  const tests = Object.entries(brushes).flatMap(([key, brush]) => {
    const column = data.columns.get(key);
    return column === undefined ? [] : [testOf(column, brush)];
  });
  return data.ids.map((_, row) => row).filter((row) => tests.every((test) => test(row)));
}

function testOf(column: Column, brush: Brush): (row: number) => boolean {
  if (brush.kind === "range") {
    const [low, high] = roundedOut(column.key, brush);
    return (row) => {
      const value = column.numbers[row] ?? NaN;
      return value >= low && value <= high;
    };
  }
  const codes = new Set(brush.texts.map((text) => column.texts.indexOf(text)).filter((code) => code >= 0));
  return (row) => codes.has(column.codes[row] ?? -1);
}

/** What the brushes ask for, in the language of filters. */
export const filterOf = (brushes: Brushes): string => Object.entries(brushes).map(([key, brush]) => conditionOf(key, brush)).join(" and ");

function conditionOf(key: string, brush: Brush): string {
  const name = filterName(key);
  if (brush.kind === "texts") {
    const [first] = brush.texts;
    return brush.texts.length === 1 ? `${name} == ${JSON.stringify(first)}` : `${name} in [${brush.texts.map((text) => JSON.stringify(text)).join(", ")}]`;
  }
  const [low, high] = roundedOut(key, brush);
  const written = (value: number) => (isTime(key) ? `date("${new Date(value).toISOString().slice(0, 19)}Z")` : String(value));
  return `${name} >= ${written(low)} and ${name} <= ${written(high)}`;
}

/** Four digits are finer than a hand; away from the middle, so that what was touched is inside. Times in whole seconds. */
function roundedOut(key: string, { low, high }: { low: number; high: number }): [number, number] {
  if (isTime(key)) return [Math.floor(low / 1000) * 1000, Math.ceil(high / 1000) * 1000];
  return [outwards(low, Math.floor), outwards(high, Math.ceil)];
}

function outwards(value: number, round: (value: number) => number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 3);
  // within a millionth of a digit it is that digit
  const digits = value / unit;
  const whole = Math.abs(digits - Math.round(digits)) < 1e-6 ? Math.round(digits) : round(digits);
  return Number((whole * unit).toPrecision(12));
}

/** The run whose line passes nearest to a point between the axes; null where none is within `reach`. */
export function nearestRow(axes: readonly Axis[], rows: readonly number[], at: { along: number; place: number }, reach: number): number | null {
  const left = Math.min(axes.length - 1, Math.max(0, Math.floor(at.along)));
  const right = Math.min(axes.length - 1, left + 1);
  const share = Math.min(1, Math.max(0, at.along - left));
  const [from, to] = [axes[left]?.places, axes[right]?.places];
  if (from === undefined || to === undefined) return null;
  let best: number | null = null;
  let distance = reach;
  for (const row of rows) {
    const place = (from[row] ?? NaN) * (1 - share) + (to[row] ?? NaN) * share;
    const away = Math.abs(place - at.place);
    if (away >= distance) continue;
    distance = away;
    best = row;
  }
  return best;
}

export type Tick = { place: number; text: string };

const MOST_TICKS = 6;
const MOST_TEXTS = 16;

/** The ends and some round numbers between them; of texts as many as have room. */
export function ticksOf(axis: Axis): Tick[] {
  const { column, low, high } = axis;
  if (column.isText) {
    const every = Math.max(1, Math.ceil(column.texts.length / MOST_TEXTS));
    return column.texts.flatMap((text, code) => (code % every === 0 ? [{ place: placeOf(axis, code), text }] : []));
  }
  const values = low === high ? [low] : axis.isLog ? logTicks(low, high, MOST_TICKS) : evenTicks(low, high, MOST_TICKS - 1);
  const texts = isTime(column.key) ? values.map(timeText) : distinct(values, numberText);
  return values.map((value, index) => ({ place: placeOf(axis, value), text: texts[index] ?? "" }));
}

const timeText = (value: number): string => `${new Date(value).toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${formatClock(value).slice(0, 5)}`;

function numberText(value: number, digits: number): string {
  const size = Math.abs(value);
  return value !== 0 && (size < 1e-3 || size >= 1e6) ? formatNumber(value, digits) : formatSi(value, digits);
}

/** The axis taken to another place among them; `to` may lie outside. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const rest = items.filter((_, index) => index !== from);
  const taken = items.slice(from, from + 1);
  const place = Math.min(rest.length, Math.max(0, to));
  return [...rest.slice(0, place), ...taken, ...rest.slice(place)];
}
