/** Bars of one value as plain data, the greatest first. Pure. */

import { type Data, valueText } from "./data";

/** `count` runs share the bar; it is null where the bar is one run, whose id is `run`. */
export type Bar = { key: string; label: string; hue: number; value: number; count: number | null; run: string | null };
/** `rows` are the runs with a number in order of it; `missing` counts those without. `span` has 0 in it. */
export type Bars = { bars: Bar[]; rows: number[]; shown: number; count: number; missing: number; span: readonly [number, number] };

export const MOST_BARS = 100;

/** Null where there is no such column. A value that the runs do not share (`by`) is "none". */
export function barsOf(data: Data, value: string, by: string): Bars | null {
  const column = data.columns.get(value);
  if (column === undefined) return null;
  const number = (row: number) => column.numbers[row] ?? NaN;
  const rows = data.ids.map((_, row) => row).filter((row) => Number.isFinite(number(row))).sort((a, b) => number(b) - number(a));
  const sharing = data.columns.get(by);
  const all = sharing === undefined ? rows.map((row): Bar => ({ key: data.ids[row] ?? "", label: data.names[row] ?? "", hue: data.hues[row] ?? 0, value: number(row), count: null, run: data.ids[row] ?? null })) : meansOf(Map.groupBy(rows, (row) => valueText(sharing, row)), number);
  const bars = all.slice(0, MOST_BARS);
  const values = bars.map((bar) => bar.value);
  return { bars, rows, shown: bars.length, count: all.length, missing: data.ids.length - rows.length, span: [Math.min(0, ...values), Math.max(0, ...values)] };
}

function meansOf(groups: ReadonlyMap<string, number[]>, number: (row: number) => number): Bar[] {
  const labels = [...groups.keys()].toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const bars = labels.map((label, place): Bar => {
    const rows = groups.get(label) ?? [];
    return { key: label, label: label === "–" ? "none" : label, hue: place, value: rows.reduce((sum, row) => sum + number(row), 0) / rows.length, count: rows.length, run: null };
  });
  return bars.sort((a, b) => b.value - a.value);
}
