/** Puts newer points of a series behind, or among, those at hand. */

import type { SeriesColumns } from "../series";

const NONE = new Float64Array();

/**
 * Points may come out of order; equal x keep the order in which they came. Smoothed values are left out: they are made
 * of all points, and where they are wanted a series comes whole. O(n).
 */
export function extend(old: SeriesColumns, newer: SeriesColumns): SeriesColumns {
  const isInOrder = (newer.x[0] ?? Infinity) >= (old.x.at(-1) ?? -Infinity);
  const hasBand = [old, newer].every(({ x, low }) => low.length === x.length);
  const join = isInOrder ? concatenate : interleave(old.x, newer.x);
  return {
    ...newer,
    x: join(old.x, newer.x),
    steps: join(old.steps, newer.steps),
    values: join(old.values, newer.values),
    smoothed: NONE,
    low: hasBand ? join(old.low, newer.low) : NONE,
    high: hasBand ? join(old.high, newer.high) : NONE,
    shape: { smoothing: null, band: hasBand },
    marks: [...old.marks, ...newer.marks].sort((a, b) => a.x - b.x),
    points_in_range: old.points_in_range + newer.points_in_range,
    is_exact: old.is_exact && newer.is_exact,
    is_delta: false,
  };
}

type Join = (old: Float64Array, newer: Float64Array) => Float64Array;

const concatenate: Join = (old, newer) => {
  const joined = new Float64Array(old.length + newer.length);
  joined.set(old);
  joined.set(newer, old.length);
  return joined;
};

/** Joins columns in the order of x, by where each new point goes. */
function interleave(oldX: Float64Array, newX: Float64Array): Join {
  const places = new Uint32Array(newX.length);
  let before = 0;
  newX.forEach((at, index) => {
    while (before < oldX.length && (oldX[before] ?? 0) <= at) before += 1;
    places[index] = before + index;
  });
  return (old, newer) => {
    const joined = new Float64Array(old.length + newer.length);
    let from = 0;
    places.forEach((place, index) => {
      joined.set(old.subarray(from, place - index), from + index);
      joined[place] = newer[index] ?? NaN;
      from = place - index;
    });
    joined.set(old.subarray(from), from + newer.length);
    return joined;
  };
}
