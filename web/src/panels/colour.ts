/** Colours of runs by a value: viridis for numbers, the hues of the palette for texts, else each run's own. Pure. */

import { type Colours, hueOf } from "../charts/colours";
import { type Column, type Data, spanOf } from "./data";

/** Viridis (van der Walt and Smith, 2015) at equal distances. */
const VIRIDIS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84], [72, 36, 117], [65, 68, 135], [53, 95, 141], [42, 120, 142], [33, 145, 140], [34, 168, 132], [68, 191, 112], [122, 209, 81], [189, 223, 38], [253, 231, 37],
];

/** `at` goes from 0 to 1. */
export function viridis(at: number): string {
  const place = Math.min(1, Math.max(0, at)) * (VIRIDIS.length - 1);
  const below = VIRIDIS[Math.floor(place)] ?? [0, 0, 0];
  const above = VIRIDIS[Math.ceil(place)] ?? below;
  const mixed = below.map((part, index) => Math.round(part + ((above[index] ?? part) - part) * (place - Math.floor(place))));
  return `rgb(${mixed.join(", ")})`;
}

export const VIRIDIS_SCALE: readonly [number, string][] = VIRIDIS.map((_, index) => [index / (VIRIDIS.length - 1), viridis(index / (VIRIDIS.length - 1))]);

/** `places` go from 0 to 1 and are NaN for a run without the value. */
export type Colouring =
  | { kind: "runs" }
  | { kind: "numbers"; column: Column; low: number; high: number; places: Float64Array }
  | { kind: "texts"; column: Column };

export function colouringOf(data: Data, key: string): Colouring {
  const column = data.columns.get(key);
  if (column === undefined) return { kind: "runs" };
  if (column.isText) return { kind: "texts", column };
  const span = spanOf(column.numbers);
  if (span === null) return { kind: "runs" };
  const [low, high] = span;
  const width = high - low || 1;
  return { kind: "numbers", column, low, high, places: column.numbers.map((value) => (Number.isFinite(value) ? (value - low) / width : NaN)) };
}

/** Finer shades nobody can tell apart, and lines of one colour are painted together. */
const SHADES = 48;

export function colourAt(colouring: Colouring, data: Data, row: number, paint: Colours): string {
  switch (colouring.kind) {
    case "runs":
      return hueOf(paint, data.hues[row] ?? 0);
    case "numbers": {
      const place = colouring.places[row] ?? NaN;
      return Number.isNaN(place) ? paint.muted : viridis(Math.round(place * SHADES) / SHADES);
    }
    case "texts": {
      const code = colouring.column.codes[row] ?? -1;
      return code < 0 ? paint.muted : hueOf(paint, code);
    }
  }
}
