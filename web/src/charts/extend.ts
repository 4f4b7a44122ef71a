/** Puts newer points of a series behind, or among, those at hand. */

import type { SeriesColumns } from "../api";

/** Points may come out of order; equal x keep the order in which they came. O(n) when they do, O(new) when they do not. */
export function extend(old: SeriesColumns, newer: SeriesColumns): SeriesColumns {
  const isInOrder = (newer.x[0] ?? Infinity) >= (old.x.at(-1) ?? -Infinity);
  const columns = isInOrder
    ? { x: [...old.x, ...newer.x], steps: [...old.steps, ...newer.steps], values: [...old.values, ...newer.values] }
    : interleave(old, newer);
  return {
    ...newer,
    ...columns,
    marks: [...old.marks, ...newer.marks].sort((a, b) => a.x - b.x),
    points_in_range: old.points_in_range + newer.points_in_range,
    is_exact: old.is_exact && newer.is_exact,
    is_delta: false,
  };
}

function interleave(old: SeriesColumns, newer: SeriesColumns) {
  const x: number[] = [];
  const steps: number[] = [];
  const values: (number | null)[] = [];
  const take = (from: SeriesColumns, index: number) => {
    x.push(from.x[index] ?? 0);
    steps.push(from.steps[index] ?? 0);
    values.push(from.values[index] ?? null);
  };
  let next = 0;
  for (let index = 0; index < old.x.length; index += 1) {
    while (next < newer.x.length && (newer.x[next] ?? 0) < (old.x[index] ?? 0)) {
      take(newer, next);
      next += 1;
    }
    take(old, index);
  }
  for (; next < newer.x.length; next += 1) take(newer, next);
  return { x, steps, values };
}
