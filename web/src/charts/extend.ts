/**
 * Puts newer points of a series behind, or among, those at hand.
 *
 * What a series was before never changes. A column that grows at its end does so in the room that it has behind it, and
 * its older forms go on to see only their part: a live run costs its new points, not a copy of all it has logged.
 */

import type { SeriesColumns } from "../series";

const NONE = new Float64Array();

/**
 * Points may come out of order; equal x keep the order in which they came. Smoothed values are left out: they are made
 * of all points, and where they are wanted a series comes whole. O(new points) where these are the last, else O(n).
 */
export function extend(old: SeriesColumns, newer: SeriesColumns): SeriesColumns {
  const isInOrder = (newer.x[0] ?? Infinity) >= (old.x.at(-1) ?? -Infinity);
  const hasBand = [old, newer].every(({ x, low }) => low.length === x.length);
  const join = isInOrder ? append : interleave(old.x, newer.x);
  return {
    ...newer,
    x: join(old.x, newer.x),
    steps: join(old.steps, newer.steps),
    values: join(old.values, newer.values),
    smoothed: NONE,
    low: hasBand ? join(old.low, newer.low) : NONE,
    high: hasBand ? join(old.high, newer.high) : NONE,
    shape: { smoothing: null, band: hasBand },
    marks: newer.marks.length === 0 ? old.marks : [...old.marks, ...newer.marks].sort((a, b) => a.x - b.x),
    points_in_range: old.points_in_range + newer.points_in_range,
    is_exact: old.is_exact && newer.is_exact,
    is_delta: false,
  };
}

type Join = (old: Float64Array, newer: Float64Array) => Float64Array;

/** How many numbers of a buffer with room behind them are taken. */
const taken = new WeakMap<ArrayBufferLike, number>();
const ROOM = 1.25;

/** Only the newest form of a column goes on in its buffer; an older one gets another. */
const append: Join = (old, newer) => {
  const length = old.length + newer.length;
  const hasRoom = taken.get(old.buffer) === old.length && old.buffer.byteLength >= length * Float64Array.BYTES_PER_ELEMENT;
  const buffer = hasRoom ? old.buffer : new ArrayBuffer(Math.ceil(ROOM * length) * Float64Array.BYTES_PER_ELEMENT);
  const joined = new Float64Array(buffer, 0, length);
  if (!hasRoom) joined.set(old);
  joined.set(newer, old.length);
  taken.set(buffer, length);
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
